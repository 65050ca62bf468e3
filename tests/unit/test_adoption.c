/* Lanes that are adopted while a turn lasts, on an engine without V8. */
#include "api/clock.h"
#include "fake_shim.h"
#include "pool_fixture.h"
#include "unit.h"

#include <unistd.h>

static struct fixture f;

static void open_lanes(unsigned lanes)
{
    fixture_init(&f);
    f.config.lanes = lanes;
    f.config.isolates = 64;
    fixture_open(&f, &pool_pinned);
}

static void expect_answer(struct call *call)
{
    call_wait(call);
    ck_assert_int_eq(call->task.outcome.kind, OUTCOME_ANSWERED);
    call_release(call);
}

START_TEST(lane_adopt_stuck_turn_others_go_on)
{
    struct call stuck, timer, queued[100];

    open_lanes(1);
    struct script *one = fixture_worker("t", "one", "load", NULL);
    struct script *two = fixture_worker("t", "two", "load", NULL);

    call_expect(&f, one, "answer", "answer ");
    call_expect(&f, two, "answer", "answer ");
    ck_assert_int_eq(call_start(&timer, &f, two, "sleep:10 answer"), 0);
    usleep(2000);
    ck_assert_int_eq(call_start(&stuck, &f, one, "spin:500 answer"), 0);
    usleep(2000);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(call_start(&queued[i], &f, two, "answer"), 0);
    expect_answer(&timer);
    for (int i = 0; i < 100; i++)
        expect_answer(&queued[i]);
    ck_assert(!call_has_ended(&stuck));
    expect_answer(&stuck);
    call_expect(&f, one, "answer", "answer ");
    fixture_close(&f);
    script_unref(one);
    script_unref(two);
}
END_TEST

START_TEST(lane_adopt_answered_batch_mates_leave_before_the_stuck_one)
{
    struct call first, stuck, after;

    open_lanes(1);
    struct script *script = fixture_worker("t", "w", "sleep:30 load", NULL);

    /* All three wait for the start-up, and then are events of one turn. */
    ck_assert_int_eq(call_start(&first, &f, script, "answer"), 0);
    ck_assert_int_eq(call_start(&stuck, &f, script, "spin:300 answer"), 0);
    ck_assert_int_eq(call_start(&after, &f, script, "answer"), 0);
    expect_answer(&first);
    ck_assert(!call_has_ended(&stuck));
    expect_answer(&stuck);
    /* The isolate is the stuck one's: what comes after it waits. */
    expect_answer(&after);
    ck_assert_uint_ge(after.task.report.wall_us, 290 * 1000);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(lane_adopt_stuck_opening_others_go_on)
{
    struct call stuck, quick;

    open_lanes(1);
    struct script *one = fixture_worker("t", "one", "load", NULL);
    struct script *two = fixture_worker("t", "two", "load", NULL);

    call_expect(&f, two, "answer", "answer ");
    atomic_store(&fake_open_us, 200 * 1000);
    ck_assert_int_eq(call_start(&stuck, &f, one, "answer"), 0);
    usleep(2000);
    ck_assert_int_eq(call_start(&quick, &f, two, "answer"), 0);
    expect_answer(&quick);
    ck_assert(!call_has_ended(&stuck));
    expect_answer(&stuck);
    fixture_close(&f);
    script_unref(one);
    script_unref(two);
}
END_TEST

/* The event that was given back is delivered under its limits. */
START_TEST(lane_adopt_stuck_opening_startup_keeps_its_limit)
{
    struct limits limits = limits_default();
    struct call call;

    limits.startup_us = 40 * 1000;
    open_lanes(1);
    struct script *script = fixture_worker("t", "w", "sleep:60000 load", &limits);

    atomic_store(&fake_open_us, 50 * 1000);
    ck_assert_int_eq(call_start(&call, &f, script, "answer"), 0);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.failure.limit, LIMIT_STARTUP);
    call_release(&call);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(lane_adopt_without_spares_waits)
{
    struct call stuck, quick;

    fixture_init(&f);
    f.crew_config.spares = 0;
    fixture_open(&f, &pool_pinned);
    struct script *one = fixture_worker("t", "one", "load", NULL);
    struct script *two = fixture_worker("t", "two", "load", NULL);

    call_expect(&f, two, "answer", "answer ");
    ck_assert_int_eq(call_start(&stuck, &f, one, "spin:100 answer"), 0);
    usleep(2000);
    ck_assert_int_eq(call_start(&quick, &f, two, "answer"), 0);
    expect_answer(&quick);
    ck_assert(call_has_ended(&stuck));
    expect_answer(&stuck);
    fixture_close(&f);
    script_unref(one);
    script_unref(two);
}
END_TEST

START_TEST(lane_adopt_stray_task_reaches_wall_limit)
{
    struct limits limits = limits_default();
    struct call call;

    limits.wall_us = 60 * 1000;
    open_lanes(1);
    struct script *script = fixture_worker("t", "w", "load", &limits);

    ck_assert_int_eq(call_start(&call, &f, script, "work:5000000 answer"), 0);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.failure.limit, LIMIT_WALL);
    ck_assert_uint_lt(call.task.report.wall_us, 1000 * 1000);
    call_release(&call);
    call_expect(&f, script, "answer", "answer ");
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(lane_adopt_stray_overdue_task_that_ends_by_itself_fails)
{
    struct limits limits = limits_default();
    struct call call;

    limits.wall_us = 40 * 1000;
    open_lanes(1);
    struct script *script = fixture_worker("t", "w", "load", &limits);

    /* It cannot be stopped, comes back after its wall limit, and would go on sleeping. */
    ck_assert_int_eq(call_start(&call, &f, script, "spin:100 sleep:10000 answer"), 0);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.failure.limit, LIMIT_WALL);
    ck_assert_uint_lt(call.task.report.wall_us, 3000 * 1000);
    call_release(&call);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(lane_adopt_cancelled_stray_task_that_ends_by_itself_fails)
{
    struct call call;

    open_lanes(1);
    struct script *script = fixture_worker("t", "w", "load", NULL);

    ck_assert_int_eq(call_start(&call, &f, script, "spin:40 sleep:10000 answer"), 0);
    usleep(20 * 1000);
    pool_cancel(f.pool, &call.task);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.failure.reason, FAILURE_CANCELLED);
    ck_assert_uint_lt(call.task.report.wall_us, 3000 * 1000);
    call_release(&call);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(lane_adopt_pool_closes_while_a_turn_is_stray)
{
    struct call stray;

    open_lanes(1);
    struct script *script = fixture_worker("t", "w", "load", NULL);

    ck_assert_int_eq(call_start(&stray, &f, script, "spin:100 answer"), 0);
    usleep(30 * 1000);
    fixture_close(&f);
    /* It ended by itself before it could be stopped. */
    ck_assert_int_eq(stray.task.outcome.kind, OUTCOME_ANSWERED);
    call_release(&stray);
    script_unref(script);
}
END_TEST

UNIT_MAIN("adoption", lane_adopt_stuck_turn_others_go_on,
          lane_adopt_answered_batch_mates_leave_before_the_stuck_one,
          lane_adopt_stuck_opening_others_go_on, lane_adopt_stuck_opening_startup_keeps_its_limit,
          lane_adopt_without_spares_waits, lane_adopt_stray_task_reaches_wall_limit,
          lane_adopt_stray_overdue_task_that_ends_by_itself_fails,
          lane_adopt_cancelled_stray_task_that_ends_by_itself_fails,
          lane_adopt_pool_closes_while_a_turn_is_stray)
