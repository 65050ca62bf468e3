/* Pools: a context for each task. */
#include "pool_checks.h"

static void open_fresh(const struct pool_ops *ops)
{
    fixture_init(&f);
    f.config.context = CONTEXT_FRESH;
    f.config.isolates_per_worker = 1;
    fixture_open(&f, ops);
}

static unsigned renewed(void)
{
    return atomic_load(&fake_figures.renewed);
}

#define COUNT(field)                                                                               \
    ({                                                                                             \
        struct pool_stats stats_ = stats_now();                                                    \
        uint64_t count_ = histogram_count(&stats_.field);                                          \
        pool_stats_release(&stats_);                                                               \
        count_;                                                                                    \
    })

static void expect_times(uint64_t cold, uint64_t fresh, uint64_t warm)
{
    EXPECT_SOON(answered, cold + fresh + warm);
    ck_assert_uint_eq(COUNT(cold_us), cold);
    ck_assert_uint_eq(COUNT(fresh_us), fresh);
    ck_assert_uint_eq(COUNT(warm_us), warm);
}

/* Runs a task, and says what it found. */
static struct report run(struct script *script, const char *program)
{
    struct call call;
    struct report report;

    ck_assert_int_eq(call_start(&call, &f, script, program), 0);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.kind, OUTCOME_ANSWERED);
    report = call.task.report;
    call_release(&call);
    return report;
}

static void check_fresh(const struct pool_ops *ops)
{
    struct report report;

    open_fresh(ops);
    struct script *script = fixture_worker("t", "w", "load", NULL);

    report = run(script, "answer");
    ck_assert(!report.is_warm && !report.is_new_context);
    for (unsigned i = 1; i <= 5; i++) {
        report = run(script, "answer");
        ck_assert(report.is_warm && report.is_new_context);
        ck_assert_uint_eq(renewed(), i);
    }
    expect_times(1, 5, 0);
    ck_assert_uint_eq(STAT(isolates_created), 1);
    ck_assert_uint_eq(STAT(hits), 5);
    ck_assert_uint_eq(COUNT(startup_us), 1);
    fixture_close(&f);
    script_unref(script);
}

START_TEST(fresh_gives_each_task_a_context_pinned)
{
    check_fresh(&pool_pinned);
}
END_TEST

START_TEST(fresh_gives_each_task_a_context_shared)
{
    check_fresh(&pool_shared);
}
END_TEST

START_TEST(fresh_is_nothing_to_legacy)
{
    open_fresh(&pool_legacy);
    struct script *script = fixture_worker("t", "w", "load", NULL);

    for (int i = 0; i < 3; i++)
        ck_assert(!run(script, "answer").is_new_context);
    expect_times(3, 0, 0);
    ck_assert_uint_eq(renewed(), 0);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(reuse_renews_nothing)
{
    open_pinned();
    struct script *script = fixture_worker("t", "w", "load", NULL);

    for (int i = 0; i < 4; i++)
        ck_assert(!run(script, "answer").is_new_context);
    expect_times(1, 0, 3);
    ck_assert_uint_eq(renewed(), 0);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

/* Tasks that wait do so one after the other: a context is one task's until that has ended. */
static void check_one_at_a_time(const struct pool_ops *ops)
{
    uint64_t begin_ns;
    struct call calls[4];

    open_fresh(ops);
    struct script *script = fixture_worker("t", "w", "load", NULL);

    begin_ns = clock_now_ns();
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(call_start(&calls[i], &f, script, "sleep:30 answer"), 0);
    for (int i = 0; i < 4; i++) {
        call_wait(&calls[i]);
        ck_assert_int_eq(calls[i].task.outcome.kind, OUTCOME_ANSWERED);
        call_release(&calls[i]);
    }
    ck_assert_uint_ge(clock_now_ns() - begin_ns, 4 * 30 * NS_PER_MS);
    ck_assert_uint_eq(STAT(isolates_created), 1);
    ck_assert_uint_eq(renewed(), 3);
    ck_assert_uint_eq(pool_configuration(f.pool)->tasks_per_isolate, 1);
    fixture_close(&f);
    script_unref(script);
}

START_TEST(fresh_has_one_task_in_flight_in_an_isolate_pinned)
{
    check_one_at_a_time(&pool_pinned);
}
END_TEST

START_TEST(fresh_has_one_task_in_flight_in_an_isolate_shared)
{
    check_one_at_a_time(&pool_shared);
}
END_TEST

/* A timer that nobody has stopped does not fire in the next context, whose first timer has the same
 * number. */
START_TEST(fresh_drops_what_came_for_the_context_before)
{
    open_fresh(&pool_pinned);
    struct script *script = fixture_worker("t", "w", "load", NULL);

    for (int i = 0; i < 20; i++) {
        run(script, "stray-timer answer");
        call_expect(&f, script, "sleep:5 answer", "sleep:5 answer ");
    }
    ck_assert_uint_eq(renewed(), 39);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(fresh_task_that_fails_leaves_no_mark)
{
    open_fresh(&pool_pinned);
    struct script *script = fixture_worker("t", "w", "load", NULL);

    expect_failure(script, "throw", FAILURE_EXCEPTION, PHASE_HANDLER);
    call_expect(&f, script, "answer", "answer ");
    ck_assert_uint_eq(renewed(), 1);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

/* The isolate is of no use any more: the next task gets another one. */
START_TEST(context_that_cannot_be_made_fails_the_task)
{
    open_fresh(&pool_pinned);
    struct script *script = fixture_worker("t", "w", "load", NULL);

    run(script, "answer");
    atomic_store(&fake_renew_fails, true);
    expect_failure(script, "answer", FAILURE_INTERNAL, PHASE_STARTUP);
    atomic_store(&fake_renew_fails, false);
    ck_assert(!run(script, "answer").is_warm);
    ck_assert(run(script, "answer").is_new_context);
    ck_assert_uint_eq(STAT(isolates_created), 2);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(fresh_task_that_is_cancelled_in_the_queue_renews_nothing)
{
    struct call first, second;

    open_fresh(&pool_pinned);
    struct script *script = fixture_worker("t", "w", "load", NULL);

    ck_assert_int_eq(call_start(&first, &f, script, "sleep:60000 answer"), 0);
    ck_assert_int_eq(call_start(&second, &f, script, "answer"), 0);
    sleep_ms(10);
    pool_cancel(f.pool, &second.task);
    call_wait(&second);
    ck_assert_int_eq(second.task.outcome.failure.reason, FAILURE_CANCELLED);
    pool_cancel(f.pool, &first.task);
    call_wait(&first);
    ck_assert_uint_eq(renewed(), 0);
    call_release(&first);
    call_release(&second);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(context_names)
{
    enum context_use context;

    ck_assert_str_eq(context_name(CONTEXT_REUSE), "reuse");
    ck_assert_int_eq(context_parse("fresh", &context), 0);
    ck_assert_int_eq(context, CONTEXT_FRESH);
    ck_assert_int_eq(context_parse("Fresh", &context), E_INVALID);
    ck_assert_int_eq(context_parse("", &context), E_INVALID);
}
END_TEST

UNIT_MAIN("pool_context", fresh_gives_each_task_a_context_pinned,
          fresh_gives_each_task_a_context_shared, fresh_is_nothing_to_legacy, reuse_renews_nothing,
          fresh_has_one_task_in_flight_in_an_isolate_pinned,
          fresh_has_one_task_in_flight_in_an_isolate_shared,
          fresh_drops_what_came_for_the_context_before, fresh_task_that_fails_leaves_no_mark,
          context_that_cannot_be_made_fails_the_task,
          fresh_task_that_is_cancelled_in_the_queue_renews_nothing, context_names)
