/*
 * What a worker gains that takes a second lane, and what its neighbours lose. Two pools of two
 * lanes, one that spreads and one that does not (--spread 0); a hot worker, of which 16 tasks are
 * under way all the time, each TASK_MS of CPU time.
 *
 * First its throughput in both, in alternating rounds. Then, in the pool that spreads, how long a
 * hello-world task of a quiet worker with the same first lane takes, alone and beside the hot one.
 *
 * usage: bench_spread [--check] [ROUNDS]
 */
#include "pools/spread.h"
#include "api/bytes.h"
#include "api/clock.h"
#include "pools/crew.h"
#include "pools/pool.h"
#include "pools/rendezvous.h"
#include "shim/shim.h"

#include <inttypes.h>
#include <math.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LANES 2
#define TASK_MS 20
#define HOT_TASKS 16
#define ROUNDS_DEFAULT 9
#define ROUNDS_MAX 100

/* Of a round: until the worker has taken what lanes it takes, and what is counted. */
#define LEAD_MS 400
#define COUNTED_MS 1000

#define QUIET_TASKS 300
#define QUIET_EVERY_US 3000

/* The aims. */
#define GAIN_MIN 1.7
#define QUIET_FACTOR 3
#define QUIET_MORE_MS 10

#define CALIBRATIONS 20

static const char hello_source[] =
    "export default { fetch() { return new Response('Hello, world!'); } };";

/* Works for as many steps as its path says. */
static const char hot_source[] = "export default { fetch(request) {"
                                 "    const steps = Number(new URL(request.url).pathname.slice(1));"
                                 "    let x = 0;"
                                 "    for (let i = 0; i < steps; i++) x = (x * 31 + i) | 0;"
                                 "    return new Response(String(x));"
                                 "} };";

struct side {
    const char *name;
    struct crew *crew;
    struct pool *pool;
    double per_s[ROUNDS_MAX];
};

struct hot_task {
    struct task task;
    struct bench *bench;
};

struct bench {
    struct script *hot, *quiet;
    struct request *work, *plain;
    struct side spreading, staying;
    struct side *side; /* whose round it is */
    struct hot_task tasks[HOT_TASKS];
    atomic_bool is_stopping;
    atomic_uint done; /* hot tasks */
    sem_t idle;       /* posted by each hot task that is not submitted again */
    double alone_ms[ROUNDS_MAX], beside_ms[ROUNDS_MAX];
};

struct timed_task {
    struct task task;
    sem_t is_done;
    uint64_t done_ns;
};

static void die(const char *what)
{
    fprintf(stderr, "bench_spread: %s\n", what);
    exit(1);
}

static struct script *new_script(const char *worker, const char *source)
{
    struct limits limits = limits_default();
    struct script *script = script_new("bench", worker, 1, &limits);
    struct error error = {0};

    if (script_set_file(script, 0, "main.js", FILE_MODULE, source, strlen(source)) != 0 ||
        script_seal(script, &error) != 0)
        die(error.message);
    return script;
}

/* A worker with the same first lane, which is counted by itself. */
static struct script *new_neighbour(const struct script *of, const char *source)
{
    for (unsigned i = 0;; i++) {
        char name[32];
        struct script *script;

        snprintf(name, sizeof(name), "quiet%u", i);
        script = new_script(name, source);
        if (rendezvous_pick(script->worker_key, LANES) == rendezvous_pick(of->worker_key, LANES) &&
            script->worker_key % SPREAD_SLOTS != of->worker_key % SPREAD_SLOTS)
            return script;
        script_unref(script);
    }
}

static struct request *new_request(const char *url)
{
    return request_new(bytes_of("GET"), bytes_of(url), bytes_of("accept\n*/*\n"),
                       (struct bytes){NULL, 0});
}

static struct request *new_work(unsigned steps)
{
    char url[80];

    snprintf(url, sizeof(url), "https://bench.isoyard.internal/%u", steps);
    return new_request(url);
}

static void sleep_us(uint64_t us)
{
    const struct timespec time = {.tv_sec = (time_t)(us / 1000000),
                                  .tv_nsec = (long)(us % 1000000 * NS_PER_US)};

    nanosleep(&time, NULL);
}

static void check_answer(struct task *task)
{
    if (task->outcome.kind != OUTCOME_ANSWERED)
        die("a task failed");
    outcome_release(&task->outcome);
}

/* A single task. */

static void on_timed_done(struct task *task)
{
    struct timed_task *timed = (struct timed_task *)task;

    timed->done_ns = clock_now_ns();
    sem_post(&timed->is_done);
}

/* Milliseconds from its submission to its done; *ret_cpu_us may be NULL. */
static double run_one(struct side *side, struct script *script, struct request *request,
                      uint64_t *ret_cpu_us)
{
    struct timed_task timed = {.task = {.kind = TASK_REQUEST,
                                        .script = script,
                                        .tenant = script->tenant,
                                        .request = request,
                                        .done = on_timed_done}};
    uint64_t submitted_ns = clock_now_ns();

    sem_init(&timed.is_done, 0, 0);
    if (pool_submit(side->pool, &timed.task) != 0)
        die("the pool refuses a task");
    while (sem_wait(&timed.is_done) != 0)
        ;
    sem_destroy(&timed.is_done);
    if (ret_cpu_us)
        *ret_cpu_us = timed.task.report.cpu_us;
    check_answer(&timed.task);
    return (double)(timed.done_ns - submitted_ns) / NS_PER_MS;
}

/* The hot worker. */

static void on_hot_done(struct task *task)
{
    struct bench *bench = ((struct hot_task *)task)->bench;

    check_answer(task);
    atomic_fetch_add_explicit(&bench->done, 1, memory_order_relaxed);
    if (atomic_load_explicit(&bench->is_stopping, memory_order_relaxed))
        sem_post(&bench->idle);
    else if (pool_submit(bench->side->pool, task) != 0)
        die("the pool refuses a task");
}

static void heat(struct bench *bench, struct side *side)
{
    bench->side = side;
    atomic_store_explicit(&bench->is_stopping, false, memory_order_relaxed);
    for (int i = 0; i < HOT_TASKS; i++) {
        struct hot_task *hot = &bench->tasks[i];

        hot->bench = bench;
        hot->task = (struct task){.kind = TASK_REQUEST,
                                  .script = bench->hot,
                                  .tenant = bench->hot->tenant,
                                  .request = bench->work,
                                  .done = on_hot_done};
        if (pool_submit(side->pool, &hot->task) != 0)
            die("the pool refuses a task");
    }
    sleep_us(LEAD_MS * 1000);
}

static void cool(struct bench *bench)
{
    atomic_store_explicit(&bench->is_stopping, true, memory_order_relaxed);
    for (int i = 0; i < HOT_TASKS; i++) {
        while (sem_wait(&bench->idle) != 0)
            ;
    }
}

static unsigned done_by_now(struct bench *bench)
{
    return atomic_load_explicit(&bench->done, memory_order_relaxed);
}

/* Tasks per second. */
static double run_hot(struct bench *bench, struct side *side)
{
    uint64_t start_ns, end_ns;
    unsigned before, after;

    heat(bench, side);
    before = done_by_now(bench);
    start_ns = clock_now_ns();
    sleep_us(COUNTED_MS * 1000);
    after = done_by_now(bench);
    end_ns = clock_now_ns();
    cool(bench);
    return (after - before) * (double)NS_PER_S / (double)(end_ns - start_ns);
}

/* The quiet one. */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Nearest rank; sorts. */
static double percentile(double *values, unsigned count, double share)
{
    qsort(values, count, sizeof(values[0]), compare);
    return values[(unsigned)ceil(share * count) - 1];
}

/* p99 in milliseconds. */
static double run_quiet(struct bench *bench)
{
    double ms[QUIET_TASKS];

    for (int i = 0; i < QUIET_TASKS; i++) {
        ms[i] = run_one(&bench->spreading, bench->quiet, bench->plain, NULL);
        sleep_us(QUIET_EVERY_US);
    }
    return percentile(ms, QUIET_TASKS, 0.99);
}

/* The whole. */

static void side_open(struct side *side, const char *name, bool is_spreading)
{
    struct crew_config crew_config = crew_config_default();
    struct pool_config pool_config = pool_config_default();
    struct error error = {0};

    side->name = name;
    pool_config.lanes = LANES;
    if (!is_spreading)
        pool_config.spread = 0;
    if (crew_open(&crew_config, &side->crew, &error) != 0 ||
        pool_open(&pool_pinned, &pool_config, side->crew, &side->pool, &error) != 0)
        die(error.message);
}

static void side_close(struct side *side)
{
    pool_close(side->pool);
    crew_close(side->crew);
}

/* How many steps take TASK_MS of CPU time, once V8 has optimised them. */
static unsigned calibrate(struct bench *bench)
{
    unsigned steps = 10 * 1000 * 1000;
    struct request *request = new_work(steps);
    uint64_t least_us = UINT64_MAX;

    for (int i = 0; i < CALIBRATIONS; i++) {
        uint64_t cpu_us;

        run_one(&bench->staying, bench->hot, request, &cpu_us);
        if (cpu_us > 0 && cpu_us < least_us)
            least_us = cpu_us;
    }
    request_unref(request);
    return (unsigned)((double)steps * TASK_MS * 1000 / (double)least_us);
}

static void bench_open(struct bench *bench)
{
    side_open(&bench->spreading, "two lanes", true);
    side_open(&bench->staying, "one lane (spread 0)", false);
    sem_init(&bench->idle, 0, 0);
    bench->hot = new_script("hot", hot_source);
    bench->quiet = new_neighbour(bench->hot, hello_source);
    bench->plain = new_request("https://bench.isoyard.internal/");
    bench->work = new_work(calibrate(bench));
}

static void bench_close(struct bench *bench)
{
    side_close(&bench->spreading);
    side_close(&bench->staying);
    sem_destroy(&bench->idle);
    request_unref(bench->work);
    request_unref(bench->plain);
    script_unref(bench->hot);
    script_unref(bench->quiet);
}

static void run_rounds(struct bench *bench, unsigned rounds)
{
    run_hot(bench, &bench->spreading); /* isolates and optimised code are there afterwards */
    run_hot(bench, &bench->staying);
    run_quiet(bench);
    for (unsigned i = 0; i < rounds; i++) {
        bench->spreading.per_s[i] = run_hot(bench, &bench->spreading);
        bench->staying.per_s[i] = run_hot(bench, &bench->staying);
        bench->alone_ms[i] = run_quiet(bench);
        heat(bench, &bench->spreading);
        bench->beside_ms[i] = run_quiet(bench);
        cool(bench);
    }
}

static uint64_t spreads_of(struct side *side)
{
    struct pool_stats stats;
    uint64_t spreads;

    pool_stats(side->pool, &stats);
    spreads = stats.spreads;
    pool_stats_release(&stats);
    return spreads;
}

static void print_side(struct side *side, unsigned rounds)
{
    double median = percentile(side->per_s, rounds, 0.5);

    printf("%-24s %8.1f %8.1f %8.1f %10" PRIu64 "\n", side->name, side->per_s[0], median,
           side->per_s[rounds - 1], spreads_of(side));
}

static void print_quiet(const char *name, double *ms, unsigned rounds)
{
    double median = percentile(ms, rounds, 0.5);

    printf("%-24s %8.2f %8.2f %8.2f\n", name, ms[0], median, ms[rounds - 1]);
}

/* Whether the aims are met. */
static bool report(struct bench *bench, unsigned rounds)
{
    double gain, alone_ms, beside_ms;

    printf("hot tasks per second     %8s %8s %8s %10s   (%u rounds; tasks of %d ms of CPU)\n",
           "min", "median", "max", "spreads", rounds, TASK_MS);
    print_side(&bench->spreading, rounds);
    print_side(&bench->staying, rounds);
    printf("p99 of quiet tasks, ms   %8s %8s %8s\n", "min", "median", "max");
    print_quiet("alone", bench->alone_ms, rounds);
    print_quiet("beside the hot worker", bench->beside_ms, rounds);
    gain = percentile(bench->spreading.per_s, rounds, 0.5) /
           percentile(bench->staying.per_s, rounds, 0.5);
    alone_ms = percentile(bench->alone_ms, rounds, 0.5);
    beside_ms = percentile(bench->beside_ms, rounds, 0.5);
    printf("two lanes : one %.2f (aim: at least %.1f); quiet p99 %.2f ms (aim: at most %.2f)\n",
           gain, GAIN_MIN, beside_ms, QUIET_FACTOR * alone_ms + QUIET_MORE_MS);
    return gain >= GAIN_MIN && beside_ms <= QUIET_FACTOR * alone_ms + QUIET_MORE_MS;
}

static void check_spreads(struct bench *bench)
{
    if (spreads_of(&bench->spreading) == 0)
        die("the hot worker took no second lane");
    if (spreads_of(&bench->staying) > 0)
        die("a worker took a second lane where none may");
}

int main(int argc, char **argv)
{
    bool is_checked = argc > 1 && strcmp(argv[1], "--check") == 0;
    int at = is_checked ? 2 : 1;
    int rounds = argc > at ? atoi(argv[at]) : ROUNDS_DEFAULT;
    struct engine_config engine = {.worker_threads = 1};
    static struct bench bench;
    struct error error = {0};
    bool is_met;

    if (argc > at + 1 || rounds < 1 || rounds > ROUNDS_MAX)
        die("usage: bench_spread [--check] [ROUNDS], from 1 to 100");
    if (engine_open(&engine, &error) != 0)
        die(error.message);
    bench_open(&bench);
    run_rounds(&bench, (unsigned)rounds);
    is_met = report(&bench, (unsigned)rounds);
    check_spreads(&bench);
    bench_close(&bench);
    engine_close();
    return is_checked && !is_met ? 1 : 0;
}
