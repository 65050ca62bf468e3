/* The built-ins that V8 cannot interrupt: those that are guarded refuse at once, and sorting can be
 * stopped. */
#include "shim_test.h"

#include "api/clock.h"

static const char source[] =
    "const numbers = Array.from({ length: 2 ** 21 }, Math.random);\n"
    "const like = length => ({ length });\n"
    "const { prototype } = Array;\n"
    "const attempts = [\n"
    "  () => Array(2 ** 32 - 2).fill(1),\n"
    "  () => Array(2 ** 32 - 2).indexOf(1),\n"
    "  () => Array(2 ** 32 - 2).lastIndexOf(1),\n"
    "  () => prototype.includes.call(like(2 ** 53 - 1), 1),\n"
    "  () => Array(2 ** 32 - 2).reverse(),\n"
    "  () => Array(2 ** 32 - 2).copyWithin(1, 2),\n"
    "  () => Array(2 ** 32 - 2).splice(1, 0, 2),\n"
    "  () => Array(2 ** 32 - 2).unshift(1),\n"
    "  () => Array(2 ** 32 - 2).shift(),\n"
    "  () => Array(2 ** 32 - 2).slice(1),\n"
    "  () => Array(2 ** 32 - 2).sort(),\n"
    "  () => prototype.sort.call(like(2 ** 53 - 1)),\n"
    "  () => Array.from({ length: 1e9 }),\n"
    "];\n"
    "export default { fetch(request) {\n"
    "  if (request.url.endsWith('/sort')) numbers.sort();\n"
    "  let refused = 0;\n"
    "  for (const attempt of attempts) {\n"
    "    try { attempt(); } catch (error) { if (error instanceof RangeError) refused++; }\n"
    "  }\n"
    "  return new Response(refused === attempts.length ? 'fine' : String(refused));\n"
    "} };\n";

/* CPU time: far above what the stop takes, far below the seconds of V8's own sort. */
#define STOPPED_WITHIN_NS (1 * NS_PER_S)

int main(void)
{
    struct terminator terminator;
    struct worker *worker;
    uint64_t began_ns, used_ns;

    shim_start();
    worker = worker_loaded(source);
    expect_text(worker_get(worker, "https://h/"), "fine");
    terminator_start(&terminator, worker);
    began_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID);
    worker_fetch(worker, "GET", "https://h/sort", "", NULL);
    used_ns = clock_read_ns(CLOCK_THREAD_CPUTIME_ID) - began_ns;
    terminator_stop(&terminator);
    fprintf(stderr, "stopped after %llu ms\n", (unsigned long long)(used_ns / NS_PER_MS));
    expect(used_ns < STOPPED_WITHIN_NS);
    expect(worker->result.was_terminated && !worker->result.is_unusable);
    worker_free(worker);
    engine_close();
    return 0;
}
