/* Code is made of strings only by workers that were deployed to do so; else all that does it is an
 * EvalError that says why, in a new context as in the first. */
#include "shim_test.h"

static const char source[] =
    "const makers = {\n"
    "  eval: (code) => eval(code),\n"
    "  indirect: (code) => (0, eval)(code),\n"
    "  function: (code) => new Function(`return ${code}`)(),\n"
    "  called: (code) => Function(`return ${code}`)(),\n"
    "  constructor: (code) => (() => {}).constructor(`return ${code}`)(),\n"
    "  generator: (code) => (function* () {}).constructor(`yield ${code}`)().next().value,\n"
    "  async: (code) => (async () => {}).constructor(`return ${code}`)(),\n"
    "  asyncGenerator: async (code) =>\n"
    "    (await (async function* () {}).constructor(`yield ${code}`)().next()).value,\n"
    "};\n"
    "export default { async fetch() {\n"
    "  const results = [];\n"
    "  for (const [name, make] of Object.entries(makers)) {\n"
    "    try { results.push(await make('40 + 2') === 42 ? name : 'wrong ' + name); }\n"
    "    catch (error) {\n"
    "      if (!(error instanceof EvalError && error.message.includes('--allow-eval'))) throw error;\n"
    "      results.push(`no ${name}`);\n"
    "    }\n"
    "  }\n"
    "  return new Response(results.join());\n"
    "} };\n";

static void expect_results(bool allows, const char *wanted)
{
    struct worker *worker = worker_new_module(source);

    worker->script->allows_eval = allows;
    expect(isolate_renew(worker->isolate) == 0); /* the first one was made before */
    for (int i = 0; i < 2; i++) {
        worker_load(worker);
        expect_text(worker_get(worker, "https://h/"), wanted);
        expect(isolate_renew(worker->isolate) == 0);
    }
    worker_free(worker);
}

int main(void)
{
    shim_start();
    expect_results(false, "no eval,no indirect,no function,no called,no constructor,no generator,"
                          "no async,no asyncGenerator");
    expect_results(true,
                   "eval,indirect,function,called,constructor,generator,async,asyncGenerator");
    engine_close();
    return 0;
}
