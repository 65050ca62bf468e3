/* A queue with one consumer. */
#include "server/code_thread.h"

#include "api/lock.h"
#include "api/log.h"
#include "store/code_store.h"
#include "store/file.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Code that waits, behind its key. */
struct waiting {
    struct waiting *next;
    size_t key_len, code_len;
    char data[];
};

struct code_thread {
    char *path, *engine;
    uint64_t max_bytes;
    code_restore_f restore;
    struct code_store *store; /* the thread's own; NULL: it could not be made anew */
    uint64_t discarded;       /* of the thread: in databases before this one */
    bool has_complained;
    pthread_t thread;

    struct lock lock; /* a leaf; guards the next ones */
    pthread_cond_t changed;
    struct waiting *first;
    struct waiting **end;
    size_t queued_bytes;
    bool is_stopping;

    atomic_uint_fast64_t restored, discarded_now, lost, bytes; /* relaxed: figures */
};

static void add(atomic_uint_fast64_t *figure, uint64_t more)
{
    atomic_fetch_add_explicit(figure, more, memory_order_relaxed);
}

static void set(atomic_uint_fast64_t *figure, uint64_t value)
{
    atomic_store_explicit(figure, value, memory_order_relaxed);
}

static uint64_t get(const atomic_uint_fast64_t *figure)
{
    return atomic_load_explicit(figure, memory_order_relaxed);
}

/* The database. */

static int open_anew(const struct code_thread *t, const struct error *why, struct code_store **ret,
                     struct error *error)
{
    int err = file_put_aside(t->path, error);

    if (err)
        return err;
    log_warn("compiled code that was kept is damaged; it is put aside as .damaged",
             log_text("error", why->message));
    return code_store_open(t->path, t->engine, t->max_bytes, ret, error);
}

static int open_code(struct code_thread *t, struct error *error)
{
    struct error first;
    int err = code_store_open(t->path, t->engine, t->max_bytes, &t->store, &first);

    if (err != E_CORRUPT) {
        *error = first;
        return err;
    }
    t->discarded++; /* of how many entries nobody knows */
    return open_anew(t, &first, &t->store, error);
}

/* Once is enough: what cannot be kept is compiled again. */
static void complain(struct code_thread *t, const struct error *error)
{
    if (t->has_complained)
        return;
    t->has_complained = true;
    log_warn("compiled code cannot be kept", log_text("error", error->message));
}

/* After an error of the store. */
static void recover(struct code_thread *t, const struct error *why)
{
    struct error error;

    if (why->code != E_CORRUPT) {
        complain(t, why);
        return;
    }
    t->discarded += code_store_discarded(t->store) + 1;
    code_store_close(t->store);
    t->store = NULL;
    if (open_anew(t, why, &t->store, &error))
        complain(t, &error);
}

static void note_figures(struct code_thread *t)
{
    set(&t->discarded_now, t->discarded + (t->store ? code_store_discarded(t->store) : 0));
    set(&t->bytes, t->store ? code_store_bytes(t->store) : 0);
}

/* What was written last comes first, and has its place before memory is full. */
static void read_back(struct code_thread *t)
{
    struct stored_code code = {.id = INT64_MAX};
    struct error error;
    int more;

    while ((more = code_store_read(t->store, code.id, &code, &error)) > 0 &&
           t->restore(code.key, code.code))
        add(&t->restored, 1);
    if (more < 0)
        recover(t, &error);
    note_figures(t);
}

static void write_one(struct code_thread *t, const struct waiting *w)
{
    const struct bytes key = {w->data, w->key_len}, code = {w->data + w->key_len, w->code_len};
    struct error error;

    if (t->store && code_store_put(t->store, key, code, &error) == 0)
        return;
    add(&t->lost, 1);
    if (t->store)
        recover(t, &error);
}

/* The queue. */

static size_t bytes_of_waiting(const struct waiting *w)
{
    return sizeof(*w) + w->key_len + w->code_len;
}

/* Waits for the next; NULL once the thread is to stop and none is left. */
static struct waiting *take(struct code_thread *t)
{
    struct waiting *w;

    lock_take(&t->lock);
    while (!t->first && !t->is_stopping)
        lock_await(&t->lock, &t->changed);
    w = t->first;
    if (w) {
        t->first = w->next;
        if (!t->first)
            t->end = &t->first;
        t->queued_bytes -= bytes_of_waiting(w);
    }
    lock_release(&t->lock);
    return w;
}

static void *keep_code(void *arg)
{
    struct code_thread *t = arg;
    struct waiting *w;

    read_back(t);
    while ((w = take(t)) != NULL) {
        write_one(t, w);
        free(w);
        note_figures(t);
    }
    code_store_close(t->store);
    return NULL;
}

static struct waiting *waiting_new(struct bytes key, struct bytes code)
{
    struct waiting *w = xmalloc(sizeof(*w) + key.len + code.len);

    *w = (struct waiting){.key_len = key.len, .code_len = code.len};
    memcpy(w->data, key.data, key.len);
    memcpy(w->data + key.len, code.data, code.len);
    return w;
}

void code_thread_put(struct code_thread *t, struct bytes key, struct bytes code)
{
    struct waiting *w = waiting_new(key, code);

    lock_take(&t->lock);
    if (!t->is_stopping && t->queued_bytes + bytes_of_waiting(w) <= CODE_QUEUE_BYTES) {
        t->queued_bytes += bytes_of_waiting(w);
        *t->end = w;
        t->end = &w->next;
        w = NULL;
        pthread_cond_signal(&t->changed);
    }
    lock_release(&t->lock);
    if (w)
        add(&t->lost, 1);
    free(w);
}

/* Starting and stopping. */

static struct code_thread *thread_new(const struct code_config *config, const char *engine,
                                      code_restore_f restore)
{
    struct code_thread *t = xcalloc(1, sizeof(*t));

    t->path = xstrdup(config->path);
    t->engine = xstrdup(engine);
    t->max_bytes = config->max_bytes;
    t->restore = restore;
    t->end = &t->first;
    lock_init(&t->lock, LOCK_CODE_DISK);
    pthread_cond_init(&t->changed, NULL);
    return t;
}

static int begin(struct code_thread *t, struct error *error)
{
    int err = open_code(t, error);

    if (err)
        return err;
    note_figures(t);
    err = pthread_create(&t->thread, NULL, keep_code, t);
    if (err) {
        code_store_close(t->store);
        return error_set(error, E_NOMEM, NULL, "cannot start the code's thread: %s", strerror(err));
    }
    pthread_setname_np(t->thread, "code");
    return 0;
}

int code_thread_start(const struct code_config *config, const char *engine, code_restore_f restore,
                      struct code_thread **ret, struct error *error)
{
    struct code_thread *t = thread_new(config, engine, restore);
    int err = begin(t, error);

    if (err)
        code_thread_free(t);
    else
        *ret = t;
    return err;
}

void code_thread_stats(struct code_thread *t, struct code_stats *ret)
{
    *ret = (struct code_stats){get(&t->restored), get(&t->discarded_now), get(&t->lost),
                               get(&t->bytes)};
}

void code_thread_stop(struct code_thread *t)
{
    if (!t)
        return;
    lock_take(&t->lock);
    t->is_stopping = true;
    pthread_cond_signal(&t->changed);
    lock_release(&t->lock);
    pthread_join(t->thread, NULL);
}

void code_thread_free(struct code_thread *t)
{
    if (!t)
        return;
    pthread_cond_destroy(&t->changed);
    lock_destroy(&t->lock);
    free(t->path);
    free(t->engine);
    free(t);
}
