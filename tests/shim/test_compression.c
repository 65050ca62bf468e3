/* What compressions keep outside the heap counts with the ArrayBuffers, comes back when nobody has
 * the streams any more, and goes with the isolate, also in the middle. */
#include "shim_test.h"

static const char source[] =
    "let kept = [];\n"
    "function begin(Stream) {\n"
    "  const stream = new Stream('gzip');\n"
    "  stream.writable.getWriter().write(new Uint8Array(100)).catch(() => {});\n"
    "  stream.readable.getReader().read().catch(() => {});\n"
    "  return stream;\n"
    "}\n"
    "async function pack(size) {\n"
    "  const stream = new CompressionStream('gzip');\n"
    "  const packed = new Response(stream.readable).bytes();\n"
    "  const writer = stream.writable.getWriter();\n"
    "  for (let i = 0; i < size; i += 1 << 20) await writer.write(new Uint8Array(1 << 20));\n"
    "  await writer.close();\n"
    "  return packed;\n"
    "}\n"
    "export default { async fetch(request) {\n"
    "  switch (new URL(request.url).pathname) {\n"
    "    case '/kept': for (;;) kept.push(begin(CompressionStream));\n"
    "    case '/caught': try { for (;;) kept.push(begin(CompressionStream)); }\n"
    "      catch (error) { const count = kept.length; kept = []; return new Response(error.name + ' ' + (count > 20 && count < 64)); }\n"
    "    case '/dropped': for (let i = 0; i < 300; i++) { begin(CompressionStream); begin(DecompressionStream); await null; }\n"
    "      return new Response('fine');\n"
    "    case '/ended': for (let i = 0; i < 200; i++) kept.push(await pack(1));\n"
    "      return new Response('fine');\n"
    "    case '/bomb': {\n"
    "      const packed = new Blob([await pack(64 << 20)]).stream();\n"
    "      await new Response(packed.pipeThrough(new DecompressionStream('gzip'))).bytes();\n"
    "    }\n"
    "  }\n"
    "  return new Response('nothing');\n"
    "} };\n";

static struct worker *new_worker(void)
{
    struct limits limits = limits_default();
    struct worker *worker;

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

static void expect_answers(const char *url, const char *text, int times)
{
    struct worker *worker = new_worker();

    for (int i = 0; i < times; i++)
        expect_text(worker_get(worker, url), text);
    worker_free(worker);
}

/* The streams of a context that was dropped are nobody's. */
static void expect_renewable(void)
{
    struct worker *worker = new_worker();

    for (int i = 0; i < 5; i++) {
        expect_text(worker_get(worker, "https://h/caught"), "RangeError true");
        expect(isolate_renew(worker->isolate) == 0);
        worker_load(worker);
    }
    worker_free(worker);
}

int main(void)
{
    shim_start();
    expect_refused("https://h/kept");
    expect_refused("https://h/bomb");
    expect_answers("https://h/caught", "RangeError true", 3);
    expect_answers("https://h/dropped", "fine", 1);
    expect_answers("https://h/ended", "fine", 1);
    expect_renewable();
    engine_close();
    return 0;
}
