/*
 * What tasks have computed on other threads: results that come back, also to lanes that were
 * adopted meanwhile; limits; cancellation; tenants that take turns.
 */
#include "fake_shim.h"
#include "pool_fixture.h"
#include "pools/offload.h"
#include "unit.h"

#include "api/clock.h"
#include "api/queue_figures.h"

#include <time.h>

#define ENDLESS "compute:2000000000 answer"

static struct fixture f;

static void open_pool(void)
{
    fixture_init(&f);
    f.crew_config.crypto_threads = 2;
    f.config.lanes = 2;
    fixture_open(&f, &pool_pinned);
}

static struct script *worker_of(const char *name, const char *source, uint64_t cpu_ms,
                                uint64_t wall_ms)
{
    struct limits limits = limits_default();

    limits.cpu_us = cpu_ms * 1000;
    limits.wall_us = wall_ms * 1000;
    if (limits.startup_us < limits.cpu_us)
        limits.startup_us = limits.cpu_us;
    return fixture_worker(name, "w", source, &limits);
}

static struct script *worker(const char *name, uint64_t cpu_ms, uint64_t wall_ms)
{
    return worker_of(name, "answer", cpu_ms, wall_ms);
}

static void sleep_ms(unsigned ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L}, NULL);
}

START_TEST(computation_that_ends_resumes_its_task)
{
    struct script *script;

    open_pool();
    script = worker("a", 1000, 30000);
    call_expect(&f, script, "name compute:1000 name compute:1000 answer",
                "name a/w compute:1000 name a/w compute:1000 answer ");
    ck_assert_uint_eq(atomic_load(&fake_figures.failed_computations), 0);
    script_unref(script);
    fixture_close(&f);
}
END_TEST

#define MANY 200

START_TEST(computations_of_many_tasks_resume_their_own)
{
    static struct call calls[MANY];
    struct script *scripts[4];

    open_pool();
    for (unsigned i = 0; i < 4; i++) {
        char name[] = {(char)('a' + i), '\0'};

        scripts[i] = worker(name, 10000, 60000);
    }
    for (unsigned i = 0; i < MANY; i++)
        ck_assert_int_eq(call_start(&calls[i], &f, scripts[i % 4],
                                    "name compute:600 sleep:1 compute:600 answer"),
                         0);
    for (unsigned i = 0; i < MANY; i++) {
        char wanted[] = {'n', 'a', 'm', 'e', ' ', (char)('a' + i % 4), '/', 'w', ' ', '\0'};

        call_wait(&calls[i]);
        ck_assert_int_eq(strncmp(call_body(&calls[i]), wanted, strlen(wanted)), 0);
        call_release(&calls[i]);
    }
    ck_assert_uint_eq(atomic_load(&fake_figures.failed_computations), 0);
    for (unsigned i = 0; i < 4; i++)
        script_unref(scripts[i]);
    fixture_close(&f);
}
END_TEST

/* Its CPU time is the task's. */
START_TEST(computation_beyond_the_cpu_limit_fails_its_task)
{
    struct script *script;
    struct call call = {0};

    open_pool();
    script = worker("a", 50, 30000);
    ck_assert_int_eq(call_start(&call, &f, script, ENDLESS), 0);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.kind, OUTCOME_FAILED);
    ck_assert_int_eq(call.task.outcome.failure.limit, LIMIT_CPU);
    ck_assert_uint_ge(call.task.report.cpu_us, 50 * 1000);
    call_release(&call);
    call_expect(&f, script, "compute:600 answer", "compute:600 answer ");
    script_unref(script);
    fixture_close(&f);
}
END_TEST

START_TEST(computation_beyond_the_wall_limit_is_stopped)
{
    struct script *script;
    struct call call = {0};

    open_pool();
    script = worker("a", 20000, 50);
    ck_assert_int_eq(call_start(&call, &f, script, ENDLESS), 0);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.kind, OUTCOME_FAILED);
    ck_assert_int_eq(call.task.outcome.failure.limit, LIMIT_WALL);
    call_release(&call);
    script_unref(script);
    fixture_close(&f); /* waits for the thread that computes */
}
END_TEST

/* More than there are threads, so that some have not begun. */
START_TEST(computations_of_cancelled_tasks_are_stopped)
{
    static struct call calls[8];
    struct script *script;
    uint64_t begin_ns;

    open_pool();
    script = worker("a", 30000, 60000);
    for (unsigned i = 0; i < 8; i++)
        ck_assert_int_eq(call_start(&calls[i], &f, script, ENDLESS), 0);
    sleep_ms(50);
    begin_ns = clock_now_ns();
    for (unsigned i = 0; i < 8; i++)
        pool_cancel(f.pool, &calls[i].task);
    for (unsigned i = 0; i < 8; i++) {
        call_wait(&calls[i]);
        ck_assert_int_eq(calls[i].task.outcome.failure.reason, FAILURE_CANCELLED);
        call_release(&calls[i]);
    }
    /* The threads are free again. */
    call_expect(&f, script, "compute:600 answer", "compute:600 answer ");
    ck_assert_uint_le(clock_now_ns() - begin_ns, 5 * NS_PER_S);
    script_unref(script);
    fixture_close(&f);
}
END_TEST

START_TEST(computations_end_with_their_pool)
{
    static struct call calls[6];
    struct script *script;

    open_pool();
    script = worker("a", 30000, 60000);
    for (unsigned i = 0; i < 6; i++)
        ck_assert_int_eq(call_start(&calls[i], &f, script, ENDLESS), 0);
    sleep_ms(30);
    fixture_close(&f);
    for (unsigned i = 0; i < 6; i++) {
        ck_assert(call_has_ended(&calls[i]));
        ck_assert_int_eq(calls[i].task.outcome.failure.reason, FAILURE_DRAINING);
        call_release(&calls[i]);
    }
    script_unref(script);
}
END_TEST

static void expect_stuck(struct script *script, const char *program)
{
    struct call call = {0};

    ck_assert_int_eq(call_start(&call, &f, script, program), 0);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.kind, OUTCOME_FAILED);
    ck_assert_int_eq(call.task.outcome.failure.reason, FAILURE_NEVER_SETTLES);
    call_release(&call);
}

/* Nothing else is pending: only the computation can settle what it awaits. */
START_TEST(task_and_startup_that_wait_for_one_are_not_stuck)
{
    struct script *script;

    open_pool();
    script = worker_of("a", "compute:10000 answer", 10000, 60000);
    call_expect(&f, script, "compute:10000 answer", "compute:10000 answer ");
    expect_stuck(script, "compute:600 never");
    expect_stuck(script, "never");
    script_unref(script);
    fixture_close(&f);
}
END_TEST

/* Numbers of computations begin anew with each context. */
START_TEST(computations_of_fresh_contexts)
{
    struct script *script;

    fixture_init(&f);
    f.config.context = CONTEXT_FRESH;
    fixture_open(&f, &pool_pinned);
    script = worker_of("a", "compute:600 answer", 10000, 60000);
    for (unsigned i = 0; i < 20; i++)
        call_expect(&f, script, "compute:600 compute:600 answer",
                    "compute:600 compute:600 answer ");
    ck_assert_uint_eq(atomic_load(&fake_figures.failed_computations), 0);
    script_unref(script);
    fixture_close(&f);
}
END_TEST

/* A start-up that awaits one, and one that is left when start-up has ended. */
START_TEST(computation_of_startup_is_its_own)
{
    struct script *script;

    open_pool();
    script = fixture_worker("a", "w", "compute:1000 answer", NULL);
    call_expect(&f, script, "name answer", "name a/w answer ");
    script_unref(script);
    fixture_close(&f);
}
END_TEST

START_TEST(computation_of_startup_beyond_its_limit_fails_it)
{
    struct limits limits = limits_default();
    struct script *script;
    struct call call = {0};

    limits.startup_us = 50 * 1000;
    open_pool();
    script = fixture_worker("a", "w", ENDLESS, &limits);
    ck_assert_int_eq(call_start(&call, &f, script, "answer"), 0);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.failure.limit, LIMIT_STARTUP);
    call_release(&call);
    script_unref(script);
    fixture_close(&f);
}
END_TEST

/* While a turn goes on elsewhere its lane's holder receives what was computed. */
START_TEST(computation_ends_while_a_turn_is_stray)
{
    static struct call held, computing;
    struct script *script, *other;

    open_pool();
    script = worker("a", 20000, 60000);
    other = worker("b", 20000, 60000);
    atomic_store(&fake_holds, true);
    ck_assert_int_eq(call_start(&computing, &f, script, "compute:100000 answer"), 0);
    ck_assert_int_eq(call_start(&held, &f, script, "hold answer"), 0);
    call_expect(&f, other, "compute:600 answer", "compute:600 answer ");
    sleep_ms(100);
    ck_assert(!call_has_ended(&held));
    atomic_store(&fake_holds, false);
    call_wait(&held);
    call_wait(&computing);
    ck_assert_int_eq(computing.task.outcome.kind, OUTCOME_ANSWERED);
    call_release(&held);
    call_release(&computing);
    script_unref(script);
    script_unref(other);
    fixture_close(&f);
}
END_TEST

/* The offload alone. */

struct noted {
    struct offload_work work;
    char name;
};

static char order[16];
static atomic_uint noted_count;
static atomic_bool is_held;

static void note(struct offload_work *work)
{
    struct noted *noted = (struct noted *)work;

    while (atomic_load(&is_held))
        sleep_ms(1);
    order[atomic_load(&noted_count)] = noted->name;
    atomic_fetch_add(&noted_count, 1);
}

static void add(struct offload *offload, struct noted *noted, char name, uint64_t owner)
{
    *noted = (struct noted){.work.run = note, .work.owner = owner, .name = name};
    offload_submit(offload, &noted->work);
}

static void await_count(unsigned count)
{
    while (atomic_load(&noted_count) < count)
        sleep_ms(1);
}

static void check_queue(const struct offload *offload, uint64_t entered, uint64_t left)
{
    const struct queue_figures *queue = offload_queue(offload);

    ck_assert_uint_eq(atomic_load(&queue->entered), entered);
    ck_assert_uint_eq(histogram_count(&queue->wait_us), left);
}

START_TEST(offload_owners_take_turns)
{
    struct offload *offload = offload_open(1);
    struct noted work[7];

    atomic_store(&is_held, true);
    add(offload, &work[0], 'x', 1);
    while (offload_figures(offload).running == 0)
        sleep_ms(1);
    add(offload, &work[1], 'a', 1);
    add(offload, &work[2], 'b', 1);
    add(offload, &work[3], 'c', 1);
    add(offload, &work[4], 'A', 2);
    add(offload, &work[5], 'B', 2);
    add(offload, &work[6], '1', 3);
    ck_assert_uint_eq(offload_figures(offload).waiting, 6);
    check_queue(offload, 7, 1);
    ck_assert(offload_withdraw(offload, &work[2].work));
    ck_assert(!offload_withdraw(offload, &work[2].work));
    ck_assert(!offload_withdraw(offload, &work[0].work));
    atomic_store(&is_held, false);
    await_count(6);
    ck_assert_str_eq(order, "xaA1cB");
    check_queue(offload, 7, 7);
    offload_close(offload);
}
END_TEST

UNIT_MAIN("computations", computation_that_ends_resumes_its_task,
          computations_of_many_tasks_resume_their_own,
          computation_beyond_the_cpu_limit_fails_its_task,
          computation_beyond_the_wall_limit_is_stopped, computations_of_cancelled_tasks_are_stopped,
          computations_end_with_their_pool, task_and_startup_that_wait_for_one_are_not_stuck,
          computations_of_fresh_contexts, computation_of_startup_is_its_own,
          computation_of_startup_beyond_its_limit_fails_it, computation_ends_while_a_turn_is_stray,
          offload_owners_take_turns)
