/* The HTTP client: answers that are handed out before their body, and what pauses. */
#include "net_fixture.h"

#include "api/pipe.h"

static struct net net;

/* A fetch whose head may come first. */
struct streamed {
    struct fetched outcome; /* first: outcome_done's argument */
    struct fetch_result *head;
    unsigned heads;
    struct fetch *fetch;
};

static void on_head(void *arg, struct fetch_result *head)
{
    struct streamed *s = arg;

    ck_assert_uint_eq(s->outcome.dones, 0);
    s->head = head;
    s->heads++;
}

static void begin(struct streamed *s, const char *path, size_t body_bytes_max, struct pipe *upload)
{
    struct fetch_request request = net_request(net_url(upstream.http, path));

    *s = (struct streamed){.heads = 0};
    request.head = on_head;
    request.body_bytes_max = body_bytes_max;
    if (upload) {
        request.method = bytes_of("POST");
        request.has_body = request.has_stream = true;
        request.upload = pipe_ref(upload);
    }
    s->fetch = fetcher_start(net.fetcher, &request, outcome_done, s);
}

static struct pipe *wait_head(struct streamed *s)
{
    while (s->heads == 0 && s->outcome.dones == 0)
        uv_run(&net.loop, UV_RUN_ONCE);
    ck_assert_uint_eq(s->heads, 1);
    ck_assert_uint_eq(s->head->status, 200);
    ck_assert_ptr_nonnull(s->head->stream);
    return s->head->stream;
}

/* Reads to the end as the fetch brings it; how much there was. */
static size_t read_all(struct streamed *s, struct pipe *stream, enum pipe_result *ret_end)
{
    struct pipe_chunk chunk;
    size_t total = 0;

    for (;;) {
        enum pipe_result result = pipe_take(stream, &chunk);

        if (result == PIPE_BYTES) {
            total += chunk.len;
            free(chunk.data);
            continue;
        }
        if (result != PIPE_EMPTY) {
            *ret_end = result;
            return total;
        }
        ck_assert_uint_eq(s->outcome.dones, 0);
        fetch_resume(s->fetch);
        uv_run(&net.loop, UV_RUN_ONCE);
    }
}

static void end(struct streamed *s)
{
    fetch_result_free(s->head);
    fetch_result_free(s->outcome.result);
}

START_TEST(fetch_small_body_is_whole)
{
    struct streamed s;

    net_open(&net);
    begin(&s, "/body?bytes=100", 1 << 20, NULL);
    net_wait(&net, &s.outcome);
    ck_assert_uint_eq(s.heads, 0);
    ck_assert_uint_eq(s.outcome.result->body.len, 100);
    end(&s);
    net_close(&net);
}
END_TEST

START_TEST(fetch_head_comes_before_its_body)
{
    struct streamed s;
    struct pipe *stream;
    struct pipe_chunk chunk;

    net_open(&net);
    begin(&s, "/stall/body", 1 << 20, NULL);
    stream = wait_head(&s);
    ck_assert_int_eq(pipe_take(stream, &chunk), PIPE_BYTES);
    ck_assert_uint_eq(chunk.len, 5); /* "begun" */
    free(chunk.data);
    fetch_cancel(s.fetch);
    ck_assert_int_eq(pipe_take(stream, &chunk), PIPE_FAILED);
    net_run_for(&net, 20);
    ck_assert_uint_eq(s.outcome.dones, 0);
    end(&s);
    net_close(&net);
}
END_TEST

START_TEST(fetch_nobody_reads_pauses_and_goes_on)
{
    struct streamed s;
    struct pipe *stream;
    enum pipe_result result;

    net_open(&net);
    begin(&s, "/body?bytes=20000000", 1 << 20, NULL);
    stream = wait_head(&s);
    net_run_for(&net, 200);
    ck_assert_uint_gt(pipe_bytes(stream), PIPE_WINDOW / 2);
    ck_assert_uint_le(pipe_bytes(stream), PIPE_WINDOW + PIPE_CHUNK_MAX);
    ck_assert_uint_eq(s.outcome.dones, 0);
    ck_assert_uint_eq(read_all(&s, stream, &result), 20000000);
    ck_assert_int_eq(result, PIPE_ENDED);
    net_wait(&net, &s.outcome);
    ck_assert_int_eq(s.outcome.result->error, FETCH_OK);
    ck_assert_uint_ge(s.outcome.result->received_bytes, 20000000);
    end(&s);
    net_close(&net);
}
END_TEST

START_TEST(fetch_nobody_wants_the_rest_ends)
{
    struct streamed s;

    net_open(&net);
    begin(&s, "/body?bytes=20000000", 1 << 20, NULL);
    pipe_cancel(wait_head(&s));
    fetch_resume(s.fetch);
    net_wait(&net, &s.outcome);
    ck_assert_int_eq(s.outcome.result->error, FETCH_CUT_OFF);
    end(&s);
    net_close(&net);
}
END_TEST

static void count_told(void *told)
{
    ++*(unsigned *)told;
}

static void count_nothing(void *told)
{
    (void)told;
}

/* Whoever gets the result may free at once what the pipes told. */
static void cancel_when_done(void *outcome, struct fetch_result *result)
{
    struct streamed *s = outcome;

    pipe_cancel(s->head->stream);
    outcome_done(&s->outcome, result);
}

START_TEST(fetch_that_is_done_is_told_no_more)
{
    struct fetch_request request;
    unsigned told = 0;
    struct pipe_listener listener = {count_nothing, count_told, &told};
    struct streamed s = {.heads = 0};

    net_open(&net);
    request = net_request(net_url(upstream.http, "/body?bytes=20000000"));
    request.head = on_head;
    request.body_bytes_max = 1 << 20;
    request.timeout_ms = 300;
    s.fetch = fetcher_start(net.fetcher, &request, cancel_when_done, &s);
    pipe_listen(wait_head(&s), PIPE_WRITER, &listener);
    net_wait(&net, &s.outcome);
    ck_assert_int_eq(s.outcome.result->error, FETCH_TIMEOUT);
    ck_assert_uint_eq(told, 0);
    end(&s);
    net_close(&net);
}
END_TEST

START_TEST(fetch_body_that_decodes_to_too_much_breaks_off)
{
    struct streamed s;
    struct pipe *stream;
    enum pipe_result result;

    net_open(&net);
    begin(&s, "/bomb?mib=100", 1 << 20, NULL);
    stream = wait_head(&s);
    net_run_for(&net, 300);
    ck_assert_uint_le(pipe_bytes(stream), PIPE_WINDOW + (1 << 20) + PIPE_CHUNK_MAX);
    if (s.outcome.dones > 0) {
        ck_assert_int_eq(s.outcome.result->error, FETCH_TOO_LARGE);
        ck_assert_uint_le(read_all(&s, stream, &result), PIPE_WINDOW + (1 << 20) + PIPE_CHUNK_MAX);
        ck_assert_int_eq(result, PIPE_FAILED);
    } else {
        fetch_cancel(s.fetch);
    }
    end(&s);
    net_close(&net);
}
END_TEST

START_TEST(fetch_upload_that_breaks_off_fails)
{
    struct pipe *upload = pipe_new(PIPE_WINDOW, NULL);
    struct failure failure = {0};
    struct streamed s;

    net_open(&net);
    begin(&s, "/stall/upload", 1 << 20, upload);
    net_run_for(&net, 50);
    ck_assert_uint_eq(s.outcome.dones, 0); /* it waits for the body */
    pipe_write(upload, "abc", 3);
    failure_set(&failure, FAILURE_EXCEPTION, PHASE_HANDLER, "gone");
    pipe_fail(upload, &failure, NULL);
    fetch_resume(s.fetch);
    net_wait(&net, &s.outcome);
    ck_assert_int_eq(s.outcome.result->error, FETCH_BAD_REQUEST);
    ck_assert(pipe_is_cancelled(upload));
    failure_release(&failure);
    pipe_unref(upload);
    end(&s);
    net_close(&net);
}
END_TEST

NET_MAIN("fetch_stream", fetch_small_body_is_whole, fetch_head_comes_before_its_body,
         fetch_nobody_reads_pauses_and_goes_on, fetch_nobody_wants_the_rest_ends,
         fetch_that_is_done_is_told_no_more, fetch_body_that_decodes_to_too_much_breaks_off,
         fetch_upload_that_breaks_off_fails)
