/*
 * A queue of records and a list of jobs with one consumer.
 *
 * Records are not written one by one: after the first one the thread waits for a moment, unless a
 * job wants to see them, or half of the queue is full.
 */
#include "server/log_thread.h"

#include "api/clock.h"
#include "api/lock.h"
#include "server/log_queue.h"
#include "store/file.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define JOBS_MAX 64

/* Without records the thread looks this often what has become too old. */
#define IDLE_MS 60000u

/* Failing to write is said once, and again after this. */
#define COMPLAIN_NS (60 * NS_PER_S)

struct log_thread {
    struct log_store *store; /* the thread's own, as what follows; NULL: it cannot be opened */
    bool is_damaged;         /* what is at the path, and it could not be put aside yet */
    struct error damage;     /* what was said of it */
    char *path;
    uint64_t max_bytes, age_us;
    bool is_trimming; /* there is more to remove */
    uint64_t complained_ns;
    struct log_feeds *feeds;
    pthread_t thread;

    struct lock lock; /* a leaf; guards the next ones */
    pthread_cond_t changed;
    struct log_queue queue;
    struct log_job *jobs;
    struct log_job **jobs_end;
    size_t job_count;
    bool is_stopping;

    atomic_uint_fast64_t written, lost, bytes; /* relaxed: figures */
};

/* What the thread takes out at once. */
struct batch {
    struct log_record *records;
    struct log_job *jobs;
};

static int64_t now_us(void)
{
    return (int64_t)(clock_read_ns(CLOCK_REALTIME) / NS_PER_US);
}

/* Waiting for work. With the lock. */

static bool is_urgent(const struct log_thread *t)
{
    return t->jobs || t->is_stopping || t->queue.bytes >= t->queue.max_bytes / 2;
}

/* False: the time has come. */
static bool wait_until(struct log_thread *t, uint64_t until_ns)
{
    struct timespec until = {(time_t)(until_ns / NS_PER_S), (long)(until_ns % NS_PER_S)};

    return lock_await_until(&t->lock, &t->changed, &until) == 0;
}

static void wait_for_work(struct log_thread *t)
{
    uint64_t idle_ns = clock_now_ns() + IDLE_MS * NS_PER_MS;
    uint64_t batch_ns;

    if (t->is_trimming)
        return;
    while (!t->queue.first && !is_urgent(t)) {
        if (!wait_until(t, idle_ns))
            return;
    }
    batch_ns = clock_now_ns() + LOG_BATCH_MS * NS_PER_MS;
    while (!is_urgent(t) && wait_until(t, batch_ns))
        ;
}

/* False once the thread is to stop and nothing is left. */
static bool take(struct log_thread *t, struct batch *ret)
{
    bool goes_on;

    lock_take(&t->lock);
    wait_for_work(t);
    *ret = (struct batch){log_queue_take(&t->queue), t->jobs};
    t->jobs = NULL;
    t->jobs_end = &t->jobs;
    t->job_count = 0;
    goes_on = ret->records || ret->jobs || !t->is_stopping;
    lock_release(&t->lock);
    return goes_on;
}

/* Opening. */

/* The one before with that name goes. Until that can be done nothing is written: what is damaged
 * would grow, since what is oldest cannot be removed. */
static int put_aside(struct log_thread *t, struct error *error)
{
    int err = file_put_aside(t->path, error);

    t->is_damaged = err != 0;
    if (!err)
        log_error("the log is damaged; it is put aside as .damaged, and a new one begun",
                  log_text("error", t->damage.message));
    return err;
}

static int open_store(struct log_thread *t, struct error *error)
{
    int err = log_store_open(t->path, &t->store, error);

    if (err != E_CORRUPT)
        return err;
    t->damage = *error;
    err = put_aside(t, error);
    return err ? err : log_store_open(t->path, &t->store, error);
}

/* There is a store again once it can be opened. */
static int ensure_store(struct log_thread *t, struct error *error)
{
    int err = t->is_damaged ? put_aside(t, error) : 0;

    return err || t->store ? err : open_store(t, error);
}

/* One that turns out to be damaged would stay so. */
static int replace_store(struct log_thread *t, struct error *error)
{
    int err;

    log_store_close(t->store);
    t->store = NULL;
    t->is_trimming = false;
    t->damage = *error;
    err = put_aside(t, error);
    return err ? err : open_store(t, error);
}

/* Working. */

static void complain(struct log_thread *t, const struct error *error)
{
    uint64_t now_ns = clock_now_ns();

    if (t->complained_ns && now_ns - t->complained_ns < COMPLAIN_NS)
        return;
    log_error("the log cannot be kept; what workers write is lost",
              log_text("error", error->message));
    t->complained_ns = now_ns;
}

static size_t count(const struct log_record *first)
{
    size_t count = 0;

    for (; first; first = first->next)
        count++;
    return count;
}

static void let_go(struct log_record *record)
{
    while (record) {
        struct log_record *next = record->next;

        log_record_unref(record);
        record = next;
    }
}

static int append(struct log_thread *t, const struct log_record *first, struct error *error)
{
    int err = ensure_store(t, error);

    if (!err)
        err = log_store_append(t->store, first, error);
    if (err != E_CORRUPT)
        return err;
    err = replace_store(t, error);
    return err ? err : log_store_append(t->store, first, error);
}

static void write_records(struct log_thread *t, struct log_record *first)
{
    struct error error;
    int err;

    if (!first)
        return;
    err = append(t, first, &error);
    if (err)
        complain(t, &error);
    atomic_fetch_add_explicit(err ? &t->lost : &t->written, count(first), memory_order_relaxed);
    log_feeds_deliver(t->feeds, first); /* who follows sees also what cannot be kept */
    let_go(first);
}

static void run_jobs(struct log_thread *t, struct log_job *job)
{
    struct error error;

    if (job && ensure_store(t, &error))
        complain(t, &error);
    while (job) {
        struct log_job *next = job->next; /* run may free it */

        job->run(job, t->store);
        job = next;
    }
}

static uint64_t bytes_kept(const struct log_thread *t)
{
    return atomic_load_explicit(&t->bytes, memory_order_relaxed);
}

/* A flood brings more than the store removes at once: what is there must not become more by it. */
static bool has_grown(const struct log_thread *t, uint64_t bytes)
{
    return bytes > t->max_bytes && bytes > bytes_kept(t);
}

/* Whether it is to go on. */
static bool trim_some(struct log_thread *t)
{
    int64_t now = now_us();
    const struct log_bounds bounds = {now, t->age_us ? now - (int64_t)t->age_us : 0, t->max_bytes};
    struct error error;
    int err = log_store_trim(t->store, &bounds, &t->is_trimming, &error);

    if (err == E_CORRUPT)
        err = replace_store(t, &error);
    if (err)
        complain(t, &error);
    return t->is_trimming;
}

static void trim(struct log_thread *t)
{
    bool goes_on = true;
    uint64_t bytes = 0;

    while (t->store && goes_on) {
        goes_on = trim_some(t);
        bytes = t->store ? log_store_bytes(t->store) : 0;
        goes_on = goes_on && has_grown(t, bytes);
    }
    atomic_store_explicit(&t->bytes, bytes, memory_order_relaxed);
}

static void *keep_log(void *arg)
{
    struct log_thread *t = arg;
    struct batch batch;

    while (take(t, &batch)) {
        write_records(t, batch.records);
        run_jobs(t, batch.jobs);
        trim(t);
    }
    log_store_close(t->store);
    return NULL;
}

/* Starting. */

static struct log_thread *thread_new(const struct log_config *config)
{
    struct log_thread *t = xcalloc(1, sizeof(*t));
    pthread_condattr_t attributes;

    t->path = xstrdup(config->path);
    t->max_bytes = config->max_bytes;
    t->age_us = config->age_ms * 1000;
    t->feeds = log_feeds_new();
    t->jobs_end = &t->jobs;
    log_queue_init(&t->queue, LOG_QUEUE_BYTES, 0);
    lock_init(&t->lock, LOCK_LOG);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&t->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    return t;
}

/* Where it is damaged and stays in the way that is no reason not to serve. */
static int open_first(struct log_thread *t, struct error *error)
{
    int err = open_store(t, error);

    if (err && !t->is_damaged)
        return err;
    if (err)
        complain(t, error);
    else
        t->queue.last_id = log_store_last_id(t->store);
    trim(t);
    return 0;
}

static int start_thread(struct log_thread *t, struct error *error)
{
    int err = pthread_create(&t->thread, NULL, keep_log, t);

    if (err)
        return error_set(error, E_NOMEM, NULL, "cannot start the log's thread: %s", strerror(err));
    pthread_setname_np(t->thread, "log");
    return 0;
}

int log_thread_start(const struct log_config *config, struct log_thread **ret, struct error *error)
{
    struct log_thread *t = thread_new(config);
    int err = open_first(t, error);

    if (!err)
        err = start_thread(t, error);
    if (err) {
        log_store_close(t->store);
        log_thread_free(t);
    } else {
        *ret = t;
    }
    return err;
}

/* For others. */

void log_thread_push(struct log_thread *t, struct log_record *record, uint64_t tenant_key)
{
    bool was_urgent, wakes;

    lock_take(&t->lock);
    if (t->is_stopping) {
        t->queue.dropped++;
        log_record_unref(record);
    } else {
        wakes = !t->queue.first;
        was_urgent = is_urgent(t);
        log_queue_push(&t->queue, record, tenant_key, now_us());
        if (wakes || (!was_urgent && is_urgent(t)))
            pthread_cond_signal(&t->changed);
    }
    lock_release(&t->lock);
}

int log_thread_post(struct log_thread *t, struct log_job *job)
{
    int err = 0;

    job->next = NULL;
    lock_take(&t->lock);
    if (t->is_stopping) {
        err = E_CLOSED;
    } else if (t->job_count == JOBS_MAX) {
        err = E_BUSY;
    } else {
        *t->jobs_end = job;
        t->jobs_end = &job->next;
        t->job_count++;
        pthread_cond_signal(&t->changed);
    }
    lock_release(&t->lock);
    return err;
}

struct log_feeds *log_thread_feeds(struct log_thread *t)
{
    return t->feeds;
}

void log_thread_stats(struct log_thread *t, struct log_stats *ret)
{
    lock_take(&t->lock);
    ret->dropped = t->queue.dropped;
    lock_release(&t->lock);
    ret->dropped += atomic_load_explicit(&t->lost, memory_order_relaxed);
    ret->written = atomic_load_explicit(&t->written, memory_order_relaxed);
    ret->bytes = atomic_load_explicit(&t->bytes, memory_order_relaxed);
}

void log_thread_stop(struct log_thread *t)
{
    bool was_stopping;

    if (!t)
        return;
    lock_take(&t->lock);
    was_stopping = t->is_stopping;
    t->is_stopping = true;
    pthread_cond_signal(&t->changed);
    lock_release(&t->lock);
    if (!was_stopping)
        pthread_join(t->thread, NULL);
}

void log_thread_free(struct log_thread *t)
{
    if (!t)
        return;
    log_queue_release(&t->queue);
    log_feeds_free(t->feeds);
    pthread_cond_destroy(&t->changed);
    lock_destroy(&t->lock);
    free(t->path);
    free(t);
}
