/* The parts of a server, jobs, and switches. */
#include "switch_fixture.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "api/log.h"
#include "fake_shim.h"
#include "unit.h"

#include <unistd.h>

#define WAIT_S 20

struct parts parts = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

void parts_await(const bool *flag)
{
    struct timespec end;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += WAIT_S;
    pthread_mutex_lock(&parts.lock);
    while (!*flag)
        ck_assert_msg(pthread_cond_timedwait(&parts.changed, &parts.lock, &end) == 0,
                      "waited in vain");
    pthread_mutex_unlock(&parts.lock);
}

void parts_set(bool *flag)
{
    pthread_mutex_lock(&parts.lock);
    *flag = true;
    pthread_cond_broadcast(&parts.changed);
    pthread_mutex_unlock(&parts.lock);
}

bool parts_is_set(const bool *flag)
{
    bool value;

    pthread_mutex_lock(&parts.lock);
    value = *flag;
    pthread_mutex_unlock(&parts.lock);
    return value;
}

struct pool_config two_lanes(void)
{
    struct pool_config config = pool_config_default();

    config.lanes = 2;
    config.isolates = 16;
    config.queue = 100000;
    return config;
}

void parts_open(const struct pool_ops *ops)
{
    struct crew_config crew_config = crew_config_default();
    struct pool_config config = two_lanes();
    struct error error;
    struct pool *pool;

    log_set_level(LOG_WARN);
    crew_config.adopt_after_ms = 2;
    crew_config.cancel_grace_ms = 5;
    ck_assert_int_eq(crew_open(&crew_config, &parts.crew, &error), 0);
    ck_assert_int_eq(pool_open(ops, &config, parts.crew, &pool, &error), 0);
    parts.dispatcher = dispatcher_new(pool);
    parts.registry = registry_new();
    ck_assert_int_eq(
        switcher_start(parts.dispatcher, parts.registry, parts.crew, &parts.switcher, &error), 0);
}

void parts_close(void)
{
    switcher_stop(parts.switcher);
    dispatcher_free(parts.dispatcher);
    crew_close(parts.crew);
    registry_free(parts.registry);
    ck_assert_uint_eq(atomic_load(&fake_figures.alive), 0);
    ck_assert_uint_eq(atomic_load(&fake_figures.overlaps), 0);
}

void add_tenants_worker(const char *tenant, const char *name, const char *startup, unsigned calls)
{
    struct limits limits = limits_default();
    struct script *script;

    limits.cpu_us = 15 * 1000;
    limits.startup_us = 60 * 1000 * 1000; /* a busy machine takes its time */
    script = script_new(tenant, name, 1, &limits);
    ck_assert_int_eq(script_set_file(script, 0, "main.js", FILE_MODULE, startup, strlen(startup)),
                     0);
    ck_assert_int_eq(script_seal(script, NULL), 0);
    script->version = 1;
    registry_put(parts.registry, script);
    while (calls-- > 0) {
        ck_assert_int_eq(registry_find(parts.registry, bytes_of(tenant), bytes_of(name), &script),
                         0);
        script_unref(script);
    }
}

void add_worker(const char *name, const char *startup, unsigned calls)
{
    add_tenants_worker("t", name, startup, calls);
}

/* Tasks. */

static void on_done(struct task *task)
{
    struct job *job = (struct job *)task;

    job->times++;
    parts_set(&job->is_done);
}

int job_start_for(struct job *job, const char *tenant, const char *worker, const char *program)
{
    struct task *task = &job->dispatch.task;

    task->kind = TASK_REQUEST;
    ck_assert_int_eq(
        registry_find(parts.registry, bytes_of(tenant), bytes_of(worker), &task->script), 0);
    task->tenant = task->script->tenant;
    task->done = on_done;
    task->request =
        request_new(bytes_of("GET"), bytes_of(program), bytes_of(""), (struct bytes){NULL, 0});
    return dispatcher_submit(parts.dispatcher, &job->dispatch);
}

int job_start(struct job *job, const char *worker, const char *program)
{
    return job_start_for(job, "t", worker, program);
}

void job_release(struct job *job)
{
    request_unref(job->dispatch.task.request);
    script_unref(job->dispatch.task.script);
    outcome_release(&job->dispatch.task.outcome);
}

void job_expect_answer(struct job *job, enum architecture architecture)
{
    const struct task *task = &job->dispatch.task;

    parts_await(&job->is_done);
    ck_assert_uint_eq(job->times, 1);
    ck_assert_int_eq(task->outcome.kind, OUTCOME_ANSWERED);
    ck_assert_int_eq(task->report.architecture, architecture);
    job_release(job);
}

void run_job(const char *worker, enum architecture architecture, bool is_warm)
{
    struct job job = {0};

    ck_assert_int_eq(job_start(&job, worker, "answer"), 0);
    parts_await(&job.is_done);
    ck_assert_int_eq(job.dispatch.task.report.is_warm, is_warm);
    job_expect_answer(&job, architecture);
}

void add_tenants(void)
{
    for (char name[] = "a"; name[0] < 'a' + TENANTS; name[0]++)
        add_tenants_worker(name, "w", "load", 1);
}

void start_all(struct job *jobs, const char *program)
{
    for (int i = 0; i < TENANTS; i++) {
        const char name[] = {(char)('a' + i), '\0'};

        ck_assert_int_eq(job_start_for(&jobs[i], name, "w", program), 0);
    }
}

enum architecture ask_tenant(char tenant)
{
    const char name[] = {tenant, '\0'};
    enum architecture architecture;
    struct job job = {0};

    ck_assert_int_eq(job_start_for(&job, name, "w", "answer"), 0);
    parts_await(&job.is_done);
    architecture = job.dispatch.task.report.architecture;
    job_expect_answer(&job, architecture);
    return architecture;
}

/* Switches. */

static int on_save(struct switch_order *order, struct error *error)
{
    struct asked *asked = (struct asked *)order;

    asked->is_saved = true;
    return asked->save_err ? error_set(error, asked->save_err, NULL, "the disk is full") : 0;
}

static void on_switched(struct switch_order *order, int err, const struct error *error,
                        const struct switch_report *report)
{
    struct asked *asked = (struct asked *)order;

    asked->err = err;
    asked->times++;
    if (err)
        asked->error = *error;
    else
        asked->report = *report;
    parts_set(&asked->is_done);
}

struct asked asked_for(const struct pool_ops *ops, uint64_t drain_ms)
{
    return (struct asked){.order = {.ops = ops,
                                    .config = two_lanes(),
                                    .drain_ms = drain_ms,
                                    .warm_limit = 8,
                                    .save = on_save,
                                    .done = on_switched}};
}

void asked_begin(struct asked *asked)
{
    struct error error = {0};

    ck_assert_msg(switcher_begin(parts.switcher, &asked->order, &error) == 0, "%s", error.message);
}

void asked_finish(struct asked *asked, int err)
{
    parts_await(&asked->is_done);
    ck_assert_uint_eq(asked->times, 1);
    ck_assert_msg(asked->err == err, "%d: %s", asked->err, asked->error.message);
}

void asked_begin_patiently(struct asked *asked)
{
    uint64_t end_ns = clock_now_ns() + WAIT_S * NS_PER_S;
    struct error error;
    int err;

    while ((err = switcher_begin(parts.switcher, &asked->order, &error)) == E_CONDITION) {
        ck_assert_uint_lt(clock_now_ns(), end_ns);
        usleep(500);
    }
    ck_assert_int_eq(err, 0);
}
