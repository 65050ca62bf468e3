/* What V8 wants done in the foreground comes as an announcement and is done by EVENT_PLATFORM, and
 * only then: callbacks of a FinalizationRegistry. */
#include "shim_test.h"

#include "api/clock.h"

static const char source[] =
    "let seen = 0;\n"
    "const registry = new FinalizationRegistry(() => seen++);\n"
    "export default { fetch(request) {\n"
    "  if (request.url.endsWith('/seen')) return new Response(String(seen));\n"
    "  for (let i = 0; i < 1000; i++) registry.register({}, i);\n"
    "  const kept = [];\n"
    "  for (let i = 0; i < 100000; i++) kept.push([i, [i]]);\n"
    "  return new Response(String(seen));\n"
    "} };\n";

int main(void)
{
    struct event event = {.kind = EVENT_PLATFORM};
    uint64_t end_ns;
    struct worker *worker;

    shim_start();
    worker = worker_loaded(source);
    end_ns = clock_now_ns() + 30 * NS_PER_S;
    while (!isolate_has_platform_task(worker->isolate)) {
        expect(clock_now_ns() < end_ns);
        worker_get(worker, "https://h/");
    }
    expect(worker->platform_tasks > 0);
    expect_text(worker_get(worker, "https://h/seen"), "0");
    while (strcmp(worker_get(worker, "https://h/seen"), "0") == 0) {
        expect(clock_now_ns() < end_ns);
        worker_deliver(worker, &event);
        worker_get(worker, "https://h/");
    }
    worker_free(worker);
    engine_close();
    return 0;
}
