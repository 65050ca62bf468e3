/* Pools, on an engine without V8: tasks, their ends, isolates and their lives. */
#include "api/clock.h"
#include "fake_shim.h"
#include "pool_fixture.h"
#include "unit.h"

#include <unistd.h>

static struct fixture f;

static void sleep_ms(unsigned ms)
{
    usleep(ms * 1000);
}

static struct pool_stats stats_now(void)
{
    struct pool_stats stats;

    pool_stats(f.pool, &stats);
    return stats;
}

#define STAT(field)                                                                                \
    ({                                                                                             \
        struct pool_stats stats_ = stats_now();                                                    \
        uint64_t value_ = stats_.field;                                                            \
        pool_stats_release(&stats_);                                                               \
        value_;                                                                                    \
    })

/* What is counted after a task's done comes a little later. */
#define EXPECT_SOON(field, wanted)                                                                 \
    do {                                                                                           \
        for (int i_ = 0; i_ < 5000 && STAT(field) != (wanted); i_++)                               \
            usleep(1000);                                                                          \
        ck_assert_uint_eq(STAT(field), wanted);                                                    \
    } while (0)

static void open_pinned(void)
{
    fixture_init(&f);
    fixture_open(&f, &pool_pinned);
}

static void expect_failure(struct script *script, const char *program, enum failure_reason reason,
                           enum phase phase)
{
    struct call call;

    ck_assert_int_eq(call_start(&call, &f, script, program), 0);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.kind, OUTCOME_FAILED);
    ck_assert_int_eq(call.task.outcome.failure.reason, reason);
    ck_assert_int_eq(call.task.outcome.failure.phase, phase);
    call_release(&call);
}

static void expect_limit(struct script *script, const char *program, enum limit limit,
                         enum phase phase)
{
    struct call call;

    ck_assert_int_eq(call_start(&call, &f, script, program), 0);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.kind, OUTCOME_FAILED);
    ck_assert_int_eq(call.task.outcome.failure.reason, FAILURE_LIMIT_EXCEEDED);
    ck_assert_int_eq(call.task.outcome.failure.limit, limit);
    ck_assert_int_eq(call.task.outcome.failure.phase, phase);
    ck_assert_uint_ge(call.task.outcome.failure.used, call.task.outcome.failure.allowed * 9 / 10);
    call_release(&call);
}

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

static struct limits short_limits(void)
{
    struct limits limits = limits_default();

    limits.cpu_us = 20 * 1000;
    limits.wall_us = 100 * 1000;
    limits.startup_us = 30 * 1000;
    return limits;
}

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
    ck_assert_int_eq(call_start(&burner, &f, script, "sleep:20 burn-later never"), 0);
    ck_assert_int_eq(call_start(&queued, &f, script, "answer"), 0);
    call_wait(&begun);
    call_wait(&burner);
    call_wait(&queued);
    ck_assert_int_eq(begun.task.outcome.failure.reason, FAILURE_ISOLATE_CONDEMNED);
    ck_assert_int_eq(burner.task.outcome.failure.limit, LIMIT_CPU);
    ck_assert_int_eq(queued.task.outcome.kind, OUTCOME_ANSWERED);
    call_release(&begun);
    call_release(&burner);
    call_release(&queued);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

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
    call_wait(&blocker);
    call_release(&blocker);
    for (int i = 0; i < 3; i++) {
        call_wait(&calls[i]);
        ck_assert_int_eq(calls[i].task.outcome.kind, OUTCOME_ANSWERED);
        call_release(&calls[i]);
    }
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

START_TEST(pool_submit_idle_isolate_is_evicted_for_another_worker)
{
    fixture_init(&f);
    f.config.isolates = 1;
    fixture_open(&f, &pool_pinned);
    struct script *one = fixture_worker("t", "one", "load", NULL);
    struct script *two = fixture_worker("t", "two", "load", NULL);

    call_expect(&f, one, "answer", "answer ");
    call_expect(&f, two, "answer", "answer ");
    call_expect(&f, one, "answer", "answer ");
    EXPECT_SOON(evicted, 2);
    ck_assert_uint_eq(atomic_load(&fake_figures.opened), 3);
    fixture_close(&f);
    script_unref(one);
    script_unref(two);
}
END_TEST

START_TEST(pool_submit_busy_isolate_is_not_evicted)
{
    struct call busy, waiting;

    fixture_init(&f);
    f.config.isolates = 1;
    fixture_open(&f, &pool_pinned);
    struct script *one = fixture_worker("t", "one", "load", NULL);
    struct script *two = fixture_worker("t", "two", "load", NULL);

    ck_assert_int_eq(call_start(&busy, &f, one, "sleep:60 answer"), 0);
    ck_assert_int_eq(call_start(&waiting, &f, two, "answer"), 0);
    call_wait(&waiting);
    ck_assert_int_eq(waiting.task.outcome.kind, OUTCOME_ANSWERED);
    ck_assert(call_has_ended(&busy));
    ck_assert_uint_ge(waiting.task.report.wall_us, 50 * 1000);
    call_release(&busy);
    call_release(&waiting);
    fixture_close(&f);
    script_unref(one);
    script_unref(two);
}
END_TEST

START_TEST(pool_submit_idle_isolate_expires)
{
    fixture_init(&f);
    f.config.idle_ttl_ms = 40;
    fixture_open(&f, &pool_pinned);
    struct script *script = fixture_worker("t", "w", "load", NULL);

    call_expect(&f, script, "answer", "answer ");
    EXPECT_SOON(isolates_alive, 1);
    for (int i = 0; i < 200 && STAT(isolates_alive) > 0; i++)
        sleep_ms(10);
    EXPECT_SOON(isolates_alive, 0);
    EXPECT_SOON(expired, 1);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_isolate_is_recycled_after_its_share)
{
    fixture_init(&f);
    f.config.recycle_after = 3;
    fixture_open(&f, &pool_pinned);
    struct script *script = fixture_worker("t", "w", "load", NULL);

    for (int i = 0; i < 9; i++)
        call_expect(&f, script, "answer", "answer ");
    ck_assert_uint_eq(atomic_load(&fake_figures.opened), 3);
    for (int i = 0; i < 200 && STAT(recycled) < 3; i++)
        sleep_ms(5); /* the last one is closed after its last answer */
    EXPECT_SOON(recycled, 3);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_check_evaluates_and_leaves_nothing)
{
    struct call good, bad;

    open_pinned();
    struct script *well = fixture_worker("t", "well", "sleep:5 load", NULL);
    struct script *ill = fixture_worker("t", "ill", "throw", NULL);

    ck_assert_int_eq(call_check(&good, &f, well), 0);
    ck_assert_int_eq(call_check(&bad, &f, ill), 0);
    call_wait(&good);
    call_wait(&bad);
    ck_assert_int_eq(good.task.outcome.kind, OUTCOME_CHECKED);
    ck_assert_int_eq(bad.task.outcome.kind, OUTCOME_FAILED);
    ck_assert_int_eq(bad.task.outcome.failure.reason, FAILURE_EXCEPTION);
    call_release(&good);
    call_release(&bad);
    for (int i = 0; i < 200 && atomic_load(&fake_figures.alive) > 0; i++)
        sleep_ms(5);
    ck_assert_uint_eq(atomic_load(&fake_figures.alive), 0);
    fixture_close(&f);
    script_unref(well);
    script_unref(ill);
}
END_TEST

START_TEST(pool_submit_task_of_another_tenant_is_refused)
{
    struct call call;

    fixture_init(&f);
    f.config.tolerates_strangers = true;
    fixture_open(&f, &pool_pinned);
    struct script *script = fixture_worker("alice", "w", "load", NULL);

    call_expect(&f, script, "answer", "answer ");
    call = (struct call){0};
    call.fixture = &f;
    call.task.kind = TASK_REQUEST;
    call.task.script = script;
    call.task.tenant = "bob";
    call.task.request =
        request_new(bytes_of("GET"), bytes_of("answer"), bytes_of(""), (struct bytes){NULL, 0});
    {
        struct call helper;

        ck_assert_int_eq(call_start(&helper, &f, script, "answer"), 0);
        call_wait(&helper);
        call.task.done = helper.task.done;
        call_release(&helper);
    }
    ck_assert_int_eq(pool_submit(f.pool, &call.task), 0);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.failure.reason, FAILURE_INTERNAL);
    ck_assert_uint_eq(STAT(tenant_mismatches), 1);
    call_release(&call);
    call_expect(&f, script, "answer", "answer ");
    ck_assert_uint_eq(atomic_load(&fake_figures.opened), 2);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_drain_waits_for_tasks_and_refuses_new_ones)
{
    struct call call, refused;

    open_pinned();
    struct script *script = fixture_worker("t", "w", "load", NULL);

    ck_assert_int_eq(call_start(&call, &f, script, "sleep:60 answer"), 0);
    ck_assert_uint_eq(pool_drain(f.pool, 5), 1);
    ck_assert_int_eq(call_start(&refused, &f, script, "answer"), E_CLOSED);
    request_unref(refused.task.request);
    ck_assert_uint_eq(pool_drain(f.pool, 5000), 0);
    ck_assert(call_has_ended(&call));
    ck_assert_int_eq(call.task.outcome.kind, OUTCOME_ANSWERED);
    call_release(&call);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_close_ends_every_task)
{
    struct call parked, waiting, queued, running;

    fixture_init(&f);
    f.config.isolates = 1;
    f.config.tasks_per_isolate = 2;
    fixture_open(&f, &pool_pinned);
    struct script *script = fixture_worker("t", "w", "load", NULL);
    struct script *other = fixture_worker("t", "other", "load", NULL);

    ck_assert_int_eq(call_start(&parked, &f, script, "sleep:60000 answer"), 0);
    ck_assert_int_eq(call_start(&running, &f, script, "work:900000 answer"), 0);
    ck_assert_int_eq(call_start(&queued, &f, script, "answer"), 0);
    ck_assert_int_eq(call_start(&waiting, &f, other, "answer"), 0);
    sleep_ms(50);
    fixture_close(&f);
    ck_assert_int_eq(parked.task.outcome.failure.reason, FAILURE_DRAINING);
    ck_assert_int_eq(running.task.outcome.failure.reason, FAILURE_DRAINING);
    ck_assert_int_eq(queued.task.outcome.failure.reason, FAILURE_DRAINING);
    ck_assert_int_eq(waiting.task.outcome.failure.reason, FAILURE_DRAINING);
    call_release(&parked);
    call_release(&running);
    call_release(&queued);
    call_release(&waiting);
    script_unref(script);
    script_unref(other);
}
END_TEST

START_TEST(pool_open_bad_config_is_invalid)
{
    struct error error = {0};

    open_pinned();
    struct pool *pool = NULL;
    struct pool_config config = f.config;

    config.lanes = 0;
    ck_assert_int_eq(pool_open(&pool_pinned, &config, f.crew, &pool, &error), E_INVALID);
    ck_assert_str_eq(error.field, "lanes");
    config.lanes = POOL_LANES_MAX + 1;
    ck_assert_int_eq(pool_open(&pool_pinned, &config, f.crew, &pool, &error), E_INVALID);
    config.lanes = 4;
    config.isolates = 3;
    ck_assert_int_eq(pool_open(&pool_pinned, &config, f.crew, &pool, &error), E_INVALID);
    ck_assert_str_eq(error.field, "isolates");
    config.isolates = 4;
    config.tasks_per_isolate = 65536;
    ck_assert_int_eq(pool_open(&pool_pinned, &config, f.crew, &pool, &error), E_INVALID);
    ck_assert_str_eq(error.field, "tasks_per_isolate");
    config.tasks_per_isolate = 65535;
    ck_assert_int_eq(pool_open(&pool_pinned, &config, f.crew, &pool, &error), 0);
    pool_close(pool);
    fixture_close(&f);
}
END_TEST

START_TEST(pool_legacy_every_task_has_its_own_isolate)
{
    struct call calls[6];

    fixture_init(&f);
    fixture_open(&f, &pool_legacy);
    struct script *script = fixture_worker("t", "w", "load", NULL);

    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(call_start(&calls[i], &f, script, "sleep:30 answer"), 0);
    for (int i = 0; i < 6; i++) {
        call_wait(&calls[i]);
        ck_assert_int_eq(calls[i].task.outcome.kind, OUTCOME_ANSWERED);
        ck_assert(!calls[i].task.report.is_warm);
        ck_assert_int_eq(calls[i].task.report.architecture, ARCHITECTURE_LEGACY);
        call_release(&calls[i]);
    }
    ck_assert_uint_eq(atomic_load(&fake_figures.opened), 6);
    expect_failure(script, "throw", FAILURE_EXCEPTION, PHASE_HANDLER);
    for (int i = 0; i < 200 && atomic_load(&fake_figures.alive) > 0; i++)
        sleep_ms(5);
    ck_assert_uint_eq(atomic_load(&fake_figures.alive), 0);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_legacy_cap_makes_tasks_wait)
{
    struct call calls[4];

    fixture_init(&f);
    f.config.isolates = 2;
    fixture_open(&f, &pool_legacy);
    struct script *script = fixture_worker("t", "w", "load", NULL);

    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(call_start(&calls[i], &f, script, "sleep:50 answer"), 0);
    for (int i = 0; i < 4; i++)
        call_wait(&calls[i]);
    ck_assert_uint_ge(calls[2].task.report.wall_us, 95 * 1000);
    ck_assert_uint_ge(calls[3].task.report.wall_us, 95 * 1000);
    for (int i = 0; i < 4; i++)
        call_release(&calls[i]);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

UNIT_MAIN("pool", pool_submit_worker_answers, pool_submit_second_task_is_warm,
          pool_submit_sleeping_tasks_share_isolate, pool_submit_throwing_worker_fails_task_only,
          pool_submit_startup_failure_fails_waiting_tasks,
          pool_submit_isolate_cannot_be_made_fails_task, pool_submit_burning_task_reaches_cpu_limit,
          pool_submit_burning_checkpoint_ends_isolate, pool_submit_many_events_below_limit_add_up,
          pool_submit_parked_task_reaches_wall_limit, pool_submit_due_timer_wakes_at_once,
          pool_submit_burning_startup_reaches_limit, pool_submit_sleeping_startup_reaches_limit,
          pool_submit_heap_limit_ends_isolate, pool_submit_lone_task_without_prospect_fails_at_once,
          pool_submit_lone_task_waits_while_engine_is_busy,
          pool_submit_startup_without_prospect_fails_at_once,
          pool_submit_condemned_isolate_moves_queue_and_fails_begun, pool_submit_full_queue_is_busy,
          pool_submit_late_task_is_not_run, pool_cancel_parked_task_ends_it,
          pool_cancel_task_that_waits_for_startup_ends_it,
          pool_cancel_task_that_waits_for_isolate_ends_it,
          pool_cancel_running_task_is_stopped_after_grace, pool_cancel_finished_task_does_nothing,
          pool_submit_idle_isolate_is_evicted_for_another_worker,
          pool_submit_busy_isolate_is_not_evicted, pool_submit_idle_isolate_expires,
          pool_submit_isolate_is_recycled_after_its_share,
          pool_submit_check_evaluates_and_leaves_nothing,
          pool_submit_task_of_another_tenant_is_refused,
          pool_drain_waits_for_tasks_and_refuses_new_ones, pool_close_ends_every_task,
          pool_open_bad_config_is_invalid, pool_legacy_every_task_has_its_own_isolate,
          pool_legacy_cap_makes_tasks_wait)
