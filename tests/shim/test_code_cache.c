/* Compiled code is kept when a first execution has been answered, and the next isolate of the same
 * version takes it; V8 rejects none of it. Another tenant, or another version, has its own. A
 * keeper gets it, and gives it back to a process that does not have it. */
#include "shim_test.h"

#include "api/bytes.h"
#include "api/clock.h"

#define TEXT_BYTES ((size_t)500 << 10)

/* Half a megabyte of functions, a tenth of which are called. */
static void append_functions(struct buffer *text)
{
    for (int i = 0; text->len < TEXT_BYTES; i++)
        buffer_append_format(text,
                             "function f%d(a, b) { const c = { a, b, i: %d }; for (const key in c)"
                             " { if (c[key] === b) return [key, a].join('-'); } return '%d'; }\n"
                             "if (%d %% 10 === 0) f%d(1, 2);\n",
                             i, i, i, i, i);
    buffer_append(text, "", 1);
}

static struct code_cache_stats stats_now(void)
{
    struct code_cache_stats stats;

    engine_code_cache_stats(&stats);
    return stats;
}

/* Opens an isolate, has it answer, closes it; how long the first two took, in us. */
static uint64_t answer_once(const char *name, const char *source)
{
    uint64_t start_ns = clock_now_ns(), end_ns;
    struct worker *worker = worker_new(NULL, (const struct file[]){{name, source}, {NULL, NULL}});

    worker_load(worker);
    expect_text(worker_get(worker, "https://h/"), "b-1");
    end_ns = clock_now_ns();
    worker_free(worker);
    return (end_ns - start_ns) / NS_PER_US;
}

static void expect_kept(const char *name, const char *last_line)
{
    struct buffer source = {0};
    struct code_cache_stats before = stats_now(), after;
    uint64_t first_us, then_us;

    append_functions(&source);
    source.len--;
    buffer_append(&source, last_line, strlen(last_line) + 1);
    first_us = answer_once(name, source.data);
    after = stats_now();
    expect(after.misses == before.misses + 1 && after.hits == before.hits);
    expect(after.entries == before.entries + 1);
    expect(after.bytes > before.bytes + 10000 && after.bytes < before.bytes + 4 * TEXT_BYTES);
    then_us = answer_once(name, source.data);
    fprintf(stderr, "%s: first isolate %llu us, second %llu us, %zu bytes of code\n", name,
            (unsigned long long)first_us, (unsigned long long)then_us, after.bytes - before.bytes);
    after = stats_now();
    expect(after.hits == before.hits + 1 && after.misses == before.misses + 1);
    expect(after.rejected == 0 && after.entries == before.entries + 1);
    source.data[source.len - 2] = ' '; /* another text of the same length */
    answer_once(name, source.data);
    after = stats_now();
    expect(after.misses == before.misses + 2 && after.rejected == 0);
    buffer_release(&source);
}

/* What was never answered, or is short, is not kept. */
static void expect_not_kept(void)
{
    struct code_cache_stats before = stats_now(), after;
    struct buffer source = {0};
    struct worker *worker;

    append_functions(&source);
    worker = worker_new_module("export default { fetch: () => new Response('b-1') };");
    worker_load(worker);
    worker_get(worker, "https://h/");
    worker_free(worker);
    source.len--;
    buffer_append_format(&source, "export default { fetch() { throw new Error('no'); } };");
    buffer_append(&source, "", 1);
    worker = worker_loaded(source.data);
    worker_get_failure(worker, "https://h/");
    worker_free(worker);
    after = stats_now();
    expect(after.entries == before.entries && after.misses == before.misses + 1);
    buffer_release(&source);
}

/* What the keeper was told last. */
struct kept {
    struct buffer key, code;
    unsigned count;
};

static void keep(void *arg, struct bytes key, struct bytes code)
{
    struct kept *kept = arg;

    kept->key.len = kept->code.len = 0;
    buffer_append(&kept->key, key.data, key.len);
    buffer_append(&kept->code, code.data, code.len);
    kept->count++;
}

/* What is restored never displaces what is there. */
static void expect_room(void)
{
    const size_t blob_bytes = (size_t)16 << 20;
    char *blob = xcalloc(1, blob_bytes + 1);
    struct code_cache_stats before = stats_now(), after;

    expect(!engine_restore_code(bytes_of("large"), (struct bytes){blob, blob_bytes + 1}));
    expect(engine_restore_code(bytes_of("1"), (struct bytes){blob, blob_bytes}));
    expect(engine_restore_code(bytes_of("2"), (struct bytes){blob, blob_bytes}));
    expect(engine_restore_code(bytes_of("3"), (struct bytes){blob, blob_bytes}));
    expect(!engine_restore_code(bytes_of("4"), (struct bytes){blob, blob_bytes}));
    after = stats_now();
    expect(after.entries == before.entries + 3 && after.bytes == before.bytes + 3 * blob_bytes);
    expect(
        engine_restore_code(bytes_of("4"), (struct bytes){blob, ((size_t)64 << 20) - after.bytes}));
    expect(!engine_restore_code(bytes_of("5"), (struct bytes){blob, 1}));
    free(blob);
}

/* Restores code for a version that no isolate had yet, and has one answer. */
static void answer_restored(const char *name, const char *source, struct bytes code)
{
    struct worker *worker = worker_new(NULL, (const struct file[]){{name, source}, {NULL, NULL}});
    struct buffer key = {0};

    buffer_append(&key, "tenant", sizeof("tenant"));
    buffer_append(&key, worker->script->sha256, sizeof(worker->script->sha256));
    buffer_append_text(&key, name);
    expect(engine_restore_code((struct bytes){key.data, key.len}, code));
    worker_load(worker);
    expect_text(worker_get(worker, "https://h/"), "b-1");
    worker_free(worker);
    buffer_release(&key);
}

static void expect_restored(const char *source, struct kept *kept)
{
    struct bytes code = {kept->code.data, kept->code.len};
    struct code_cache_stats before = stats_now(), after;

    answer_restored("again.js", source, code);
    after = stats_now();
    expect(after.hits == before.hits + 1 && after.misses == before.misses && kept->count == 1);
    code.len /= 2;
    answer_restored("damaged.js", source, code);
    after = stats_now();
    expect(after.rejected == before.rejected + 1 && after.hits == before.hits + 1);
    expect(kept->count == 2 && kept->code.len > code.len); /* it was made anew */
}

/* A keeper gets what is made, once; what is given back is used, unless V8 finds it damaged. */
static void expect_keeper(void)
{
    struct kept kept = {0};
    const struct code_keeper keeper = {keep, &kept};
    struct buffer source = {0};
    struct code_cache_stats before = stats_now(), after;
    char tag[32];

    engine_code_tag(tag, sizeof(tag));
    expect(strncmp(tag, engine_version(), strlen(engine_version())) == 0);
    append_functions(&source);
    source.len--;
    buffer_append_format(&source, "export default { fetch: () => new Response(f17(1, 2)) };");
    buffer_append(&source, "", 1);
    engine_set_code_keeper(&keeper);
    answer_once("kept.js", source.data);
    answer_once("kept.js", source.data);
    after = stats_now();
    expect(kept.count == 1 && kept.code.len == after.bytes - before.bytes);
    expect(engine_restore_code((struct bytes){kept.key.data, kept.key.len}, bytes_of("other")));
    expect(stats_now().bytes == after.bytes);
    expect_restored(source.data, &kept);
    engine_set_code_keeper(NULL);
    buffer_release(&kept.key);
    buffer_release(&kept.code);
    buffer_release(&source);
}

int main(void)
{
    shim_start();
    expect_kept("main.js",
                "export default { async fetch() { await 0; return new Response(f7(1, 2)); } };;");
    expect_kept("main.cjs",
                "addEventListener('fetch', (e) => e.respondWith(new Response(f7(1, 2))));;");
    expect_not_kept();
    expect_keeper();
    expect_room();
    engine_close();
    return 0;
}
