/*
 * After how many tasks a worker's hot function runs optimised code, in each architecture: tasks of
 * a few microseconds, by one caller, and by eight. (An outermost Locker drops what a background
 * compilation wants to install, and every turn has one: the engine compiles in the turn instead.)
 *
 * In `legacy` a task has its isolate for itself, so that nothing is hot before the task makes it
 * so: there it is after how many calls within one task.
 *
 * usage: bench_optimised [--check]
 *
 * With --check it fails where a function was not optimised within TASKS_MAX tasks, or calls.
 */
#include "api/bytes.h"
#include "natives.h"
#include "pools/crew.h"
#include "pools/pool.h"
#include "shim/shim.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LANES 4
#define CALLERS_MAX 8
#define TASKS_MAX 2000u

/* %GetOptimizationStatus says, in a bit, whether the function has optimised code. The answer: how
 * many tasks this isolate has had, and whether the function is optimised by now. */
#define HOT                                                                                         \
    "function hot(n) { let s = 0; for (let i = 0; i < n; i++) s += Math.sqrt(i) * i; return s; }\n" \
    "const isOptimised = () => (%GetOptimizationStatus(hot) & 16) !== 0;\n"

static const char warm_source[] =
    HOT "let tasks = 0;\n"
        "export default { fetch() { tasks++; hot(500);\n"
        "    return new Response(`${tasks} ${Number(isOptimised())}`); } };\n";

static const char cold_source[] =
    HOT "export default { fetch() { let calls = 0;\n"
        "    while (calls < 2000 && !isOptimised()) { calls++; hot(500); }\n"
        "    return new Response(`${calls} ${Number(isOptimised())}`); } };\n";

struct caller {
    struct task task;
    struct run *run;
};

/* Callers change it with the lock held. */
struct run {
    struct pool *pool;
    struct script *script;
    struct request *request;
    pthread_mutex_t lock;
    unsigned left; /* tasks to begin */
    unsigned in_flight;
    unsigned first;     /* the least number of tasks after which an isolate's is optimised */
    sem_t over;
    struct caller callers[CALLERS_MAX];
};

static void die(const char *what)
{
    fprintf(stderr, "bench_optimised: %s\n", what);
    exit(1);
}

static void on_done(struct task *task);

static void submit(struct caller *caller)
{
    struct run *run = caller->run;

    caller->task = (struct task){.kind = TASK_REQUEST,
                                 .script = run->script,
                                 .tenant = run->script->tenant,
                                 .request = run->request,
                                 .done = on_done};
    if (pool_submit(run->pool, &caller->task) != 0)
        die("the pool refuses a task");
}

static void read_answer(struct run *run, const struct task *task)
{
    const struct response *response = task->outcome.response;
    char text[64];
    unsigned tasks, is_optimised;

    if (task->outcome.kind != OUTCOME_ANSWERED)
        die(task->outcome.failure.message ? task->outcome.failure.message : "a task failed");
    snprintf(text, sizeof(text), "%.*s", (int)response->body.len, response->body.data);
    if (sscanf(text, "%u %u", &tasks, &is_optimised) != 2)
        die("an answer is not as expected");
    if (!is_optimised)
        return;
    if (run->first == 0 || tasks < run->first)
        run->first = tasks;
}

static void on_done(struct task *task)
{
    struct caller *caller = (struct caller *)task;
    struct run *run = caller->run;
    bool has_more, is_last;

    pthread_mutex_lock(&run->lock);
    read_answer(run, task);
    outcome_release(&task->outcome);
    has_more = run->left > 0;
    run->left -= has_more;
    run->in_flight -= !has_more;
    is_last = run->in_flight == 0;
    pthread_mutex_unlock(&run->lock);
    if (has_more)
        submit(caller);
    else if (is_last)
        sem_post(&run->over);
}

static struct script *new_script(const char *source)
{
    struct limits limits = limits_default();
    struct script *script = script_new("bench", "hot", 1, &limits);
    struct error error = {0};

    if (script_set_file(script, 0, "main.js", FILE_MODULE, source, strlen(source)) != 0 ||
        script_seal(script, &error) != 0)
        die(error.message);
    return script;
}

/* Runs so many tasks; returns after how many, or how many calls, the function was optimised; 0: it
 * never was. */
static unsigned measure(struct crew *crew, const struct pool_ops *ops, enum handoff handoff,
                        unsigned callers, unsigned tasks)
{
    static struct run run;
    struct pool_config config = pool_config_default();
    struct error error = {0};

    memset(&run, 0, sizeof(run));
    config.lanes = LANES;
    config.isolates = LANES;
    config.handoff = handoff;
    if (pool_open(ops, &config, crew, &run.pool, &error) != 0)
        die(error.message);
    run.script = new_script(ops == &pool_legacy ? cold_source : warm_source);
    run.request =
        request_new(bytes_of("GET"), bytes_of("https://h/"), bytes_of(""), (struct bytes){NULL, 0});
    run.left = tasks - callers;
    run.in_flight = callers;
    pthread_mutex_init(&run.lock, NULL);
    sem_init(&run.over, 0, 0);
    for (unsigned i = 0; i < callers; i++) {
        run.callers[i].run = &run;
        submit(&run.callers[i]);
    }
    while (sem_wait(&run.over) != 0)
        ;
    pool_close(run.pool);
    sem_destroy(&run.over);
    pthread_mutex_destroy(&run.lock);
    request_unref(run.request);
    script_unref(run.script);
    return run.first;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        const struct pool_ops *ops;
        enum handoff handoff;
    } arms[] = {{"legacy", &pool_legacy, HANDOFF_FIFO},
                {"shared fifo", &pool_shared, HANDOFF_FIFO},
                {"shared mutex", &pool_shared, HANDOFF_MUTEX},
                {"pinned", &pool_pinned, HANDOFF_FIFO}};
    bool is_check = argc == 2 && strcmp(argv[1], "--check") == 0, is_missed = false;
    struct crew_config crew_config = crew_config_default();
    struct engine_config engine = {.worker_threads = 1};
    struct error error = {0};
    struct crew *crew;

    if (argc > 1 && !is_check)
        die("usage: bench_optimised [--check]");
    natives_allow();
    if (engine_open(&engine, &error) != 0 || crew_open(&crew_config, &crew, &error) != 0)
        die(error.message);
    printf("%-14s%14s%14s\n", "architecture", "1 caller", "8 callers");
    for (size_t i = 0; i < sizeof(arms) / sizeof(arms[0]); i++) {
        bool is_legacy = arms[i].ops == &pool_legacy;
        unsigned one = measure(crew, arms[i].ops, arms[i].handoff, 1, is_legacy ? 4 : TASKS_MAX);
        unsigned many =
            measure(crew, arms[i].ops, arms[i].handoff, 8, is_legacy ? 16 : 4 * TASKS_MAX);

        printf("%-14s%8u %-5s%8u %-5s\n", arms[i].name, one, is_legacy ? "calls" : "tasks", many,
               is_legacy ? "calls" : "tasks");
        is_missed = is_missed || one == 0 || many == 0;
    }
    crew_close(crew);
    engine_close();
    if (is_missed)
        printf("0: it was never optimised.\n");
    return is_check && is_missed ? 1 : 0;
}
