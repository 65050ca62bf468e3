/* The workers that have used most. */
#include "pools/top.h"

#include "api/counter.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* While an entry's worker is being replaced this often, it is the least one, and not worth waiting
 * for. */
#define READS_MAX 1000

static uint64_t get(const _Atomic uint64_t *figure)
{
    return atomic_load_explicit(figure, memory_order_relaxed);
}

/* Release: whoever reads it with acquire sees the version that was stored before. */
static void set(_Atomic uint64_t *figure, uint64_t value)
{
    atomic_store_explicit(figure, value, memory_order_release);
}

static uint64_t see(const _Atomic uint64_t *figure)
{
    return atomic_load_explicit(figure, memory_order_acquire);
}

/* Writing. */

_Static_assert(TOP_NAME_WORDS * sizeof(uint64_t) == SCRIPT_NAME_MAX + 1, "whole words");

static uint64_t word_of(const char *name, unsigned w)
{
    uint64_t word;

    memcpy(&word, name + w * sizeof(word), sizeof(word));
    return word;
}

/* Most names are of a word or two, and the call of strcmp would take longer. */
static bool is_name(const _Atomic uint64_t *words, const char *name)
{
    for (unsigned w = 0; w < TOP_NAME_WORDS; w++) {
        if (get(&words[w]) != word_of(name, w))
            return false;
        if (name[(w + 1) * sizeof(uint64_t) - 1] == '\0')
            break; /* and so are all after it */
    }
    return true;
}

static void set_name(_Atomic uint64_t *words, const char *name)
{
    for (unsigned w = 0; w < TOP_NAME_WORDS; w++)
        set(&words[w], word_of(name, w));
}

static bool is_at(const struct top *top, unsigned i, const struct script *script)
{
    return get(&top->keys[i]) == script->worker_key && get(&top->total_ns[i]) > 0 &&
           is_name(top->workers[i], script->worker) && is_name(top->tenants[i], script->tenant);
}

/* TOP_ENTRIES: it has none. */
static unsigned find(struct top *top, const struct script *script)
{
    unsigned char *hint = &top->hints[script->worker_key % TOP_HINTS];
    unsigned i;

    if (is_at(top, *hint, script))
        return *hint;
    for (i = 0; i < TOP_ENTRIES; i++) {
        if (is_at(top, i, script)) {
            *hint = (unsigned char)i;
            break;
        }
    }
    return i;
}

static unsigned find_least(const struct top *top)
{
    unsigned least = 0;

    for (unsigned i = 1; i < TOP_ENTRIES; i++) {
        if (get(&top->total_ns[i]) < get(&top->total_ns[least]))
            least = i;
    }
    return least;
}

/* Gives the entry to another worker. */
static void replace(struct top *top, unsigned i, const struct script *script, uint64_t tasks,
                    uint64_t used_ns)
{
    uint64_t least_ns = get(&top->total_ns[i]), version = get(&top->versions[i]);

    set(&top->unlisted_ns, least_ns);
    atomic_store_explicit(&top->versions[i], version + 1, memory_order_relaxed);
    set_name(top->tenants[i], script->tenant);
    set_name(top->workers[i], script->worker);
    set(&top->keys[i], script->worker_key);
    set(&top->error_ns[i], least_ns);
    set(&top->tasks[i], tasks);
    set(&top->total_ns[i], least_ns + used_ns);
    set(&top->versions[i], version + 2);
    top->hints[script->worker_key % TOP_HINTS] = (unsigned char)i;
}

void top_add(struct top *top, const struct script *script, uint64_t tasks, uint64_t used_ns)
{
    unsigned i = find(top, script);

    if (i < TOP_ENTRIES) {
        set(&top->total_ns[i], get(&top->total_ns[i]) + used_ns);
        set(&top->tasks[i], get(&top->tasks[i]) + tasks);
    } else if (used_ns > 0) {
        replace(top, find_least(top), script, tasks, used_ns);
    }
}

/* Reading. */

static void read_name(const _Atomic uint64_t *words, char *ret)
{
    for (unsigned w = 0; w < TOP_NAME_WORDS; w++) {
        uint64_t word = see(&words[w]);

        memcpy(ret + w * sizeof(word), &word, sizeof(word));
    }
}

/* Acquire: what is read after the version is not older than it, and the version that is looked at
 * in the end is not older than what was read. */
static bool try_read(const struct top *top, unsigned i, struct top_use *ret)
{
    uint64_t version = see(&top->versions[i]);

    read_name(top->tenants[i], ret->tenant);
    read_name(top->workers[i], ret->worker);
    ret->key = see(&top->keys[i]);
    ret->error_ns = see(&top->error_ns[i]);
    ret->tasks = see(&top->tasks[i]);
    ret->total_ns = see(&top->total_ns[i]);
    return version % 2 == 0 && get(&top->versions[i]) == version;
}

static bool read_entry(const struct top *top, unsigned i, struct top_use *ret)
{
    for (int reads = 0; reads < READS_MAX; reads++) {
        if (try_read(top, i, ret))
            return ret->total_ns > 0;
    }
    return false;
}

static size_t read_all(const struct top *top, struct top_use *ret)
{
    size_t count = 0;

    for (unsigned i = 0; i < TOP_ENTRIES; i++)
        count += read_entry(top, i, &ret[count]);
    return count;
}

static bool is_same(const struct top_use *a, const struct top_use *b)
{
    return a->key == b->key && strcmp(a->worker, b->worker) == 0 &&
           strcmp(a->tenant, b->tenant) == 0;
}

/* Of those; NULL: it is not among them. */
static struct top_use *find_use(struct top_use *uses, size_t count, const struct top_use *wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (is_same(&uses[i], wanted))
            return &uses[i];
    }
    return NULL;
}

/* Room for a union. */
struct both {
    struct top_use uses[2 * TOP_ENTRIES];
    const struct top_use *order[2 * TOP_ENTRIES];
    size_t count;
};

static void add_unlisted(struct top_use *use, uint64_t unlisted_ns)
{
    use->total_ns += unlisted_ns;
    use->error_ns += unlisted_ns;
}

/* A worker that is in one of the two only may have used as much of the other as an unlisted one. */
static void unite(struct both *both, const struct top_list *list, struct top_use *read,
                  size_t count, uint64_t unlisted_ns)
{
    bool is_met[TOP_ENTRIES] = {false};

    memcpy(both->uses, list->uses, list->count * sizeof(list->uses[0]));
    both->count = list->count;
    for (size_t i = 0; i < count; i++) {
        struct top_use *use = find_use(both->uses, list->count, &read[i]);

        if (use) {
            use->tasks += read[i].tasks;
            use->total_ns += read[i].total_ns;
            use->error_ns += read[i].error_ns;
            is_met[use - both->uses] = true;
        } else {
            add_unlisted(&read[i], list->unlisted_ns);
            both->uses[both->count++] = read[i];
        }
    }
    for (size_t i = 0; i < list->count; i++) {
        if (!is_met[i])
            add_unlisted(&both->uses[i], unlisted_ns);
    }
}

static int compare(const void *a, const void *b)
{
    uint64_t left = (*(const struct top_use *const *)a)->total_ns;
    uint64_t right = (*(const struct top_use *const *)b)->total_ns;

    return left < right ? 1 : left > right ? -1 : 0;
}

static void sort(struct both *both)
{
    for (size_t i = 0; i < both->count; i++)
        both->order[i] = &both->uses[i];
    qsort(both->order, both->count, sizeof(both->order[0]), compare);
}

/* The largest ones, as many as there is room for. */
static void take_largest(struct top_list *ret, const struct both *both)
{
    ret->count = both->count < TOP_ENTRIES ? both->count : TOP_ENTRIES;
    for (size_t i = 0; i < ret->count; i++)
        ret->uses[i] = *both->order[i];
}

void top_merge(struct top_list *dest, const struct top *src)
{
    struct top_use read[TOP_ENTRIES];
    size_t count = read_all(src, read);
    uint64_t unlisted_ns = see(&src->unlisted_ns); /* not before: it grows */
    struct both both;

    /* Whoever takes an entry over takes its total over, so that totals add up to all. */
    for (size_t i = 0; i < count; i++)
        dest->sum_ns += read[i].total_ns;
    unite(&both, dest, read, count, unlisted_ns);
    sort(&both);
    take_largest(dest, &both);
    dest->unlisted_ns += unlisted_ns;
    if (both.count > TOP_ENTRIES)
        dest->unlisted_ns = both.order[TOP_ENTRIES]->total_ns;
}

/* What is known to have been counted. A worker that lost its entry and got it back counts from
 * then. */
static uint64_t counted_since(const struct top_use *before, uint64_t unlisted_ns,
                              const struct top_use *now)
{
    uint64_t then_ns = before ? before->total_ns - before->error_ns : unlisted_ns;

    return counter_grown(then_ns, now->total_ns - now->error_ns);
}

void top_since(struct top_list *ret, const struct top_list *before, const struct top_list *now)
{
    struct both both = {.count = 0};
    uint64_t rest_ns = counter_grown(before->sum_ns, now->sum_ns);

    ret->sum_ns = rest_ns;
    for (size_t i = 0; i < now->count; i++) {
        struct top_use *use = &both.uses[both.count];
        const struct top_use *then =
            find_use((struct top_use *)before->uses, before->count, &now->uses[i]);

        *use = now->uses[i];
        use->total_ns = counted_since(then, before->unlisted_ns, &now->uses[i]);
        use->tasks = counter_grown(then ? then->tasks : 0, use->tasks);
        rest_ns = counter_grown(use->total_ns, rest_ns);
        both.count += use->total_ns > 0;
    }
    for (size_t i = 0; i < both.count; i++) {
        both.uses[i].total_ns += rest_ns;
        both.uses[i].error_ns = rest_ns;
    }
    sort(&both);
    take_largest(ret, &both);
    ret->unlisted_ns = rest_ns;
}
