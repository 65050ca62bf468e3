/*
 * server/dispatcher and server/switcher: pools that replace each other while tasks come, on an
 * engine without V8.
 */
#include "api/bytes.h"
#include "api/clock.h"
#include "api/log.h"
#include "fake_shim.h"
#include "pools/crew.h"
#include "server/dispatcher.h"
#include "server/registry.h"
#include "server/switcher.h"
#include "server/warmer.h"
#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#define WAIT_S 20

/* The parts of a server that switching takes. */
static struct {
    struct crew *crew;
    struct dispatcher *dispatcher;
    struct registry *registry;
    struct switcher *switcher;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* with everything that tests wait for */
} f = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void await(const bool *flag)
{
    struct timespec end;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += WAIT_S;
    pthread_mutex_lock(&f.lock);
    while (!*flag)
        ck_assert_msg(pthread_cond_timedwait(&f.changed, &f.lock, &end) == 0, "waited in vain");
    pthread_mutex_unlock(&f.lock);
}

static void set(bool *flag)
{
    pthread_mutex_lock(&f.lock);
    *flag = true;
    pthread_cond_broadcast(&f.changed);
    pthread_mutex_unlock(&f.lock);
}

static bool is_set(const bool *flag)
{
    bool value;

    pthread_mutex_lock(&f.lock);
    value = *flag;
    pthread_mutex_unlock(&f.lock);
    return value;
}

static struct pool_config two_lanes(void)
{
    struct pool_config config = pool_config_default();

    config.lanes = 2;
    config.isolates = 16;
    config.queue = 100000;
    return config;
}

static void open_parts(const struct pool_ops *ops)
{
    struct crew_config crew_config = crew_config_default();
    struct pool_config config = two_lanes();
    struct error error;
    struct pool *pool;

    log_set_level(LOG_WARN);
    crew_config.adopt_after_ms = 2;
    crew_config.cancel_grace_ms = 5;
    ck_assert_int_eq(crew_open(&crew_config, &f.crew, &error), 0);
    ck_assert_int_eq(pool_open(ops, &config, f.crew, &pool, &error), 0);
    f.dispatcher = dispatcher_new(pool);
    f.registry = registry_new();
    ck_assert_int_eq(switcher_start(f.dispatcher, f.registry, f.crew, &f.switcher, &error), 0);
}

static void close_parts(void)
{
    switcher_stop(f.switcher);
    dispatcher_free(f.dispatcher);
    crew_close(f.crew);
    registry_free(f.registry);
    ck_assert_uint_eq(atomic_load(&fake_figures.alive), 0);
    ck_assert_uint_eq(atomic_load(&fake_figures.overlaps), 0);
}

/* A worker that the registry knows, and that was called so often. */
static void add_worker(const char *name, const char *startup, unsigned calls)
{
    struct limits limits = limits_default();
    struct script *script;

    limits.cpu_us = 15 * 1000;
    script = script_new("t", name, 1, &limits);
    ck_assert_int_eq(script_set_file(script, 0, "main.js", FILE_MODULE, startup, strlen(startup)),
                     0);
    ck_assert_int_eq(script_seal(script, NULL), 0);
    script->version = 1;
    registry_put(f.registry, script);
    while (calls-- > 0) {
        ck_assert_int_eq(registry_find(f.registry, bytes_of("t"), bytes_of(name), &script), 0);
        script_unref(script);
    }
}

/* Tasks. */

struct job {
    struct dispatch dispatch;
    bool is_done;   /* guarded by f.lock */
    unsigned times; /* done was called */
};

static void on_done(struct task *task)
{
    struct job *job = (struct job *)task;

    job->times++;
    set(&job->is_done);
}

static int job_start(struct job *job, const char *worker, const char *program)
{
    struct task *task = &job->dispatch.task;

    task->kind = TASK_REQUEST;
    ck_assert_int_eq(registry_find(f.registry, bytes_of("t"), bytes_of(worker), &task->script), 0);
    task->tenant = "t";
    task->done = on_done;
    task->request =
        request_new(bytes_of("GET"), bytes_of(program), bytes_of(""), (struct bytes){NULL, 0});
    return dispatcher_submit(f.dispatcher, &job->dispatch);
}

static void job_release(struct job *job)
{
    request_unref(job->dispatch.task.request);
    script_unref(job->dispatch.task.script);
    outcome_release(&job->dispatch.task.outcome);
}

static void job_expect_answer(struct job *job, enum architecture architecture)
{
    const struct task *task = &job->dispatch.task;

    await(&job->is_done);
    ck_assert_uint_eq(job->times, 1);
    ck_assert_int_eq(task->outcome.kind, OUTCOME_ANSWERED);
    ck_assert_int_eq(task->report.architecture, architecture);
    job_release(job);
}

static void run_job(const char *worker, enum architecture architecture, bool is_warm)
{
    struct job job = {0};

    ck_assert_int_eq(job_start(&job, worker, "answer"), 0);
    await(&job.is_done);
    ck_assert_int_eq(job.dispatch.task.report.is_warm, is_warm);
    job_expect_answer(&job, architecture);
}

/* Switches. */

struct asked {
    struct switch_order order;
    struct switch_report report;
    struct error error;
    int err;
    int save_err; /* what saving is to say */
    bool is_saved, is_done;
    unsigned times; /* done was called */
};

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
    set(&asked->is_done);
}

static struct asked ask_for(const struct pool_ops *ops, uint64_t drain_ms)
{
    return (struct asked){.order = {.ops = ops,
                                    .config = two_lanes(),
                                    .drain_ms = drain_ms,
                                    .warm_limit = 8,
                                    .save = on_save,
                                    .done = on_switched}};
}

static void begin(struct asked *asked)
{
    struct error error = {0};

    ck_assert_msg(switcher_begin(f.switcher, &asked->order, &error) == 0, "%s", error.message);
}

static void finish(struct asked *asked, int err)
{
    await(&asked->is_done);
    ck_assert_uint_eq(asked->times, 1);
    ck_assert_msg(asked->err == err, "%d: %s", asked->err, asked->error.message);
}

/* Begins as soon as the pool before the last switch has ended. */
static void begin_patiently(struct asked *asked)
{
    uint64_t end_ns = clock_now_ns() + WAIT_S * NS_PER_S;
    struct error error;
    int err;

    while ((err = switcher_begin(f.switcher, &asked->order, &error)) == E_CONDITION) {
        ck_assert_uint_lt(clock_now_ns(), end_ns);
        usleep(500);
    }
    ck_assert_int_eq(err, 0);
}

START_TEST(switcher_begin_idle_pool_is_replaced)
{
    struct asked asked = ask_for(&pool_legacy, 1000);

    open_parts(&pool_pinned);
    add_worker("w", "load", 0);
    run_job("w", ARCHITECTURE_PINNED, false);
    begin(&asked);
    finish(&asked, 0);
    ck_assert(asked.is_saved);
    ck_assert_int_eq(asked.report.previous, ARCHITECTURE_PINNED);
    ck_assert_int_eq(asked.report.architecture, ARCHITECTURE_LEGACY);
    ck_assert(asked.report.is_closed);
    ck_assert(!asked.report.has_first_task);
    ck_assert_uint_eq(asked.report.finished, 0);
    ck_assert_uint_eq(asked.report.running, 0);
    ck_assert_uint_gt(asked.report.rss_before_bytes, 0);
    ck_assert_uint_gt(asked.report.rss_after_bytes, 0);
    run_job("w", ARCHITECTURE_LEGACY, false);
    close_parts();
}
END_TEST

START_TEST(switcher_begin_same_architecture_with_other_settings)
{
    struct asked asked = ask_for(&pool_pinned, 1000);
    struct dispatcher_stats stats;

    open_parts(&pool_pinned);
    asked.order.config.lanes = 5;
    begin(&asked);
    finish(&asked, 0);
    dispatcher_stats(f.dispatcher, &stats);
    ck_assert_uint_eq(stats.config.lanes, 5);
    ck_assert_uint_eq(stats.pool.lane_count, 5);
    ck_assert_uint_eq(stats.switches, 1);
    ck_assert(!stats.is_draining);
    pool_stats_release(&stats.pool);
    close_parts();
}
END_TEST

START_TEST(switcher_begin_tasks_in_flight_end_where_they_began)
{
    struct asked asked = ask_for(&pool_legacy, 10000);
    struct job before = {0};

    open_parts(&pool_pinned);
    add_worker("w", "load", 0);
    ck_assert_int_eq(job_start(&before, "w", "sleep:200 answer"), 0);
    begin(&asked);
    finish(&asked, 0);
    ck_assert(is_set(&before.is_done));
    ck_assert(asked.report.is_closed);
    ck_assert_uint_ge(asked.report.closed_ms, 100);
    ck_assert_uint_eq(asked.report.finished, 1);
    job_expect_answer(&before, ARCHITECTURE_PINNED);
    close_parts();
}
END_TEST

START_TEST(switcher_begin_new_tasks_go_to_the_new_pool_while_the_old_one_drains)
{
    struct asked asked = ask_for(&pool_legacy, 10000);
    struct dispatcher_stats stats = {0};
    struct job before = {0};

    open_parts(&pool_pinned);
    add_worker("w", "load", 0);
    ck_assert_int_eq(job_start(&before, "w", "sleep:300 answer"), 0);
    begin(&asked);
    while (stats.switches == 0) {
        dispatcher_stats(f.dispatcher, &stats);
        pool_stats_release(&stats.pool);
        usleep(500);
    }
    run_job("w", ARCHITECTURE_LEGACY, false);
    ck_assert(!is_set(&before.is_done));
    finish(&asked, 0);
    ck_assert(asked.report.has_first_task);
    ck_assert_uint_ge(asked.report.first_task_ms, asked.report.switched_ms);
    ck_assert_uint_le(asked.report.first_task_ms, asked.report.closed_ms);
    job_expect_answer(&before, ARCHITECTURE_PINNED);
    close_parts();
}
END_TEST

START_TEST(switcher_begin_deadline_passes_and_the_old_pool_lives_on)
{
    struct asked asked = ask_for(&pool_legacy, 20), second = ask_for(&pool_pinned, 1000);
    struct dispatcher_stats stats;
    struct error error = {0};
    struct job before = {0};

    open_parts(&pool_pinned);
    add_worker("w", "load", 0);
    ck_assert_int_eq(job_start(&before, "w", "sleep:500 answer"), 0);
    begin(&asked);
    finish(&asked, 0);
    ck_assert(!asked.report.is_closed);
    ck_assert_uint_eq(asked.report.running, 1);
    ck_assert_uint_eq(asked.report.finished, 0);
    dispatcher_stats(f.dispatcher, &stats);
    ck_assert(stats.is_draining);
    ck_assert_int_eq(stats.draining_architecture, ARCHITECTURE_PINNED);
    ck_assert_uint_eq(stats.draining_executions, 1);
    pool_stats_release(&stats.pool);
    ck_assert_int_eq(switcher_begin(f.switcher, &second.order, &error), E_CONDITION);
    ck_assert_ptr_nonnull(strstr(error.message, "1 execution goes on"));
    job_expect_answer(&before, ARCHITECTURE_PINNED);
    begin_patiently(&second);
    finish(&second, 0);
    ck_assert(second.report.is_closed);
    close_parts();
}
END_TEST

START_TEST(switcher_begin_while_one_is_under_way_is_refused)
{
    struct asked asked = ask_for(&pool_legacy, 10000), second = ask_for(&pool_legacy, 10000);
    struct error error = {0};
    struct job before = {0};

    open_parts(&pool_pinned);
    add_worker("w", "load", 0);
    ck_assert_int_eq(job_start(&before, "w", "sleep:200 answer"), 0);
    begin(&asked);
    ck_assert_int_eq(switcher_begin(f.switcher, &second.order, &error), E_CONDITION);
    ck_assert_ptr_nonnull(strstr(error.message, "under way"));
    finish(&asked, 0);
    ck_assert_uint_eq(second.times, 0);
    /* Whoever has the answer in hand may begin the next one. */
    begin(&second);
    finish(&second, 0);
    job_expect_answer(&before, ARCHITECTURE_PINNED);
    close_parts();
}
END_TEST

START_TEST(switcher_begin_config_that_cannot_be_leaves_the_pool)
{
    struct asked asked = ask_for(&pool_legacy, 1000), good = ask_for(&pool_legacy, 1000);

    open_parts(&pool_pinned);
    add_worker("w", "load", 0);
    asked.order.config.isolates = 1;
    begin(&asked);
    finish(&asked, E_INVALID);
    ck_assert_str_eq(asked.error.field, "isolates");
    ck_assert(!asked.is_saved);
    run_job("w", ARCHITECTURE_PINNED, false);
    begin(&good);
    finish(&good, 0);
    close_parts();
}
END_TEST

START_TEST(switcher_begin_choice_that_cannot_be_saved_leaves_the_pool)
{
    struct asked asked = ask_for(&pool_pinned, 1000), good = ask_for(&pool_legacy, 1000);

    open_parts(&pool_pinned);
    add_worker("w", "load", 3);
    run_job("w", ARCHITECTURE_PINNED, false);
    asked.save_err = E_IO;
    begin(&asked);
    finish(&asked, E_IO);
    run_job("w", ARCHITECTURE_PINNED, true);
    begin_patiently(&good);
    finish(&good, 0);
    close_parts();
}
END_TEST

START_TEST(switcher_begin_hottest_workers_are_warm_before_tasks_come)
{
    struct asked asked = ask_for(&pool_pinned, 1000);

    open_parts(&pool_legacy);
    add_worker("hot", "sleep:5 load", 9);
    add_worker("warm", "sleep:5 load", 5);
    add_worker("cold", "sleep:5 load", 1);
    add_worker("unused", "sleep:5 load", 0);
    asked.order.warm_limit = 2;
    begin(&asked);
    finish(&asked, 0);
    ck_assert_uint_eq(asked.report.warmed, 2);
    ck_assert_uint_eq(asked.report.cold, 0);
    run_job("hot", ARCHITECTURE_PINNED, true);
    run_job("warm", ARCHITECTURE_PINNED, true);
    run_job("cold", ARCHITECTURE_PINNED, false);
    run_job("unused", ARCHITECTURE_PINNED, false);
    close_parts();
}
END_TEST

static void expect_shared_is_warm(enum handoff handoff)
{
    struct asked asked = ask_for(&pool_shared, 1000);

    open_parts(&pool_legacy);
    add_worker("hot", "sleep:5 load", 9);
    add_worker("ill", "throw", 5);
    asked.order.config.handoff = handoff;
    begin(&asked);
    finish(&asked, 0);
    ck_assert_uint_eq(asked.report.warmed, 1);
    ck_assert_uint_eq(asked.report.cold, 1);
    run_job("hot", ARCHITECTURE_SHARED, true);
    close_parts();
}

START_TEST(switcher_begin_shared_pool_is_warm_before_tasks_come)
{
    expect_shared_is_warm(HANDOFF_FIFO);
}
END_TEST

START_TEST(switcher_begin_shared_pool_with_mutex_is_warm_before_tasks_come)
{
    expect_shared_is_warm(HANDOFF_MUTEX);
}
END_TEST

START_TEST(switcher_begin_more_hot_workers_than_room_keeps_the_hottest)
{
    struct asked asked = ask_for(&pool_pinned, 1000);

    open_parts(&pool_legacy);
    asked.order.config.lanes = 1;
    asked.order.config.isolates = 2;
    asked.order.config.queue = 2;
    for (char name[] = "a"; name[0] <= 'f'; name[0]++)
        add_worker(name, "load", (unsigned)(name[0] - 'a') + 1);
    begin(&asked);
    finish(&asked, 0);
    ck_assert_uint_eq(asked.report.warmed, 6);
    run_job("f", ARCHITECTURE_PINNED, true);
    run_job("e", ARCHITECTURE_PINNED, true);
    run_job("d", ARCHITECTURE_PINNED, false);
    close_parts();
}
END_TEST

START_TEST(switcher_begin_worker_that_does_not_start_stays_cold)
{
    struct asked asked = ask_for(&pool_pinned, 1000);

    open_parts(&pool_legacy);
    add_worker("ill", "throw", 5);
    add_worker("stuck", "never", 5);
    add_worker("well", "load", 1);
    begin(&asked);
    finish(&asked, 0);
    ck_assert_uint_eq(asked.report.warmed, 1);
    ck_assert_uint_eq(asked.report.cold, 2);
    run_job("well", ARCHITECTURE_PINNED, true);
    close_parts();
}
END_TEST

START_TEST(switcher_hasten_while_it_warms_leaves_the_pool)
{
    struct asked asked = ask_for(&pool_pinned, 1000), late = ask_for(&pool_pinned, 1000);
    struct error error;

    open_parts(&pool_legacy);
    add_worker("slow", "sleep:900 load", 5);
    begin(&asked);
    usleep(50 * 1000);
    switcher_hasten(f.switcher);
    finish(&asked, E_CLOSED);
    ck_assert_int_eq(switcher_begin(f.switcher, &late.order, &error), E_CLOSED);
    run_job("slow", ARCHITECTURE_LEGACY, false);
    close_parts();
}
END_TEST

START_TEST(switcher_hasten_while_the_old_pool_drains_answers)
{
    struct asked asked = ask_for(&pool_legacy, 10000);
    struct dispatcher_stats stats = {0};
    struct job before = {0};

    open_parts(&pool_pinned);
    add_worker("w", "load", 0);
    ck_assert_int_eq(job_start(&before, "w", "sleep:200 answer"), 0);
    begin(&asked);
    while (stats.switches == 0) {
        dispatcher_stats(f.dispatcher, &stats);
        pool_stats_release(&stats.pool);
        usleep(500);
    }
    switcher_hasten(f.switcher);
    finish(&asked, 0);
    ck_assert(!asked.report.is_closed);
    ck_assert_uint_eq(asked.report.running, 1);
    ck_assert_uint_eq(dispatcher_drain(f.dispatcher, 5000), 0);
    ck_assert(is_set(&before.is_done));
    job_expect_answer(&before, ARCHITECTURE_PINNED);
    close_parts();
}
END_TEST

START_TEST(switcher_stop_with_tasks_in_both_pools_ends_them)
{
    struct asked asked = ask_for(&pool_legacy, 0);
    struct job before = {0}, after = {0};

    open_parts(&pool_pinned);
    add_worker("w", "load", 0);
    ck_assert_int_eq(job_start(&before, "w", "sleep:900 answer"), 0);
    begin(&asked);
    finish(&asked, 0);
    ck_assert_int_eq(job_start(&after, "w", "sleep:900 answer"), 0);
    close_parts();
    ck_assert_int_eq(before.dispatch.task.outcome.failure.reason, FAILURE_DRAINING);
    ck_assert_int_eq(after.dispatch.task.outcome.failure.reason, FAILURE_DRAINING);
    ck_assert_uint_eq(before.times + after.times, 2);
    job_release(&before);
    job_release(&after);
}
END_TEST

/* Many switches while tasks come and are cancelled. */

#define WORKERS 4
#define SUBMITTERS 2
#define SLOTS 64

static const char *const programs[] = {"answer",         "answer",         "work:20 answer",
                                       "sleep:1 answer", "throw",          "sleep:3 answer",
                                       "log answer",     "spin:3 answer",  "answer",
                                       "burn",           "answer-more end"};

/* Who may cancel a slot's task: its canceller, once; the submitter waits for it. */
enum {
    CANCEL_OPEN,
    CANCEL_RUNS,
    CANCEL_DONE,
};

struct slot {
    struct job job;
    const char *program;
    bool is_submitted;
    atomic_int cancel;
};

struct submitter {
    pthread_t thread, canceller;
    unsigned seed, cancel_seed;
    struct slot slots[SLOTS];
    uint64_t answered, cancelled, counts;
};

static atomic_bool is_over;

static bool may_fail(const struct slot *slot)
{
    return strcmp(slot->program, "throw") == 0 || strcmp(slot->program, "burn") == 0;
}

static void check_outcome(struct submitter *s, struct slot *slot)
{
    const struct outcome *outcome = &slot->job.dispatch.task.outcome;
    enum failure_reason reason = outcome->failure.reason;
    bool was_cancelled = atomic_load(&slot->cancel) == CANCEL_DONE;

    ck_assert_uint_eq(slot->job.times, 1);
    s->counts++;
    if (outcome->kind == OUTCOME_ANSWERED) {
        s->answered++;
        return;
    }
    ck_assert_int_eq(outcome->kind, OUTCOME_FAILED);
    s->cancelled += reason == FAILURE_CANCELLED;
    ck_assert_msg((reason == FAILURE_CANCELLED && was_cancelled) ||
                      reason == FAILURE_ISOLATE_CONDEMNED || may_fail(slot),
                  "'%s' failed: %s", slot->program, outcome->failure.message);
}

/* Ends what the slot holds, so that it can be used again. */
static void empty(struct submitter *s, struct slot *slot)
{
    int open = CANCEL_OPEN;

    if (!slot->program)
        return;
    if (slot->is_submitted)
        await(&slot->job.is_done);
    if (!atomic_compare_exchange_strong(&slot->cancel, &open, CANCEL_RUNS)) {
        while (atomic_load(&slot->cancel) != CANCEL_DONE)
            usleep(10);
    }
    if (slot->is_submitted)
        check_outcome(s, slot);
    job_release(&slot->job);
    slot->program = NULL;
}

static void fill(struct submitter *s, struct slot *slot)
{
    char name[] = {(char)('a' + rand_r(&s->seed) % WORKERS), '\0'};
    int err;

    memset(&slot->job, 0, sizeof(slot->job));
    slot->program = programs[(size_t)rand_r(&s->seed) % (sizeof(programs) / sizeof(programs[0]))];
    if (strcmp(slot->program, "burn") == 0 && rand_r(&s->seed) % 50 != 0)
        slot->program = "answer";
    /* Release: from here on it may be cancelled, before it is submitted, too. */
    atomic_store(&slot->cancel, CANCEL_OPEN);
    err = job_start(&slot->job, name, slot->program);
    ck_assert_msg(err == 0 || err == E_CANCELLED, "%d", err);
    slot->is_submitted = err == 0;
}

static void *submit_all(void *arg)
{
    struct submitter *s = arg;

    while (!atomic_load(&is_over)) {
        struct slot *slot = &s->slots[(size_t)rand_r(&s->seed) % SLOTS];

        empty(s, slot);
        fill(s, slot);
        if (rand_r(&s->seed) % 8 == 0)
            usleep((unsigned)rand_r(&s->seed) % 200);
    }
    for (int i = 0; i < SLOTS; i++)
        empty(s, &s->slots[i]);
    return NULL;
}

static void *cancel_some(void *arg)
{
    struct submitter *s = arg;

    while (!atomic_load(&is_over)) {
        struct slot *slot = &s->slots[(size_t)rand_r(&s->cancel_seed) % SLOTS];
        int open = CANCEL_OPEN;

        if (atomic_compare_exchange_strong(&slot->cancel, &open, CANCEL_RUNS)) {
            dispatcher_cancel(&slot->job.dispatch);
            atomic_store(&slot->cancel, CANCEL_DONE);
        }
        usleep((unsigned)rand_r(&s->cancel_seed) % 400);
    }
    return NULL;
}

static unsigned switches_wanted(void)
{
    const char *text = getenv("ISOYARD_SWITCHES");

    return text ? (unsigned)atoi(text) : 60;
}

static void start_submitters(struct submitter *submitters)
{
    for (unsigned i = 0; i < SUBMITTERS; i++) {
        struct submitter *s = &submitters[i];

        s->seed = i + 1;
        s->cancel_seed = i + 100;
        for (int k = 0; k < SLOTS; k++)
            atomic_init(&s->slots[k].cancel, CANCEL_DONE);
        pthread_create(&s->thread, NULL, submit_all, s);
        pthread_create(&s->canceller, NULL, cancel_some, s);
    }
}

static void stop_submitters(struct submitter *submitters)
{
    uint64_t answered = 0, cancelled = 0, counts = 0;

    atomic_store(&is_over, true);
    for (unsigned i = 0; i < SUBMITTERS; i++) {
        pthread_join(submitters[i].canceller, NULL);
        pthread_join(submitters[i].thread, NULL);
        answered += submitters[i].answered;
        cancelled += submitters[i].cancelled;
        counts += submitters[i].counts;
    }
    ck_assert_uint_gt(answered, counts / 2);
    ck_assert_uint_gt(cancelled, 0);
}

static void switch_once(unsigned number)
{
    static const struct {
        const struct pool_ops *ops;
        enum architecture architecture;
    } pools[] = {{&pool_legacy, ARCHITECTURE_LEGACY},
                 {&pool_shared, ARCHITECTURE_SHARED},
                 {&pool_pinned, ARCHITECTURE_PINNED}};
    struct asked asked = ask_for(pools[number % 3].ops, number % 5 == 0 ? 0 : 1000);

    asked.order.config.lanes = 1 + number % 4;
    asked.order.config.handoff = number % 2 == 0 ? HANDOFF_FIFO : HANDOFF_MUTEX;
    begin_patiently(&asked);
    finish(&asked, 0);
    ck_assert_int_eq(asked.report.architecture, pools[number % 3].architecture);
    usleep(number % 7 * 300);
}

START_TEST(dispatcher_submit_while_pools_are_switched_every_task_ends_once)
{
    struct submitter *submitters = xcalloc(SUBMITTERS, sizeof(*submitters));

    open_parts(&pool_pinned);
    for (char name[] = "a"; name[0] < 'a' + WORKERS; name[0]++)
        add_worker(name, "sleep:1 load", 0);
    start_submitters(submitters);
    for (unsigned i = 0; i < switches_wanted(); i++)
        switch_once(i);
    stop_submitters(submitters);
    ck_assert_uint_eq(dispatcher_drain(f.dispatcher, 10000), 0);
    close_parts();
    free(submitters);
}
END_TEST

UNIT_MAIN("switch", switcher_begin_idle_pool_is_replaced,
          switcher_begin_same_architecture_with_other_settings,
          switcher_begin_tasks_in_flight_end_where_they_began,
          switcher_begin_new_tasks_go_to_the_new_pool_while_the_old_one_drains,
          switcher_begin_deadline_passes_and_the_old_pool_lives_on,
          switcher_begin_while_one_is_under_way_is_refused,
          switcher_begin_config_that_cannot_be_leaves_the_pool,
          switcher_begin_choice_that_cannot_be_saved_leaves_the_pool,
          switcher_begin_hottest_workers_are_warm_before_tasks_come,
          switcher_begin_shared_pool_is_warm_before_tasks_come,
          switcher_begin_shared_pool_with_mutex_is_warm_before_tasks_come,
          switcher_begin_more_hot_workers_than_room_keeps_the_hottest,
          switcher_begin_worker_that_does_not_start_stays_cold,
          switcher_hasten_while_it_warms_leaves_the_pool,
          switcher_hasten_while_the_old_pool_drains_answers,
          switcher_stop_with_tasks_in_both_pools_ends_them,
          dispatcher_submit_while_pools_are_switched_every_task_ends_once)
