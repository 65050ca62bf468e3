/* server/live: ending it early, and what it is refused for. */
#include "live_fixture.h"

#include "api/clock.h"
#include "unit.h"

#include <sys/stat.h>
#include <unistd.h>

/* Whoever cancels has the answer within 100 ms. A busy machine is given more. */
#define SOON_MS 500

/* Every thread is a folder there, which counts as a link. Without a descriptor: ThreadSanitizer
 * takes the one that libuv had under the same number before for the same. */
static unsigned count_threads(void)
{
    struct stat info;

    ck_assert_int_eq(stat("/proc/self/task", &info), 0);
    return (unsigned)info.st_nlink - 2;
}

static void await_threads(unsigned count)
{
    for (int i = 0; i < 10000 && count_threads() > count; i++)
        usleep(1000);
    ck_assert_uint_eq(count_threads(), count);
}

/* Waits for the end of what was cancelled, and sees to it that nothing is left of it. */
static void expect_nothing_left(struct asked_live *asked, unsigned threads)
{
    struct asked next = asked_for(&pool_legacy, 5000);

    live_finish(asked, E_CANCELLED);
    ck_assert_uint_lt((clock_now_ns() - asked->cancelled_ns) / NS_PER_MS, SOON_MS);
    expect_served_by(ARCHITECTURE_PINNED);
    await_threads(threads);
    asked_begin_patiently(&next);
    asked_finish(&next, 0);
    ck_assert_int_eq(next.report.previous, ARCHITECTURE_PINNED);
    ck_assert_int_eq(ask_tenant('a'), ARCHITECTURE_LEGACY);
}

/* Cancels it when it tells its progress for this time. */
static void cancel_when_told(unsigned times)
{
    struct asked_live asked = live_for(&pool_shared, 30000);
    unsigned threads;

    asked.cancel_at = times;
    if (times > 2)
        asked.order.duration_ms = 600;
    parts_open(&pool_pinned);
    add_tenants();
    threads = count_threads();
    live_begin(&asked);
    expect_nothing_left(&asked, threads);
    ck_assert_uint_eq(asked.told, times);
    parts_close();
}

START_TEST(live_run_cancelled_before_it_warms)
{
    cancel_when_told(1);
}
END_TEST

START_TEST(live_run_cancelled_as_the_first_half_is_counted)
{
    cancel_when_told(2);
}
END_TEST

START_TEST(live_run_cancelled_in_the_first_half)
{
    cancel_when_told(4);
}
END_TEST

START_TEST(live_run_cancelled_as_the_second_half_is_counted)
{
    cancel_when_told(2 + LIVE_ROUNDS_MIN);
}
END_TEST

START_TEST(live_run_cancelled_in_the_last_window)
{
    cancel_when_told(1 + 2 * LIVE_ROUNDS_MIN);
}
END_TEST

START_TEST(live_run_cancelled_before_it_begins)
{
    struct asked_live asked = live_for(&pool_shared, 30000);
    unsigned threads;

    parts_open(&pool_pinned);
    add_tenants();
    threads = count_threads();
    live_cancel(&asked);
    live_begin(&asked);
    expect_nothing_left(&asked, threads);
    parts_close();
}
END_TEST

START_TEST(live_run_cancelled_while_it_warms)
{
    struct asked_live asked = live_for(&pool_shared, 30000);
    unsigned threads;

    parts_open(&pool_pinned);
    add_tenants();
    add_tenants_worker("slow", "w", "sleep:3000 load", 9);
    threads = count_threads();
    live_begin(&asked);
    usleep(100 * 1000);
    live_cancel(&asked);
    expect_nothing_left(&asked, threads);
    ck_assert_uint_eq(asked.told, 1);
    parts_close();
}
END_TEST

START_TEST(live_run_cancelled_while_it_settles_with_tasks_on_both_sides)
{
    struct asked_live asked = live_for(&pool_shared, 30000);
    struct job jobs[TENANTS] = {0};
    unsigned threads;

    parts_open(&pool_pinned);
    add_tenants();
    threads = count_threads();
    live_begin(&asked);
    await_split();
    start_all(jobs, "sleep:300 answer");
    live_cancel(&asked);
    expect_nothing_left(&asked, threads);
    for (int i = 0; i < TENANTS; i++)
        job_expect_answer(&jobs[i], jobs[i].dispatch.task.report.architecture);
    parts_close();
}
END_TEST

START_TEST(live_run_long_task_outlives_the_answer)
{
    struct asked_live asked = live_for(&pool_legacy, 300);
    struct asked next = asked_for(&pool_legacy, 1000);
    struct job job = {0};
    struct error error = {0};

    parts_open(&pool_pinned);
    add_tenants();
    live_begin(&asked);
    await_split();
    start_in_rival(&job, ARCHITECTURE_PINNED, "sleep:1500 answer");
    live_finish(&asked, 0);
    ck_assert(!parts_is_set(&job.is_done));
    expect_served_by(ARCHITECTURE_PINNED);
    ck_assert_int_eq(switcher_begin(parts.switcher, &next.order, &error), E_CONDITION);
    ck_assert_ptr_nonnull(strstr(error.message, "since the last live comparison: 1 execution"));
    job_expect_answer(&job, ARCHITECTURE_LEGACY);
    asked_begin_patiently(&next);
    asked_finish(&next, 0);
    live_release(&asked);
    parts_close();
}
END_TEST

START_TEST(switcher_begin_while_pools_are_compared_is_refused)
{
    struct asked_live asked = live_for(&pool_legacy, 30000), second = asked;
    struct asked next = asked_for(&pool_legacy, 1000);
    struct error error = {0};

    parts_open(&pool_pinned);
    add_tenants();
    live_begin(&asked);
    ck_assert_int_eq(switcher_begin(parts.switcher, &next.order, &error), E_CONDITION);
    ck_assert_ptr_nonnull(strstr(error.message, "a live comparison is under way"));
    await_split();
    ck_assert_int_eq(switcher_begin(parts.switcher, &next.order, &error), E_CONDITION);
    ck_assert_int_eq(switcher_begin_live(parts.switcher, &second.order, &error), E_CONDITION);
    ck_assert_ptr_nonnull(strstr(error.message, "a live comparison is under way"));
    live_cancel(&asked);
    live_finish(&asked, E_CANCELLED);
    ck_assert_uint_eq(next.times + second.times, 0);
    parts_close();
}
END_TEST

START_TEST(switcher_begin_live_while_pools_are_switched_is_refused)
{
    struct asked_live second = live_for(&pool_legacy, 200);
    struct asked asked = asked_for(&pool_legacy, 10000);
    struct error error = {0};
    struct job before = {0};

    parts_open(&pool_pinned);
    add_tenants();
    ck_assert_int_eq(job_start_for(&before, "a", "w", "sleep:300 answer"), 0);
    asked_begin(&asked);
    ck_assert_int_eq(switcher_begin_live(parts.switcher, &second.order, &error), E_CONDITION);
    ck_assert_ptr_nonnull(strstr(error.message, "a switch is under way"));
    asked_finish(&asked, 0);
    job_expect_answer(&before, ARCHITECTURE_PINNED);
    live_begin(&second);
    live_finish(&second, 0);
    live_release(&second);
    parts_close();
}
END_TEST

/* The server shuts down. */

START_TEST(switcher_hasten_while_pools_are_compared_ends_it)
{
    struct asked_live asked = live_for(&pool_legacy, 30000), late = asked;
    struct error error = {0};
    struct job job = {0};

    parts_open(&pool_pinned);
    add_tenants();
    live_begin(&asked);
    await_split();
    start_in_rival(&job, ARCHITECTURE_PINNED, "sleep:300 answer");
    switcher_hasten(parts.switcher);
    ck_assert_uint_eq(dispatcher_drain(parts.dispatcher, 10000), 0);
    live_finish(&asked, E_CLOSED);
    ck_assert_int_eq(switcher_begin_live(parts.switcher, &late.order, &error), E_CLOSED);
    job_expect_answer(&job, ARCHITECTURE_LEGACY);
    parts_close();
}
END_TEST

START_TEST(switcher_stop_with_tasks_on_both_sides_ends_them)
{
    struct asked_live asked = live_for(&pool_legacy, 30000);
    struct job jobs[TENANTS] = {0};

    parts_open(&pool_pinned);
    add_tenants();
    live_begin(&asked);
    await_split();
    start_all(jobs, "sleep:20000 answer");
    parts_close();
    live_finish(&asked, E_CLOSED);
    for (int i = 0; i < TENANTS; i++) {
        ck_assert_int_eq(jobs[i].dispatch.task.outcome.failure.reason, FAILURE_DRAINING);
        ck_assert_uint_eq(jobs[i].times, 1);
        job_release(&jobs[i]);
    }
}
END_TEST

UNIT_MAIN("live_end", live_run_cancelled_before_it_warms,
          live_run_cancelled_as_the_first_half_is_counted, live_run_cancelled_in_the_first_half,
          live_run_cancelled_as_the_second_half_is_counted, live_run_cancelled_in_the_last_window,
          live_run_cancelled_before_it_begins, live_run_cancelled_while_it_warms,
          live_run_cancelled_while_it_settles_with_tasks_on_both_sides,
          live_run_long_task_outlives_the_answer,
          switcher_begin_while_pools_are_compared_is_refused,
          switcher_begin_live_while_pools_are_switched_is_refused,
          switcher_hasten_while_pools_are_compared_ends_it,
          switcher_stop_with_tasks_on_both_sides_ends_them)
