/*
 * What compiled code that is kept spares an isolate with a script of 500 KB: from its opening to
 * its first answer, on one thread, in process. Three isolates a round: one that compiles and leaves
 * its code; one that takes that; and one that compiles and leaves none, since its task fails. And
 * what it costs to write the code to the disk, and to read it back. Medians of rounds.
 *
 * usage: bench_code_cache [--check] [ROUNDS]
 */
#include "api/bytes.h"
#include "api/clock.h"
#include "shim/shim.h"
#include "store/code_store.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS_DEFAULT 11
#define ROUNDS_MAX 101
#define TEXT_BYTES ((size_t)500 << 10)
#define STORE_BYTES ((uint64_t)256 << 20)

/* Code that was taken answers first in at most this part of the time without any. */
#define AIM 0.5

struct round {
    double without_ms, made_ms, taken_ms, write_ms, read_ms;
};

/* What the keeper was given last. */
static struct buffer kept_key, kept_code;

static void die(const char *what)
{
    fprintf(stderr, "bench_code_cache: %s\n", what);
    exit(1);
}

static double ms_since(uint64_t begin_ns)
{
    return (double)(clock_now_ns() - begin_ns) / NS_PER_MS;
}

static void keep(void *arg, struct bytes key, struct bytes code)
{
    (void)arg;
    kept_key.len = kept_code.len = 0;
    buffer_append(&kept_key, key.data, key.len);
    buffer_append(&kept_code, code.data, code.len);
}

/* Half a megabyte of functions, a tenth of which are called, and a handler. */
static struct script *new_script(unsigned round, const char *handler)
{
    struct limits limits = limits_default();
    struct script *script = script_new("bench", "large", 1, &limits);
    struct buffer text = {0};
    struct error error = {0};

    buffer_append_format(&text, "/* %u */ ", round); /* a version of its own */
    for (int i = 0; text.len < TEXT_BYTES; i++)
        buffer_append_format(&text,
                             "function f%d(a, b) { const c = { a, b, i: %d }; for (const key in c)"
                             " { if (c[key] === b) return [key, a].join('-'); } return '%d'; }\n"
                             "if (%d %% 10 === 0) f%d(1, 2);\n",
                             i, i, i, i, i);
    buffer_append_text(&text, handler);
    if (script_set_file(script, 0, "main.js", FILE_MODULE, text.data, text.len) != 0 ||
        script_seal(script, &error) != 0)
        die(error.message);
    buffer_release(&text);
    return script;
}

struct visit {
    struct isolate *isolate;
    struct request *request;
    bool has_answered;
};

static void take_ops(struct visit *visit)
{
    struct op_list ops;

    isolate_take_ops(visit->isolate, &ops);
    while (ops.first) {
        struct op *op = ops.first;

        ops.first = op->next;
        visit->has_answered |= op->kind == OP_ANSWER;
        op_free(op);
    }
}

static void visit_once(void *arg)
{
    struct visit *visit = arg;
    struct event load = {.kind = EVENT_LOAD};
    struct event event = {
        .kind = EVENT_REQUEST, .ticket = TICKET_OF(1, 1), .request = visit->request};

    isolate_deliver(visit->isolate, &load);
    take_ops(visit);
    isolate_deliver(visit->isolate, &event);
    take_ops(visit);
}

static void ignore_platform(void *arg, uint64_t due_ns)
{
    (void)arg;
    (void)due_ns;
}

/* From opening an isolate to the end of its first task. */
static double measure(struct script *script, bool answers)
{
    const struct isolate_host host = {.platform_task = ignore_platform};
    struct visit visit = {.request = request_new(bytes_of("GET"), bytes_of("https://large/"),
                                                 (struct bytes){0}, (struct bytes){0})};
    uint64_t begin_ns = clock_now_ns();
    double ms;

    if (isolate_open(script, &host, &visit.isolate) != 0)
        die("no isolate");
    isolate_enter(visit.isolate, visit_once, &visit);
    ms = ms_since(begin_ns);
    if (visit.has_answered != answers)
        die("a task did not end as it should");
    isolate_close(visit.isolate);
    request_unref(visit.request);
    return ms;
}

static void measure_isolates(unsigned number, struct round *ret)
{
    struct script *answering =
        new_script(number, "export default { fetch: () => new Response(f7(1, 2)) };");
    struct script *failing = new_script(number, "export default { fetch() { throw f7(1, 2); } };");
    struct code_cache_stats before, after;

    engine_code_cache_stats(&before);
    ret->without_ms = measure(failing, false);
    ret->made_ms = measure(answering, true);
    ret->taken_ms = measure(answering, true);
    engine_code_cache_stats(&after);
    if (after.hits != before.hits + 1 || after.misses != before.misses + 2)
        die("code was not taken as it should be");
    script_unref(answering);
    script_unref(failing);
}

static void measure_disk(struct code_store *store, struct round *ret)
{
    struct bytes key = {kept_key.data, kept_key.len}, code = {kept_code.data, kept_code.len};
    struct stored_code found;
    struct error error = {0};
    uint64_t begin_ns = clock_now_ns();

    if (code_store_put(store, key, code, &error) != 0)
        die(error.message);
    ret->write_ms = ms_since(begin_ns);
    begin_ns = clock_now_ns();
    if (code_store_read(store, INT64_MAX, &found, &error) != 1 || !bytes_equal(found.key, key) ||
        !engine_restore_code(found.key, found.code))
        die("code does not come back from the disk");
    ret->read_ms = ms_since(begin_ns);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Of the figure at `offset` in each round. */
static double median(const struct round *rounds, unsigned count, size_t offset)
{
    double values[ROUNDS_MAX];

    for (unsigned i = 0; i < count; i++)
        memcpy(&values[i], (const char *)&rounds[i] + offset, sizeof(values[i]));
    qsort(values, count, sizeof(values[0]), compare);
    return values[count / 2];
}

#define MEDIAN(figure) median(rounds, count, offsetof(struct round, figure))

/* Whether the aim is met. */
static bool report(const struct round *rounds, unsigned count)
{
    double without_ms = MEDIAN(without_ms), made_ms = MEDIAN(made_ms), taken_ms = MEDIAN(taken_ms);
    bool is_met = taken_ms <= AIM * without_ms;

    printf("from opening to the end of the first task, 500 KB, medians of %u\n", count);
    printf("compiled, no code left       %8.2f ms\n", without_ms);
    printf("compiled, code left          %8.2f ms  %5.2f times that\n", made_ms,
           made_ms / without_ms);
    printf("code taken                   %8.2f ms  %5.2f times that\n", taken_ms,
           taken_ms / without_ms);
    printf("code (%zu bytes) written     %8.2f ms\n", kept_code.len, MEDIAN(write_ms));
    printf("code read back, checked      %8.2f ms\n", MEDIAN(read_ms));
    printf("aim: code taken in at most %.2f times the time without: %s\n", AIM,
           is_met ? "met" : "missed");
    return is_met;
}

static bool run(unsigned count)
{
    const struct code_keeper keeper = {.keep = keep};
    struct round rounds[ROUNDS_MAX];
    char folder[] = "/tmp/isoyard-bench-XXXXXX", path[64];
    struct code_store *store;
    struct error error = {0};

    if (!mkdtemp(folder))
        die("no folder in /tmp");
    snprintf(path, sizeof(path), "%s/code.db", folder);
    if (code_store_open(path, "bench", STORE_BYTES, &store, &error) != 0)
        die(error.message);
    engine_set_code_keeper(&keeper);
    for (unsigned i = 0; i < count; i++) {
        measure_isolates(i, &rounds[i]);
        measure_disk(store, &rounds[i]);
    }
    engine_set_code_keeper(NULL);
    code_store_close(store);
    unlink(path);
    rmdir(folder);
    return report(rounds, count);
}

int main(int argc, char **argv)
{
    bool checks = argc > 1 && strcmp(argv[1], "--check") == 0;
    const char *number = argv[checks ? 2 : 1];
    int rounds = number ? atoi(number) : ROUNDS_DEFAULT;
    struct engine_config engine = {.worker_threads = 1};
    struct error error = {0};
    bool is_met;

    if (argc > 2 + checks || rounds < 1 || rounds > ROUNDS_MAX)
        die("usage: bench_code_cache [--check] [ROUNDS]");
    if (engine_open(&engine, &error) != 0)
        die(error.message);
    is_met = run((unsigned)rounds);
    engine_close();
    buffer_release(&kept_key);
    buffer_release(&kept_code);
    return checks && !is_met ? EXIT_FAILURE : EXIT_SUCCESS;
}
