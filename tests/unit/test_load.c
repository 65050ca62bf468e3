/* Loads: what is submitted when, to whom, and what is said about it. */
#include "pools/compare/load.h"

#include "pool_checks.h"

static atomic_bool is_cancelled;
static struct histogram latency_us;
static struct load_result result;
static struct error error;

static struct request *new_request(const char *program)
{
    return request_new(bytes_of("GET"), bytes_of(program), bytes_of(""), (struct bytes){NULL, 0});
}

/* One caller, one worker, so many tasks, no limit of time. */
static struct load_plan plan_of(struct script *const *scripts, struct request *request,
                                unsigned tasks)
{
    return (struct load_plan){
        .scripts = scripts,
        .request = request,
        .workers = 1,
        .callers = 1,
        .tasks = tasks,
        .begin_ns = 60 * NS_PER_S,
    };
}

static int run(const struct load_plan *plan)
{
    struct load *load;
    int err;

    ck_assert_int_eq(load_new(plan, &load, &error), 0);
    err = load_run(load, f.pool, &is_cancelled, &latency_us, &result, &error);
    if (err)
        pool_close(f.pool);
    load_free(load);
    return err;
}

static void open_pool(const struct pool_ops *ops, unsigned lanes)
{
    fixture_init(&f);
    f.config.lanes = lanes;
    f.config.isolates = 16;
    fixture_open(&f, ops);
}

START_TEST(closed_loop_begins_each_task_once)
{
    open_pool(&pool_shared, 2);
    struct script *script = fixture_worker("t", "w", "load", NULL);
    struct request *request = new_request("answer");
    struct load_plan plan = plan_of(&script, request, 1000);

    plan.callers = 8;
    ck_assert_int_eq(run(&plan), 0);
    ck_assert_uint_eq(result.tasks, 1000);
    ck_assert_uint_eq(result.failed, 0);
    ck_assert_str_eq(result.failure, "");
    ck_assert_uint_eq(histogram_count(&latency_us), 1000);
    ck_assert_uint_eq(STAT(answered), 1000);
    ck_assert_uint_ge(result.p99_us, result.p50_us);
    ck_assert_uint_gt(result.elapsed_ns, 0);
    ck_assert_uint_ge(result.depth_looks, 1);
    fixture_close(&f);
    request_unref(request);
    script_unref(script);
}
END_TEST

START_TEST(closed_loop_has_no_more_in_flight_than_callers)
{
    open_pool(&pool_pinned, 1);
    struct script *script = fixture_worker("t", "w", "load", NULL);
    struct request *request = new_request("sleep:20 answer");
    struct load_plan plan = plan_of(&script, request, 12);

    plan.callers = 4;
    ck_assert_int_eq(run(&plan), 0);
    /* Three rows of four that sleep at once. */
    ck_assert_uint_ge(result.elapsed_ns, 60 * NS_PER_MS);
    ck_assert_uint_lt(result.elapsed_ns, 12 * 20 * NS_PER_MS);
    ck_assert_uint_ge(result.p50_us, 20000);
    fixture_close(&f);
    request_unref(request);
    script_unref(script);
}
END_TEST

/* "n" of the worker that answers: the fake engine's isolates say how many tasks each has had. */
START_TEST(tasks_go_to_workers_by_turns)
{
    struct script *scripts[4];
    struct request *request = new_request("answer");

    open_pool(&pool_pinned, 2);
    for (unsigned i = 0; i < 4; i++)
        scripts[i] = fixture_worker("t", (const char *[]){"a", "b", "c", "d"}[i], "load", NULL);
    struct load_plan plan = plan_of(scripts, request, 3);
    plan.workers = 3;
    ck_assert_int_eq(run(&plan), 0);
    ck_assert_uint_eq(STAT(isolates_created), 3);

    /* Two callers, two workers each: all four, of which three are there. */
    plan = plan_of(scripts, request, 2);
    plan.workers = 2;
    plan.callers = 2;
    plan.has_workers_each = plan.has_tasks_each = true;
    ck_assert_int_eq(run(&plan), 0);
    ck_assert_uint_eq(result.tasks, 4);
    ck_assert_uint_eq(STAT(isolates_created), 4);
    fixture_close(&f);
    for (unsigned i = 0; i < 4; i++)
        script_unref(scripts[i]);
    request_unref(request);
}
END_TEST

START_TEST(callers_that_think_wait_between_tasks)
{
    open_pool(&pool_pinned, 1);
    struct script *script = fixture_worker("t", "w", "load", NULL);
    struct request *request = new_request("answer");
    struct load_plan plan = plan_of(&script, request, 10);

    plan.think_ns = 10 * NS_PER_MS;
    ck_assert_int_eq(run(&plan), 0);
    ck_assert_uint_eq(result.tasks, 10);
    ck_assert_uint_ge(result.elapsed_ns, 90 * NS_PER_MS);
    ck_assert_uint_lt(result.p50_us, 10000); /* which is not theirs to wait for */
    fixture_close(&f);
    request_unref(request);
    script_unref(script);
}
END_TEST

START_TEST(failed_tasks_are_counted_apart)
{
    open_pool(&pool_pinned, 1);
    struct script *script = fixture_worker("t", "w", "load", NULL);
    struct request *request = new_request("throw");
    struct load_plan plan = plan_of(&script, request, 5);

    ck_assert_int_eq(run(&plan), 0);
    ck_assert_uint_eq(result.tasks, 5);
    ck_assert_uint_eq(result.failed, 5);
    ck_assert_uint_eq(result.p50_us, 0);
    ck_assert_uint_eq(histogram_count(&latency_us), 0);
    ck_assert_uint_gt(strlen(result.failure), 0);
    fixture_close(&f);
    request_unref(request);
    script_unref(script);
}
END_TEST

START_TEST(refused_tasks_have_failed)
{
    fixture_init(&f);
    f.config.queue = 1;
    f.config.tasks_per_isolate = 1;
    f.crew_config.spares = 0;
    fixture_open(&f, &pool_pinned);
    struct script *script = fixture_worker("t", "w", "load", NULL);
    struct request *request = new_request("spin:5 answer");
    struct load_plan plan = plan_of(&script, request, 40);

    plan.callers = 8;
    ck_assert_int_eq(run(&plan), 0);
    ck_assert_uint_eq(result.tasks, 40);
    ck_assert_uint_gt(result.failed, 0);
    ck_assert_uint_lt(result.failed, 40);
    ck_assert_str_eq(result.failure, "the queue is full");
    ck_assert_uint_eq(histogram_count(&latency_us), 40 - result.failed);
    fixture_close(&f);
    request_unref(request);
    script_unref(script);
}
END_TEST

START_TEST(no_task_begins_when_the_time_is_over)
{
    open_pool(&pool_pinned, 1);
    struct script *script = fixture_worker("t", "w", "load", NULL);
    struct request *request = new_request("sleep:20 answer");
    struct load_plan plan = plan_of(&script, request, LOAD_TASKS_MAX);

    plan.begin_ns = 100 * NS_PER_MS;
    ck_assert_int_eq(run(&plan), 0);
    ck_assert_uint_ge(result.tasks, 1);
    ck_assert_uint_le(result.tasks, 6);
    ck_assert_uint_eq(result.failed, 0);
    fixture_close(&f);
    request_unref(request);
    script_unref(script);
}
END_TEST

START_TEST(open_loop_begins_tasks_when_they_are_due)
{
    open_pool(&pool_pinned, 1);
    struct script *script = fixture_worker("t", "w", "load", NULL);
    struct request *request = new_request("sleep:100 answer");
    struct load_plan plan = plan_of(&script, request, 20);

    plan.rate_per_s = 100;
    ck_assert_int_eq(run(&plan), 0);
    ck_assert_uint_eq(result.tasks, 20);
    ck_assert_uint_eq(result.failed, 0);
    /* The last one was due after 190 ms, though none had ended before 100. */
    ck_assert_uint_ge(result.elapsed_ns, 290 * NS_PER_MS);
    ck_assert_uint_lt(result.elapsed_ns, 20 * 100 * NS_PER_MS);
    fixture_close(&f);
    request_unref(request);
    script_unref(script);
}
END_TEST

/* One lane that takes 20 ms a task gets one each 10 ms: the last one waits 100 ms longer. */
START_TEST(open_loop_counts_from_when_a_task_was_due)
{
    fixture_init(&f);
    f.config.tasks_per_isolate = 1;
    f.crew_config.spares = 0;
    fixture_open(&f, &pool_pinned);
    struct script *script = fixture_worker("t", "w", "load", NULL);
    struct request *request = new_request("spin:20 answer");
    struct load_plan plan = plan_of(&script, request, 11);

    plan.rate_per_s = 100;
    ck_assert_int_eq(run(&plan), 0);
    ck_assert_uint_ge(result.p99_us, 120000);
    ck_assert_uint_ge(result.p50_us, 70000);
    ck_assert_uint_ge(result.depth_max, 3);
    fixture_close(&f);
    request_unref(request);
    script_unref(script);
}
END_TEST

static void *cancel_later(void *arg)
{
    (void)arg;
    sleep_ms(50);
    atomic_store(&is_cancelled, true);
    return NULL;
}

static void check_cancelling(double rate_per_s, const char *program)
{
    struct script *script = fixture_worker("t", "w", "load", NULL);
    struct request *request = new_request(program);
    struct load_plan plan = plan_of(&script, request, LOAD_TASKS_MAX);
    pthread_t thread;

    plan.callers = 8;
    plan.rate_per_s = rate_per_s;
    ck_assert_int_eq(pthread_create(&thread, NULL, cancel_later, NULL), 0);
    ck_assert_int_eq(run(&plan), E_CANCELLED);
    f.pool = NULL; /* closed */
    pthread_join(thread, NULL);
    ck_assert_uint_eq(atomic_load(&fake_figures.alive), 0);
    crew_close(f.crew);
    request_unref(request);
    script_unref(script);
}

START_TEST(cancelled_closed_loop_ends)
{
    open_pool(&pool_shared, 2);
    check_cancelling(0, "answer");
}
END_TEST

START_TEST(cancelled_load_leaves_tasks_to_the_pools_end)
{
    open_pool(&pool_pinned, 2);
    check_cancelling(0, "sleep:100000 answer");
}
END_TEST

START_TEST(cancelled_open_loop_ends)
{
    open_pool(&pool_legacy, 2);
    check_cancelling(2000, "sleep:5 answer");
}
END_TEST

UNIT_MAIN("load", closed_loop_begins_each_task_once, closed_loop_has_no_more_in_flight_than_callers,
          tasks_go_to_workers_by_turns, callers_that_think_wait_between_tasks,
          failed_tasks_are_counted_apart, refused_tasks_have_failed,
          no_task_begins_when_the_time_is_over, open_loop_begins_tasks_when_they_are_due,
          open_loop_counts_from_when_a_task_was_due, cancelled_closed_loop_ends,
          cancelled_load_leaves_tasks_to_the_pools_end, cancelled_open_loop_ends)
