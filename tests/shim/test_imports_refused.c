/* What cannot be imported is refused before anything runs, with the place and the remedy. */
#include "shim_test.h"

struct refusal {
    const char *source;
    const char *message; /* a part of it */
    uint32_t line, column;
};

static const struct refusal refusals[] = {
    {"import fs from 'node:fs';", "module of Node.js", 1, 16},
    {"\n\n  import 'lodash';", "bare name", 3, 10},
    {"import 'lodash';", "'isoyard deploy --bundle'", 1, 8},
    {"import 'https://host/x.js';", "not fetched from the network", 1, 8},
    {"import './missing.js';", "the bundle has no file 'missing.js'; deploy it with the main file",
     1, 8},
    {"import './lib/near';", "did you mean 'lib/near.js'?", 1, 8},
    {"import '../outside.js';", "outside the bundle", 1, 8},
};

static void expect_refused(const struct refusal *refusal)
{
    const struct file files[] = {
        {"main.js", refusal->source}, {"lib/near.js", "import 'nowhere';"}, {NULL, NULL}};
    struct worker *worker = worker_new(NULL, files);
    const struct failure *failure = worker_load_failure(worker);

    fprintf(stderr, "%s\n", failure->message);
    expect(failure->reason == FAILURE_UNRESOLVED_IMPORT && failure->phase == PHASE_STARTUP);
    expect(strstr(failure->message, refusal->message));
    expect_text(failure->file, "main.js");
    expect(failure->line == refusal->line && failure->column == refusal->column);
    worker_free(worker);
}

static void expect_nested_names_its_file(void)
{
    const struct file files[] = {{"main.js", "import './lib/near.js';"},
                                 {"lib/near.js", "\nimport 'nowhere';"},
                                 {NULL, NULL}};
    struct worker *worker = worker_new(NULL, files);
    const struct failure *failure = worker_load_failure(worker);

    expect_text(failure->file, "lib/near.js");
    expect(failure->line == 2);
    worker_free(worker);
}

/* import() rejects, each time it is tried, and the worker goes on. */
static void expect_dynamic_rejects(void)
{
    const struct file files[] = {
        {"main.js",
         "export default { async fetch(request) {\n"
         "  const name = new URL(request.url).pathname.slice(1);\n"
         "  try { await import('./' + name); return new Response('imported'); }\n"
         "  catch (error) { return new Response(error.constructor.name + ': ' + error.message); }\n"
         "} };"},
        {"bad.js", "import 'nowhere';"},
        {"broken.js", "let let = 1;"},
        {"throws.js", "throw new RangeError('thrown');"},
        {NULL, NULL},
    };
    struct worker *worker = worker_new(NULL, files);

    worker_load(worker);
    for (int i = 0; i < 2; i++) {
        expect(strstr(worker_get(worker, "https://h/missing.js"),
                      "TypeError: cannot import './missing.js'"));
        expect(
            strstr(worker_get(worker, "https://h/bad.js"), "TypeError: cannot import 'nowhere'"));
        expect(strstr(worker_get(worker, "https://h/broken.js"), "SyntaxError: "));
        expect_text(worker_get(worker, "https://h/throws.js"), "RangeError: thrown");
    }
    worker_free(worker);
}

int main(void)
{
    shim_start();
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        expect_refused(&refusals[i]);
    expect_nested_names_its_file();
    expect_dynamic_rejects();
    engine_close();
    return 0;
}
