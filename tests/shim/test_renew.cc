/*
 * A new context in the same isolate: nothing of the one before is seen or heard of in it, and
 * nothing of it is kept. 2,000 of them do not make the heap grow.
 */
#include "shim_test.h"

#include "shim/isolate.h"

#include <algorithm>

#define ROUNDS 2000

/* V8 collects when it sees fit: this is far below what 2,000 contexts take. */
#define CONTEXTS_MAX 200u
#define HEAP_BYTES_MAX ((size_t)96 << 20)

static const char source[] =
    "globalThis.loads = (globalThis.loads ?? 0) + 1;\n"
    "const body = 'x'.repeat(100000);\n"
    "export default { async fetch(request, env, ctx) {\n"
    "  const seen = `${globalThis.loads} ${globalThis.x} ${''.shout} ${import.meta.url}`;\n"
    "  globalThis.x = 1;\n"
    "  globalThis.leftover = () => console.log('old');\n"
    "  String.prototype.shout = 'loud';\n"
    "  switch (new URL(request.url).pathname) {\n"
    "    case '/timer': setInterval(() => console.log('old'), 10); await new Promise(() => {});\n"
    "    case '/fetch': await fetch('https://h/', { method: 'POST', body });\n"
    "    case '/reject': addEventListener('unhandledrejection', () => console.log('told'));\n"
    "                    Promise.reject(new Error('x')); break;\n"
    "  }\n"
    "  return new Response(seen);\n"
    "} };\n";

#define NEW_STATE "1 undefined undefined file:///main.js"
#define OLD_STATE "1 1 loud file:///main.js"

static void renew(struct worker *worker)
{
    worker_drop_ops(worker);
    expect(isolate_renew(worker->isolate) == 0);
}

static void check_state()
{
    struct worker *worker = worker_loaded(source);

    expect_text(worker_get(worker, "https://h/"), NEW_STATE);
    expect_text(worker_get(worker, "https://h/"), OLD_STATE);
    for (int i = 0; i < 3; i++) {
        renew(worker);
        worker_load(worker);
        expect_text(worker_get(worker, "https://h/"), NEW_STATE);
        expect_text(worker_get(worker, "https://h/"), OLD_STATE);
    }
    worker_free(worker);
}

/* A timer's number means nothing in the new context, nor a ticket. */
static void check_timer()
{
    struct worker *worker = worker_loaded(source);
    uint32_t ticket = worker_fetch(worker, "GET", "https://h/timer", "", nullptr);
    struct op *op = worker_take(worker, OP_TIMER_START);
    struct event due = {};

    expect(op);
    due.kind = EVENT_TIMER;
    due.ticket = op->ticket;
    due.timer = op->timer.id;
    op_free(op);
    renew(worker);
    worker_deliver(worker, &due);
    worker_load(worker);
    worker_deliver(worker, &due);
    worker_end(worker, ticket);
    expect(!worker->ops);
    expect_text(worker_get(worker, "https://h/"), NEW_STATE);
    worker_free(worker);
}

/* The requests' memory is given back, that of the answer's body and that of the subrequest. */
static void check_memory_of_flights()
{
    struct worker *worker = worker_loaded(source);

    worker_fetch(worker, "POST", "https://h/fetch", "", "body");
    expect(worker->isolate->allocator->used() >= 100000);
    renew(worker);
    expect(worker->isolate->allocator->used() < 100000);
    expect(worker->isolate->fetches.empty());
    expect(worker->isolate->slots.empty());
    worker_load(worker);
    expect_text(worker_get(worker, "https://h/"), NEW_STATE);
    worker_free(worker);
}

static void check_listeners()
{
    struct worker *worker = worker_loaded(source);
    uint32_t ticket = worker_fetch(worker, "GET", "https://h/reject", "", nullptr);

    worker_expect_line(worker, ticket, CONSOLE_INFO, "told");
    renew(worker);
    worker_load(worker);
    expect_text(worker_get(worker, "https://h/"), NEW_STATE);
    expect(!worker_take(worker, OP_LOG));
    worker_free(worker);
}

static void take_leftover(void *arg)
{
    v8::Isolate *v8 = v8::Isolate::GetCurrent();
    v8::Local<v8::Context> context = v8->GetCurrentContext();

    static_cast<v8::Global<v8::Value> *>(arg)->Reset(
        v8, context->Global()->Get(context, string_of(v8, "leftover")).ToLocalChecked());
}

static void call_leftover(void *arg)
{
    v8::Isolate *v8 = v8::Isolate::GetCurrent();
    v8::Local<v8::Function> function =
        static_cast<v8::Global<v8::Value> *>(arg)->Get(v8).As<v8::Function>();

    function->Call(function->GetCreationContext().ToLocalChecked(), v8::Undefined(v8), 0, nullptr)
        .ToLocalChecked();
}

/* Code of the context before, as V8's own tasks may run it, asks for nothing. */
static void check_leftover_code()
{
    struct worker *worker = worker_loaded(source);
    v8::Global<v8::Value> leftover;

    worker_get(worker, "https://h/");
    isolate_enter(worker->isolate, take_leftover, &leftover);
    isolate_enter(worker->isolate, call_leftover, &leftover);
    worker_get(worker, "https://h/");
    op_free(worker_take(worker, OP_LOG));
    renew(worker);
    worker_load(worker);
    isolate_enter(worker->isolate, call_leftover, &leftover);
    expect_text(worker_get(worker, "https://h/"), NEW_STATE);
    expect(!worker_take(worker, OP_LOG));
    leftover.Reset();
    worker_free(worker);
}

/* The evaluation goes on after the event that began it. */
static void check_await()
{
    struct worker *worker =
        worker_new_module("await new Promise((resolve) => setTimeout(resolve, 5));\n"
                          "export default { fetch() { return new Response('waited'); } };\n");
    struct event load = {};

    load.kind = EVENT_LOAD;
    for (int i = 0; i < 3; i++) {
        worker_deliver(worker, &load);
        expect(!worker_take(worker, OP_LOADED));
        expect(worker_fire_timer(worker) == 5);
        op_free(worker_take(worker, OP_LOADED));
        expect_text(worker_get(worker, "https://h/"), "waited");
        renew(worker);
    }
    worker_free(worker);
}

struct heap {
    size_t used, contexts, detached;
};

static void measure(void *arg)
{
    struct heap *heap = static_cast<struct heap *>(arg);
    v8::HeapStatistics statistics;

    v8::Isolate::GetCurrent()->GetHeapStatistics(&statistics);
    *heap = {statistics.used_heap_size(), statistics.number_of_native_contexts(),
             statistics.number_of_detached_contexts()};
}

static void collect(void *arg)
{
    v8::Isolate::GetCurrent()->LowMemoryNotification();
    measure(arg);
}

/* V8 collects in tasks, too, as a lane runs them. */
static void run_platform_tasks(struct worker *worker)
{
    struct event event = {};

    event.kind = EVENT_PLATFORM;
    while (isolate_has_platform_task(worker->isolate))
        worker_deliver(worker, &event);
}

static void check_growth(const char *text)
{
    struct worker *worker = worker_loaded(text);
    struct heap first, heap, most = {};

    isolate_enter(worker->isolate, collect, &first);
    for (int i = 0; i < ROUNDS; i++) {
        renew(worker);
        worker_load(worker);
        worker_get(worker, "https://h/");
        run_platform_tasks(worker);
        isolate_enter(worker->isolate, measure, &heap);
        most = {std::max(most.used, heap.used), std::max(most.contexts, heap.contexts), 0};
    }
    isolate_enter(worker->isolate, collect, &heap);
    fprintf(stderr, "%zu KiB at first, %zu at most, %zu at last; at most %zu contexts\n",
            first.used >> 10, most.used >> 10, heap.used >> 10, most.contexts);
    expect(most.contexts <= CONTEXTS_MAX && most.used <= HEAP_BYTES_MAX);
    expect(heap.contexts == 1 && heap.detached == 0);
    expect(heap.used < first.used * 3 / 2);
    worker_free(worker);
}

int main()
{
    shim_start();
    check_state();
    check_timer();
    check_memory_of_flights();
    check_listeners();
    check_leftover_code();
    check_await();
    check_growth("export default { fetch() { return new Response('small'); } };\n");
    check_growth("globalThis.big = Array.from({ length: 10000 }, (_, i) => ({ i }));\n"
                 "export default { async fetch() {\n"
                 "  await new Promise((resolve) => { resolve(); });\n"
                 "  return new Response('large'); } };\n");
    engine_close();
    return 0;
}
