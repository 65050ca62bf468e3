/* Pools: the lives of isolates, of the pool itself, and the architecture without warm ones. */
#include "pool_checks.h"

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

static void warm(struct script *script, enum outcome_kind expected)
{
    struct call call;

    ck_assert_int_eq(call_warm(&call, &f, script), 0);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.kind, expected);
    call_release(&call);
}

START_TEST(pool_submit_warm_makes_an_isolate_that_the_next_task_finds)
{
    struct call call;

    open_pinned();
    struct script *script = fixture_worker("t", "w", "sleep:5 load", NULL);

    warm(script, OUTCOME_CHECKED);
    warm(script, OUTCOME_CHECKED);
    ck_assert_int_eq(call_start(&call, &f, script, "answer"), 0);
    call_wait(&call);
    ck_assert(call.task.report.is_warm);
    ck_assert_uint_eq(atomic_load(&fake_figures.opened), 1);
    call_release(&call);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_warm_with_tasks_behind_it_lets_them_begin)
{
    struct call first, second, task;

    open_pinned();
    struct script *script = fixture_worker("t", "w", "sleep:20 load", NULL);

    ck_assert_int_eq(call_warm(&first, &f, script), 0);
    ck_assert_int_eq(call_start(&task, &f, script, "answer"), 0);
    ck_assert_int_eq(call_warm(&second, &f, script), 0);
    call_wait(&first);
    call_wait(&task);
    call_wait(&second);
    ck_assert_int_eq(first.task.outcome.kind, OUTCOME_CHECKED);
    ck_assert_int_eq(task.task.outcome.kind, OUTCOME_ANSWERED);
    ck_assert_int_eq(second.task.outcome.kind, OUTCOME_CHECKED);
    call_release(&first);
    call_release(&task);
    call_release(&second);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_warm_of_a_worker_that_does_not_start_fails)
{
    open_pinned();
    struct script *script = fixture_worker("t", "ill", "throw", NULL);

    warm(script, OUTCOME_FAILED);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_cancel_warm_ends_it_and_leaves_the_isolate)
{
    struct call call;

    open_pinned();
    struct script *script = fixture_worker("t", "w", "sleep:50 load", NULL);

    ck_assert_int_eq(call_warm(&call, &f, script), 0);
    pool_cancel(f.pool, &call.task);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.failure.reason, FAILURE_CANCELLED);
    call_release(&call);
    call_expect(&f, script, "answer", "answer ");
    ck_assert_uint_eq(atomic_load(&fake_figures.opened), 1);
    fixture_close(&f);
    script_unref(script);
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

/* Tasks that wait, cancelled at the moment of the end: each ends once, whoever comes first. */
START_TEST(pool_close_beside_cancellations_ends_each_task_once)
{
    enum { BUSY = 4, WAITING = 400 };
    static struct call busy[BUSY], waiting[WAITING];
    struct script *holders[BUSY];
    struct script *script;

    fixture_init(&f);
    f.config.lanes = f.config.isolates = BUSY;
    f.config.queue = WAITING;
    fixture_open(&f, &pool_pinned);
    for (int i = 0; i < BUSY; i++) {
        holders[i] = fixture_worker("t", (const char *[]){"a", "b", "c", "d"}[i], "load", NULL);
        ck_assert_int_eq(call_start(&busy[i], &f, holders[i], "sleep:60000 answer"), 0);
    }
    sleep_ms(20);
    script = fixture_worker("t", "w", "load", NULL);
    for (int i = 0; i < WAITING; i++)
        ck_assert_int_eq(call_start(&waiting[i], &f, script, "answer"), 0);
    for (int i = 0; i < WAITING; i += 2)
        pool_cancel(f.pool, &waiting[i].task);
    fixture_close(&f);
    for (int i = 0; i < WAITING; i++)
        call_release(&waiting[i]);
    for (int i = 0; i < BUSY; i++) {
        call_release(&busy[i]);
        script_unref(holders[i]);
    }
    script_unref(script);
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

/* So many workers, each with an isolate that rests, in a pool that drains. */
static void open_with_isolates(struct script *scripts[], unsigned count)
{
    fixture_init(&f);
    f.config.isolates = 16;
    fixture_open(&f, &pool_pinned);
    for (unsigned i = 0; i < count; i++) {
        char name[] = "a";

        name[0] = (char)('a' + i);
        scripts[i] = fixture_worker("t", name, "load", NULL);
        call_expect(&f, scripts[i], "answer", "answer ");
    }
    EXPECT_SOON(isolates_alive, count);
    ck_assert_uint_eq(pool_isolates(f.pool), count);
    ck_assert_uint_eq(pool_drain(f.pool, 1000), 0);
}

START_TEST(pool_shed_disposes_of_isolates_one_after_the_other)
{
    struct script *scripts[8];
    uint64_t begin_ns;

    open_with_isolates(scripts, 8);
    begin_ns = clock_now_ns();
    pool_shed(f.pool);
    for (int i = 0; i < 20000 && pool_isolates(f.pool) > 0; i++)
        usleep(1000);
    ck_assert_uint_eq(pool_isolates(f.pool), 0);
    ck_assert_uint_eq(atomic_load(&fake_figures.alive), 0);
    ck_assert_uint_ge(clock_now_ns() - begin_ns, 30 * NS_PER_MS);
    fixture_close(&f);
    for (int i = 0; i < 8; i++)
        script_unref(scripts[i]);
}
END_TEST

START_TEST(pool_close_ends_what_was_not_shed)
{
    struct script *scripts[8];

    open_with_isolates(scripts, 8);
    pool_shed(f.pool);
    fixture_close(&f); /* checks that nothing is left */
    for (int i = 0; i < 8; i++)
        script_unref(scripts[i]);
}
END_TEST

UNIT_MAIN("pool_isolates", pool_shed_disposes_of_isolates_one_after_the_other,
          pool_close_ends_what_was_not_shed, pool_submit_idle_isolate_is_evicted_for_another_worker,
          pool_submit_busy_isolate_is_not_evicted, pool_submit_idle_isolate_expires,
          pool_submit_isolate_is_recycled_after_its_share,
          pool_submit_check_evaluates_and_leaves_nothing,
          pool_submit_warm_makes_an_isolate_that_the_next_task_finds,
          pool_submit_warm_with_tasks_behind_it_lets_them_begin,
          pool_submit_warm_of_a_worker_that_does_not_start_fails,
          pool_cancel_warm_ends_it_and_leaves_the_isolate,
          pool_submit_task_of_another_tenant_is_refused,
          pool_drain_waits_for_tasks_and_refuses_new_ones,
          pool_close_beside_cancellations_ends_each_task_once, pool_close_ends_every_task,
          pool_open_bad_config_is_invalid, pool_legacy_every_task_has_its_own_isolate,
          pool_legacy_cap_makes_tasks_wait)
