/*
 * server/dispatcher and server/switcher: pools that replace each other while tasks come, on an
 * engine without V8.
 */
#include "api/bytes.h"
#include "api/clock.h"
#include "server/warmer.h"
#include "submitters.h"
#include "switch_fixture.h"
#include "unit.h"

#include <unistd.h>

START_TEST(switcher_begin_idle_pool_is_replaced)
{
    struct asked asked = asked_for(&pool_legacy, 1000);

    parts_open(&pool_pinned);
    add_worker("w", "load", 0);
    run_job("w", ARCHITECTURE_PINNED, false);
    asked_begin(&asked);
    asked_finish(&asked, 0);
    ck_assert(asked.is_saved);
    ck_assert_int_eq(asked.report.previous, ARCHITECTURE_PINNED);
    ck_assert_int_eq(asked.report.architecture, ARCHITECTURE_LEGACY);
    ck_assert(asked.report.is_closed);
    ck_assert(!asked.report.has_first_task);
    ck_assert_uint_eq(asked.report.finished, 0);
    ck_assert_uint_eq(asked.report.running, 0);
    ck_assert_uint_gt(asked.report.rss_before_bytes, 0);
    ck_assert_uint_gt(asked.report.rss_after_bytes, 0);
    run_job("w", ARCHITECTURE_LEGACY, false);
    parts_close();
}
END_TEST

START_TEST(switcher_begin_same_architecture_with_other_settings)
{
    struct asked asked = asked_for(&pool_pinned, 1000);
    struct dispatcher_stats stats;

    parts_open(&pool_pinned);
    asked.order.config.lanes = 5;
    asked_begin(&asked);
    asked_finish(&asked, 0);
    dispatcher_stats(parts.dispatcher, &stats);
    ck_assert_uint_eq(stats.config.lanes, 5);
    ck_assert_uint_eq(stats.pool.lane_count, 5);
    ck_assert_uint_eq(stats.switches, 1);
    ck_assert(!stats.is_draining);
    pool_stats_release(&stats.pool);
    parts_close();
}
END_TEST

START_TEST(switcher_begin_tasks_in_flight_end_where_they_began)
{
    struct asked asked = asked_for(&pool_legacy, 10000);
    struct job before = {0};

    parts_open(&pool_pinned);
    add_worker("w", "load", 0);
    ck_assert_int_eq(job_start(&before, "w", "sleep:200 answer"), 0);
    asked_begin(&asked);
    asked_finish(&asked, 0);
    ck_assert(parts_is_set(&before.is_done));
    ck_assert(asked.report.is_closed);
    ck_assert_uint_ge(asked.report.closed_ms, 100);
    ck_assert_uint_eq(asked.report.finished, 1);
    job_expect_answer(&before, ARCHITECTURE_PINNED);
    parts_close();
}
END_TEST

START_TEST(switcher_begin_new_tasks_go_to_the_new_pool_while_the_old_one_drains)
{
    struct asked asked = asked_for(&pool_legacy, 10000);
    struct dispatcher_stats stats = {0};
    struct job before = {0};

    parts_open(&pool_pinned);
    add_worker("w", "load", 0);
    ck_assert_int_eq(job_start(&before, "w", "sleep:300 answer"), 0);
    asked_begin(&asked);
    while (stats.switches == 0) {
        dispatcher_stats(parts.dispatcher, &stats);
        pool_stats_release(&stats.pool);
        usleep(500);
    }
    run_job("w", ARCHITECTURE_LEGACY, false);
    ck_assert(!parts_is_set(&before.is_done));
    asked_finish(&asked, 0);
    ck_assert(asked.report.has_first_task);
    ck_assert_uint_ge(asked.report.first_task_ms, asked.report.switched_ms);
    ck_assert_uint_le(asked.report.first_task_ms, asked.report.closed_ms);
    job_expect_answer(&before, ARCHITECTURE_PINNED);
    parts_close();
}
END_TEST

START_TEST(switcher_begin_deadline_passes_and_the_old_pool_lives_on)
{
    struct asked asked = asked_for(&pool_legacy, 20), second = asked_for(&pool_pinned, 1000);
    struct dispatcher_stats stats;
    struct error error = {0};
    struct job before = {0};

    parts_open(&pool_pinned);
    add_worker("w", "load", 0);
    ck_assert_int_eq(job_start(&before, "w", "sleep:500 answer"), 0);
    asked_begin(&asked);
    asked_finish(&asked, 0);
    ck_assert(!asked.report.is_closed);
    ck_assert_uint_eq(asked.report.running, 1);
    ck_assert_uint_eq(asked.report.finished, 0);
    dispatcher_stats(parts.dispatcher, &stats);
    ck_assert(stats.is_draining);
    ck_assert_int_eq(stats.draining_architecture, ARCHITECTURE_PINNED);
    ck_assert_uint_eq(stats.draining_executions, 1);
    pool_stats_release(&stats.pool);
    ck_assert_int_eq(switcher_begin(parts.switcher, &second.order, &error), E_CONDITION);
    ck_assert_ptr_nonnull(strstr(error.message, "1 execution goes on"));
    job_expect_answer(&before, ARCHITECTURE_PINNED);
    asked_begin_patiently(&second);
    asked_finish(&second, 0);
    ck_assert(second.report.is_closed);
    parts_close();
}
END_TEST

START_TEST(switcher_begin_while_one_is_under_way_is_refused)
{
    struct asked asked = asked_for(&pool_legacy, 10000), second = asked_for(&pool_legacy, 10000);
    struct error error = {0};
    struct job before = {0};

    parts_open(&pool_pinned);
    add_worker("w", "load", 0);
    ck_assert_int_eq(job_start(&before, "w", "sleep:200 answer"), 0);
    asked_begin(&asked);
    ck_assert_int_eq(switcher_begin(parts.switcher, &second.order, &error), E_CONDITION);
    ck_assert_ptr_nonnull(strstr(error.message, "under way"));
    asked_finish(&asked, 0);
    ck_assert_uint_eq(second.times, 0);
    /* Whoever has the answer in hand may begin the next one. */
    asked_begin(&second);
    asked_finish(&second, 0);
    job_expect_answer(&before, ARCHITECTURE_PINNED);
    parts_close();
}
END_TEST

START_TEST(switcher_begin_config_that_cannot_be_leaves_the_pool)
{
    struct asked asked = asked_for(&pool_legacy, 1000), good = asked_for(&pool_legacy, 1000);

    parts_open(&pool_pinned);
    add_worker("w", "load", 0);
    asked.order.config.isolates = 1;
    asked_begin(&asked);
    asked_finish(&asked, E_INVALID);
    ck_assert_str_eq(asked.error.field, "isolates");
    ck_assert(!asked.is_saved);
    run_job("w", ARCHITECTURE_PINNED, false);
    asked_begin(&good);
    asked_finish(&good, 0);
    parts_close();
}
END_TEST

START_TEST(switcher_begin_choice_that_cannot_be_saved_leaves_the_pool)
{
    struct asked asked = asked_for(&pool_pinned, 1000), good = asked_for(&pool_legacy, 1000);

    parts_open(&pool_pinned);
    add_worker("w", "load", 3);
    run_job("w", ARCHITECTURE_PINNED, false);
    asked.save_err = E_IO;
    asked_begin(&asked);
    asked_finish(&asked, E_IO);
    run_job("w", ARCHITECTURE_PINNED, true);
    asked_begin_patiently(&good);
    asked_finish(&good, 0);
    parts_close();
}
END_TEST

START_TEST(switcher_begin_hottest_workers_are_warm_before_tasks_come)
{
    struct asked asked = asked_for(&pool_pinned, 1000);

    parts_open(&pool_legacy);
    add_worker("hot", "sleep:5 load", 9);
    add_worker("warm", "sleep:5 load", 5);
    add_worker("cold", "sleep:5 load", 1);
    add_worker("unused", "sleep:5 load", 0);
    asked.order.warm_limit = 2;
    asked_begin(&asked);
    asked_finish(&asked, 0);
    ck_assert_uint_eq(asked.report.warmed, 2);
    ck_assert_uint_eq(asked.report.cold, 0);
    run_job("hot", ARCHITECTURE_PINNED, true);
    run_job("warm", ARCHITECTURE_PINNED, true);
    run_job("cold", ARCHITECTURE_PINNED, false);
    run_job("unused", ARCHITECTURE_PINNED, false);
    parts_close();
}
END_TEST

static void expect_shared_is_warm(enum handoff handoff)
{
    struct asked asked = asked_for(&pool_shared, 1000);

    parts_open(&pool_legacy);
    add_worker("hot", "sleep:5 load", 9);
    add_worker("ill", "throw", 5);
    asked.order.config.handoff = handoff;
    asked_begin(&asked);
    asked_finish(&asked, 0);
    ck_assert_uint_eq(asked.report.warmed, 1);
    ck_assert_uint_eq(asked.report.cold, 1);
    run_job("hot", ARCHITECTURE_SHARED, true);
    parts_close();
}

START_TEST(switcher_begin_shared_pool_is_warm_before_tasks_come)
{
    expect_shared_is_warm(HANDOFF_FIFO);
}
END_TEST

START_TEST(switcher_begin_shared_pool_with_mutex_is_warm_before_tasks_come)
{
    expect_shared_is_warm(HANDOFF_MUTEX);
}
END_TEST

START_TEST(switcher_begin_more_hot_workers_than_room_keeps_the_hottest)
{
    struct asked asked = asked_for(&pool_pinned, 1000);

    parts_open(&pool_legacy);
    asked.order.config.lanes = 1;
    asked.order.config.isolates = 2;
    asked.order.config.queue = 2;
    for (char name[] = "a"; name[0] <= 'f'; name[0]++)
        add_worker(name, "load", (unsigned)(name[0] - 'a') + 1);
    asked_begin(&asked);
    asked_finish(&asked, 0);
    ck_assert_uint_eq(asked.report.warmed, 6);
    run_job("f", ARCHITECTURE_PINNED, true);
    run_job("e", ARCHITECTURE_PINNED, true);
    run_job("d", ARCHITECTURE_PINNED, false);
    parts_close();
}
END_TEST

START_TEST(switcher_begin_worker_that_does_not_start_stays_cold)
{
    struct asked asked = asked_for(&pool_pinned, 1000);

    parts_open(&pool_legacy);
    add_worker("ill", "throw", 5);
    add_worker("stuck", "never", 5);
    add_worker("well", "load", 1);
    asked_begin(&asked);
    asked_finish(&asked, 0);
    ck_assert_uint_eq(asked.report.warmed, 1);
    ck_assert_uint_eq(asked.report.cold, 2);
    run_job("well", ARCHITECTURE_PINNED, true);
    parts_close();
}
END_TEST

START_TEST(switcher_hasten_while_it_warms_leaves_the_pool)
{
    struct asked asked = asked_for(&pool_pinned, 1000), late = asked_for(&pool_pinned, 1000);
    struct error error;

    parts_open(&pool_legacy);
    add_worker("slow", "sleep:900 load", 5);
    asked_begin(&asked);
    usleep(50 * 1000);
    switcher_hasten(parts.switcher);
    asked_finish(&asked, E_CLOSED);
    ck_assert_int_eq(switcher_begin(parts.switcher, &late.order, &error), E_CLOSED);
    run_job("slow", ARCHITECTURE_LEGACY, false);
    parts_close();
}
END_TEST

START_TEST(switcher_hasten_while_the_old_pool_drains_answers)
{
    struct asked asked = asked_for(&pool_legacy, 10000);
    struct dispatcher_stats stats = {0};
    struct job before = {0};

    parts_open(&pool_pinned);
    add_worker("w", "load", 0);
    ck_assert_int_eq(job_start(&before, "w", "sleep:200 answer"), 0);
    asked_begin(&asked);
    while (stats.switches == 0) {
        dispatcher_stats(parts.dispatcher, &stats);
        pool_stats_release(&stats.pool);
        usleep(500);
    }
    switcher_hasten(parts.switcher);
    asked_finish(&asked, 0);
    ck_assert(!asked.report.is_closed);
    ck_assert_uint_eq(asked.report.running, 1);
    ck_assert_uint_eq(dispatcher_drain(parts.dispatcher, 5000), 0);
    ck_assert(parts_is_set(&before.is_done));
    job_expect_answer(&before, ARCHITECTURE_PINNED);
    parts_close();
}
END_TEST

START_TEST(switcher_stop_with_tasks_in_both_pools_ends_them)
{
    struct asked asked = asked_for(&pool_legacy, 0);
    struct job before = {0}, after = {0};

    parts_open(&pool_pinned);
    add_worker("w", "load", 0);
    ck_assert_int_eq(job_start(&before, "w", "sleep:900 answer"), 0);
    asked_begin(&asked);
    asked_finish(&asked, 0);
    ck_assert_int_eq(job_start(&after, "w", "sleep:900 answer"), 0);
    parts_close();
    ck_assert_int_eq(before.dispatch.task.outcome.failure.reason, FAILURE_DRAINING);
    ck_assert_int_eq(after.dispatch.task.outcome.failure.reason, FAILURE_DRAINING);
    ck_assert_uint_eq(before.times + after.times, 2);
    job_release(&before);
    job_release(&after);
}
END_TEST

/* Many switches while tasks come and are cancelled. */

static unsigned switches_wanted(void)
{
    const char *text = getenv("ISOYARD_SWITCHES");

    return text ? (unsigned)atoi(text) : 60;
}

static void switch_once(unsigned number)
{
    static const struct {
        const struct pool_ops *ops;
        enum architecture architecture;
    } pools[] = {{&pool_legacy, ARCHITECTURE_LEGACY},
                 {&pool_shared, ARCHITECTURE_SHARED},
                 {&pool_pinned, ARCHITECTURE_PINNED}};
    struct asked asked = asked_for(pools[number % 3].ops, number % 5 == 0 ? 0 : 1000);

    asked.order.config.lanes = 1 + number % 4;
    asked.order.config.handoff = number % 2 == 0 ? HANDOFF_FIFO : HANDOFF_MUTEX;
    asked_begin_patiently(&asked);
    asked_finish(&asked, 0);
    ck_assert_int_eq(asked.report.architecture, pools[number % 3].architecture);
    usleep(number % 7 * 300);
}

START_TEST(dispatcher_submit_while_pools_are_switched_every_task_ends_once)
{
    parts_open(&pool_pinned);
    submitters_start("abcd", "w", 1);
    for (unsigned i = 0; i < switches_wanted(); i++)
        switch_once(i);
    submitters_stop();
    ck_assert_uint_eq(dispatcher_drain(parts.dispatcher, 10000), 0);
    parts_close();
}
END_TEST

UNIT_MAIN("switch", switcher_begin_idle_pool_is_replaced,
          switcher_begin_same_architecture_with_other_settings,
          switcher_begin_tasks_in_flight_end_where_they_began,
          switcher_begin_new_tasks_go_to_the_new_pool_while_the_old_one_drains,
          switcher_begin_deadline_passes_and_the_old_pool_lives_on,
          switcher_begin_while_one_is_under_way_is_refused,
          switcher_begin_config_that_cannot_be_leaves_the_pool,
          switcher_begin_choice_that_cannot_be_saved_leaves_the_pool,
          switcher_begin_hottest_workers_are_warm_before_tasks_come,
          switcher_begin_shared_pool_is_warm_before_tasks_come,
          switcher_begin_shared_pool_with_mutex_is_warm_before_tasks_come,
          switcher_begin_more_hot_workers_than_room_keeps_the_hottest,
          switcher_begin_worker_that_does_not_start_stays_cold,
          switcher_hasten_while_it_warms_leaves_the_pool,
          switcher_hasten_while_the_old_pool_drains_answers,
          switcher_stop_with_tasks_in_both_pools_ends_them,
          dispatcher_submit_while_pools_are_switched_every_task_ends_once)
