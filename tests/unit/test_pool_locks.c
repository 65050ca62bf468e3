/* Locks that tasks wait for, as a pool's figures show them: who waits now, and what has been. */
#include "api/clock.h"
#include "fake_shim.h"
#include "pool_fixture.h"
#include "pools/shared_private.h"
#include "unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define PATIENCE_NS (20 * NS_PER_S)

static struct fixture f;
static struct script *script;
static struct pool_stats stats;

static void pause_a_little(void)
{
    const struct timespec pause = {.tv_nsec = 100000};

    nanosleep(&pause, NULL);
}

static void open_pool(unsigned lanes, enum handoff handoff)
{
    fixture_init(&f);
    f.config.lanes = lanes;
    f.config.handoff = handoff;
    f.config.isolates_per_worker = 1;
    fixture_open(&f, &pool_shared);
    script = fixture_worker("t", "w", "load", NULL);
}

static void close_pool(void)
{
    pool_stats_release(&stats);
    fixture_close(&f);
    script_unref(script);
}

static void read_stats(void)
{
    pool_stats_release(&stats);
    pool_stats(f.pool, &stats);
}

/* The pool's lock. */

static void *submit(void *arg)
{
    ck_assert_int_eq(call_start(arg, &f, script, "answer"), 0);
    return NULL;
}

static void *read_beside(void *arg)
{
    (void)arg;
    read_stats();
    return NULL;
}

static void await_waiters(unsigned count)
{
    uint64_t end_ns = clock_now_ns() + PATIENCE_NS;

    while (atomic_load(&f.pool->shared->lock_waiters) != count) {
        ck_assert_msg(clock_now_ns() < end_ns, "nobody waits");
        pause_a_little();
    }
}

/* The lane sleeps, and does not want the lock. */
static void lock_once_asleep(struct shared *s)
{
    shared_lock(s);
    while (!s->idle) {
        shared_unlock(s);
        pause_a_little();
        shared_lock(s);
    }
}

START_TEST(pool_stats_lock_is_held_shows_who_waits)
{
    static struct call call;
    pthread_t submitter, reader;
    struct shared *s;

    open_pool(1, HANDOFF_FIFO);
    s = f.pool->shared;
    call_expect(&f, script, "answer", "answer ");
    lock_once_asleep(s);
    pthread_create(&submitter, NULL, submit, &call);
    await_waiters(1);
    pthread_create(&reader, NULL, read_beside, NULL);
    await_waiters(2);
    shared_unlock(s);
    pthread_join(submitter, NULL);
    pthread_join(reader, NULL);
    ck_assert_uint_eq(stats.lock.waiters, 1); /* not the reader */
    call_wait(&call);
    call_release(&call);
    read_stats();
    ck_assert_uint_eq(stats.lock.waiters, 0);
    ck_assert_uint_ge(stats.lock.contended, 2);
    ck_assert_uint_gt(stats.lock.acquisitions, stats.lock.contended);
    ck_assert_uint_eq(histogram_count(&stats.lock.wait_us), stats.lock.contended);
    close_pool();
}
END_TEST

/* One of 16 is timed, the first one included. */
START_TEST(pool_stats_lock_was_held_counts_holds)
{
    open_pool(1, HANDOFF_FIFO);
    for (int i = 0; i < 50; i++)
        call_expect(&f, script, "answer", "answer ");
    read_stats();
    ck_assert_uint_ge(stats.lock.acquisitions, 100);
    ck_assert_uint_ge(histogram_count(&stats.lock.hold_ns), stats.lock.acquisitions / 16);
    ck_assert_uint_le(histogram_count(&stats.lock.hold_ns), stats.lock.acquisitions / 16 + 2);
    ck_assert_uint_gt(stats.lock.hold_ns.sum, 0);
    close_pool();
}
END_TEST

/* Isolates. */

START_TEST(pool_stats_isolate_is_held_shows_the_lane_that_waits)
{
    static struct call holder, waiter;
    uint64_t end_ns = clock_now_ns() + PATIENCE_NS;

    open_pool(2, HANDOFF_MUTEX);
    call_expect(&f, script, "answer", "answer ");
    atomic_store(&fake_holds, true);
    ck_assert_int_eq(call_start(&holder, &f, script, "hold answer"), 0);
    do {
        read_stats();
        ck_assert_msg(clock_now_ns() < end_ns, "nobody holds it");
    } while (stats.in_flight == 0);
    ck_assert_int_eq(call_start(&waiter, &f, script, "answer"), 0);
    do {
        read_stats();
        ck_assert_msg(clock_now_ns() < end_ns, "nobody waits");
    } while (stats.isolate_lock.waiters == 0);
    ck_assert_uint_eq(stats.isolate_lock.waiters, 1);
    ck_assert_uint_eq(queues_depth(&stats.queues, QUEUE_ISOLATE), 1);
    atomic_store(&fake_holds, false);
    call_wait(&holder);
    call_wait(&waiter);
    read_stats();
    ck_assert_uint_eq(stats.isolate_lock.waiters, 0);
    ck_assert_uint_ge(stats.isolate_lock.contended, 1);
    ck_assert_uint_gt(waiter.task.report.lock_wait_us, 0);
    call_release(&holder);
    call_release(&waiter);
    close_pool();
}
END_TEST

/* Workers that used most. */

START_TEST(pool_stats_names_the_workers_that_used_most)
{
    struct script *busy;
    uint64_t end_ns = clock_now_ns() + PATIENCE_NS;

    open_pool(1, HANDOFF_FIFO);
    busy = fixture_worker("tenant", "busy", "load", NULL);
    call_expect(&f, script, "answer", "answer ");
    call_expect(&f, busy, "work:20000 answer", "work:20000 answer ");
    script_unref(busy);
    /* A turn's tasks are counted when it has been settled, which may be after the answers. */
    do {
        read_stats();
        ck_assert_msg(clock_now_ns() < end_ns, "they are not counted");
    } while (stats.top_by_cpu.count < 2);
    ck_assert_str_eq(stats.top_by_cpu.uses[0].tenant, "tenant");
    ck_assert_str_eq(stats.top_by_cpu.uses[0].worker, "busy");
    ck_assert_uint_eq(stats.top_by_cpu.uses[0].tasks, 1);
    ck_assert_uint_ge(stats.top_by_cpu.uses[0].total_ns, 20 * NS_PER_MS);
    ck_assert_uint_eq(stats.top_by_cpu.uses[0].error_ns, 0);
    ck_assert_uint_ge(stats.top_by_cpu.sum_ns / NS_PER_US, stats.cpu_us.sum);
    ck_assert_uint_ge(stats.top_by_queue_wait.sum_ns / NS_PER_US, stats.queue_wait_us.sum);
    close_pool();
}
END_TEST

UNIT_MAIN("pool_locks", pool_stats_lock_is_held_shows_who_waits,
          pool_stats_lock_was_held_counts_holds,
          pool_stats_isolate_is_held_shows_the_lane_that_waits,
          pool_stats_names_the_workers_that_used_most)
