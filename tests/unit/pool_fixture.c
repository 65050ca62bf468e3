/* Crew, pool and tasks of tests. */
#include "pool_fixture.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "fake_shim.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#define WAIT_S 20

static void count_line(void *arg, const struct console_line *line)
{
    struct fixture *f = arg;

    pthread_mutex_lock(&f->lock);
    f->console++;
    f->last_execution = line->execution;
    pthread_mutex_unlock(&f->lock);
}

static void count_end(void *arg, const struct execution_end *end)
{
    struct fixture *f = arg;

    pthread_mutex_lock(&f->lock);
    f->ends++;
    f->cut_off += end->report == NULL;
    f->body_ends += end->had_head;
    f->last_reason = end->failure ? (int)end->failure->reason : 0;
    f->last_execution = end->execution;
    pthread_mutex_unlock(&f->lock);
}

/* CTest runs some programs once more with this set: every so many turns a lane is adopted. */
static unsigned forced_adoptions(void)
{
    const char *every = getenv("ISOYARD_TEST_ADOPT_EVERY");

    return every ? (unsigned)atoi(every) : 0;
}

void fixture_init(struct fixture *f)
{
    *f = (struct fixture){.crew_config = crew_config_default(), .config = pool_config_default()};
    f->crew_config.adopt_every = forced_adoptions();
    f->config.lanes = 1;
    f->config.log = (struct pool_log){count_line, count_end, f};
    pthread_mutex_init(&f->lock, NULL);
    pthread_cond_init(&f->changed, NULL);
}

/* Or with this: another architecture instead of pinned. */
static const struct pool_ops *pinned_or_other(const struct pool_ops *ops)
{
    const char *other = getenv("ISOYARD_TEST_POOL");

    return ops == &pool_pinned && other ? pool_ops_find(other) : ops;
}

void fixture_open(struct fixture *f, const struct pool_ops *ops)
{
    struct error error = {0};

    ops = pinned_or_other(ops);
    if (getenv("ISOYARD_TEST_HANDOFF_MUTEX"))
        f->config.handoff = HANDOFF_MUTEX;
    ck_assert_msg(crew_open(&f->crew_config, &f->crew, &error) == 0, "%s", error.message);
    ck_assert_msg(pool_open(ops, &f->config, f->crew, &f->pool, &error) == 0, "%s", error.message);
}

void fixture_close(struct fixture *f)
{
    pool_close(f->pool);
    crew_close(f->crew);
    ck_assert_uint_eq(atomic_load(&fake_figures.alive), 0);
    ck_assert_uint_eq(atomic_load(&fake_figures.overlaps), 0);
    ck_assert_uint_eq(atomic_load(&fake_figures.disorders), 0);
}

struct script *fixture_worker(const char *tenant, const char *name, const char *startup,
                              const struct limits *limits)
{
    struct limits standard = limits_default();
    struct script *script = script_new(tenant, name, 1, limits ? limits : &standard);
    struct error error = {0};

    ck_assert_int_eq(script_set_file(script, 0, "main.js", FILE_MODULE, startup, strlen(startup)),
                     0);
    ck_assert_msg(script_seal(script, &error) == 0, "%s", error.message);
    script->version = 1;
    return script;
}

static void on_done(struct task *task)
{
    struct call *call = (struct call *)task;
    struct fixture *f = call->fixture;

    pthread_mutex_lock(&f->lock);
    call->is_ended = true;
    call->times++;
    call->end = ++f->ended;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static int start(struct call *call, struct fixture *f, struct script *script, enum task_kind kind)
{
    call->fixture = f;
    call->task.kind = kind;
    call->task.script = script;
    call->task.tenant = script->tenant;
    call->task.done = on_done;
    return pool_submit(f->pool, &call->task);
}

int call_start_request(struct call *call, struct fixture *f, struct script *script,
                       struct request *request)
{
    *call = (struct call){0};
    call->task.request = request;
    return start(call, f, script, TASK_REQUEST);
}

int call_start_numbered(struct call *call, struct fixture *f, struct script *script,
                        const char *program, unsigned long number)
{
    char headers[64] = "";

    *call = (struct call){0};
    if (number > 0)
        snprintf(headers, sizeof(headers), "n\n%lu\n", number);
    call->task.request =
        request_new(bytes_of("GET"), bytes_of(program), bytes_of(headers), (struct bytes){NULL, 0});
    return start(call, f, script, TASK_REQUEST);
}

int call_start(struct call *call, struct fixture *f, struct script *script, const char *program)
{
    return call_start_numbered(call, f, script, program, 0);
}

int call_check(struct call *call, struct fixture *f, struct script *script)
{
    *call = (struct call){0};
    return start(call, f, script, TASK_CHECK);
}

int call_warm(struct call *call, struct fixture *f, struct script *script)
{
    *call = (struct call){0};
    return start(call, f, script, TASK_WARM);
}

void call_wait(struct call *call)
{
    struct fixture *f = call->fixture;
    struct timespec end;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += WAIT_S;
    pthread_mutex_lock(&f->lock);
    while (!call->is_ended)
        ck_assert_msg(pthread_cond_timedwait(&f->changed, &f->lock, &end) == 0,
                      "a task did not end");
    pthread_mutex_unlock(&f->lock);
}

bool call_has_ended(struct call *call)
{
    bool is_ended;

    pthread_mutex_lock(&call->fixture->lock);
    is_ended = call->is_ended;
    pthread_mutex_unlock(&call->fixture->lock);
    return is_ended;
}

const char *call_body(struct call *call)
{
    static _Thread_local char body[600];
    const struct response *response = call->task.outcome.response;

    snprintf(body, sizeof(body), "%.*s", response ? (int)response->body.len : 0,
             response ? response->body.data : "");
    return body;
}

void call_release(struct call *call)
{
    ck_assert_uint_eq(call->times, 1);
    request_unref(call->task.request);
    outcome_release(&call->task.outcome);
}

void call_expect(struct fixture *f, struct script *script, const char *program, const char *body)
{
    struct call call;

    ck_assert_int_eq(call_start(&call, f, script, program), 0);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.kind, OUTCOME_ANSWERED);
    ck_assert_str_eq(call_body(&call), body);
    call_release(&call);
}
