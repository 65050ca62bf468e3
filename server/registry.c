/* A hash table under one lock. */
#include "server/registry.h"

#include "api/lock.h"

#include <pthread.h>
#include <stdlib.h>

#include <uthash.h>

#define KEY_MAX ((size_t)2 * SCRIPT_NAME_MAX + 1)

/* "tenant/worker", which is unambiguous, since names have no slash. */
struct key {
    size_t len;
    char text[KEY_MAX];
};

struct entry {
    UT_hash_handle hh;
    struct script *script; /* NULL: none active */
    uint64_t heat;         /* calls, those of earlier spans for less ... */
    uint64_t span;         /* ... as seen in this one */
    struct key key;
};

struct registry {
    struct lock lock; /* a leaf; guards entries */
    struct entry *entries;
    uint64_t calls; /* registry_find that found a version */
};

/* A candidate for the hottest. */
struct candidate {
    uint64_t heat;
    struct script *script;
};

/* False where the names are too long to be any worker's. */
static bool key_init(struct key *ret, struct bytes tenant, struct bytes worker)
{
    if (tenant.len > SCRIPT_NAME_MAX || worker.len > SCRIPT_NAME_MAX)
        return false;
    memcpy(ret->text, tenant.data, tenant.len);
    ret->text[tenant.len] = '/';
    memcpy(ret->text + tenant.len + 1, worker.data, worker.len);
    ret->len = tenant.len + 1 + worker.len;
    return true;
}

/* The lock is held. */
static struct entry *find(struct registry *registry, const struct key *key)
{
    struct entry *entry;

    HASH_FIND(hh, registry->entries, key->text, key->len, entry);
    return entry;
}

/* The lock is held. Returns what was there for the key, or adds `candidate`. */
static struct entry *find_or_add(struct registry *registry, struct entry *candidate)
{
    struct entry *entry = find(registry, &candidate->key);

    if (entry)
        return entry;
    HASH_ADD_KEYPTR(hh, registry->entries, candidate->key.text, candidate->key.len, candidate);
    return candidate;
}

struct registry *registry_new(void)
{
    struct registry *registry = xcalloc(1, sizeof(*registry));

    lock_init(&registry->lock, LOCK_REGISTRY);
    return registry;
}

static void entry_free(struct entry *entry)
{
    script_unref(entry->script);
    free(entry);
}

void registry_free(struct registry *registry)
{
    struct entry *entry, *next;

    if (!registry)
        return;
    HASH_ITER(hh, registry->entries, entry, next)
    {
        HASH_DEL(registry->entries, entry);
        entry_free(entry);
    }
    lock_destroy(&registry->lock);
    free(registry);
}

static struct entry *entry_new(const char *tenant, const char *worker)
{
    struct entry *entry = xcalloc(1, sizeof(*entry));
    bool is_key = key_init(&entry->key, bytes_of(tenant), bytes_of(worker));

    if (!is_key)
        abort();
    return entry;
}

void registry_put(struct registry *registry, struct script *script)
{
    struct entry *candidate = entry_new(script->tenant, script->worker);
    struct script *replaced;
    struct entry *entry;

    lock_take(&registry->lock);
    entry = find_or_add(registry, candidate);
    replaced = entry->script;
    entry->script = script;
    lock_release(&registry->lock);
    if (entry != candidate)
        free(candidate);
    script_unref(replaced);
}

void registry_put_inactive(struct registry *registry, const char *tenant, const char *worker)
{
    struct entry *candidate = entry_new(tenant, worker);
    struct entry *entry;

    lock_take(&registry->lock);
    entry = find_or_add(registry, candidate);
    lock_release(&registry->lock);
    if (entry != candidate)
        free(candidate);
}

void registry_remove(struct registry *registry, const char *tenant, const char *worker)
{
    struct entry *entry;
    struct key key;

    if (!key_init(&key, bytes_of(tenant), bytes_of(worker)))
        return;
    lock_take(&registry->lock);
    entry = find(registry, &key);
    if (entry)
        HASH_DEL(registry->entries, entry);
    lock_release(&registry->lock);
    if (entry)
        entry_free(entry);
}

/* Brings an entry's heat to the present span. The lock is held. */
static void cool(struct registry *registry, struct entry *entry)
{
    uint64_t span = registry->calls / REGISTRY_SPAN;
    uint64_t spans = span - entry->span;

    entry->heat = spans < 64 ? entry->heat >> spans : 0;
    entry->span = span;
}

/* The lock is held. */
static struct script *take_call(struct registry *registry, struct entry *entry)
{
    registry->calls++;
    cool(registry, entry);
    entry->heat++;
    return script_ref(entry->script);
}

int registry_find(struct registry *registry, struct bytes tenant, struct bytes worker,
                  struct script **ret)
{
    struct entry *entry;
    struct key key;
    int err = 0;

    if (!key_init(&key, tenant, worker))
        return E_NOT_FOUND;
    lock_take(&registry->lock);
    entry = find(registry, &key);
    if (!entry)
        err = E_NOT_FOUND;
    else if (!entry->script)
        err = E_CONDITION;
    else
        *ret = take_call(registry, entry);
    lock_release(&registry->lock);
    return err;
}

/* Puts a candidate in its place among the hottest, of which the last one may fall off. */
static void insert(struct candidate *hottest, size_t *count, size_t max, struct candidate new)
{
    size_t at = *count;

    if (*count < max)
        (*count)++;
    else if (hottest[--at].heat >= new.heat)
        return;
    for (; at > 0 && hottest[at - 1].heat < new.heat; at--)
        hottest[at] = hottest[at - 1];
    hottest[at] = new;
}

/* The lock is held. */
static size_t find_hottest(struct registry *registry, struct candidate *ret, size_t max)
{
    struct entry *entry, *next;
    size_t count = 0;

    HASH_ITER(hh, registry->entries, entry, next)
    {
        cool(registry, entry);
        if (entry->script && entry->heat > 0)
            insert(ret, &count, max, (struct candidate){entry->heat, entry->script});
    }
    return count;
}

size_t registry_hottest(struct registry *registry, struct script **ret, size_t max)
{
    struct candidate *hottest = xcalloc(max + 1, sizeof(hottest[0]));
    size_t count = 0;

    lock_take(&registry->lock);
    if (max > 0)
        count = find_hottest(registry, hottest, max);
    for (size_t i = 0; i < count; i++)
        ret[i] = script_ref(hottest[i].script);
    lock_release(&registry->lock);
    free(hottest);
    return count;
}

/* The lock is held. Of every active version. */
static size_t copy_keys(struct registry *registry, uint64_t *ret)
{
    struct entry *entry, *next;
    size_t count = 0;

    HASH_ITER(hh, registry->entries, entry, next)
    {
        if (entry->script)
            ret[count++] = entry->script->tenant_key;
    }
    return count;
}

static int compare_keys(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

size_t registry_tenants(struct registry *registry, uint64_t **ret)
{
    size_t count, distinct = 0;
    uint64_t *keys;

    lock_take(&registry->lock);
    keys = xcalloc(HASH_COUNT(registry->entries) + 1, sizeof(keys[0]));
    count = copy_keys(registry, keys);
    lock_release(&registry->lock);
    qsort(keys, count, sizeof(keys[0]), compare_keys);
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || keys[i] != keys[i - 1])
            keys[distinct++] = keys[i];
    }
    *ret = keys;
    return distinct;
}

size_t registry_count(struct registry *registry)
{
    size_t count;

    lock_take(&registry->lock);
    count = HASH_COUNT(registry->entries);
    lock_release(&registry->lock);
    return count;
}
