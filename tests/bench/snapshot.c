/*
 * What a startup snapshot costs each isolate: opening, a new context, start-up and first answer,
 * warm answers, heap and resident memory. Snapshots of several folders, each with prelude.js,
 * snapshot.bin and snapshot.sha256, are measured in turns, one process for each measurement, since
 * V8 takes one snapshot in a process; the first is what the others are compared with.
 *
 * usage: bench_snapshot [--rounds N] [--worker FILE.js] FOLDER ...
 */
#include "snapshot_files.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "shim/shim.h"

#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOLDERS_MAX 16
#define ROUNDS_MAX 101
#define ISOLATES 60 /* of a process */
#define WARM_TASKS 40000

static const char hello[] = "export default { fetch() { return new Response('Hello, world!'); } };";

struct figures {
    double snapshot_kib;
    double open_us;  /* an isolate with its context */
    double renew_us; /* a new context in it */
    double first_us; /* start-up and the first answer */
    double cold_us;  /* open, start-up and the first answer */
    double warm_ns;  /* a further answer */
    double heap_kib; /* in use by an isolate that has answered once */
    double rss_kib;  /* of it */
};

static const struct {
    const char *title;
    size_t offset;
} columns[] = {
    {"snapshot KiB", offsetof(struct figures, snapshot_kib)},
    {"open us", offsetof(struct figures, open_us)},
    {"context us", offsetof(struct figures, renew_us)},
    {"first us", offsetof(struct figures, first_us)},
    {"cold us", offsetof(struct figures, cold_us)},
    {"warm ns", offsetof(struct figures, warm_ns)},
    {"heap KiB", offsetof(struct figures, heap_kib)},
    {"RSS KiB", offsetof(struct figures, rss_kib)},
};

#define COLUMNS (sizeof(columns) / sizeof(columns[0]))

static void die(const char *what)
{
    fprintf(stderr, "bench_snapshot: %s\n", what);
    exit(1);
}

/* One process's measurement. */

struct subject {
    struct script *script;
    struct request *request;
    struct isolate *isolate;
    uint32_t generation;
    unsigned answered;
    size_t heap_bytes;
};

static char *read_source(const char *path)
{
    struct buffer source = {0};
    FILE *file = fopen(path, "rb");
    size_t len;

    if (!file)
        die("the worker cannot be read");
    do {
        len = fread(buffer_reserve(&source, 4096), 1, 4096, file);
        source.len += len;
    } while (len > 0);
    fclose(file);
    buffer_append(&source, "", 1);
    return source.data;
}

static struct script *new_script(const char *source)
{
    struct limits limits = limits_default();
    struct script *script = script_new("bench", "hello", 1, &limits);
    struct error error = {0};

    if (script_set_file(script, 0, "main.js", FILE_MODULE, source, strlen(source)) != 0 ||
        script_seal(script, &error) != 0)
        die(error.message);
    return script;
}

static void ignore_platform(void *arg, uint64_t delay_ns)
{
    (void)arg;
    (void)delay_ns;
}

static void take_ops(struct subject *subject)
{
    struct op_list ops;

    isolate_take_ops(subject->isolate, &ops);
    while (ops.first) {
        struct op *op = ops.first;

        ops.first = op->next;
        subject->answered += op->kind == OP_ANSWER;
        if (op->kind == OP_FAIL || op->kind == OP_LOAD_FAILED)
            die(op->failure.message);
        op_free(op);
    }
}

static void ask(struct subject *subject)
{
    struct event event = {.kind = EVENT_REQUEST, .request = subject->request};

    subject->generation = subject->generation % TICKET_GENERATION_MAX + 1;
    event.ticket = TICKET_OF(1, subject->generation);
    isolate_deliver(subject->isolate, &event);
    take_ops(subject);
}

static void load_in_turn(void *arg)
{
    struct subject *subject = arg;

    isolate_deliver(subject->isolate, &(struct event){.kind = EVENT_LOAD});
    take_ops(subject);
}

static void load_and_ask_in_turn(void *arg)
{
    load_in_turn(arg);
    ask(arg);
}

static void ask_often_in_turn(void *arg)
{
    for (int i = 0; i < WARM_TASKS; i++)
        ask(arg);
}

static void look_at_heap_in_turn(void *arg)
{
    struct subject *subject = arg;

    subject->heap_bytes = isolate_heap_bytes(subject->isolate);
}

static double resident_kib(void)
{
    unsigned long total, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    if (!file || fscanf(file, "%lu %lu", &total, &resident) != 2)
        die("/proc/self/statm cannot be read");
    fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1024;
}

static double us_since(uint64_t begin_ns)
{
    return (double)(clock_thread_cpu_ns() - begin_ns) / NS_PER_US;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof(values[0]), compare);
    return values[count / 2];
}

/* Of isolates that stay. */
static void measure_cold(struct subject *subject, struct isolate *isolates[ISOLATES],
                         struct figures *ret)
{
    const struct isolate_host host = {.platform_task = ignore_platform};
    double open[ISOLATES], first[ISOLATES], cold[ISOLATES], resident = 0;

    for (int i = 0; i < ISOLATES; i++) {
        uint64_t begin_ns;

        if (i == 1) /* what only the first one takes is not an isolate's */
            resident = resident_kib();
        begin_ns = clock_thread_cpu_ns();
        if (isolate_open(subject->script, &host, &isolates[i]) != 0)
            die("no isolate");
        open[i] = us_since(begin_ns);
        subject->isolate = isolates[i];
        isolate_enter(subject->isolate, load_and_ask_in_turn, subject);
        cold[i] = us_since(begin_ns);
        first[i] = cold[i] - open[i];
    }
    if (subject->answered != ISOLATES)
        die("the worker does not answer at once");
    ret->rss_kib = (resident_kib() - resident) / (ISOLATES - 1);
    ret->open_us = median(open, ISOLATES);
    ret->first_us = median(first, ISOLATES);
    ret->cold_us = median(cold, ISOLATES);
    isolate_enter(subject->isolate, look_at_heap_in_turn, subject);
    ret->heap_kib = (double)subject->heap_bytes / 1024;
}

static void measure_warm(struct subject *subject, struct figures *ret)
{
    double warm[8], renew[ISOLATES];

    for (int i = 0; i < 8; i++) {
        uint64_t begin_ns = clock_thread_cpu_ns();

        isolate_enter(subject->isolate, ask_often_in_turn, subject);
        warm[i] = us_since(begin_ns) * 1000 / WARM_TASKS;
    }
    ret->warm_ns = median(warm, 8);
    for (int i = 0; i < ISOLATES; i++) {
        uint64_t begin_ns = clock_thread_cpu_ns();

        if (isolate_renew(subject->isolate) != 0)
            die("no context");
        renew[i] = us_since(begin_ns);
        isolate_enter(subject->isolate, load_in_turn, subject);
    }
    ret->renew_us = median(renew, ISOLATES);
}

struct errand {
    const char *source;
    struct figures figures;
};

static void *measure_on_thread(void *arg)
{
    static struct isolate *isolates[ISOLATES];
    struct errand *errand = arg;
    struct subject subject = {.script = new_script(errand->source)};

    subject.request =
        request_new(bytes_of("GET"), bytes_of("https://hello.bench.isoyard.internal/"),
                    bytes_of("accept\n*/*\n"), (struct bytes){NULL, 0});
    measure_cold(&subject, isolates, &errand->figures);
    measure_warm(&subject, &errand->figures);
    for (int i = 0; i < ISOLATES; i++)
        isolate_close(isolates[i]);
    request_unref(subject.request);
    script_unref(subject.script);
    return NULL;
}

static void measure(const char *folder, const char *source, int to)
{
    struct engine_config engine = {.worker_threads = 1};
    struct errand errand = {.source = source};
    struct error error = {0};
    size_t bytes = snapshot_files_read(folder);
    pthread_attr_t attributes;
    pthread_t thread;

    if (bytes == 0)
        die("a snapshot cannot be read");
    errand.figures.snapshot_kib = (double)bytes / 1024;
    if (engine_open(&engine, &error) != 0)
        die(error.message);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, SHIM_STACK_BYTES);
    if (pthread_create(&thread, &attributes, measure_on_thread, &errand) != 0)
        die("no thread");
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attributes);
    engine_close();
    if (write(to, &errand.figures, sizeof(errand.figures)) != (ssize_t)sizeof(errand.figures))
        die("the figures cannot be written");
}

/* Rounds. */

static struct figures measure_in_child(const char *folder, const char *source)
{
    struct figures figures;
    int ends[2], status;
    pid_t child;

    if (pipe(ends) != 0 || (child = fork()) < 0)
        die("no process");
    if (child == 0) {
        measure(folder, source, ends[1]);
        _exit(0);
    }
    close(ends[1]);
    if (read(ends[0], &figures, sizeof(figures)) != (ssize_t)sizeof(figures))
        die("a measurement has failed");
    close(ends[0]);
    waitpid(child, &status, 0);
    return figures;
}

static double median_of(const struct figures *figures, unsigned rounds, size_t offset)
{
    double values[ROUNDS_MAX];

    for (unsigned i = 0; i < rounds; i++)
        values[i] = *(const double *)((const char *)&figures[i] + offset);
    return median(values, rounds);
}

static const char *name_of(const char *folder)
{
    const char *slash = strrchr(folder, '/');

    return slash ? slash + 1 : folder;
}

static void print(char **folders, int count, struct figures figures[][ROUNDS_MAX], unsigned rounds)
{
    printf("%-16s", "");
    for (size_t i = 0; i < COLUMNS; i++)
        printf(" %16s", columns[i].title);
    for (int k = 0; k < count; k++) {
        printf("\n%-16s", name_of(folders[k]));
        for (size_t i = 0; i < COLUMNS; i++) {
            double value = median_of(figures[k], rounds, columns[i].offset);

            printf(" %9.1f (%4.2f)", value,
                   value / median_of(figures[0], rounds, columns[i].offset));
        }
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"rounds", required_argument, NULL, 'r'}, {"worker", required_argument, NULL, 'w'}, {0}};
    static struct figures figures[FOLDERS_MAX][ROUNDS_MAX];
    const char *source = hello;
    unsigned rounds = 11;
    int option, count;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'r')
            rounds = (unsigned)atoi(optarg);
        else if (option == 'w')
            source = read_source(optarg);
        else
            die("usage: bench_snapshot [--rounds N] [--worker FILE.js] FOLDER ...");
    }
    count = argc - optind;
    if (count < 1 || count > FOLDERS_MAX || rounds < 1 || rounds > ROUNDS_MAX)
        die("usage: bench_snapshot [--rounds N] [--worker FILE.js] FOLDER ...");
    for (unsigned i = 0; i < rounds; i++) {
        for (int k = 0; k < count; k++)
            figures[k][i] = measure_in_child(argv[optind + k], source);
    }
    print(argv + optind, count, figures, rounds);
    return 0;
}
