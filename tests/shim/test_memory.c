/* A heap bomb is cut off at the limit, and the process lives; ArrayBuffers above theirs are a
 * RangeError, and memory that was given back can be used again. */
#include "shim_test.h"

static const char source[] =
    "let kept = [];\n"
    "export default { async fetch(request) {\n"
    "  switch (new URL(request.url).pathname) {\n"
    "    case '/heap': for (;;) kept.push({ a: kept.length, b: 'text' + kept.length });\n"
    "    case '/buffers': for (;;) kept.push(new ArrayBuffer(1 << 20));\n"
    "    case '/caught': try { for (;;) kept.push(new Uint8Array(1 << 20)); }\n"
    "      catch (error) { const count = kept.length; kept = []; return new Response(error.name + ' ' + count); }\n"
    "    case '/exact': new ArrayBuffer(16 << 20); break;\n"
    "    case '/above': new ArrayBuffer((16 << 20) + 1); break;\n"
    "    case '/clone': structuredClone(new ArrayBuffer(12 << 20)); break;\n"
    "    case '/encode': new TextEncoder().encode('x'.repeat(17 << 20)); break;\n"
    "  }\n"
    "  return new Response('fine');\n"
    "} };\n";

static struct worker *new_worker(void)
{
    struct limits limits = limits_default();
    struct worker *worker;

    limits.heap_bytes = (size_t)32 << 20;
    limits.external_bytes = (size_t)16 << 20;
    worker = worker_new(&limits, (const struct file[]){{"main.js", source}, {NULL, NULL}});
    worker_load(worker);
    return worker;
}

static void expect_refused(const char *url)
{
    struct worker *worker = new_worker();
    const struct failure *failure = worker_get_failure(worker, url);

    fprintf(stderr, "%s %s %llu of %llu\n", url, failure->message,
            (unsigned long long)failure->used, (unsigned long long)failure->allowed);
    expect(failure->reason == FAILURE_LIMIT_EXCEEDED && failure->limit == LIMIT_EXTERNAL_MEMORY);
    expect(failure->allowed == (size_t)16 << 20 && failure->used > failure->allowed);
    expect(!worker->result.is_unusable);
    worker_free(worker);
}

int main(void)
{
    struct worker *worker;
    char exact[64];

    shim_start();
    worker = new_worker();
    worker_fetch(worker, "GET", "https://h/heap", "", NULL);
    expect(worker->result.was_terminated && worker->result.is_unusable);
    expect(worker->result.limit == LIMIT_HEAP);
    expect(worker->result.allowed == (size_t)32 << 20 && worker->result.used >= (size_t)32 << 20);
    worker_free(worker);

    expect_refused("https://h/buffers");
    expect_refused("https://h/above");
    expect_refused("https://h/clone");
    expect_refused("https://h/encode");

    worker = new_worker();
    expect_text(worker_get(worker, "https://h/exact"), "fine");
    worker_free(worker);
    worker = new_worker();
    for (int i = 0; i < 5; i++) {
        snprintf(exact, sizeof(exact), "%s", worker_get(worker, "https://h/caught"));
        expect_text(exact, "RangeError 16");
    }
    worker_free(worker);
    engine_close();
    return 0;
}
