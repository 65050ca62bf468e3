/* Locks that count: what is counted, and that they exclude. */
#include "api/lock.h"

#include "api/clock.h"
#include "api/lock_stats.h"
#include "unit.h"

#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#define THREADS 4
#define ROUNDS 20000

static struct lock_stats stats, before;

static const struct lock_stats *figures(enum lock_kind kind)
{
    lock_kind_stats(kind, &stats);
    return &stats;
}

START_TEST(lock_nobody_has_taken_counts_nothing)
{
    ck_assert_uint_eq(figures(LOCK_TURN)->acquisitions, 0);
    ck_assert_uint_eq(stats.contended, 0);
    ck_assert_uint_eq(histogram_count(&stats.hold_ns), 0);
}
END_TEST

/* One hold of 16 is timed, and locks of a kind count together. */
START_TEST(lock_counts_by_kind)
{
    struct lock one, two = LOCK_INITIALIZER(LOCK_CREW), other;

    lock_init(&one, LOCK_CREW);
    lock_init(&other, LOCK_LOG);
    for (int i = 0; i < 160; i++) {
        lock_take(i % 2 ? &one : &two);
        lock_release(i % 2 ? &one : &two);
    }
    lock_take(&other);
    lock_release(&other);
    ck_assert_uint_eq(figures(LOCK_CREW)->acquisitions, 160);
    ck_assert_uint_eq(stats.contended, 0);
    ck_assert_uint_eq(stats.waiters, 0);
    ck_assert_uint_eq(histogram_count(&stats.hold_ns), 10);
    ck_assert_uint_eq(figures(LOCK_LOG)->acquisitions, 1);
    ck_assert_uint_eq(figures(LOCK_TURN)->acquisitions, 0);
    lock_destroy(&one);
    lock_destroy(&other);
}
END_TEST

static struct lock lock = LOCK_INITIALIZER(LOCK_REGISTRY);

static void *take_once(void *arg)
{
    (void)arg;
    lock_take(&lock);
    lock_release(&lock);
    return NULL;
}

START_TEST(lock_that_is_held_is_waited_for)
{
    pthread_t thread;

    lock_take(&lock);
    ck_assert_int_eq(pthread_create(&thread, NULL, take_once, NULL), 0);
    while (figures(LOCK_REGISTRY)->waiters == 0)
        usleep(1000);
    ck_assert_uint_eq(stats.acquisitions, 1);
    usleep(20000);
    lock_release(&lock);
    pthread_join(thread, NULL);
    ck_assert_uint_eq(figures(LOCK_REGISTRY)->acquisitions, 2);
    ck_assert_uint_eq(stats.contended, 1);
    ck_assert_uint_eq(stats.waiters, 0);
    ck_assert_uint_ge(stats.wait_us.sum, 20000);
    ck_assert_uint_ge(stats.hold_ns.max, 20000000); /* the first is timed */
}
END_TEST

static uint64_t sum; /* no atomic: TSan sees where the lock does not exclude */

static void *take_often(void *arg)
{
    (void)arg;
    for (int i = 0; i < ROUNDS; i++) {
        lock_take(&lock);
        sum++;
        lock_release(&lock);
    }
    return NULL;
}

START_TEST(lock_excludes_and_loses_no_count)
{
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, take_often, NULL), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_uint_eq(sum, THREADS * ROUNDS);
    ck_assert_uint_eq(figures(LOCK_REGISTRY)->acquisitions, THREADS * ROUNDS);
    ck_assert_uint_eq(stats.contended, histogram_count(&stats.wait_us));
    ck_assert_uint_le(stats.contended, stats.acquisitions);
    ck_assert_uint_eq(histogram_count(&stats.hold_ns), THREADS * ROUNDS / 16);
}
END_TEST

static bool is_said;
static pthread_cond_t said = PTHREAD_COND_INITIALIZER;

static void *say(void *arg)
{
    (void)arg;
    lock_take(&lock);
    is_said = true;
    pthread_cond_signal(&said);
    lock_release(&lock);
    return NULL;
}

/* Its own, the other thread's, and one at each end of a wait. */
START_TEST(lock_await_gives_the_lock_away)
{
    pthread_t thread;
    unsigned waits = 0;

    lock_take(&lock);
    ck_assert_int_eq(pthread_create(&thread, NULL, say, NULL), 0);
    for (; !is_said; waits++)
        lock_await(&lock, &said);
    lock_release(&lock);
    pthread_join(thread, NULL);
    ck_assert_uint_eq(figures(LOCK_REGISTRY)->acquisitions, 2 + waits);
}
END_TEST

START_TEST(lock_await_until_ends_in_time)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    lock_take(&lock);
    ck_assert_int_eq(lock_await_until(&lock, &said, &until), ETIMEDOUT);
    lock_release(&lock);
    ck_assert_uint_eq(figures(LOCK_REGISTRY)->acquisitions, 2);
}
END_TEST

START_TEST(lock_stats_subtract_leaves_what_came_since)
{
    take_often(NULL);
    before = *figures(LOCK_REGISTRY);
    take_once(NULL);
    lock_stats_subtract((struct lock_stats *)figures(LOCK_REGISTRY), &before);
    ck_assert_uint_eq(stats.acquisitions, 1);
    ck_assert_uint_eq(stats.contended, 0);
    lock_stats_subtract(&stats, &before); /* never below */
    ck_assert_uint_eq(stats.acquisitions, 0);
}
END_TEST

START_TEST(lock_kind_name_each_has_its_own)
{
    for (enum lock_kind kind = 0; kind < LOCK_KINDS; kind++) {
        ck_assert_ptr_nonnull(lock_kind_name(kind));
        for (enum lock_kind other = 0; other < kind; other++)
            ck_assert_str_ne(lock_kind_name(kind), lock_kind_name(other));
    }
}
END_TEST

UNIT_MAIN("lock", lock_nobody_has_taken_counts_nothing, lock_counts_by_kind,
          lock_that_is_held_is_waited_for, lock_excludes_and_loses_no_count,
          lock_await_gives_the_lock_away, lock_await_until_ends_in_time,
          lock_stats_subtract_leaves_what_came_since, lock_kind_name_each_has_its_own)
