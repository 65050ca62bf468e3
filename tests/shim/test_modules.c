/* Modules of a bundle import each other, statically and dynamically, by paths; import.meta.url
 * names them; top-level await is waited for. */
#include "shim_test.h"

static const struct file files[] = {
    {"main.js",
     "import { name } from './lib/name.js';\n"
     "import * as root from '/other.js';\n"
     "const late = await import('./lib/late.js');\n"
     "await new Promise(resolve => setTimeout(resolve, 7));\n"
     "export default { async fetch() {\n"
     "  const dynamic = await import('./lib/dynamic.js');\n"
     "  return new Response([name, root.value, late.default, dynamic.url, import.meta.url].join(' '));\n"
     "} };\n"},
    {"lib/name.js", "import { value } from '../other.js'; export const name = 'name' + value;"},
    {"lib/late.js", "export default 'late';"},
    {"lib/dynamic.js", "import '../other.js'; export const url = import.meta.url;"},
    {"other.js", "export const value = 7;"},
    {"unused.js", "this is not JavaScript"},
    {NULL, NULL},
};

int main(void)
{
    struct event load = {.kind = EVENT_LOAD};
    struct worker *worker;
    struct op *op;

    shim_start();
    worker = worker_new(NULL, files);
    worker_deliver(worker, &load);
    expect(!worker_take(worker, OP_LOADED));
    expect(worker_fire_timer(worker) == 7);
    op = worker_take(worker, OP_LOADED);
    expect(op);
    op_free(op);
    expect_text(worker_get(worker, "https://h/"),
                "name7 7 late file:///lib/dynamic.js file:///main.js");
    worker_free(worker);
    engine_close();
    return 0;
}
