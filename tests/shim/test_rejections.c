/* Rejected promises that nobody handles are told of in the log of the task whose code rejected
 * them, and listeners on the global work for that task. */
#include "shim_test.h"

static const char source[] =
    "let resume, kept;\n"
    "export default { async fetch(request) {\n"
    "  switch (new URL(request.url).pathname) {\n"
    "    case '/wait': (async () => {\n"
    "      await new Promise(resolve => { resume = resolve; }); throw 'of the first'; })();\n"
    "      await new Promise(() => {}); break;\n"
    "    case '/resume': resume(); Promise.reject('of the second'); break;\n"
    "    case '/listen': onunhandledrejection = event => {\n"
    "      event.preventDefault(); console.log('heard', event.reason);\n"
    "      queueMicrotask(() => console.log('after', event.reason)); }; break;\n"
    "    case '/keep': kept = Promise.reject('kept'); break;\n"
    "    case '/handle': onrejectionhandled = event => console.log('handled', event.reason);\n"
    "      kept.catch(() => {}); break;\n"
    "    case '/flood': for (let i = 0; i < 5000; i++) Promise.reject(i); break;\n"
    "    case '/loop': Promise.reject('loop'); break;\n"
    "    case '/endless': onunhandledrejection = () => { for (;;); }; Promise.reject(1); break;\n"
    "  }\n"
    "  return new Response('fine');\n"
    "} };\n";

static uint32_t get(struct worker *worker, const char *url)
{
    return worker_fetch(worker, "GET", url, "", NULL);
}

static void expect_each_its_own(struct worker *worker)
{
    uint32_t first = get(worker, "https://h/wait"), second;

    expect(!worker->ops);
    second = get(worker, "https://h/resume");
    worker_expect_line(worker, second, CONSOLE_ERROR, "Uncaught (in promise) \"of the second\"");
    worker_expect_line(worker, first, CONSOLE_ERROR, "Uncaught (in promise) \"of the first\"");
    worker_expect_answer(worker, second, "fine", false);
    expect(!worker->ops);
}

static void expect_late_handler(struct worker *worker)
{
    uint32_t first = get(worker, "https://h/keep"), second;

    worker_expect_line(worker, first, CONSOLE_ERROR, "Uncaught (in promise) \"kept\"");
    second = get(worker, "https://h/handle");
    worker_expect_line(worker, second, CONSOLE_INFO, "handled kept");
    worker_drop_ops(worker);
}

static void expect_listener_works_for_each(struct worker *worker)
{
    uint32_t first, second;

    get(worker, "https://h/listen");
    first = get(worker, "https://h/wait");
    worker_drop_ops(worker);
    second = get(worker, "https://h/resume");
    worker_expect_line(worker, second, CONSOLE_INFO, "heard of the second");
    worker_expect_line(worker, first, CONSOLE_INFO, "heard of the first");
    worker_expect_line(worker, second, CONSOLE_INFO, "after of the second");
    worker_expect_line(worker, first, CONSOLE_INFO, "after of the first");
    worker_drop_ops(worker);
}

static void expect_bounded(struct worker *worker)
{
    unsigned lines = 0;
    struct op *op;

    get(worker, "https://h/flood");
    while ((op = worker_take(worker, OP_LOG))) {
        lines++;
        op_free(op);
    }
    expect(lines == 257); /* the console's bound, and its notice */
    worker_drop_ops(worker);
    expect_text(worker_get(worker, "https://h/"), "fine");
}

/* A listener that does not end is cut off outside the checkpoint: the isolate can be used. */
static void expect_listener_cut_off(struct worker *worker)
{
    struct terminator terminator;

    terminator_start(&terminator, worker);
    get(worker, "https://h/endless");
    terminator_stop(&terminator);
    expect(worker->result.was_terminated && !worker->result.is_unusable);
    worker_drop_ops(worker);
    expect_text(worker_get(worker, "https://h/"), "fine");
}

static void expect_startup(void)
{
    struct worker *worker =
        worker_new_module("Promise.reject('early'); export default { fetch() {} };");

    worker_load(worker);
    worker_expect_line(worker, 0, CONSOLE_ERROR, "Uncaught (in promise) \"early\"");
    worker_free(worker);
}

int main(void)
{
    struct worker *worker;

    shim_start();
    worker = worker_loaded(source);
    expect_each_its_own(worker);
    expect_late_handler(worker);
    expect_bounded(worker);
    expect_listener_works_for_each(worker);
    expect_listener_cut_off(worker);
    worker_free(worker);
    expect_startup();
    engine_close();
    return 0;
}
