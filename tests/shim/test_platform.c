/* What V8 finishes in the background comes back as foreground tasks, and until then V8 says that it
 * is busy: asynchronous compilation of WebAssembly. */
#include "shim_test.h"

#include "api/clock.h"

#include <unistd.h>

static const char source[] =
    "const wasm = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 97,"
    " 100, 100, 0, 0, 10, 9, 1, 7, 0, 32, 0, 32, 1, 106, 11]);\n"
    "export default { async fetch() {\n"
    "  const module = await WebAssembly.compile(wasm);\n"
    "  const { exports } = await WebAssembly.instantiate(module);\n"
    "  return new Response(String(exports.add(40, 2)));\n"
    "} };\n";

/* Delivers V8's tasks until there is an answer. While there is none, V8 is busy or has posted
 * something. */
static struct op *await_answer(struct worker *worker)
{
    struct event event = {.kind = EVENT_PLATFORM};
    uint64_t end_ns = clock_now_ns() + 10 * NS_PER_S;

    for (;;) {
        struct op *op = worker_take(worker, OP_ANSWER);
        bool is_busy = engine_is_busy();

        if (op)
            return op;
        expect(clock_now_ns() < end_ns);
        if (isolate_has_platform_task(worker->isolate))
            worker_deliver(worker, &event);
        else
            expect(is_busy);
        usleep(100);
    }
}

int main(void)
{
    struct worker *worker;

    shim_start();
    worker = worker_loaded(source);
    for (int i = 0; i < 20; i++) {
        struct op *op;

        worker_fetch(worker, "GET", "https://h/", "", NULL);
        op = await_answer(worker);
        expect(op->answer.response->body.len == 2 && memcmp(op->answer.response->body.data, "42", 2) == 0);
        op_free(op);
    }
    expect(worker->platform_tasks > 0);
    worker_free(worker);
    engine_close();
    return 0;
}
