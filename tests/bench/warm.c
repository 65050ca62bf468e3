/*
 * What a warm task costs in process, without gRPC: through the bare shim (turns of 64 events, the
 * way lanes take them), and through a pinned pool of one lane (64 tasks in flight). Rounds of both
 * are interleaved, and medians are shown.
 *
 * usage: warm [ROUNDS [TASKS-PER-ROUND]]
 */
#include "api/bytes.h"
#include "api/clock.h"
#include "pools/crew.h"
#include "pools/pool.h"
#include "shim/shim.h"

#include <inttypes.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>

#define BATCH 64

static const char source[] =
    "export default { fetch() { return new Response('Hello, world!'); } };";

static void die(const char *what)
{
    fprintf(stderr, "warm: %s\n", what);
    exit(1);
}

static struct script *new_script(void)
{
    struct limits limits = limits_default();
    struct script *script = script_new("bench", "hello", 1, &limits);
    struct error error = {0};

    if (script_set_file(script, 0, "main.js", FILE_MODULE, source, strlen(source)) != 0 ||
        script_seal(script, &error) != 0)
        die(error.message);
    return script;
}

static struct request *new_request(void)
{
    return request_new(bytes_of("GET"), bytes_of("https://hello.bench.isoyard.internal/"),
                       bytes_of("accept\n*/*\n"), (struct bytes){NULL, 0});
}

/* The bare shim. */

struct bare {
    struct isolate *isolate;
    struct request *request;
    uint32_t generation;
    unsigned answered;
};

static void count_answers(struct bare *bare)
{
    struct op_list ops;

    isolate_take_ops(bare->isolate, &ops);
    while (ops.first) {
        struct op *op = ops.first;

        ops.first = op->next;
        bare->answered += op->kind == OP_ANSWER;
        op_free(op);
    }
}

static void load(void *arg)
{
    struct bare *bare = arg;
    struct event event = {.kind = EVENT_LOAD};

    isolate_deliver(bare->isolate, &event);
    count_answers(bare);
}

static void deliver_batch(void *arg)
{
    struct bare *bare = arg;

    bare->generation = bare->generation % TICKET_GENERATION_MAX + 1;
    for (unsigned i = 1; i <= BATCH; i++) {
        struct event event = {.kind = EVENT_REQUEST,
                              .ticket = TICKET_OF(i, bare->generation),
                              .request = bare->request};

        isolate_deliver(bare->isolate, &event);
        count_answers(bare);
    }
}

static double bare_round(struct bare *bare, unsigned tasks)
{
    uint64_t start_ns = clock_now_ns();

    bare->answered = 0;
    for (unsigned done = 0; done < tasks; done += BATCH)
        isolate_enter(bare->isolate, deliver_batch, bare);
    if (bare->answered < tasks)
        die("the bare shim lost answers");
    return (double)(clock_now_ns() - start_ns) / bare->answered;
}

/* The pool. */

struct slot {
    struct task task;
    struct load *load;
};

struct load {
    struct pool *pool;
    struct script *script;
    struct request *request;
    struct slot slots[BATCH];
    unsigned left;    /* tasks to be submitted; lane thread, once the first ones are */
    unsigned pending; /* slots in use; lane thread */
    unsigned failed;  /* lane thread */
    sem_t is_over;
};

static void submit(struct load *load, struct task *task)
{
    load->left--;
    if (pool_submit(load->pool, task) != 0)
        die("the pool refuses a task");
}

static void on_done(struct task *task)
{
    struct load *load = ((struct slot *)task)->load;

    load->failed += task->outcome.kind != OUTCOME_ANSWERED;
    outcome_release(&task->outcome);
    if (load->left > 0)
        submit(load, task);
    else if (--load->pending == 0)
        sem_post(&load->is_over);
}

/* The first task's done submits the others, so that all is said on the lane's thread. */
static void on_first_done(struct task *task)
{
    struct load *load = ((struct slot *)task)->load;

    load->pending = BATCH;
    for (unsigned i = 1; i < BATCH; i++)
        submit(load, &load->slots[i].task);
    task->done = on_done;
    on_done(task);
}

static void prepare_slots(struct load *load)
{
    for (unsigned i = 0; i < BATCH; i++) {
        load->slots[i].load = load;
        load->slots[i].task = (struct task){
            .kind = TASK_REQUEST,
            .script = load->script,
            .tenant = load->script->tenant,
            .request = load->request,
            .done = i == 0 ? on_first_done : on_done,
        };
    }
}

static double pool_round(struct load *load, unsigned tasks)
{
    uint64_t start_ns = clock_now_ns();

    prepare_slots(load);
    load->left = tasks;
    submit(load, &load->slots[0].task);
    while (sem_wait(&load->is_over) != 0)
        ;
    if (load->failed)
        die("tasks failed");
    return (double)(clock_now_ns() - start_ns) / tasks;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void print_row(const char *name, double *ns, unsigned rounds)
{
    qsort(ns, rounds, sizeof(ns[0]), compare);
    printf("%-24s %8.0f %8.0f %8.0f\n", name, ns[0], ns[rounds / 2], ns[rounds - 1]);
}

int main(int argc, char **argv)
{
    unsigned rounds = argc > 1 ? (unsigned)atoi(argv[1]) : 15;
    unsigned tasks = argc > 2 ? (unsigned)atoi(argv[2]) : 64000;
    struct engine_config engine = {.worker_threads = 1};
    struct crew_config crew_config = crew_config_default();
    struct pool_config pool_config = pool_config_default();
    struct isolate_host host = {0};
    struct error error = {0};
    static struct load load_state;
    struct bare bare = {0};
    struct crew *crew;
    double bare_ns[1000], pool_ns[1000];

    if (rounds < 1 || rounds > 1000 || tasks < BATCH)
        die("usage: warm [ROUNDS [TASKS-PER-ROUND]]");
    if (engine_open(&engine, &error) != 0)
        die(error.message);
    pool_config.lanes = 1;
    load_state.script = new_script();
    load_state.request = bare.request = new_request();
    sem_init(&load_state.is_over, 0, 0);
    if (isolate_open(load_state.script, &host, &bare.isolate) != 0)
        die("V8 makes no isolate");
    isolate_enter(bare.isolate, load, &bare);
    if (crew_open(&crew_config, &crew, &error) != 0 ||
        pool_open(&pool_pinned, &pool_config, crew, &load_state.pool, &error) != 0)
        die(error.message);
    for (int i = 0; i < 2; i++) {
        bare_round(&bare, tasks);
        pool_round(&load_state, tasks);
    }
    for (unsigned i = 0; i < rounds; i++) {
        bare_ns[i] = bare_round(&bare, tasks);
        pool_ns[i] = pool_round(&load_state, tasks);
    }
    printf("ns per task              %8s %8s %8s   (%u rounds of %u tasks, batches of %d)\n", "min",
           "median", "max", rounds, tasks, BATCH);
    print_row("bare shim", bare_ns, rounds);
    print_row("pinned pool", pool_ns, rounds);
    pool_close(load_state.pool);
    crew_close(crew);
    isolate_close(bare.isolate);
    request_unref(load_state.request);
    script_unref(load_state.script);
    engine_close();
    return 0;
}
