/* JavaScript that does not end is cut off, wherever it loops; afterwards the isolate runs, unless a
 * checkpoint was hit. */
#include "shim_test.h"

static const char source[] =
    "export default { async fetch(request) {\n"
    "  switch (new URL(request.url).pathname) {\n"
    "    case '/loop': for (;;);\n"
    "    case '/catch': for (;;) { try { for (;;); } catch {} finally { for (;;); } }\n"
    "    case '/getter': JSON.stringify({ get x() { for (;;); } }); break;\n"
    "    case '/regexp': /(a*)*b/.test('a'.repeat(50)); break;\n"
    "    case '/sort': [3, 2, 1].sort(() => { for (;;); }); break;\n"
    "    case '/microtask': await null; for (;;);\n"
    "    case '/flood': (function again() { Promise.resolve().then(again); })(); break;\n"
    "  }\n"
    "  return new Response('fine');\n"
    "} };\n";

static void expect_cut_off(struct worker *worker, const char *url, bool is_unusable)
{
    struct terminator terminator;

    terminator_start(&terminator, worker);
    worker_fetch(worker, "GET", url, "", NULL);
    terminator_stop(&terminator);
    expect(worker->result.was_terminated);
    expect(worker->result.is_unusable == is_unusable);
    expect(worker->result.limit == LIMIT_NONE);
}

int main(void)
{
    static const char *const sync[] = {"https://h/loop", "https://h/catch", "https://h/getter",
                                       "https://h/regexp", "https://h/sort"};
    static const char *const async[] = {"https://h/microtask", "https://h/flood"};
    struct worker *worker;

    shim_start();
    worker = worker_loaded(source);
    for (size_t i = 0; i < sizeof(sync) / sizeof(sync[0]); i++) {
        expect_cut_off(worker, sync[i], false);
        expect(!worker_take(worker, OP_ANSWER));
        expect_text(worker_get(worker, "https://h/"), "fine");
    }
    worker_free(worker);
    for (size_t i = 0; i < sizeof(async) / sizeof(async[0]); i++) {
        worker = worker_loaded(source);
        expect_cut_off(worker, async[i], true);
        worker_free(worker);
    }
    engine_close();
    return 0;
}
