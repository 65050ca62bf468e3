/* Bodies that stream through pools: windows, both directions, ends, cancellation, clocks. */
#include "fake_shim.h"
#include "pool_fixture.h"

#include "api/clock.h"
#include "api/pipe.h"
#include "pools/spans.h"
#include "unit.h"

#include <stdio.h>
#include <time.h>

static struct fixture f;
static struct script *worker;

static void open_pool_with(const struct limits *limits)
{
    fixture_open(&f, &pool_pinned);
    worker = fixture_worker("t", "w", "load", limits);
}

static void open_pool(void)
{
    fixture_init(&f);
    open_pool_with(NULL);
}

static void close_pool(void)
{
    script_unref(worker);
    fixture_close(&f);
}

static void rest_ms(long ms)
{
    struct timespec pause = {.tv_nsec = ms * 1000 * 1000};

    nanosleep(&pause, NULL);
}

/* Starts a request whose answer may stream; body: NULL, or the pipe that its body comes by. */
static void start(struct call *call, const char *program, struct pipe *body)
{
    struct request *request =
        request_new(bytes_of("POST"), bytes_of(program), bytes_of(""), (struct bytes){NULL, 0});

    request->takes_stream = true;
    request->has_body = body != NULL;
    request->stream = pipe_ref(body);
    ck_assert_int_eq(call_start_request(call, &f, worker, request), 0);
}

/* The pipe of the answer's body. */
static struct pipe *answer_of(struct call *call)
{
    call_wait(call);
    ck_assert_int_eq(call->task.outcome.kind, OUTCOME_ANSWERED);
    ck_assert_ptr_nonnull(call->task.outcome.response->stream);
    return call->task.outcome.response->stream;
}

/* Reads on until there is something else than bytes; how many there were. */
static size_t read_to_end(struct pipe *pipe, enum pipe_result *ret_end)
{
    uint64_t until_ns = clock_now_ns() + 20 * NS_PER_S;
    size_t total = 0;

    for (;;) {
        struct pipe_chunk chunk;
        enum pipe_result result = pipe_take(pipe, &chunk);

        ck_assert_msg(clock_now_ns() < until_ns, "the body did not end");
        if (result == PIPE_EMPTY) {
            rest_ms(1);
            continue;
        }
        if (result != PIPE_BYTES) {
            *ret_end = result;
            return total;
        }
        total += chunk.len;
        free(chunk.data);
    }
}

/* Waits until nothing runs; in so many milliseconds. */
static uint64_t await_quiet(void)
{
    uint64_t begin_ns = clock_now_ns();

    while (pool_live(f.pool) > 0) {
        ck_assert_msg(clock_now_ns() - begin_ns < 20 * NS_PER_S, "something still runs");
        rest_ms(1);
    }
    return (clock_now_ns() - begin_ns) / NS_PER_MS;
}

/* The log was told of the only execution, once, when its body had ended; reason 0: well. */
static void expect_told(int reason)
{
    pthread_mutex_lock(&f.lock);
    ck_assert_uint_eq(f.ends, 1);
    ck_assert_uint_eq(f.body_ends, 1);
    ck_assert_uint_eq(f.cut_off, 0);
    ck_assert_int_eq(f.last_reason, reason);
    pthread_mutex_unlock(&f.lock);
}

/* Writes as there is room. */
static void write_slowly(struct pipe *pipe, size_t len)
{
    static const char piece[1000];

    while (len > 0) {
        size_t part = len < sizeof(piece) ? len : sizeof(piece);

        if (pipe_room(pipe, part) < part) {
            rest_ms(1);
            continue;
        }
        pipe_write(pipe, piece, part);
        len -= part;
    }
}

START_TEST(answer_streams_no_further_than_its_window)
{
    struct call call;
    struct pipe *body;
    enum pipe_result end;
    struct body_report *costs;

    open_pool();
    start(&call, "answer-stream write:5000000 end-body end", NULL);
    body = answer_of(&call);
    rest_ms(50);
    ck_assert_uint_gt(pipe_bytes(body), 0);
    ck_assert_uint_le(pipe_bytes(body), PIPE_WINDOW);
    ck_assert_uint_eq(pool_live(f.pool), 1);
    ck_assert_uint_eq(read_to_end(body, &end), 5000000);
    ck_assert_int_eq(end, PIPE_ENDED);
    costs = pipe_take_note(body);
    ck_assert_ptr_nonnull(costs);
    ck_assert_uint_ge(costs->report.wall_us, 50 * 1000);
    ck_assert_ptr_null(costs->spans);
    free(costs);
    await_quiet();
    expect_told(0);
    call_release(&call);
    close_pool();
}
END_TEST

/* What ctx.waitUntil was given is cut off after the body: an end of its own, as after any answer.
 */
START_TEST(answer_that_was_all_is_told_before_what_is_cut_off_after_it)
{
    struct limits limits = limits_default();
    struct call call;
    enum pipe_result end;

    fixture_init(&f);
    limits.wait_until_us = 30 * 1000;
    open_pool_with(&limits);
    start(&call, "answer-stream write:10 end-body sleep:60000 end", NULL);
    ck_assert_uint_eq(read_to_end(answer_of(&call), &end), 10);
    ck_assert_int_eq(end, PIPE_ENDED);
    expect_told(0);
    await_quiet();
    ck_assert_uint_eq(f.ends, 2);
    ck_assert_uint_eq(f.cut_off, 1);
    call_release(&call);
    close_pool();
}
END_TEST

START_TEST(answer_that_breaks_off_says_why)
{
    struct call call;
    struct pipe *body;
    enum pipe_result end;

    open_pool();
    start(&call, "answer-stream write:1000 fail-body end", NULL);
    body = answer_of(&call);
    ck_assert_uint_eq(read_to_end(body, &end), 1000);
    ck_assert_int_eq(end, PIPE_FAILED);
    ck_assert_int_eq(pipe_failure(body)->reason, FAILURE_EXCEPTION);
    ck_assert_str_eq(pipe_failure(body)->message, "thrown");
    expect_told(FAILURE_EXCEPTION);
    call_release(&call);
    close_pool();
}
END_TEST

START_TEST(answer_that_is_cut_off_by_a_limit_says_which)
{
    struct limits limits = limits_default();
    struct call call;
    struct pipe *body;
    enum pipe_result end;

    fixture_init(&f);
    limits.cpu_us = 50 * 1000;
    open_pool_with(&limits);
    start(&call, "answer-stream write:1000 sleep:1 burn", NULL);
    body = answer_of(&call);
    read_to_end(body, &end);
    ck_assert_int_eq(end, PIPE_FAILED);
    ck_assert_int_eq(pipe_failure(body)->limit, LIMIT_CPU);
    free(pipe_take_note(body));
    await_quiet();
    expect_told(FAILURE_LIMIT_EXCEEDED);
    call_release(&call);
    close_pool();
}
END_TEST

START_TEST(answer_cancelled_tells_the_worker_which_may_deal_with_it)
{
    struct call call;
    struct pipe *body;

    open_pool();
    start(&call, "answer-stream write:5000000 cancelled end-body end", NULL);
    body = answer_of(&call);
    pipe_cancel(body);
    await_quiet();
    ck_assert_uint_eq(atomic_load(&fake_figures.cancelled_bodies), 1);
    expect_told(FAILURE_CANCELLED);
    call_release(&call);
    close_pool();
}
END_TEST

START_TEST(answer_cancelled_is_over_after_the_grace)
{
    struct call call;
    struct pipe *body;
    uint64_t waited_ms;

    open_pool();
    start(&call, "answer-stream sleep:60000", NULL);
    body = answer_of(&call);
    rest_ms(20);
    pipe_cancel(body);
    waited_ms = await_quiet();
    ck_assert_uint_ge(waited_ms, 95);
    ck_assert_uint_lt(waited_ms, 5000);
    ck_assert_uint_eq(f.console, 0);
    expect_told(FAILURE_CANCELLED);
    call_release(&call);
    close_pool();
}
END_TEST

START_TEST(answer_cancelled_leaves_wait_until_its_own_time)
{
    struct call call;
    struct pipe *body;

    open_pool();
    start(&call, "answer-stream cancelled end-body sleep:300 end", NULL);
    body = answer_of(&call);
    pipe_cancel(body);
    ck_assert_uint_ge(await_quiet(), 250);
    ck_assert_uint_eq(f.console, 0);
    expect_told(FAILURE_CANCELLED);
    call_release(&call);
    close_pool();
}
END_TEST

START_TEST(answer_that_does_not_move_reaches_its_limit)
{
    struct limits limits = limits_default();
    struct call call;
    struct pipe *body;
    enum pipe_result end;

    fixture_init(&f);
    limits.body_idle_us = 100 * 1000;
    open_pool_with(&limits);
    start(&call, "answer-stream write:10 never", NULL);
    body = answer_of(&call);
    ck_assert_uint_eq(read_to_end(body, &end), 10);
    ck_assert_int_eq(end, PIPE_FAILED);
    ck_assert_int_eq(pipe_failure(body)->limit, LIMIT_BODY_IDLE);
    free(pipe_take_note(body));
    await_quiet();
    expect_told(FAILURE_LIMIT_EXCEEDED);
    call_release(&call);
    close_pool();
}
END_TEST

START_TEST(answer_that_moves_slowly_does_not)
{
    struct limits limits = limits_default();
    struct call call;
    enum pipe_result end;

    fixture_init(&f);
    limits.body_idle_us = 200 * 1000;
    open_pool_with(&limits);
    start(
        &call,
        "answer-stream write:1 sleep:100 write:1 sleep:100 write:1 sleep:100 write:1 end-body end",
        NULL);
    ck_assert_uint_eq(read_to_end(answer_of(&call), &end), 4);
    ck_assert_int_eq(end, PIPE_ENDED);
    free(pipe_take_note(call.task.outcome.response->stream));
    await_quiet();
    call_release(&call);
    close_pool();
}
END_TEST

START_TEST(answer_without_room_for_its_window_is_refused)
{
    struct pipe_budget budget = {.max = PIPE_WINDOW - 1};
    struct call call;

    fixture_init(&f);
    f.config.pipe_budget = &budget;
    open_pool_with(NULL);
    start(&call, "answer-stream never", NULL);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.kind, OUTCOME_FAILED);
    ck_assert_int_eq(call.task.outcome.failure.reason, FAILURE_QUEUE_FULL);
    ck_assert_uint_eq(budget.used, 0);
    ck_assert_uint_eq(f.ends, 1);
    ck_assert_uint_eq(f.body_ends, 0);
    call_release(&call);
    close_pool();
}
END_TEST

START_TEST(answer_of_a_pool_that_closes_breaks_off)
{
    struct call call;
    struct pipe *body;
    enum pipe_result end;

    open_pool();
    start(&call, "answer-stream write:10 sleep:60000", NULL);
    body = pipe_ref(answer_of(&call));
    while (pipe_bytes(body) == 0)
        rest_ms(1);
    call_release(&call);
    close_pool();
    ck_assert_uint_eq(read_to_end(body, &end), 10);
    ck_assert_int_eq(end, PIPE_FAILED);
    ck_assert_int_eq(pipe_failure(body)->reason, FAILURE_DRAINING);
    expect_told(FAILURE_DRAINING);
    pipe_unref(body);
}
END_TEST

START_TEST(request_body_is_read_as_it_comes)
{
    struct pipe *body = pipe_new(PIPE_WINDOW, NULL);
    struct call call;

    open_pool();
    start(&call, "read-all answer", body);
    write_slowly(body, 2000000);
    ck_assert(!call_has_ended(&call));
    pipe_end(body, NULL);
    call_wait(&call);
    ck_assert_str_eq(call_body(&call), "read-all 2000000 bytes answer ");
    call_release(&call);
    pipe_unref(body);
    close_pool();
}
END_TEST

START_TEST(request_body_that_nobody_reads_stays_in_its_window)
{
    struct pipe *body = pipe_new(PIPE_WINDOW, NULL);
    struct call call;

    open_pool();
    start(&call, "read sleep:100 answer", body);
    write_slowly(body, PIPE_WINDOW);
    rest_ms(30);
    ck_assert_uint_le(pipe_bytes(body), PIPE_WINDOW);
    ck_assert_uint_gt(pipe_bytes(body), 0);
    call_wait(&call);
    ck_assert(pipe_is_cancelled(body)); /* its writer hears that nobody wants the rest */
    call_release(&call);
    pipe_unref(body);
    close_pool();
}
END_TEST

START_TEST(request_body_that_breaks_off_fails_the_reading)
{
    struct pipe *body = pipe_new(PIPE_WINDOW, NULL);
    struct failure failure = {0};
    struct call call;

    open_pool();
    failure_set(&failure, FAILURE_CANCELLED, PHASE_HANDLER, "gone");
    start(&call, "read-all answer", body);
    pipe_write(body, "abc", 3);
    pipe_fail(body, &failure, NULL);
    call_wait(&call);
    ck_assert_str_eq(call_body(&call), "read-all broken answer ");
    failure_release(&failure);
    call_release(&call);
    pipe_unref(body);
    close_pool();
}
END_TEST

START_TEST(request_body_that_may_still_come_keeps_its_task_from_being_stuck)
{
    struct pipe *body = pipe_new(PIPE_WINDOW, NULL);
    struct call call;

    open_pool();
    start(&call, "read answer", body);
    rest_ms(50);
    ck_assert(!call_has_ended(&call));
    pipe_write(body, "abc", 3);
    call_wait(&call);
    ck_assert_str_eq(call_body(&call), "read answer ");
    call_release(&call);
    pipe_unref(body);
    close_pool();
}
END_TEST

START_TEST(request_body_that_moves_puts_the_wall_limit_off)
{
    struct limits limits = limits_default();
    struct pipe *body = pipe_new(PIPE_WINDOW, NULL);
    struct call call;

    fixture_init(&f);
    limits.wall_us = 200 * 1000;
    open_pool_with(&limits);
    start(&call, "read-all answer", body);
    for (int i = 0; i < 5; i++) {
        rest_ms(100);
        pipe_write(body, "abc", 3);
    }
    pipe_end(body, NULL);
    call_wait(&call);
    ck_assert_str_eq(call_body(&call), "read-all 15 bytes answer ");
    call_release(&call);
    pipe_unref(body);
    close_pool();
}
END_TEST

START_TEST(request_body_that_does_not_move_reaches_the_wall_limit)
{
    struct limits limits = limits_default();
    struct pipe *body = pipe_new(PIPE_WINDOW, NULL);
    struct call call;

    fixture_init(&f);
    limits.wall_us = 100 * 1000;
    open_pool_with(&limits);
    start(&call, "read-all answer", body);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.failure.limit, LIMIT_WALL);
    ck_assert(pipe_is_cancelled(body));
    call_release(&call);
    pipe_unref(body);
    close_pool();
}
END_TEST

START_TEST(request_body_passes_through_to_the_answer)
{
    struct pipe *body = pipe_new(PIPE_WINDOW, NULL);
    struct call call;
    enum pipe_result end;

    open_pool();
    start(&call, "read answer-stream write:1000 read-all write:2000 end-body end", body);
    pipe_write(body, "abc", 3);
    write_slowly(body, 1000000);
    pipe_end(body, NULL);
    ck_assert_uint_eq(read_to_end(answer_of(&call), &end), 3000);
    ck_assert_int_eq(end, PIPE_ENDED);
    free(pipe_take_note(call.task.outcome.response->stream));
    await_quiet();
    call_release(&call);
    pipe_unref(body);
    close_pool();
}
END_TEST

#define MANY 40

START_TEST(many_streams_at_once_all_end)
{
    struct call calls[MANY];
    struct pipe *bodies[MANY];
    enum pipe_result end;

    fixture_init(&f);
    f.config.lanes = 2;
    open_pool_with(NULL);
    for (int i = 0; i < MANY; i++) {
        bodies[i] = pipe_new(PIPE_WINDOW, NULL);
        start(&calls[i], "answer-stream read-all write:700000 end-body end", bodies[i]);
    }
    for (int i = 0; i < MANY; i++) {
        write_slowly(bodies[i], 300000);
        pipe_end(bodies[i], NULL);
    }
    for (int i = 0; i < MANY; i++) {
        if (i % 4 == 3) {
            pipe_cancel(answer_of(&calls[i]));
        } else {
            ck_assert_uint_eq(read_to_end(answer_of(&calls[i]), &end), 700000);
            ck_assert_int_eq(end, PIPE_ENDED);
        }
    }
    await_quiet();
    ck_assert_uint_eq(f.ends, MANY);
    ck_assert_uint_eq(f.body_ends, MANY);
    for (int i = 0; i < MANY; i++) {
        call_release(&calls[i]);
        pipe_unref(bodies[i]);
    }
    close_pool();
}
END_TEST

UNIT_MAIN("pool_stream", answer_streams_no_further_than_its_window,
          answer_that_was_all_is_told_before_what_is_cut_off_after_it,
          answer_that_breaks_off_says_why, answer_that_is_cut_off_by_a_limit_says_which,
          answer_cancelled_tells_the_worker_which_may_deal_with_it,
          answer_cancelled_is_over_after_the_grace, answer_cancelled_leaves_wait_until_its_own_time,
          answer_that_does_not_move_reaches_its_limit, answer_that_moves_slowly_does_not,
          answer_without_room_for_its_window_is_refused, answer_of_a_pool_that_closes_breaks_off,
          request_body_is_read_as_it_comes, request_body_that_nobody_reads_stays_in_its_window,
          request_body_that_breaks_off_fails_the_reading,
          request_body_that_may_still_come_keeps_its_task_from_being_stuck,
          request_body_that_moves_puts_the_wall_limit_off,
          request_body_that_does_not_move_reaches_the_wall_limit,
          request_body_passes_through_to_the_answer, many_streams_at_once_all_end)
