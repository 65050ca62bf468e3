/* What ctx.waitUntil is given goes on after the answer, and its end is told; it neither changes nor
 * loses the answer, and nothing is left when the task is given up. */
#include "shim_test.h"

static const char source[] =
    "let kept, resume;\n"
    "const pause = () => new Promise(resolve => { resume = resolve; });\n"
    "export default { async fetch(request, env, ctx) {\n"
    "  kept = ctx;\n"
    "  switch (new URL(request.url).pathname) {\n"
    "    case '/timer': ctx.waitUntil((async () => {\n"
    "      await new Promise(resolve => setTimeout(resolve, 5)); console.log('later'); })()); break;\n"
    "    case '/value': ctx.waitUntil(1); break;\n"
    "    case '/rejected': ctx.waitUntil(Promise.reject(new Error('late').message)); break;\n"
    "    case '/more': { const first = pause(); ctx.waitUntil(first);\n"
    "      first.then(() => ctx.waitUntil(pause())); break; }\n"
    "    case '/two': ctx.waitUntil(pause()); globalThis.first = resume; ctx.waitUntil(pause()); break;\n"
    "    case '/resume': resume(); break;\n"
    "    case '/first': first(); break;\n"
    "    case '/throw': ctx.waitUntil(pause()); throw new Error('no answer');\n"
    "    case '/large': ctx.waitUntil(pause()); return new Response('x'.repeat(2000));\n"
    "    case '/body': ctx.waitUntil((async () => { await pause(); console.log(await request.text()); })());\n"
    "      break;\n"
    "    case '/never': ctx.waitUntil(new Promise(() => {}));\n"
    "      setInterval(() => console.log('tick'), 1);\n"
    "      request.signal.onabort = () => console.log(request.signal.reason.name); break;\n"
    "    case '/hang': request.signal.onabort = () => console.log('given up', request.signal.aborted);\n"
    "      await new Promise(() => {}); break;\n"
    "    case '/after': try { globalThis.ended.waitUntil(1); } catch (e) { return new Response(e.name); }\n"
    "      break;\n"
    "    case '/keep': globalThis.ended = ctx; break;\n"
    "  }\n"
    "  return new Response('fine');\n"
    "} };\n";

static const char listener[] =
    "let event;\n"
    "addEventListener('fetch', given => {\n"
    "  event = given;\n"
    "  event.waitUntil(new Promise(resolve => setTimeout(resolve, 1)));\n"
    "  event.respondWith(new Response('heard'));\n"
    "});\n";

static uint32_t get(struct worker *worker, const char *url)
{
    return worker_fetch(worker, "GET", url, "", NULL);
}

static void expect_ends(struct worker *worker)
{
    uint32_t ticket = get(worker, "https://h/timer");

    worker_expect_answer(worker, ticket, "fine", true);
    expect(!worker_take(worker, OP_END));
    expect(worker_fire_timer(worker) == 5);
    worker_expect_line(worker, ticket, CONSOLE_INFO, "later");
    worker_expect_op(worker, OP_END, ticket);
    expect(!worker->ops);

    /* What has settled already ends in the same event. */
    ticket = get(worker, "https://h/value");
    worker_expect_answer(worker, ticket, "fine", true);
    worker_expect_op(worker, OP_END, ticket);
    expect(!worker->ops);
}

static void expect_rejection_logged(struct worker *worker)
{
    uint32_t ticket = get(worker, "https://h/rejected");

    worker_expect_answer(worker, ticket, "fine", true);
    worker_expect_line(worker, ticket, CONSOLE_ERROR, "Uncaught (in waitUntil) \"late\"");
    worker_expect_op(worker, OP_END, ticket);
    expect(!worker->ops);
}

static void expect_all_awaited(struct worker *worker)
{
    uint32_t ticket = get(worker, "https://h/two"), other;

    worker_expect_answer(worker, ticket, "fine", true);
    other = get(worker, "https://h/first");
    worker_expect_answer(worker, other, "fine", false);
    expect(!worker->ops);
    get(worker, "https://h/resume");
    worker_expect_op(worker, OP_END, ticket);
    worker_drop_ops(worker);

    ticket = get(worker, "https://h/more");
    worker_expect_answer(worker, ticket, "fine", true);
    get(worker, "https://h/resume");
    expect(!worker_take(worker, OP_END));
    get(worker, "https://h/resume");
    worker_expect_op(worker, OP_END, ticket);
    worker_drop_ops(worker);
}

/* A failure takes what it was to wait for with it. */
static void expect_failures_end(struct worker *worker)
{
    uint32_t ticket = get(worker, "https://h/throw");

    worker_expect_failure(worker, ticket, FAILURE_EXCEPTION, "no answer");
    expect(!worker->ops);
    get(worker, "https://h/resume");
    expect(!worker_take(worker, OP_END));
    worker_drop_ops(worker);

    ticket = get(worker, "https://h/large");
    worker_expect_failure(worker, ticket, FAILURE_LIMIT_EXCEEDED, "");
    expect(!worker->ops);
    get(worker, "https://h/resume");
    expect(!worker_take(worker, OP_END));
    worker_drop_ops(worker);
}

static void expect_body_is_kept(struct worker *worker)
{
    uint32_t ticket = worker_fetch(worker, "POST", "https://h/body", "", "content");

    worker_expect_answer(worker, ticket, "fine", true);
    get(worker, "https://h/resume");
    worker_expect_line(worker, ticket, CONSOLE_INFO, "content");
    worker_expect_op(worker, OP_END, ticket);
    worker_drop_ops(worker);
}

static void expect_given_up(struct worker *worker)
{
    uint32_t ticket = get(worker, "https://h/never");
    struct op *timer = worker_take(worker, OP_TIMER_START);
    struct event due = {.kind = EVENT_TIMER, .ticket = ticket, .timer = timer->timer.id};

    worker_expect_answer(worker, ticket, "fine", true);
    worker_deliver(worker, &due);
    worker_expect_line(worker, ticket, CONSOLE_INFO, "tick");
    worker_drop_ops(worker);
    worker_end(worker, ticket);
    worker_expect_line(worker, ticket, CONSOLE_INFO, "AbortError");
    worker_deliver(worker, &due);
    expect(!worker->ops);
    op_free(timer);
}

static void expect_signal(struct worker *worker)
{
    uint32_t ticket = get(worker, "https://h/hang");

    expect(!worker->ops);
    worker_end(worker, ticket);
    worker_expect_line(worker, ticket, CONSOLE_INFO, "given up true");
    expect(!worker->ops);
}

static void expect_too_late(struct worker *worker)
{
    get(worker, "https://h/keep");
    worker_drop_ops(worker);
    expect_text(worker_get(worker, "https://h/after"), "InvalidStateError");
}

static void expect_listeners_extend(void)
{
    struct worker *worker =
        worker_new(NULL, (const struct file[]){{"main.cjs", listener}, {NULL, NULL}});
    uint32_t ticket;

    worker_load(worker);
    ticket = get(worker, "https://h/");
    worker_expect_answer(worker, ticket, "heard", true);
    worker_fire_timer(worker);
    worker_expect_op(worker, OP_END, ticket);
    expect(!worker->ops);
    worker_free(worker);
}

int main(void)
{
    struct limits limits = limits_default();
    struct worker *worker;

    limits.response_body_bytes = 1000;
    shim_start();
    worker = worker_new(&limits, (const struct file[]){{"main.js", source}, {NULL, NULL}});
    worker_load(worker);
    expect_ends(worker);
    expect_rejection_logged(worker);
    expect_all_awaited(worker);
    expect_failures_end(worker);
    expect_body_is_kept(worker);
    expect_given_up(worker);
    expect_signal(worker);
    expect_too_late(worker);
    worker_free(worker);
    expect_listeners_extend();
    engine_close();
    return 0;
}
