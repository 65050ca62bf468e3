/*
 * How long a task waits behind another isolate's turn that lasts: a worker spins for SPIN_MS, a
 * hello-world task is submitted right after it to the same lane, and what counts is the time from
 * that submission to its done. Once with the crew's ordinary spares, of which one adopts the lane,
 * and once without, where the task waits for the turn's end. Rounds of both are interleaved.
 *
 * usage: bench_adoption [ROUNDS]
 */
#include "api/bytes.h"
#include "api/clock.h"
#include "pools/crew.h"
#include "pools/pool.h"
#include "shim/shim.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define SPIN_MS 100
#define ROUNDS_DEFAULT 50
#define ROUNDS_MAX 1000
#define TASKS_TIMEOUT_S 30

/* The turn of a spinner that returns late is no spare again yet: a pause before the next round. */
#define PAUSE_MS 20

#define TEXT(x) TEXT_(x)
#define TEXT_(x) #x

static const char hello_source[] =
    "export default { fetch() { return new Response('Hello, world!'); } };";

/* A warm-up asks for /warm, so that both isolates are there and the rounds begin with no load. */
static const char spin_source[] =
    "export default { fetch(request) {"
    "    if (!request.url.endsWith('/warm'))"
    "        for (const end = Date.now() + " TEXT(SPIN_MS) "; Date.now() < end;) {}"
                                                           "    return new Response('done');"
                                                           "} };";

struct side {
    const char *name;
    struct crew *crew;
    struct pool *pool;
    uint64_t adoptions; /* before the rounds */
    double ms[ROUNDS_MAX];
};

struct timed_task {
    struct task task;
    sem_t *is_done;
    uint64_t done_ns;
};

struct bench {
    struct script *hello, *spinner;
    struct request *plain, *warm;
    struct crew_config crew_config;
    struct side with_spares, without;
};

static void die(const char *what)
{
    fprintf(stderr, "bench_adoption: %s\n", what);
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

static struct request *new_request(const char *url)
{
    return request_new(bytes_of("GET"), bytes_of(url), bytes_of("accept\n*/*\n"),
                       (struct bytes){NULL, 0});
}

/* Tasks. */

static void on_done(struct task *task)
{
    struct timed_task *timed = (struct timed_task *)task;

    timed->done_ns = clock_now_ns();
    sem_post(timed->is_done);
}

/* When it was submitted. */
static uint64_t submit(struct side *side, struct timed_task *timed, struct script *script,
                       struct request *request)
{
    uint64_t now_ns = clock_now_ns();

    timed->task = (struct task){
        .kind = TASK_REQUEST,
        .script = script,
        .tenant = script->tenant,
        .request = request,
        .done = on_done,
    };
    if (pool_submit(side->pool, &timed->task) != 0)
        die("the pool refuses a task");
    return now_ns;
}

static void await_two(sem_t *is_done)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += TASKS_TIMEOUT_S;
    for (int i = 0; i < 2;) {
        if (sem_timedwait(is_done, &until) == 0)
            i++;
        else if (errno != EINTR)
            die("a task has not ended after " TEXT(TASKS_TIMEOUT_S) " s");
    }
}

static void check_answer(struct task *task)
{
    if (task->outcome.kind != OUTCOME_ANSWERED)
        die("a task failed");
    outcome_release(&task->outcome);
}

/* Submits the spinner and then the other; milliseconds until the other is done. */
static double run_both(struct bench *bench, struct side *side, struct request *request)
{
    struct timed_task spin = {0}, hello = {0};
    uint64_t submitted_ns;
    sem_t is_done;

    sem_init(&is_done, 0, 0);
    spin.is_done = hello.is_done = &is_done;
    submit(side, &spin, bench->spinner, request);
    submitted_ns = submit(side, &hello, bench->hello, request);
    await_two(&is_done);
    sem_destroy(&is_done);
    check_answer(&spin.task);
    check_answer(&hello.task);
    return (double)(hello.done_ns - submitted_ns) / NS_PER_MS;
}

/* Sides. */

static void side_open(struct side *side, const char *name, const struct crew_config *crew_config)
{
    struct pool_config pool_config = pool_config_default();
    struct error error = {0};

    side->name = name;
    pool_config.lanes = 1;
    if (crew_open(crew_config, &side->crew, &error) != 0 ||
        pool_open(&pool_pinned, &pool_config, side->crew, &side->pool, &error) != 0)
        die(error.message);
}

static void side_close(struct side *side)
{
    pool_close(side->pool);
    crew_close(side->crew);
}

/* Since the rounds began. */
static uint64_t adoptions_of(struct side *side)
{
    struct pool_stats stats;
    uint64_t adoptions;

    pool_stats(side->pool, &stats);
    adoptions = stats.adoptions - side->adoptions;
    pool_stats_release(&stats);
    return adoptions;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Nearest rank, of values in order. */
static double percentile(const double *values, unsigned count, double share)
{
    return values[(unsigned)ceil(share * count) - 1];
}

static void print_side(struct side *side, unsigned rounds)
{
    qsort(side->ms, rounds, sizeof(side->ms[0]), compare);
    printf("%-24s %8.2f %8.2f %8.2f %8.2f %12" PRIu64 "\n", side->name, side->ms[0],
           percentile(side->ms, rounds, 0.5), percentile(side->ms, rounds, 0.99),
           side->ms[rounds - 1], adoptions_of(side));
}

/* The whole. */

static void bench_open(struct bench *bench)
{
    struct crew_config alone;

    bench->crew_config = alone = crew_config_default();
    alone.spares = 0;
    bench->hello = new_script("hello", hello_source);
    bench->spinner = new_script("spinner", spin_source);
    bench->plain = new_request("https://bench.isoyard.internal/");
    bench->warm = new_request("https://bench.isoyard.internal/warm");
    side_open(&bench->with_spares, "with spares", &bench->crew_config);
    side_open(&bench->without, "without spares", &alone);
}

static void bench_close(struct bench *bench)
{
    side_close(&bench->with_spares);
    side_close(&bench->without);
    request_unref(bench->plain);
    request_unref(bench->warm);
    script_unref(bench->hello);
    script_unref(bench->spinner);
}

static void warm_up(struct bench *bench, struct side *side)
{
    run_both(bench, side, bench->warm);
    side->adoptions = adoptions_of(side);
}

static void run_rounds(struct bench *bench, unsigned rounds)
{
    static const struct timespec pause = {.tv_nsec = PAUSE_MS * NS_PER_MS};

    warm_up(bench, &bench->with_spares);
    warm_up(bench, &bench->without);
    for (unsigned i = 0; i < rounds; i++) {
        nanosleep(&pause, NULL);
        bench->with_spares.ms[i] = run_both(bench, &bench->with_spares, bench->plain);
        nanosleep(&pause, NULL);
        bench->without.ms[i] = run_both(bench, &bench->without, bench->plain);
    }
}

static void check_adoptions(struct bench *bench, unsigned rounds)
{
    if (adoptions_of(&bench->with_spares) < rounds)
        die("the lane was not adopted in every round");
    if (adoptions_of(&bench->without) > 0)
        die("a lane was adopted where there are no spares");
}

static void report(struct bench *bench, unsigned rounds)
{
    printf("ms from submit to done   %8s %8s %8s %8s %12s   (%u rounds behind a turn of %d ms; "
           "%u spares, adopt after %" PRIu64 " ms)\n",
           "min", "p50", "p99", "max", "adoptions", rounds, SPIN_MS, bench->crew_config.spares,
           bench->crew_config.adopt_after_ms);
    print_side(&bench->with_spares, rounds);
    print_side(&bench->without, rounds);
}

int main(int argc, char **argv)
{
    int rounds = argc > 1 ? atoi(argv[1]) : ROUNDS_DEFAULT;
    struct engine_config engine = {.worker_threads = 1};
    static struct bench bench;
    struct error error = {0};

    if (argc > 2 || rounds < 1 || rounds > ROUNDS_MAX)
        die("usage: bench_adoption [ROUNDS], from 1 to " TEXT(ROUNDS_MAX));
    if (engine_open(&engine, &error) != 0)
        die(error.message);
    bench_open(&bench);
    run_rounds(&bench, (unsigned)rounds);
    report(&bench, (unsigned)rounds);
    check_adoptions(&bench, (unsigned)rounds);
    bench_close(&bench);
    engine_close();
    return 0;
}
