/* What an execution is charged with, and how it goes on after its answer (ctx.waitUntil). */
#include "fake_shim.h"
#include "pool_fixture.h"
#include "unit.h"

#include "api/clock.h"

#include <unistd.h>

static struct fixture f;

static void open_pinned(void)
{
    fixture_init(&f);
    fixture_open(&f, &pool_pinned);
}

static struct script *worker(const struct limits *limits)
{
    return fixture_worker("t", "w", "load", limits);
}

static uint64_t in_flight(void)
{
    struct pool_stats stats;
    uint64_t count;

    pool_stats(f.pool, &stats);
    count = stats.in_flight;
    pool_stats_release(&stats);
    return count;
}

static void wait_until_none_is_in_flight(void)
{
    for (int i = 0; i < 2000 && in_flight() > 0; i++)
        usleep(1000);
    ck_assert_uint_eq(in_flight(), 0);
}

static unsigned console_lines(void)
{
    unsigned lines;

    pthread_mutex_lock(&f.lock);
    lines = f.console;
    pthread_mutex_unlock(&f.lock);
    return lines;
}

/* Executions that were cut off after their answer, of which the log was told. */
static unsigned cut_off(void)
{
    unsigned count;

    pthread_mutex_lock(&f.lock);
    count = f.cut_off;
    pthread_mutex_unlock(&f.lock);
    return count;
}

/* A continuation of A's that B's event resolves is A's. */
START_TEST(charge_continuation_is_its_owners)
{
    struct call a, b;

    open_pinned();
    struct script *script = worker(NULL);

    ck_assert_int_eq(call_start(&a, &f, script, "stray-timer await work:40000 answer"), 0);
    ck_assert_int_eq(call_start(&b, &f, script, "sleep:5 resume answer"), 0);
    call_wait(&a);
    call_wait(&b);
    ck_assert_int_eq(a.task.outcome.kind, OUTCOME_ANSWERED);
    ck_assert_int_eq(b.task.outcome.kind, OUTCOME_ANSWERED);
    /* What the thread used is shared out by wall time: a little is lost at the turn's ends. */
    ck_assert_uint_ge(a.task.report.cpu_us, 36000);
    ck_assert_uint_le(b.task.report.cpu_us, 4000);
    call_release(&a);
    call_release(&b);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

/* ... and its CPU limit is A's, though B's event runs. */
START_TEST(charge_limit_ends_the_owner)
{
    struct limits limits = limits_default();
    struct call a, b;

    limits.cpu_us = 20 * 1000;
    open_pinned();
    struct script *script = worker(&limits);

    ck_assert_int_eq(call_start(&a, &f, script, "stray-timer await burn"), 0);
    ck_assert_int_eq(call_start(&b, &f, script, "sleep:5 resume never"), 0);
    call_wait(&a);
    call_wait(&b);
    ck_assert_int_eq(a.task.outcome.failure.limit, LIMIT_CPU);
    ck_assert_uint_ge(a.task.outcome.failure.used, 18000);
    ck_assert_int_eq(b.task.outcome.failure.reason, FAILURE_ISOLATE_CONDEMNED);
    ck_assert_ptr_nonnull(strstr(b.task.outcome.failure.message, "GET stray-timer await burn"));
    call_release(&a);
    call_release(&b);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

/* What it writes after its answer is still its own. */
START_TEST(log_is_told_whose_line_it_is)
{
    struct call call;
    char id[HEX_ID_LEN + 1];

    open_pinned();
    struct script *script = worker(NULL);

    ck_assert_int_eq(call_start(&call, &f, script, "answer-more sleep:1 log end"), 0);
    call_wait(&call);
    wait_until_none_is_in_flight();
    ck_assert_uint_eq(console_lines(), 1);
    ck_assert_uint_ne(call.task.id, 0);
    hex_id_format(call.task.id, id);
    ck_assert_str_eq(call.task.report.execution, id);
    ck_assert_uint_eq(f.last_execution, call.task.id);
    ck_assert_uint_eq(f.ends, 1);
    ck_assert_uint_eq(cut_off(), 0);
    call_release(&call);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(extend_answer_leaves_at_once)
{
    struct call call;

    open_pinned();
    struct script *script = worker(NULL);

    ck_assert_int_eq(call_start(&call, &f, script, "answer-more sleep:200 log end"), 0);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.kind, OUTCOME_ANSWERED);
    ck_assert_uint_lt(call.task.report.wall_us, 150 * 1000);
    ck_assert_uint_eq(console_lines(), 0);
    ck_assert_uint_eq(in_flight(), 1);
    wait_until_none_is_in_flight();
    ck_assert_uint_eq(console_lines(), 1);
    call_release(&call);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(extend_has_a_wall_limit_of_its_own)
{
    struct limits limits = limits_default();
    struct call call;

    limits.wait_until_us = 30 * 1000;
    open_pinned();
    struct script *script = worker(&limits);

    ck_assert_int_eq(call_start(&call, &f, script, "answer-more sleep:60000 end"), 0);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.kind, OUTCOME_ANSWERED);
    wait_until_none_is_in_flight();
    ck_assert_uint_eq(cut_off(), 1);
    ck_assert_uint_eq(f.last_execution, call.task.id);
    call_expect(&f, script, "answer", "answer ");
    call_release(&call);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(extend_has_a_cpu_limit_of_its_own)
{
    struct limits limits = limits_default();
    struct call call;

    limits.cpu_us = 30 * 1000;
    open_pinned();
    struct script *script = worker(&limits);

    /* Together more than one task may. */
    ck_assert_int_eq(
        call_start(&call, &f, script, "work:20000 answer-more sleep:1 work:20000 log end"), 0);
    call_wait(&call);
    wait_until_none_is_in_flight();
    ck_assert_uint_eq(console_lines(), 1);
    call_release(&call);
    ck_assert_int_eq(call_start(&call, &f, script, "answer-more sleep:1 burn"), 0);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.kind, OUTCOME_ANSWERED);
    wait_until_none_is_in_flight();
    ck_assert_uint_eq(console_lines(), 1);
    ck_assert_uint_eq(cut_off(), 1);
    call_release(&call);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(extend_that_waits_for_nothing_ends)
{
    struct call call;

    open_pinned();
    struct script *script = worker(NULL);

    ck_assert_int_eq(call_start(&call, &f, script, "answer-more never"), 0);
    call_wait(&call);
    wait_until_none_is_in_flight();
    ck_assert_uint_eq(cut_off(), 1);
    call_release(&call);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(extend_is_ended_with_the_pool)
{
    struct call call;

    open_pinned();
    struct script *script = worker(NULL);

    ck_assert_int_eq(call_start(&call, &f, script, "answer-more sleep:60000 end"), 0);
    call_wait(&call);
    ck_assert_uint_eq(pool_drain(f.pool, 20), 1);
    call_release(&call);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(extend_is_waited_for_when_the_pool_drains)
{
    struct call call;

    open_pinned();
    struct script *script = worker(NULL);

    ck_assert_int_eq(call_start(&call, &f, script, "answer-more sleep:50 log end"), 0);
    call_wait(&call);
    ck_assert_uint_eq(pool_drain(f.pool, 5000), 0);
    ck_assert_uint_eq(console_lines(), 1);
    call_release(&call);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

/* As many as the worker allows, within what the pool does. */
START_TEST(worker_cap_bounds_its_tasks_in_flight)
{
    struct limits limits = limits_default();
    struct call calls[3];

    limits.tasks = 2;
    open_pinned();
    struct script *script = worker(&limits);

    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(call_start(&calls[i], &f, script, "sleep:100 answer"), 0);
    for (int i = 0; i < 3; i++)
        call_wait(&calls[i]);
    ck_assert_uint_lt(calls[1].task.report.queue_us, 90 * 1000);
    ck_assert_uint_ge(calls[2].task.report.queue_us, 90 * 1000);
    for (int i = 0; i < 3; i++)
        call_release(&calls[i]);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

UNIT_MAIN("executions", charge_continuation_is_its_owners, charge_limit_ends_the_owner,
          log_is_told_whose_line_it_is, extend_answer_leaves_at_once,
          extend_has_a_wall_limit_of_its_own, extend_has_a_cpu_limit_of_its_own,
          extend_that_waits_for_nothing_ends, extend_is_ended_with_the_pool,
          extend_is_waited_for_when_the_pool_drains, worker_cap_bounds_its_tasks_in_flight)
