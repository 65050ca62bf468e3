/* Pools: what becomes of a task that runs. */
#include "pool_checks.h"

START_TEST(pool_submit_worker_answers)
{
    open_pinned();
    struct script *script = fixture_worker("t", "w", "load", NULL);

    call_expect(&f, script, "log answer", "log answer ");
    call_expect(&f, script, "sleep:5 answer", "sleep:5 answer ");
    ck_assert_uint_eq(f.console, 1);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_second_task_is_warm)
{
    struct call cold, warm;

    open_pinned();
    struct script *script = fixture_worker("t", "w", "load", NULL);

    atomic_store(&fake_open_us, 3000);
    ck_assert_int_eq(call_start(&cold, &f, script, "answer"), 0);
    call_wait(&cold);
    ck_assert_int_eq(call_start(&warm, &f, script, "answer"), 0);
    call_wait(&warm);
    ck_assert(!cold.task.report.is_warm);
    ck_assert_uint_ge(cold.task.report.startup_us, 3000);
    ck_assert(warm.task.report.is_warm);
    ck_assert_uint_eq(warm.task.report.startup_us, 0);
    ck_assert_uint_eq(warm.task.report.version, 1);
    ck_assert_uint_eq(atomic_load(&fake_figures.opened), 1);
    ck_assert_uint_eq(STAT(hits), 1);
    ck_assert_uint_eq(STAT(misses), 1);
    call_release(&cold);
    call_release(&warm);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_sleeping_tasks_share_isolate)
{
    struct call calls[50];
    uint64_t start_ns;

    open_pinned();
    struct script *script = fixture_worker("t", "w", "load", NULL);

    call_expect(&f, script, "answer", "answer ");
    start_ns = clock_now_ns();
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(call_start(&calls[i], &f, script, "sleep:100 answer"), 0);
    for (int i = 0; i < 50; i++) {
        call_wait(&calls[i]);
        ck_assert_int_eq(calls[i].task.outcome.kind, OUTCOME_ANSWERED);
        call_release(&calls[i]);
    }
    /* One after the other they would take 5 s. */
    ck_assert_uint_lt(clock_now_ns() - start_ns, 2 * NS_PER_S);
    ck_assert_uint_eq(atomic_load(&fake_figures.opened), 1);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_throwing_worker_fails_task_only)
{
    open_pinned();
    struct script *script = fixture_worker("t", "w", "load", NULL);

    expect_failure(script, "throw", FAILURE_EXCEPTION, PHASE_HANDLER);
    call_expect(&f, script, "answer", "answer ");
    ck_assert_uint_eq(atomic_load(&fake_figures.opened), 1);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_startup_failure_fails_waiting_tasks)
{
    struct call calls[3];

    open_pinned();
    struct script *script = fixture_worker("t", "w", "sleep:20 throw", NULL);

    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(call_start(&calls[i], &f, script, "answer"), 0);
    for (int i = 0; i < 3; i++) {
        call_wait(&calls[i]);
        ck_assert_int_eq(calls[i].task.outcome.failure.reason, FAILURE_EXCEPTION);
        ck_assert_int_eq(calls[i].task.outcome.failure.phase, PHASE_STARTUP);
        call_release(&calls[i]);
    }
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_isolate_cannot_be_made_fails_task)
{
    open_pinned();
    struct script *script = fixture_worker("t", "w", "load", NULL);

    atomic_store(&fake_open_fails, true);
    expect_failure(script, "answer", FAILURE_INTERNAL, PHASE_STARTUP);
    atomic_store(&fake_open_fails, false);
    call_expect(&f, script, "answer", "answer ");
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_burning_task_reaches_cpu_limit)
{
    struct limits limits = short_limits();

    limits.wall_us = 10 * 1000 * 1000;
    open_pinned();
    struct script *script = fixture_worker("t", "w", "load", &limits);

    expect_limit(script, "burn", LIMIT_CPU, PHASE_HANDLER);
    call_expect(&f, script, "answer", "answer ");
    /* The synchronous part was cut off: the isolate stays. */
    ck_assert_uint_eq(atomic_load(&fake_figures.opened), 1);
    ck_assert_uint_eq(STAT(terminations), 1);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_burning_checkpoint_ends_isolate)
{
    struct limits limits = short_limits();

    limits.wall_us = 10 * 1000 * 1000;
    open_pinned();
    struct script *script = fixture_worker("t", "w", "load", &limits);

    expect_limit(script, "burn-later never", LIMIT_CPU, PHASE_HANDLER);
    call_expect(&f, script, "answer", "answer ");
    ck_assert_uint_eq(atomic_load(&fake_figures.opened), 2);
    EXPECT_SOON(condemned, 1);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_many_events_below_limit_add_up)
{
    struct limits limits = short_limits();

    limits.wall_us = 10 * 1000 * 1000;
    open_pinned();
    struct script *script = fixture_worker("t", "w", "load", &limits);

    expect_limit(script,
                 "work:8000 sleep:1 work:8000 sleep:1 work:8000 sleep:1 work:8000 sleep:1 answer",
                 LIMIT_CPU, PHASE_HANDLER);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_parked_task_reaches_wall_limit)
{
    struct limits limits = short_limits();

    open_pinned();
    struct script *script = fixture_worker("t", "w", "load", &limits);

    expect_limit(script, "sleep:5000 answer", LIMIT_WALL, PHASE_HANDLER);
    call_expect(&f, script, "answer", "answer ");
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_due_timer_wakes_at_once)
{
    struct limits limits = short_limits();

    open_pinned();
    struct script *script = fixture_worker("t", "w", "load", &limits);

    /* Would reach its wall limit, were the lane to sleep until the next timer. */
    call_expect(&f, script, "sleep:0 sleep:0 answer", "sleep:0 sleep:0 answer ");
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_burning_startup_reaches_limit)
{
    struct limits limits = short_limits();

    open_pinned();
    struct script *script = fixture_worker("t", "w", "burn", &limits);

    expect_limit(script, "answer", LIMIT_STARTUP, PHASE_STARTUP);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_sleeping_startup_reaches_limit)
{
    struct limits limits = short_limits();

    open_pinned();
    struct script *script = fixture_worker("t", "w", "sleep:5000 load", &limits);

    expect_limit(script, "answer", LIMIT_STARTUP, PHASE_STARTUP);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_heap_limit_ends_isolate)
{
    open_pinned();
    struct script *script = fixture_worker("t", "w", "load", NULL);

    expect_limit(script, "heap", LIMIT_HEAP, PHASE_HANDLER);
    call_expect(&f, script, "answer", "answer ");
    ck_assert_uint_eq(atomic_load(&fake_figures.opened), 2);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_lone_task_without_prospect_fails_at_once)
{
    open_pinned();
    struct script *script = fixture_worker("t", "w", "load", NULL);
    uint64_t start_ns = clock_now_ns();

    expect_failure(script, "never", FAILURE_NEVER_SETTLES, PHASE_HANDLER);
    ck_assert_uint_lt(clock_now_ns() - start_ns, 5 * NS_PER_S);
    call_expect(&f, script, "answer", "answer ");
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_lone_task_waits_while_engine_is_busy)
{
    struct call call;

    open_pinned();
    struct script *script = fixture_worker("t", "w", "load", NULL);

    atomic_store(&fake_is_busy, true);
    ck_assert_int_eq(call_start(&call, &f, script, "never"), 0);
    sleep_ms(50);
    ck_assert(!call_has_ended(&call));
    atomic_store(&fake_is_busy, false);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.failure.reason, FAILURE_NEVER_SETTLES);
    call_release(&call);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_startup_without_prospect_fails_at_once)
{
    open_pinned();
    struct script *script = fixture_worker("t", "w", "never", NULL);

    expect_failure(script, "answer", FAILURE_NEVER_SETTLES, PHASE_STARTUP);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_condemned_isolate_moves_queue_and_fails_begun)
{
    struct limits limits = short_limits();
    struct call begun, burner, queued;

    fixture_init(&f);
    f.config.tasks_per_isolate = 2;
    fixture_open(&f, &pool_pinned);
    limits.wall_us = 10 * 1000 * 1000;
    struct script *script = fixture_worker("t", "w", "load", &limits);

    ck_assert_int_eq(call_start(&begun, &f, script, "sleep:3000 answer"), 0);
    ck_assert_int_eq(call_start(&burner, &f, script, "sleep:20 burn-later never ?a=secret"), 0);
    ck_assert_int_eq(call_start(&queued, &f, script, "answer"), 0);
    call_wait(&begun);
    call_wait(&burner);
    call_wait(&queued);
    ck_assert_int_eq(begun.task.outcome.failure.reason, FAILURE_ISOLATE_CONDEMNED);
    ck_assert_ptr_nonnull(strstr(begun.task.outcome.failure.message, "burn-later never"));
    ck_assert_ptr_null(strstr(begun.task.outcome.failure.message, "secret")); /* a query is */
    ck_assert_int_eq(burner.task.outcome.failure.limit, LIMIT_CPU);
    ck_assert_int_eq(queued.task.outcome.kind, OUTCOME_ANSWERED);
    call_release(&begun);
    call_release(&burner);
    call_release(&queued);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

static void run(struct script *script, const char *program)
{
    struct call call;

    ck_assert_int_eq(call_start(&call, &f, script, program), 0);
    call_wait(&call);
    call_release(&call);
}

START_TEST(pool_stats_count_limits_apart)
{
    struct limits limits = short_limits();

    limits.wall_us = 10 * 1000 * 1000;
    open_pinned();
    struct script *script = fixture_worker("t", "w", "load", &limits);

    run(script, "answer");
    run(script, "throw");
    ck_assert_uint_eq(STAT(limit_exceeded), 0);
    run(script, "burn");
    ck_assert_uint_eq(STAT(limit_exceeded), 1);
    ck_assert_uint_eq(STAT(limits[LIMIT_CPU]), 1);
    ck_assert_uint_eq(STAT(limits[LIMIT_WALL]), 0);
    run(script, "heap");
    ck_assert_uint_eq(STAT(limit_exceeded), 2);
    ck_assert_uint_eq(STAT(limits[LIMIT_CPU]), 1);
    ck_assert_uint_eq(STAT(limits[LIMIT_HEAP]), 1);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

UNIT_MAIN("pool", pool_stats_count_limits_apart, pool_submit_worker_answers,
          pool_submit_second_task_is_warm, pool_submit_sleeping_tasks_share_isolate,
          pool_submit_throwing_worker_fails_task_only,
          pool_submit_startup_failure_fails_waiting_tasks,
          pool_submit_isolate_cannot_be_made_fails_task, pool_submit_burning_task_reaches_cpu_limit,
          pool_submit_burning_checkpoint_ends_isolate, pool_submit_many_events_below_limit_add_up,
          pool_submit_parked_task_reaches_wall_limit, pool_submit_due_timer_wakes_at_once,
          pool_submit_burning_startup_reaches_limit, pool_submit_sleeping_startup_reaches_limit,
          pool_submit_heap_limit_ends_isolate, pool_submit_lone_task_without_prospect_fails_at_once,
          pool_submit_lone_task_waits_while_engine_is_busy,
          pool_submit_startup_without_prospect_fails_at_once,
          pool_submit_condemned_isolate_moves_queue_and_fails_begun)
