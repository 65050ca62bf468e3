/* Pools: tasks that wait, and tasks that are cancelled. */
#include "pool_checks.h"

START_TEST(pool_submit_full_queue_is_busy)
{
    struct call blocker, calls[4];

    fixture_init(&f);
    f.config.queue = 3;
    f.crew_config.spares = 0;
    fixture_open(&f, &pool_pinned);
    struct script *script = fixture_worker("t", "w", "load", NULL);

    ck_assert_int_eq(call_start(&blocker, &f, script, "spin:200 answer"), 0);
    sleep_ms(50); /* it has begun */
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(call_start(&calls[i], &f, script, "answer"), 0);
    ck_assert_int_eq(call_start(&calls[3], &f, script, "answer"), E_BUSY);
    request_unref(calls[3].task.request);
    ck_assert_uint_eq(pool_queued(f.pool), 3);
    call_wait(&blocker);
    call_release(&blocker);
    for (int i = 0; i < 3; i++) {
        call_wait(&calls[i]);
        ck_assert_int_eq(calls[i].task.outcome.kind, OUTCOME_ANSWERED);
        call_release(&calls[i]);
    }
    /* A task counts until its done has returned. */
    for (int i = 0; i < 5000 && pool_queued(f.pool) > 0; i++)
        sleep_ms(1);
    ck_assert_uint_eq(pool_queued(f.pool), 0);
    ck_assert_uint_eq(STAT(refused), 1);
    call_expect(&f, script, "answer", "answer ");
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_late_task_is_not_run)
{
    struct call blocker, late;

    fixture_init(&f);
    f.crew_config.spares = 0;
    fixture_open(&f, &pool_pinned);
    struct script *script = fixture_worker("t", "w", "load", NULL);

    ck_assert_int_eq(call_start(&blocker, &f, script, "spin:100 answer"), 0);
    sleep_ms(20);
    late = (struct call){0};
    late.task.deadline_ns = clock_now_ns() + 20 * NS_PER_MS;
    late.task.request =
        request_new(bytes_of("GET"), bytes_of("log answer"), bytes_of(""), (struct bytes){NULL, 0});
    late.fixture = &f;
    late.task.kind = TASK_REQUEST;
    late.task.script = script;
    late.task.tenant = script->tenant;
    late.task.done = blocker.task.done;
    ck_assert_int_eq(pool_submit(f.pool, &late.task), 0);
    call_wait(&blocker);
    call_wait(&late);
    ck_assert_int_eq(late.task.outcome.failure.reason, FAILURE_CANCELLED);
    ck_assert_int_eq(late.task.outcome.failure.phase, PHASE_QUEUE);
    ck_assert_uint_eq(f.console, 0);
    call_release(&blocker);
    call_release(&late);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

static void cancel_and_expect(struct call *call, enum phase phase)
{
    pool_cancel(f.pool, &call->task);
    call_wait(call);
    ck_assert_int_eq(call->task.outcome.failure.reason, FAILURE_CANCELLED);
    ck_assert_int_eq(call->task.outcome.failure.phase, phase);
    call_release(call);
}

START_TEST(pool_cancel_parked_task_ends_it)
{
    struct call call;

    open_pinned();
    struct script *script = fixture_worker("t", "w", "load", NULL);

    ck_assert_int_eq(call_start(&call, &f, script, "sleep:5000 answer"), 0);
    sleep_ms(30);
    cancel_and_expect(&call, PHASE_HANDLER);
    call_expect(&f, script, "answer", "answer ");
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_cancel_task_that_waits_for_startup_ends_it)
{
    struct call call;

    open_pinned();
    struct script *script = fixture_worker("t", "w", "sleep:100 load", NULL);

    ck_assert_int_eq(call_start(&call, &f, script, "answer"), 0);
    sleep_ms(20);
    cancel_and_expect(&call, PHASE_QUEUE);
    call_expect(&f, script, "answer", "answer ");
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_cancel_task_that_waits_for_isolate_ends_it)
{
    struct call busy, call;

    fixture_init(&f);
    f.config.isolates = 1;
    fixture_open(&f, &pool_pinned);
    struct script *one = fixture_worker("t", "one", "load", NULL);
    struct script *two = fixture_worker("t", "two", "load", NULL);

    ck_assert_int_eq(call_start(&busy, &f, one, "sleep:300 answer"), 0);
    ck_assert_int_eq(call_start(&call, &f, two, "answer"), 0);
    sleep_ms(20);
    cancel_and_expect(&call, PHASE_QUEUE);
    call_wait(&busy);
    call_release(&busy);
    call_expect(&f, two, "answer", "answer ");
    fixture_close(&f);
    script_unref(one);
    script_unref(two);
}
END_TEST

START_TEST(pool_cancel_running_task_is_stopped_after_grace)
{
    struct call call;
    uint64_t start_ns;

    open_pinned();
    struct script *script = fixture_worker("t", "w", "load", NULL);

    call_expect(&f, script, "answer", "answer ");
    ck_assert_int_eq(call_start(&call, &f, script, "work:10000000 answer"), 0);
    sleep_ms(30);
    start_ns = clock_now_ns();
    cancel_and_expect(&call, PHASE_HANDLER);
    ck_assert_uint_ge(clock_now_ns() - start_ns, 45 * NS_PER_MS);
    ck_assert_uint_lt(clock_now_ns() - start_ns, 900 * NS_PER_MS); /* the CPU limit is 1 s */
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_cancel_finished_task_does_nothing)
{
    struct call call;

    open_pinned();
    struct script *script = fixture_worker("t", "w", "load", NULL);

    ck_assert_int_eq(call_start(&call, &f, script, "answer"), 0);
    call_wait(&call);
    pool_cancel(f.pool, &call.task);
    ck_assert_int_eq(call.task.outcome.kind, OUTCOME_ANSWERED);
    call_release(&call);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

UNIT_MAIN("pool_queue", pool_submit_full_queue_is_busy, pool_submit_late_task_is_not_run,
          pool_cancel_parked_task_ends_it, pool_cancel_task_that_waits_for_startup_ends_it,
          pool_cancel_task_that_waits_for_isolate_ends_it,
          pool_cancel_running_task_is_stopped_after_grace, pool_cancel_finished_task_does_nothing)
