/* Memory outside of the heap and of ArrayBuffers counts with the latter, by many small pieces as by
 * a large one: what is too much is a RangeError, what was given back can be used again, and other
 * isolates notice nothing. */
#include "shim_test.h"

#include "api/resident.h"

#define MIB ((size_t)1 << 20)
#define BUDGET (16 * MIB)

/* What the process may grow by: AddressSanitizer keeps what was freed. */
#ifdef __SANITIZE_ADDRESS__
#define ROOM (1024 * MIB)
#else
#define ROOM (128 * MIB)
#endif

static const char source[] =
    "let kept = [];\n"
    /* (memory (export \"m\") 1) (func (export \"g\") (param i32) (result i32) local.get 0
       memory.grow) */
    "const growing = new WebAssembly.Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0,\n"
    "  1, 6, 1, 96, 1, 127, 1, 127,  3, 2, 1, 0,  5, 3, 1, 0, 1,  7, 9, 2, 1, 109, 2, 0, 1, 103, 0, 0,\n"
    "  10, 8, 1, 6, 0, 32, 0, 64, 0, 11]));\n"
    "const makers = {\n"
    "  buffer: () => new ArrayBuffer(1 << 20),\n"
    "  memory: () => new WebAssembly.Memory({ initial: 1 }),\n"
    "  empty: () => new WebAssembly.Memory({ initial: 0, maximum: 1 }),\n"
    "  instance: () => new WebAssembly.Instance(growing),\n"
    "  large: () => new WebAssembly.Memory({ initial: 16 * 17 }),\n"
    "  exact: () => new WebAssembly.Memory({ initial: 16 * 16 }),\n"
    "  date: () => new Intl.DateTimeFormat('en', { dateStyle: 'full' }),\n"
    "  number: () => new Intl.NumberFormat('de', { style: 'unit', unit: 'liter' }),\n"
    "  collator: () => new Intl.Collator('sv'),\n"
    "  locale: () => new Intl.Locale('de').maximize(),\n"
    "  segments: () => new Intl.Segmenter('th').segment('text')[Symbol.iterator](),\n"
    "};\n"
    "async function make(name) {\n"
    "  const maker = makers[name];\n"
    "  for (let i = 0; i < 100000; i++) kept.push(maker());\n"
    "}\n"
    "function grow() {\n"
    "  const memory = new WebAssembly.Memory({ initial: 1 });\n"
    "  kept.push(memory);\n"
    "  for (;;) memory.grow(1);\n"
    "}\n"
    "function growInside() {\n"
    "  const { exports } = new WebAssembly.Instance(growing);\n"
    "  kept.push(exports);\n"
    "  let pages = 1;\n"
    "  while (exports.g(1) !== -1) pages++;\n"
    "  return pages;\n"
    "}\n"
    "const actions = {\n"
    "  grow, growInside,\n"
    "  drop: () => (kept = []),\n"
    "  instantiate: async () => { for (;;) kept.push((await WebAssembly.instantiate(growing)).exports); },\n"
    "  one: (name) => { kept = []; kept.push(makers[name]()); },\n"
    "  garbage: (name) => { for (let i = 0; i < 3000; i++) makers[name](); },\n"
    "  strings: () => { for (let i = 0; i < 3000; i++) new Date(0).toLocaleString('fr', { weekday: 'long' }); },\n"
    "  caught: async (name) => {\n"
    "    try { await make(name); } catch (error) { if (error.constructor !== RangeError) throw error; }\n"
    "    return kept.length;\n"
    "  },\n"
    "};\n"
    "export default { async fetch(request) {\n"
    "  const [action, name] = new URL(request.url).pathname.slice(1).split('/');\n"
    "  return new Response(`fine ${action in actions ? await actions[action](name) : await make(action)}`);\n"
    "} };\n";

static struct worker *new_worker(void)
{
    struct limits limits = limits_default();
    struct worker *worker;

    limits.external_bytes = BUDGET;
    worker = worker_new(&limits, (const struct file[]){{"main.js", source}, {NULL, NULL}});
    worker_load(worker);
    return worker;
}

static void get(struct worker *worker, const char *path, const char *wanted)
{
    char url[64];

    snprintf(url, sizeof(url), "https://h/%s", path);
    expect_text(worker_get(worker, url), wanted);
}

static int get_number(struct worker *worker, const char *path)
{
    char url[64];
    int number;

    snprintf(url, sizeof(url), "https://h/%s", path);
    expect(sscanf(worker_get(worker, url), "fine %d", &number) == 1);
    return number;
}

static void expect_refused(struct worker *worker, const char *path)
{
    const struct failure *failure;
    char url[64];

    snprintf(url, sizeof(url), "https://h/%s", path);
    failure = worker_get_failure(worker, url);
    fprintf(stderr, "%s: %s (%llu of %llu)\n", path, failure->message,
            (unsigned long long)failure->used, (unsigned long long)failure->allowed);
    expect(failure->reason == FAILURE_LIMIT_EXCEEDED && failure->limit == LIMIT_EXTERNAL_MEMORY);
    expect(failure->allowed == BUDGET && failure->used > BUDGET);
    expect(!worker->result.is_unusable);
}

/* Each is refused, and what it has left is given back to the next one. */
static void expect_all_refused(void)
{
    static const char *const paths[] = {"buffer", "memory",      "empty", "instance", "large",
                                        "grow",   "instantiate", "date",  "number",   "collator",
                                        "locale", "segments",    "memory"};
    struct worker *worker = new_worker();
    uint64_t before;

    get(worker, "one/date", "fine undefined");
    before = resident_bytes();
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        expect_refused(worker, paths[i]);
        expect(resident_bytes() < before + ROOM);
        get(worker, "drop", "fine ");
    }
    worker_free(worker);
}

/* How many there can be: by the bytes, and small ones of WebAssembly by what they count at least.
 */
static void expect_counts(void)
{
    struct worker *worker = new_worker();

    expect(get_number(worker, "caught/buffer") == 16);
    get(worker, "drop", "fine ");
    expect(get_number(worker, "caught/memory") == 32);
    get(worker, "drop", "fine ");
    expect(get_number(worker, "growInside") == 256);
    get(worker, "drop", "fine ");
    for (int i = 0; i < 3; i++)
        get(worker, "one/exact", "fine undefined");
    expect_refused(worker, "date");
    expect_refused(worker, "buffer");
    get(worker, "drop", "fine ");
    get(worker, "one/date", "fine undefined");
    worker_free(worker);
}

/* What nobody uses any more is collected when room is needed. */
static void expect_garbage_is_collected(void)
{
    struct worker *worker = new_worker();

    get(worker, "garbage/memory", "fine undefined");
    get(worker, "garbage/instance", "fine undefined");
    get(worker, "garbage/date", "fine undefined");
    get(worker, "strings", "fine undefined");
    worker_free(worker);
}

/* One isolate's budget is none of the others', before and after it is gone. */
static void expect_others_unaffected(void)
{
    struct worker *full = new_worker(), *other = new_worker();

    expect_refused(full, "date");
    get(other, "one/date", "fine undefined");
    get(other, "one/exact", "fine undefined");
    expect_refused(full, "date");
    worker_free(full);
    get(other, "one/date", "fine undefined");
    get(other, "growInside", "fine 255");
    full = new_worker();
    worker_free(other);
    get(full, "one/exact", "fine undefined");
    worker_free(full);
}

int main(void)
{
    shim_start();
    expect_all_refused();
    expect_counts();
    expect_garbage_is_collected();
    expect_others_unaffected();
    engine_close();
    return 0;
}
