/*
 * How a shared pool hands one isolate round: 8 lanes, one isolate, 16 callers that each have one
 * task in flight. With the fair hand-off (fifo), with the naive one (mutex), and, beside them, in a
 * pinned pool, where one lane has the isolate for itself. Rounds of all are interleaved; medians of
 * the rounds are shown.
 *
 * The workloads are those of the comparison: "warm" adds 1,000 numbers, "cpu" sums 10,000 times
 * sqrt(i) * sin(i).
 *
 * usage: bench_handoff [ROUNDS [MILLISECONDS]]
 */
#include "api/bytes.h"
#include "api/clock.h"
#include "pools/crew.h"
#include "pools/pool.h"
#include "shim/shim.h"

#include <inttypes.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define LANES 8
#define CALLERS 16
#define ROUNDS_MAX 100
#define WORKLOADS 2

static const char *const workload_names[WORKLOADS] = {"warm", "cpu"};

static const char *const sources[WORKLOADS] = {
    "export default { scheduled() { let sum = 0; for (let i = 0; i < 1000; i++) sum += i; } };",
    "export default { scheduled() { let sum = 0;"
    " for (let i = 0; i < 10000; i++) sum += Math.sqrt(i) * Math.sin(i); } };",
};

struct arm {
    const char *name;
    const struct pool_ops *ops;
    enum handoff handoff;
    struct pool *pool;
};

struct caller {
    struct task task;
    struct round *round;
    uint64_t started_ns;
    uint64_t longest_ns;
    unsigned done;
};

/* A caller's fields are whose thread runs its done; between two tasks the pool hands them on. */
struct round {
    struct pool *pool;
    uint64_t until_ns;
    atomic_uint running;
    sem_t is_over;
    struct caller callers[CALLERS];
};

struct figures {
    double per_s;
    double slowest; /* tasks of the slowest caller, as a share of the mean */
    double longest_us;
};

static void die(const char *what)
{
    fprintf(stderr, "bench_handoff: %s\n", what);
    exit(1);
}

static struct script *new_script(unsigned workload)
{
    struct limits limits = limits_default();
    struct script *script = script_new("bench", workload_names[workload], 1, &limits);
    struct error error = {0};

    if (script_set_file(script, 0, "main.js", FILE_MODULE, sources[workload],
                        strlen(sources[workload])) != 0 ||
        script_seal(script, &error) != 0)
        die(error.message);
    return script;
}

/* Rounds. */

static void submit(struct caller *caller)
{
    caller->started_ns = clock_now_ns();
    if (pool_submit(caller->round->pool, &caller->task) != 0)
        die("the pool refuses a task");
}

static void on_done(struct task *task)
{
    struct caller *caller = (struct caller *)task;
    struct round *round = caller->round;
    uint64_t now_ns = clock_now_ns(), took_ns = now_ns - caller->started_ns;

    if (task->outcome.kind != OUTCOME_ANSWERED)
        die("a task failed");
    outcome_release(&task->outcome);
    caller->done++;
    if (took_ns > caller->longest_ns)
        caller->longest_ns = took_ns;
    if (now_ns < round->until_ns)
        submit(caller);
    else if (atomic_fetch_sub(&round->running, 1) == 1)
        sem_post(&round->is_over);
}

static struct figures summarise(const struct round *round, uint64_t took_ns)
{
    unsigned total = 0, least = UINT32_MAX;
    uint64_t longest_ns = 0;

    for (int i = 0; i < CALLERS; i++) {
        const struct caller *c = &round->callers[i];

        total += c->done;
        least = c->done < least ? c->done : least;
        longest_ns = c->longest_ns > longest_ns ? c->longest_ns : longest_ns;
    }
    return (struct figures){
        .per_s = total * 1e9 / (double)took_ns,
        .slowest = (double)least * CALLERS / total,
        .longest_us = (double)longest_ns / NS_PER_US,
    };
}

static struct figures run_round(struct pool *pool, struct script *script, struct request *request,
                                unsigned ms)
{
    static struct round round;
    uint64_t begin_ns = clock_now_ns();

    round.pool = pool;
    round.until_ns = begin_ns + ms * NS_PER_MS;
    atomic_init(&round.running, CALLERS);
    sem_init(&round.is_over, 0, 0);
    for (int i = 0; i < CALLERS; i++) {
        round.callers[i] = (struct caller){.round = &round,
                                           .task = {.kind = TASK_REQUEST,
                                                    .script = script,
                                                    .tenant = script->tenant,
                                                    .request = request,
                                                    .done = on_done}};
        submit(&round.callers[i]);
    }
    while (sem_wait(&round.is_over) != 0)
        ;
    sem_destroy(&round.is_over);
    return summarise(&round, clock_now_ns() - begin_ns);
}

/* Figures. */

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(const struct figures *figures, size_t offset, unsigned rounds)
{
    double values[ROUNDS_MAX];

    for (unsigned i = 0; i < rounds; i++)
        memcpy(&values[i], (const char *)&figures[i] + offset, sizeof(values[i]));
    qsort(values, rounds, sizeof(values[0]), compare);
    return values[rounds / 2];
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 9;
    unsigned ms = argc > 2 ? (unsigned)atoi(argv[2]) : 500;
    struct arm arms[] = {{"pinned", &pool_pinned, HANDOFF_FIFO, NULL},
                         {"shared fifo", &pool_shared, HANDOFF_FIFO, NULL},
                         {"shared mutex", &pool_shared, HANDOFF_MUTEX, NULL}};
    enum { ARMS = sizeof(arms) / sizeof(arms[0]) };
    static struct figures figures[ARMS][ROUNDS_MAX];
    struct engine_config engine = {.worker_threads = 1};
    struct crew_config crew_config = crew_config_default();
    struct error error = {0};
    struct request *request;
    struct crew *crew;

    if (rounds < 1 || rounds > ROUNDS_MAX || ms < 1 || ms > 60000)
        die("usage: bench_handoff [ROUNDS [MILLISECONDS]]");
    if (engine_open(&engine, &error) != 0 || crew_open(&crew_config, &crew, &error) != 0)
        die(error.message);
    request = request_new(bytes_of(""), bytes_of(""), bytes_of(""), (struct bytes){NULL, 0});
    request->kind = REQUEST_SCHEDULED;
    request->cron = bytes_of("* * * * *");
    printf("%-10s %-14s %12s %18s %14s\n", "workload", "hand-off", "tasks/s", "slowest : mean",
           "longest us");
    for (unsigned w = 0; w < WORKLOADS; w++) {
        struct script *script = new_script(w);

        for (unsigned a = 0; a < ARMS; a++) {
            struct pool_config config = pool_config_default();

            config.lanes = config.isolates = LANES;
            config.isolates_per_worker = 1;
            config.spread = 0;
            config.handoff = arms[a].handoff;
            if (pool_open(arms[a].ops, &config, crew, &arms[a].pool, &error) != 0)
                die(error.message);
            run_round(arms[a].pool, script, request, ms);
        }
        for (unsigned i = 0; i < rounds; i++) {
            for (unsigned a = 0; a < ARMS; a++)
                figures[a][i] = run_round(arms[a].pool, script, request, ms);
        }
        for (unsigned a = 0; a < ARMS; a++) {
            printf("%-10s %-14s %12.0f %18.2f %14.0f\n", workload_names[w], arms[a].name,
                   median(figures[a], offsetof(struct figures, per_s), rounds),
                   median(figures[a], offsetof(struct figures, slowest), rounds),
                   median(figures[a], offsetof(struct figures, longest_us), rounds));
            pool_close(arms[a].pool);
        }
        script_unref(script);
    }
    crew_close(crew);
    request_unref(request);
    engine_close();
    return 0;
}
