/* A worker that does not start is refused with V8's message, file, line and column. */
#include "shim_test.h"

struct bad {
    const char *name;
    const char *source;
    enum failure_reason reason;
    const char *message;   /* a part of it */
    uint32_t line, column; /* 0: none */
};

static const struct bad bads[] = {
    {"main.js", "\nlet x = ;\n", FAILURE_SYNTAX, "SyntaxError: Unexpected token ';'", 2, 9},
    {"main.js", "function f() {\n  throw new TypeError('no');\n}\nf();", FAILURE_EXCEPTION,
     "TypeError: no", 2, 9},
    {"main.js", "await Promise.reject(new Error('later'));", FAILURE_EXCEPTION, "Error: later", 1,
     22},
    {"main.js", "throw 'text';", FAILURE_EXCEPTION, "text", 0, 0},
    {"main.js", "import { no } from './other.js';", FAILURE_SYNTAX,
     "does not provide an export named 'no'", 1, 10},
    {"main.js", "export default {};", FAILURE_NO_HANDLER, "fetch", 0, 0},
    {"main.js", "export const x = 1;", FAILURE_NO_HANDLER, "fetch", 0, 0},
    {"main.js", "new Response('x', {status: 99});", FAILURE_EXCEPTION, "RangeError", 1, 1},
    {"main.cjs", "let x = 1; let x = 2;", FAILURE_SYNTAX, "already been declared", 1, 16},
    {"main.cjs", "x.y();", FAILURE_EXCEPTION, "x is not defined", 1, 1},
    {"main.cjs", "import './other.js';", FAILURE_SYNTAX, "import statement outside a module", 1, 1},
    {"main.cjs", "var x = 1;", FAILURE_NO_HANDLER, "addEventListener", 0, 0},
};

static void expect_bad(const struct bad *bad)
{
    bool is_script = strcmp(bad->name, "main.cjs") == 0;
    const struct file files[] = {
        {bad->name, bad->source}, {is_script ? NULL : "other.js", "export let yes;"}, {NULL, NULL}};
    struct worker *worker = worker_new(NULL, files);
    const struct failure *failure = worker_load_failure(worker);

    fprintf(stderr, "%s:%u:%u %s\n", failure->file ? failure->file : "-", failure->line,
            failure->column, failure->message);
    expect(failure->reason == bad->reason && failure->phase == PHASE_STARTUP);
    expect(strstr(failure->message, bad->message));
    if (bad->line) {
        expect_text(failure->file, bad->name);
        expect(failure->line == bad->line && failure->column == bad->column);
    }
    worker_free(worker);
}

/* One that waits for nothing says nothing: the caller decides when it is lost. */
static void expect_silent_wait(void)
{
    struct worker *worker = worker_new_module("await new Promise(() => {});");
    struct event load = {.kind = EVENT_LOAD};

    worker_deliver(worker, &load);
    expect(!worker->ops);
    expect(!isolate_has_platform_task(worker->isolate));
    worker_free(worker);
}

int main(void)
{
    shim_start();
    for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++)
        expect_bad(&bads[i]);
    expect_silent_wait();
    engine_close();
    return 0;
}
