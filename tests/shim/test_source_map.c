/* Stacks and places are told in terms of the files that the worker was bundled from; a map that is
 * none does no harm. */
#include "shim_test.h"

/*
 * The code's line n is src/worker.ts's line n + 10, column for column: the first line's segment is
 * 0 0 10 0 (AAUA), the others' 0 0 1 0 (AACA). A column is found by the segment before it, so that
 * all of a line come to its first column.
 */
static const char map[] =
    "{\"version\":3,\"sources\":[\"src/worker.ts\"],\"mappings\":\"AAUA;AACA;AACA;AACA;AACA;AACA;AACA;AACA;AACA\"}";

static const char source[] =
    "function deep() { throw new TypeError('deep down'); }\n"
    "export default { async fetch(request) {\n"
    "  switch (new URL(request.url).pathname) {\n"
    "    case '/throw': deep(); break;\n"
    "    case '/log': try { deep(); } catch (e) { console.error(e); } break;\n"
    "    case '/trace': console.trace('here'); break;\n"
    "    case '/event': addEventListener('error', (e) => { console.log(e.filename, e.lineno); e.preventDefault(); });\n"
    "      reportError(new Error('x')); break;\n"
    "    case '/import': await import('./main.js.map'); break;\n"
    "  }\n"
    "  return new Response('fine');\n"
    "} };\n";

static struct worker *load(const char *map_text)
{
    const struct file files[] = {{"main.js", source}, {"main.js.map", map_text}, {NULL, NULL}};
    struct worker *worker = worker_new(NULL, files);

    worker_load(worker);
    return worker;
}

static void expect_place(const struct failure *failure, const char *file, uint32_t line)
{
    expect_text(failure->file, file);
    expect(failure->line == line);
}

static void expect_line(struct worker *worker, const char *url, const char *part)
{
    struct op *op;

    expect_text(worker_get(worker, url), "fine");
    op = worker_take(worker, OP_LOG);
    expect(op);
    fprintf(stderr, "%.*s\n", (int)op->log.len, op->log.text);
    expect(memmem(op->log.text, op->log.len, part, strlen(part)));
    expect(!memmem(op->log.text, op->log.len, "main.js", 7));
    op_free(op);
}

static void test_mapped(void)
{
    struct worker *worker = load(map);
    const struct failure *failure = worker_get_failure(worker, "https://h/throw");

    expect_place(failure, "src/worker.ts", 11);
    expect(failure->column == 1);
    expect_text(failure->stack, "TypeError: deep down\n"
                                "    at deep (src/worker.ts:11:1)\n"
                                "    at Object.fetch (src/worker.ts:14:1)");
    expect_line(worker, "https://h/log", "    at deep (src/worker.ts:11:1)");
    expect_line(worker, "https://h/trace", "Trace: here\n    at Object.fetch (src/worker.ts:16:1)");
    expect_line(worker, "https://h/event", "src/worker.ts 18");
    /* It is nothing that code could import. */
    failure = worker_get_failure(worker, "https://h/import");
    expect(strstr(failure->message, "main.js.map"));
    worker_free(worker);
}

static void test_malformed(const char *text)
{
    struct worker *worker = load(text);

    expect_place(worker_get_failure(worker, "https://h/throw"), "main.js", 1);
    expect_text(worker_get(worker, "https://h/"), "fine");
    worker_free(worker);
}

int main(void)
{
    shim_start();
    test_mapped();
    test_malformed("{\"version\":3,\"sources\":[\"a\"],\"mappings\":\"AAAA,!\"}");
    test_malformed("\xff\xfe");
    test_malformed("");
    engine_close();
    return 0;
}
