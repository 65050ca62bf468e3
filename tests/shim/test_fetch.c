/* fetch() asks the host, and the host's answer resumes it; what its task leaves is stopped. */
#include "shim_test.h"

#include "api/bytes.h"
#include "shim/net/fetcher.h"

static const char source[] =
    "let controller, shared;\n"
    "const url = 'https://up.test/x';\n"
    "export default { async fetch(request, env, ctx) {\n"
    "  const { pathname } = new URL(request.url);\n"
    "  switch (pathname) {\n"
    "    case '/get': { const response = await fetch(url + '?q', { headers: { a: 'b', host: 'c' } });\n"
    "      return new Response(`${response.status} ${response.url} ${await response.text()}`); }\n"
    "    case '/post': { const body = new Uint8Array([1, 0, 2]);\n"
    "      await fetch(url, { method: 'POST', body, redirect: 'manual' }); break; }\n"
    "    case '/forward': return fetch(url);\n"
    "    case '/error': try { await fetch(url); } catch (e) {\n"
    "      return new Response(`${e.name} ${e.message}: ${e.cause.message}`); } break;\n"
    "    case '/fail': await fetch(url); break;\n"
    "    case '/abort': controller = new AbortController(); try {\n"
    "      await fetch(url, { signal: controller.signal }); } catch (e) { return new Response(e.name); } break;\n"
    "    case '/cancel': controller.abort(); break;\n"
    "    case '/forget': fetch(url); fetch(url); break;\n"
    "    case '/share': shared = fetch(url); await new Promise(() => {}); break;\n"
    "    case '/await': try { await shared; } catch (e) { return new Response(e.name); } break;\n"
    "    case '/large': fetch(url, { method: 'POST', body: 'x'.repeat(1 << 20) });\n"
    "      await new Promise(resolve => setTimeout(resolve, 1)); break;\n"
    "    case '/many': for (let i = 0; i < 7; i++) fetch(`${url}${i}`); await new Promise(() => {}); break;\n"
    "    case '/extend': ctx.waitUntil(fetch(url).then(r => console.log(r.status))); break;\n"
    "    case '/status': return fetch(url);\n"
    "  }\n"
    "  return new Response('fine');\n"
    "} };\n";

static char *copy(const char *text, size_t len)
{
    char *data = xmalloc(len ? len : 1);

    memcpy(data, text, len);
    return data;
}

static struct bytes copied(const char *text)
{
    return (struct bytes){copy(text, strlen(text)), strlen(text)};
}

/* The result is the caller's. */
static struct fetch_result answer_of(unsigned status, const char *headers, const char *body)
{
    return (struct fetch_result){.status = status,
                                 .status_text = xstrdup("OK"),
                                 .moved_to = copied("https://up.test/x?final#part"),
                                 .headers = copied(headers),
                                 .body = copied(body)};
}

static void release(struct fetch_result *result)
{
    free(result->message);
    free(result->status_text);
    free((char *)result->moved_to.data);
    free((char *)result->headers.data);
    free((char *)result->body.data);
}

static void deliver_kept(struct worker *worker, uint32_t ticket, uint32_t id,
                         struct fetch_result *result)
{
    struct event event = {.kind = EVENT_FETCHED, .ticket = ticket, .fetch = id, .result = result};

    worker_deliver(worker, &event);
}

static void deliver(struct worker *worker, uint32_t ticket, uint32_t id,
                    struct fetch_result *result)
{
    deliver_kept(worker, ticket, id, result);
    release(result);
}

/* Answers the first subrequest that was started. */
static void respond(struct worker *worker, unsigned status, const char *headers, const char *body)
{
    struct op *op = worker_take(worker, OP_FETCH_START);
    struct fetch_result result = answer_of(status, headers, body);

    expect(op);
    deliver(worker, op->ticket, op->fetch.id, &result);
    op_free(op);
}

static void respond_failing(struct worker *worker, const char *message)
{
    struct op *op = worker_take(worker, OP_FETCH_START);
    struct fetch_result result = {.error = FETCH_DNS, .message = xstrdup(message)};

    expect(op);
    deliver(worker, op->ticket, op->fetch.id, &result);
    op_free(op);
}

static uint32_t get(struct worker *worker, const char *url)
{
    return worker_fetch(worker, "GET", url, "", NULL);
}

static void expect_equal(struct bytes actual, const char *text)
{
    fprintf(stderr, "'%.*s'\n", (int)actual.len, actual.data);
    expect(bytes_equal(actual, bytes_of(text)));
}

static void expect_round_trip(struct worker *worker)
{
    uint32_t ticket = get(worker, "https://h/get");
    struct op *op = worker_take(worker, OP_FETCH_START);
    const struct fetch_request *request = op->fetch.request;
    struct fetch_result result = answer_of(201, "a\nb\n", "content");

    expect(op->ticket == ticket && op->fetch.id != 0);
    expect_equal(request->method, "GET");
    expect_equal(request->url, "https://up.test/x?q");
    expect_equal(request->headers, "a\nb\n");
    expect(!request->has_body && request->redirect == FETCH_REDIRECT_FOLLOW);
    expect_text(request->tenant, "tenant");
    expect(request->body_bytes_max == 4321 && request->header_bytes_max == 1234);
    expect(!worker->ops);
    deliver(worker, ticket, op->fetch.id, &result);
    op_free(op);
    worker_expect_answer(worker, ticket, "201 https://up.test/x?final content", false);
    expect(!worker->ops);
}

/* A body that is no short text is taken, not copied. */
static void expect_body_taken(struct worker *worker)
{
    static const char body[] = "\xff bytes";
    uint32_t ticket = get(worker, "https://h/get");
    struct op *op = worker_take(worker, OP_FETCH_START);
    struct fetch_result result = answer_of(200, "", body);

    deliver_kept(worker, ticket, op->fetch.id, &result);
    expect(!result.body.data);
    release(&result);
    op_free(op);
    worker_expect_answer(worker, ticket, "200 https://up.test/x?final \xef\xbf\xbd bytes", false);
}

static void expect_body_sent(struct worker *worker)
{
    uint32_t ticket = get(worker, "https://h/post");
    struct op *op = worker_take(worker, OP_FETCH_START);
    const struct fetch_request *request = op->fetch.request;

    expect_equal(request->method, "POST");
    expect(request->has_body && request->redirect == FETCH_REDIRECT_MANUAL);
    expect(bytes_equal(request->body, (struct bytes){"\1\0\2", 3}));
    op_free(op);
    worker_end(worker, ticket);
    worker_expect_op(worker, OP_FETCH_STOP, ticket);
    expect(!worker->ops);
}

/* What was fetched can be the answer, but how it came over the connection is not passed on. */
static void expect_forwarded(struct worker *worker)
{
    uint32_t ticket = get(worker, "https://h/forward");
    struct op *op;

    respond(worker, 404,
            "x-a\n1\ncontent-length\n9\ncontent-encoding\ngzip, br\nconnection\nclose\n"
            "transfer-encoding\nchunked\n",
            "passed on");
    op = worker_take(worker, OP_ANSWER);
    expect(op && op->ticket == ticket && op->answer.response->status == 404);
    expect_equal(op->answer.response->headers, "x-a\n1\n");
    expect_equal(op->answer.response->body, "passed on");
    op_free(op);
    ticket = get(worker, "https://h/forward");
    respond(worker, 200, "content-encoding\ncompress\n", "not undone");
    op = worker_take(worker, OP_ANSWER);
    expect_equal(op->answer.response->headers, "content-encoding\ncompress\n");
    op_free(op);
    ticket = get(worker, "https://h/status");
    respond(worker, 999, "", "");
    worker_expect_failure(worker, ticket, FAILURE_INVALID_RESPONSE, "999");
}

static void expect_network_errors(struct worker *worker)
{
    uint32_t ticket = get(worker, "https://h/error");
    struct op *op;

    respond_failing(worker, "no such host");
    worker_expect_answer(worker, ticket, "TypeError fetch failed: no such host", false);
    ticket = get(worker, "https://h/fail");
    respond_failing(worker, "no such host");
    op = worker_take(worker, OP_FAIL);
    expect(op && op->ticket == ticket && op->failure.reason == FAILURE_EXCEPTION);
    expect_text(op->failure.message, "TypeError: fetch failed: no such host");
    expect_text(op->failure.file, "main.js");
    expect(op->failure.line == 13);
    op_free(op);
}

static void expect_aborted(struct worker *worker)
{
    uint32_t ticket = get(worker, "https://h/abort"), other;
    struct op *op = worker_take(worker, OP_FETCH_START), *stop;
    struct fetch_result late = answer_of(200, "", "");

    other = get(worker, "https://h/cancel");
    stop = worker_take(worker, OP_FETCH_STOP);
    expect(stop && stop->ticket == ticket && stop->fetch.id == op->fetch.id);
    worker_expect_answer(worker, other, "fine", false);
    worker_expect_answer(worker, ticket, "AbortError", false);
    deliver(worker, ticket, op->fetch.id, &late); /* nobody waits for it */
    expect(!worker->ops);
    op_free(stop);
    op_free(op);
}

/* Without waitUntil they end with the task, silently; another task that waits hears of it. */
static void expect_end_with_task(struct worker *worker)
{
    uint32_t ticket = get(worker, "https://h/forget"), other;

    worker_expect_op(worker, OP_FETCH_START, ticket);
    worker_expect_op(worker, OP_FETCH_START, ticket);
    expect(worker->ops->kind == OP_FETCH_STOP); /* before the answer */
    worker_expect_op(worker, OP_FETCH_STOP, ticket);
    worker_expect_op(worker, OP_FETCH_STOP, ticket);
    worker_expect_answer(worker, ticket, "fine", false);
    expect(!worker->ops);

    ticket = get(worker, "https://h/share");
    other = get(worker, "https://h/await");
    worker_drop_ops(worker);
    worker_end(worker, ticket);
    worker_expect_op(worker, OP_FETCH_STOP, ticket);
    worker_expect_answer(worker, other, "AbortError", false);
    expect(!worker->ops);
}

static void expect_goes_on(struct worker *worker)
{
    uint32_t ticket = get(worker, "https://h/extend");

    worker_expect_answer(worker, ticket, "fine", true);
    respond(worker, 202, "", "");
    worker_expect_line(worker, ticket, CONSOLE_INFO, "202");
    worker_expect_op(worker, OP_END, ticket);
    expect(!worker->ops);
}

static unsigned count(struct worker *worker, enum op_kind kind)
{
    unsigned n = 0;

    for (const struct op *op = worker->ops; op; op = op->next)
        n += op->kind == kind;
    return n;
}

static void expect_some_at_once(struct worker *worker)
{
    uint32_t ticket = get(worker, "https://h/many");

    expect(count(worker, OP_FETCH_START) == 3);
    for (int i = 0; i < 4; i++) {
        respond(worker, 200, "", "");
        expect(count(worker, OP_FETCH_START) == 3);
    }
    expect(worker->ops->fetch.request->url.data[strlen("https://up.test/x")] == '4');
    worker_end(worker, ticket);
    expect(count(worker, OP_FETCH_STOP) == 3);
    worker_drop_ops(worker);
}

static void expect_refused(struct worker *worker, uint32_t ticket)
{
    struct op *op = worker_take(worker, OP_LOG);

    expect(op && op->ticket == ticket);
    expect(memmem(op->log.text, op->log.len, "there is no memory for the request", 34));
    op_free(op);
}

/* Requests under way are counted with the ArrayBuffers. */
static void expect_memory_bounded(struct worker *worker)
{
    uint32_t tickets[3];

    for (unsigned i = 0; i < 3; i++) {
        tickets[i] = get(worker, "https://h/large");
        expect(count(worker, OP_FETCH_START) == (i < 2 ? i + 1 : 2));
    }
    expect_refused(worker, tickets[2]);
    for (unsigned i = 0; i < 3; i++)
        worker_end(worker, tickets[i]);
    worker_drop_ops(worker);
    get(worker, "https://h/large");
    expect(count(worker, OP_FETCH_START) == 1);
    worker_drop_ops(worker);
}

int main(void)
{
    struct limits limits = limits_default();
    struct worker *worker;

    limits.subrequests = 11;
    limits.concurrent_subrequests = 3;
    limits.fetch_body_bytes = 4321;
    limits.fetch_header_bytes = 1234;
    limits.external_bytes = 5 << 19;
    shim_start();
    worker = worker_new(&limits, (const struct file[]){{"main.js", source}, {NULL, NULL}});
    worker_load(worker);
    expect_round_trip(worker);
    expect_body_taken(worker);
    expect_body_sent(worker);
    expect_forwarded(worker);
    expect_network_errors(worker);
    expect_aborted(worker);
    expect_end_with_task(worker);
    expect_goes_on(worker);
    expect_some_at_once(worker);
    expect_memory_bounded(worker);
    worker_free(worker);
    engine_close();
    return 0;
}
