/* Subrequests of a pool's tasks: they belong to an execution, and end with it. */
#include "fake_shim.h"
#include "net_fixture.h"
#include "pool_fixture.h"

#include <stdio.h>
#include <unistd.h>

#define TASKS 200

static struct fixture f;
static struct egress *egress;
static struct fetcher_config fetcher;

static void open_pool(unsigned lanes)
{
    static const char *const networks[] = {"127.0.0.1"};

    ck_assert_int_eq(egress_new(networks, 1, &egress, NULL), 0);
    fetcher = net_config();
    fetcher.egress = egress;
    fixture_init(&f);
    f.config.lanes = lanes;
    f.config.fetcher = &fetcher;
    fixture_open(&f, &pool_pinned);
}

static void close_pool(struct script *script)
{
    fixture_close(&f);
    egress_free(egress);
    script_unref(script);
}

static struct script *worker(const struct limits *limits)
{
    return fixture_worker("t", "w", "load", limits);
}

/* "before fetch:URL after" */
static const char *program(const char *before, const char *path, const char *after)
{
    static char text[256];

    snprintf(text, sizeof(text), "%s fetch:%s %s", before, net_url(upstream.http, path), after);
    return text;
}

static void wait_until_none_is_in_flight(void)
{
    struct pool_stats stats = {.in_flight = 1};

    for (int i = 0; i < 5000 && stats.in_flight > 0; i++) {
        usleep(1000);
        pool_stats(f.pool, &stats);
        pool_stats_release(&stats);
    }
    ck_assert_uint_eq(stats.in_flight, 0);
}

START_TEST(fetch_resumes_its_task)
{
    struct call call;

    open_pool(1);
    struct script *script = worker(NULL);

    ck_assert_int_eq(call_start(&call, &f, script, program("log", "/slow?ms=20", "answer")), 0);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.kind, OUTCOME_ANSWERED);
    ck_assert_uint_eq(call.task.report.subrequests, 1);
    ck_assert_uint_ge(call.task.report.subrequest_us, 20 * 1000);
    ck_assert_uint_gt(call.task.report.subrequest_sent_bytes, 0);
    ck_assert_uint_gt(call.task.report.subrequest_received_bytes, 0);
    ck_assert_uint_eq(atomic_load(&fake_figures.failed_fetches), 0);
    call_release(&call);
    close_pool(script);
}
END_TEST

START_TEST(fetch_failure_resumes_its_task)
{
    struct call call;

    open_pool(1);
    struct script *script = worker(NULL);

    ck_assert_int_eq(call_start(&call, &f, script, "fetch:http://10.0.0.1/ answer"), 0);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.kind, OUTCOME_ANSWERED);
    ck_assert_uint_eq(atomic_load(&fake_figures.failed_fetches), 1);
    call_release(&call);
    close_pool(script);
}
END_TEST

START_TEST(fetch_many_tasks_wait_at_once)
{
    static struct call calls[TASKS];

    open_pool(2);
    struct script *script = worker(NULL);

    for (int i = 0; i < TASKS; i++)
        ck_assert_int_eq(call_start(&calls[i], &f, script, program("log", "/slow?ms=50", "answer")),
                         0);
    for (int i = 0; i < TASKS; i++) {
        call_wait(&calls[i]);
        ck_assert_int_eq(calls[i].task.outcome.kind, OUTCOME_ANSWERED);
        call_release(&calls[i]);
    }
    ck_assert_uint_eq(atomic_load(&fake_figures.failed_fetches), 0);
    close_pool(script);
}
END_TEST

START_TEST(fetch_stalled_one_ends_with_the_wall_limit)
{
    struct limits limits = limits_default();
    struct call call;

    limits.wall_us = 60 * 1000;
    open_pool(1);
    struct script *script = worker(&limits);

    ck_assert_int_eq(call_start(&call, &f, script, program("log", "/stall/headers", "answer")), 0);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.failure.limit, LIMIT_WALL);
    call_release(&call);
    close_pool(script);
}
END_TEST

START_TEST(fetch_cancelled_task_ends_at_once)
{
    struct call call;

    open_pool(1);
    struct script *script = worker(NULL);

    ck_assert_int_eq(call_start(&call, &f, script, program("log", "/stall/headers", "answer")), 0);
    usleep(50 * 1000);
    pool_cancel(f.pool, &call.task);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.failure.reason, FAILURE_CANCELLED);
    call_release(&call);
    close_pool(script);
}
END_TEST

START_TEST(fetch_after_the_answer_goes_on)
{
    struct call call;

    open_pool(1);
    struct script *script = worker(NULL);

    ck_assert_int_eq(
        call_start(&call, &f, script, program("answer-more", "/slow?ms=50", "log end")), 0);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.kind, OUTCOME_ANSWERED);
    wait_until_none_is_in_flight();
    pthread_mutex_lock(&f.lock);
    ck_assert_uint_eq(f.console, 1);
    pthread_mutex_unlock(&f.lock);
    call_release(&call);
    close_pool(script);
}
END_TEST

START_TEST(fetch_is_ended_with_the_pool)
{
    struct call call;

    open_pool(1);
    struct script *script = worker(NULL);

    ck_assert_int_eq(call_start(&call, &f, script, program("log", "/stall/headers", "answer")), 0);
    usleep(30 * 1000);
    close_pool(script);
    ck_assert_int_eq(call.task.outcome.failure.reason, FAILURE_DRAINING);
    call_release(&call);
}
END_TEST

NET_MAIN("subrequests", fetch_resumes_its_task, fetch_failure_resumes_its_task,
         fetch_many_tasks_wait_at_once, fetch_stalled_one_ends_with_the_wall_limit,
         fetch_cancelled_task_ends_at_once, fetch_after_the_answer_goes_on,
         fetch_is_ended_with_the_pool)
