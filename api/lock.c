/* Locks that count. */
#include "api/lock.h"

#include "api/clock.h"
#include "api/counter.h"
#include "api/lock_stats.h"

#include <assert.h>
#include <stdatomic.h>

/* Two readings of the clock for each acquisition would cost more than the acquisition. */
#define TIMED_ONE_OF 16

/* Each thread has counters of its own, but where there are more: then some share them. */
#define SHARDS 64

struct shard {
    _Alignas(64) _Atomic uint64_t acquisitions[LOCK_KINDS];
};

/* Waits and timed holds are rare enough to be counted together. */
struct figures {
    _Alignas(64) _Atomic uint64_t waiters;
    struct histogram wait_us, hold_ns;
};

static struct shard shards[SHARDS];
static struct figures figures[LOCK_KINDS];

static unsigned shard_of_thread(void)
{
    static _Atomic unsigned next;
    static _Thread_local unsigned shard; /* + 1 */

    if (shard == 0)
        shard = atomic_fetch_add_explicit(&next, 1, memory_order_relaxed) % SHARDS + 1;
    return shard - 1;
}

void lock_init(struct lock *lock, enum lock_kind kind)
{
    pthread_mutex_init(&lock->mutex, NULL);
    lock->kind = kind;
    lock->taken_ns = 0;
}

void lock_destroy(struct lock *lock)
{
    int err = pthread_mutex_destroy(&lock->mutex);

    assert(err == 0);
    (void)err;
}

/* It has been taken. */
static void count(struct lock *lock)
{
    _Atomic uint64_t *acquisitions = &shards[shard_of_thread()].acquisitions[lock->kind];
    uint64_t before = atomic_fetch_add_explicit(acquisitions, 1, memory_order_relaxed);

    lock->taken_ns = before % TIMED_ONE_OF == 0 ? clock_now_ns() : 0;
}

static void take_after_wait(struct lock *lock)
{
    struct figures *of = &figures[lock->kind];
    uint64_t began_ns = clock_now_ns();

    atomic_fetch_add_explicit(&of->waiters, 1, memory_order_relaxed);
    pthread_mutex_lock(&lock->mutex);
    atomic_fetch_sub_explicit(&of->waiters, 1, memory_order_relaxed);
    histogram_record_shared(&of->wait_us, (clock_now_ns() - began_ns) / NS_PER_US);
}

void lock_take(struct lock *lock)
{
    if (pthread_mutex_trylock(&lock->mutex) != 0)
        take_after_wait(lock);
    count(lock);
}

static void end_hold(struct lock *lock)
{
    if (lock->taken_ns != 0)
        histogram_record_shared(&figures[lock->kind].hold_ns, clock_now_ns() - lock->taken_ns);
}

void lock_release(struct lock *lock)
{
    end_hold(lock);
    pthread_mutex_unlock(&lock->mutex);
}

void lock_await(struct lock *lock, pthread_cond_t *condition)
{
    end_hold(lock);
    pthread_cond_wait(condition, &lock->mutex);
    count(lock);
}

int lock_await_until(struct lock *lock, pthread_cond_t *condition, const struct timespec *until)
{
    int err;

    end_hold(lock);
    err = pthread_cond_timedwait(condition, &lock->mutex, until);
    count(lock);
    return err;
}

const char *lock_kind_name(enum lock_kind kind)
{
    static const char *const names[LOCK_KINDS] = {
        [LOCK_TURN] = "turn",
        [LOCK_CREW] = "crew",
        [LOCK_OFFLOAD] = "computations",
        [LOCK_BODY] = "body",
        [LOCK_REGISTRY] = "registry",
        [LOCK_CALLS] = "calls",
        [LOCK_ANSWERS] = "answers",
        [LOCK_LOG] = "log",
        [LOCK_STDERR] = "stderr",
        [LOCK_FAILURES] = "failures",
        [LOCK_CODE_CACHE] = "code_cache",
        [LOCK_CODE_DISK] = "code_disk",
        [LOCK_WASM_MEMORY] = "wasm_memory",
        [LOCK_V8_ISOLATE] = "v8_isolate",
        [LOCK_V8_WORKERS] = "v8_workers",
        [LOCK_V8_PLATFORM] = "v8_platform",
    };

    return names[kind];
}

void lock_kind_stats(enum lock_kind kind, struct lock_stats *ret)
{
    const struct figures *of = &figures[kind];

    *ret = (struct lock_stats){.acquisitions = 0};
    for (unsigned i = 0; i < SHARDS; i++)
        ret->acquisitions +=
            atomic_load_explicit(&shards[i].acquisitions[kind], memory_order_relaxed);
    if (ret->acquisitions == 0)
        return;
    ret->waiters = atomic_load_explicit(&of->waiters, memory_order_relaxed);
    histogram_merge(&ret->wait_us, &of->wait_us);
    histogram_merge(&ret->hold_ns, &of->hold_ns);
    ret->contended = histogram_count(&ret->wait_us);
}

void lock_stats_subtract(struct lock_stats *stats, const struct lock_stats *before)
{
    stats->acquisitions = counter_grown(before->acquisitions, stats->acquisitions);
    stats->contended = counter_grown(before->contended, stats->contended);
    histogram_subtract(&stats->wait_us, &before->wait_us);
    histogram_subtract(&stats->hold_ns, &before->hold_ns);
}
