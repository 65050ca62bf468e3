/* How much WebAssembly an isolate may have compiled at once is bounded, whichever way it is
 * compiled; modules that nobody uses any more make room. */
#include "shim_test.h"

static const char source[] =
    /* A custom section of 1 MiB, and so another module for each number in it. */
    "const bytes = new Uint8Array((1 << 20) + 67);\n"
    "bytes.set([0, 97, 115, 109, 1, 0, 0, 0, 0, 0xb6, 0x80, 0xc0, 0, 1, 65]);\n"
    "let number = 0, kept = [];\n"
    "function next() { new DataView(bytes.buffer).setUint32(100, ++number); return bytes; }\n"
    "const ways = {\n"
    "  constructor: () => new WebAssembly.Module(next()),\n"
    "  compile: () => WebAssembly.compile(next()),\n"
    "  instantiate: () => WebAssembly.instantiate(next()),\n"
    "  streaming: () => WebAssembly.compileStreaming(\n"
    "    new Response(next(), { headers: { 'content-type': 'application/wasm' } })),\n"
    "};\n"
    "export default { async fetch(request) {\n"
    "  const [way, action] = new URL(request.url).pathname.slice(1).split('/');\n"
    "  kept = [];\n"
    "  if (action === 'garbage') { for (let i = 0; i < 300; i++) await ways[way](); return new Response('fine'); }\n"
    "  if (way === 'large') { new WebAssembly.Module(new Uint8Array(22 << 20)); }\n"
    "  try { for (;;) kept.push(await ways[way]()); }\n"
    "  catch (error) { if (!(error instanceof RangeError)) throw error; }\n"
    "  return new Response(String(kept.length));\n"
    "} };\n";

int main(void)
{
    static const char *const ways[] = {"constructor", "compile", "instantiate", "streaming"};
    struct worker *worker;
    char url[64];

    shim_start();
    worker = worker_loaded(source);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        int count;

        snprintf(url, sizeof(url), "https://h/%s", ways[i]);
        count = atoi(worker_get(worker, url));
        fprintf(stderr, "%s: %d MiB\n", ways[i], count);
        expect(count > 100 && count < 128);
    }
    expect_text(worker_get(worker, "https://h/constructor/garbage"), "fine");
    expect(strstr(worker_get_failure(worker, "https://h/large")->message,
                  "RangeError: WebAssembly: the code would take too much memory"));
    worker_free(worker);
    engine_close();
    return 0;
}
