/* Files that are no JavaScript are imported by the kind that they were deployed as, statically and
 * dynamically; what an import asserts must be true; what is malformed is refused, and said where.
 */
#include "shim_test.h"

#include <v8-version.h>

/* What stands before an import's attributes: the word has changed. 11.3 knows both. */
#if V8_MAJOR_VERSION < 11
#define WITH "assert"
#else
#define WITH "with"
#endif

#define ADD_WASM                                                                                   \
    "00 61 73 6d 01 00 00 00  01 07 01 60 02 7f 7f 01 7f  03 02 01 00  07 07 01 03 61 64 64 00 00" \
    " 0a 09 01 07 00 20 00 20 01 6a 0b"

static void expect_imports(void)
{
    static const struct file files[] = {
        {"main.js",
         "import text from './lib/text.txt';\n"
         "import again from '/lib/text.txt' " WITH " {type: 'text'};\n"
         "import json, { default as same } from './data.json' " WITH " {type: 'json'};\n"
         "import add from './add.wasm';\n"
         "import * as bytes from './bytes.bin';\n"
         "import { seen } from './lib/user.js';\n"
         "export default { async fetch() {\n"
         "  const late = await import('./late.json', {" WITH ": {type: 'json'}});\n"
         "  const wasm = await import('./add.wasm', {" WITH ": {type: 'wasm'}});\n"
         "  const instance = new WebAssembly.Instance(add);\n"
         "  return new Response([text, again === text, json.a[1], same === json, seen === json,\n"
         "    instance.exports.add(3, 4), wasm.default === add, add instanceof WebAssembly.Module,\n"
         "    new Uint8Array(bytes.default).join(), Object.keys(bytes), late.default].join(' '));\n"
         "} };\n"},
        {"lib/text.txt", "\xef\xbb\xbf"
                         "caf\u00e9"},
        {"lib/user.js", "import json from '../data.json'; export const seen = json;"},
        {"data.json", "\xef\xbb\xbf{\"a\": [1, 2]}"},
        {"late.json", "\"late\""},
        {"add.wasm", ADD_WASM},
        {"bytes.bin", "00 ff"},
        {NULL, NULL},
    };
    struct worker *worker = worker_new(NULL, files);

    worker_load(worker);
    for (int i = 0; i < 2; i++)
        expect_text(worker_get(worker, "https://h/"),
                    "caf\u00e9 true 2 true true 7 true true 0,255 default late");
    worker_free(worker);
}

struct refusal {
    const char *source;
    enum failure_reason reason;
    const char *message;
};

static const struct refusal refusals[] = {
    {"import './a.json' " WITH " {type: 'css'};", FAILURE_UNRESOLVED_IMPORT,
     "cannot import './a.json' as type 'css': the file was deployed as a file of type 'json'"},
    {"import './a.js' " WITH " {type: 'json'};", FAILURE_UNRESOLVED_IMPORT,
     "cannot import './a.js' as type 'json': the file was deployed as a module"},
    {"import './a.json' " WITH " {integrity: 'x'};", FAILURE_UNRESOLVED_IMPORT,
     "there is nothing like 'integrity' to assert"},
    {"import './bad.json';", FAILURE_SYNTAX, "SyntaxError: bad.json:2:5: Unexpected token"},
    {"import './bad.wasm';", FAILURE_SYNTAX, "CompileError: bad.wasm: expected magic word"},
    {"import { a } from './a.json';", FAILURE_SYNTAX, "does not provide an export named 'a'"},
};

static void expect_refused(const struct refusal *refusal)
{
    const struct file files[] = {{"main.js", refusal->source}, {"a.js", ""},
                                 {"a.json", "{\"a\": 1}"},     {"bad.json", "{\n\"a\":}"},
                                 {"bad.wasm", "01 61 73 6d"},  {NULL, NULL}};
    struct worker *worker = worker_new(NULL, files);
    const struct failure *failure = worker_load_failure(worker);

    fprintf(stderr, "%s\n", failure->message);
    expect(failure->reason == refusal->reason);
    expect(strstr(failure->message, refusal->message));
    worker_free(worker);
}

/* import() rejects with what the file is at fault for, and the worker goes on. */
static void expect_dynamic_rejects(void)
{
    const struct file files[] = {
        {"main.js",
         "export default { async fetch(request) {\n"
         "  const [name, type] = new URL(request.url).pathname.slice(1).split(':');\n"
         "  try { await import('./' + name, type && {assert: {type}, with: {type}});\n"
         "    return new Response('imported'); }\n"
         "  catch (error) { return new Response(`${error.constructor.name}: ${error.message}`); }\n"
         "} };"},
        {"a.json", "1"},
        {"bad.json", "{"},
        {"bad.wasm", "00 61 73 6d 02 00 00 00"},
        {"large.bin", "00 00 00 00 00 00 00 00 00"},
        {NULL, NULL},
    };
    struct limits limits = limits_default();
    struct worker *worker;

    limits.external_bytes = 8;
    worker = worker_new(&limits, files);
    worker_load(worker);
    for (int i = 0; i < 2; i++) {
        expect_text(worker_get(worker, "https://h/a.json"), "imported");
        expect_text(worker_get(worker, "https://h/a.json:json"), "imported");
        expect(strstr(worker_get(worker, "https://h/a.json:text"), "TypeError: cannot import"));
        expect(strstr(worker_get(worker, "https://h/bad.json"), "SyntaxError: bad.json:1:2: "));
        expect(
            strstr(worker_get(worker, "https://h/bad.wasm"), "CompileError: bad.wasm: expected "));
        expect_text(worker_get(worker, "https://h/large.bin"),
                    "RangeError: large.bin: Array buffer allocation failed");
    }
    worker_free(worker);
}

int main(void)
{
    shim_start();
    expect_imports();
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++)
        expect_refused(&refusals[i]);
    expect_dynamic_rejects();
    engine_close();
    return 0;
}
