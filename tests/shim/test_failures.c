/* A handler that fails says why, where, and with which stack; the next request is answered. */
#include "shim_test.h"

static const char source[] =
    "function deep() { throw new TypeError('deep down'); }\n"
    "export default { async fetch(request) {\n"
    "  switch (new URL(request.url).pathname) {\n"
    "    case '/throw': deep(); break;\n"
    "    case '/later': await null; deep(); break;\n"
    "    case '/text': throw 'only text';\n"
    "    case '/nothing': return;\n"
    "    case '/object': return { status: 200 };\n"
    "    case '/recursion': return (function f() { return f() + 1; })();\n"
    "    case '/platform': return new Response('', { status: 99 });\n"
    "    case '/getter': throw { get message() { throw 1; }, get stack() { throw 2; } };\n"
    "  }\n"
    "  return new Response('fine');\n"
    "} };\n";

static void expect_failure(struct worker *worker, const char *url, enum failure_reason reason,
                           const char *message, uint32_t line)
{
    const struct failure *failure = worker_get_failure(worker, url);

    fprintf(stderr, "%s:%u:%u %s\n%s\n", failure->file ? failure->file : "-", failure->line,
            failure->column, failure->message, failure->stack ? failure->stack : "-");
    expect(failure->reason == reason && failure->phase == PHASE_HANDLER);
    expect(strstr(failure->message, message));
    if (line) {
        expect_text(failure->file, "main.js");
        expect(failure->line == line);
        expect(failure->stack && !strstr(failure->stack, "isoyard:prelude"));
    }
    expect_text(worker_get(worker, "https://h/"), "fine");
}

int main(void)
{
    struct worker *worker;
    const struct failure *failure;

    shim_start();
    worker = worker_loaded(source);
    expect_failure(worker, "https://h/throw", FAILURE_EXCEPTION, "TypeError: deep down", 1);
    expect_failure(worker, "https://h/later", FAILURE_EXCEPTION, "TypeError: deep down", 1);
    expect_failure(worker, "https://h/text", FAILURE_EXCEPTION, "only text", 0);
    expect_failure(worker, "https://h/nothing", FAILURE_INVALID_RESPONSE, "Response", 0);
    expect_failure(worker, "https://h/object", FAILURE_INVALID_RESPONSE, "Response", 0);
    expect_failure(worker, "https://h/platform", FAILURE_EXCEPTION, "RangeError", 10);
    expect_failure(worker, "https://h/getter", FAILURE_EXCEPTION, "", 0);
    failure = worker_get_failure(worker, "https://h/recursion");
    expect(failure->reason == FAILURE_LIMIT_EXCEEDED && failure->limit == LIMIT_STACK);
    expect(failure->used == LIMIT_STACK_BYTES && failure->allowed == LIMIT_STACK_BYTES);
    expect_text(worker_get(worker, "https://h/"), "fine");
    worker_free(worker);
    engine_close();
    return 0;
}
