/* Rounds, arms, and what each pool did. */
#include "pools/compare/synthetic.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "api/resident.h"

#include <inttypes.h>
#include <stdlib.h>

/* Warm-ups take no longer than this. */
#define WARM_NS (60 * NS_PER_S)

/* What goes on after the answers is waited for so long. */
#define SETTLE_MS 1000u

struct synthetic {
    const struct synthetic_plan *plan;
    const struct synthetic_watch *watch;
    struct comparison *comparison;
    struct request *request;
    struct script **scripts; /* of the round */
    unsigned script_count;
    struct pool_stats *before, *after; /* the load; large */
    uint64_t depth_sum[COMPARISON_ARMS_MAX], depth_looks[COMPARISON_ARMS_MAX];
    char failure[LOAD_FAILURE_BYTES]; /* the first one */
};

/* Workers. */

static unsigned count_scripts(const struct synthetic_plan *plan)
{
    return plan->workload ? workload_worker_count(plan->workload, plan->load.callers) : 1;
}

static void make_scripts(struct synthetic *s, unsigned round)
{
    const struct synthetic_plan *plan = s->plan;

    for (unsigned i = 0; i < s->script_count; i++)
        s->scripts[i] = plan->workload
                            ? workload_script(plan->workload, plan->io_ms, round, i, &plan->limits)
                            : script_ref(plan->script);
}

static void drop_scripts(struct synthetic *s)
{
    for (unsigned i = 0; i < s->script_count; i++)
        script_unref(s->scripts[i]);
}

/* One pool. */

static void look(struct pool *pool, struct pool_stats *ret)
{
    pool_stats(pool, ret);
    pool_stats_release(ret); /* what lanes did is of no interest */
}

/* Of a load; it is over when this returns, or its pool is the caller's to close before it. */
static int run_load(struct synthetic *s, struct load *load, struct pool *pool,
                    struct histogram *latency_us, struct load_result *ret, struct error *error)
{
    return load_run(load, pool, s->watch->is_cancelled, latency_us, ret, error);
}

static struct load_plan plan_warm_up(const struct synthetic *s)
{
    struct load_plan warm = s->plan->load;

    warm.scripts = s->scripts;
    warm.request = s->request;
    warm.workers = s->script_count;
    warm.has_workers_each = warm.has_tasks_each = false;
    warm.rate_per_s = 0;
    warm.think_ns = 0;
    warm.tasks = s->plan->warm_ups;
    if (warm.callers == 0 || warm.callers > warm.tasks)
        warm.callers = warm.tasks < LOAD_CALLERS_MAX ? warm.tasks : LOAD_CALLERS_MAX;
    warm.begin_ns = WARM_NS;
    return warm;
}

/* *ret is to be freed once the pool is closed. */
static int warm_up(struct synthetic *s, struct pool *pool, struct load **ret, struct error *error)
{
    struct load_plan warm = plan_warm_up(s);
    struct histogram *ignored;
    struct load_result result;
    int err;

    *ret = NULL;
    if (warm.tasks == 0)
        return 0;
    err = load_new(&warm, ret, error);
    if (err)
        return err;
    ignored = xcalloc(1, sizeof(*ignored));
    err = run_load(s, *ret, pool, ignored, &result, error);
    free(ignored);
    return err;
}

static void note_round(struct synthetic *s, unsigned arm, unsigned round,
                       const struct load_result *result)
{
    struct arm_figures *figures = &s->comparison->figures[arm];
    uint64_t answered = result->tasks - result->failed;
    struct tally *tally = xcalloc(1, sizeof(*tally));

    tally_add(tally, s->after, s->before);
    figures->rounds[round] = (struct round_figures){
        .tasks = result->tasks,
        .failed = result->failed,
        .per_s = result->elapsed_ns > 0 ? (double)answered * 1e9 / (double)result->elapsed_ns : 0,
        .p50_us = result->p50_us,
        .p99_us = result->p99_us,
        .cpu_us = tally_cpu_us(tally),
    };
    /* In the callers' eyes, who were refused some, or had no place to hand them in. */
    tally->answered = answered;
    tally->failed = result->failed;
    tally_merge(&figures->tally, tally);
    free(tally);
    s->depth_sum[arm] += result->depth_sum;
    s->depth_looks[arm] += result->depth_looks;
    if (result->depth_max > figures->max_depth)
        figures->max_depth = result->depth_max;
    if (s->failure[0] == '\0')
        memcpy(s->failure, result->failure, sizeof(s->failure));
}

/* Both loads are to be freed once the pool is closed. */
static int run_pool(struct synthetic *s, unsigned arm, unsigned round, struct pool *pool,
                    struct load *load, struct load **ret_warm, struct error *error)
{
    struct arm_figures *figures = &s->comparison->figures[arm];
    struct load_result result;
    int err = warm_up(s, pool, ret_warm, error);

    if (err)
        return err;
    look(pool, s->before);
    err = run_load(s, load, pool, &figures->latency_us, &result, error);
    if (err)
        return err;
    /* What is counted when a task has ended is counted a little after it has. */
    (void)pool_drain(pool, SETTLE_MS);
    look(pool, s->after);
    note_round(s, arm, round, &result);
    return 0;
}

static int run_arm(struct synthetic *s, unsigned arm, unsigned round, struct error *error)
{
    const struct arm *with = &s->plan->arms[arm];
    struct arm_figures *figures = &s->comparison->figures[arm];
    struct load_plan plan = s->plan->load;
    struct load *load = NULL, *warm = NULL;
    struct pool *pool = NULL;
    uint64_t before, after;
    int err;

    plan.scripts = s->scripts;
    plan.request = s->request;
    err = load_new(&plan, &load, error);
    before = resident_bytes();
    if (!err)
        err = pool_open(with->ops, &with->config, s->plan->crew, &pool, error);
    if (!err)
        err = run_pool(s, arm, round, pool, load, &warm, error);
    after = resident_bytes();
    if (!err && after > before && after - before > figures->memory_bytes)
        figures->memory_bytes = after - before;
    pool_close(pool);
    load_free(warm);
    load_free(load);
    return err;
}

/* Rounds. */

static void tell(const struct synthetic *s, unsigned round, unsigned place, unsigned arm)
{
    const struct synthetic_plan *plan = s->plan;
    const struct compare_progress progress = {
        .round = round + 1,
        .rounds = plan->rounds,
        .arm = plan->arms[arm].name,
        .share = (double)(round * plan->arm_count + place) / (plan->rounds * plan->arm_count),
    };

    s->watch->progress(s->watch->arg, &progress);
}

static int run_round(struct synthetic *s, unsigned round, struct error *error)
{
    unsigned count = s->plan->arm_count;
    int err = 0;

    make_scripts(s, round);
    for (unsigned place = 0; place < count && !err; place++) {
        unsigned arm = (round + place) % count;

        tell(s, round, place, arm);
        err = run_arm(s, arm, round, error);
    }
    drop_scripts(s);
    return err;
}

/* Notes. */

static void note_io(const struct synthetic *s)
{
    const struct workload *workload = s->plan->workload;

    if (!workload || s->plan->io_ms == 0)
        return;
    if (workload->io == IO_IN_TASK)
        comparison_note(s->comparison, "I/O is simulated: tasks wait %u ms for a timer.",
                        s->plan->io_ms);
    else if (s->plan->load.think_ns > 0)
        comparison_note(s->comparison,
                        "I/O is simulated: callers wait %u ms between two tasks, outside of any.",
                        s->plan->io_ms);
}

static void note_failures(const struct synthetic *s)
{
    if (s->failure[0] != '\0')
        comparison_note(s->comparison, "Tasks failed; the first one: %.300s", s->failure);
}

/* What hit the time limit had not the same to do. */
static void note_shortness(const struct synthetic *s)
{
    const struct comparison *c = s->comparison;
    const struct load_plan *load = &s->plan->load;
    uint64_t wanted = (uint64_t)load->tasks * (load->has_tasks_each ? load->callers : 1);

    if (wanted == LOAD_TASKS_MAX)
        return; /* as many as it comes to */
    for (unsigned arm = 0; arm < c->arm_count; arm++) {
        uint64_t least = UINT64_MAX;

        for (unsigned i = 0; i < c->round_count; i++)
            least =
                c->figures[arm].rounds[i].tasks < least ? c->figures[arm].rounds[i].tasks : least;
        if (least < wanted)
            comparison_note(s->comparison,
                            "A round of %s was cut at %" PRIu64 " s, after %" PRIu64 " of %" PRIu64
                            " tasks.",
                            c->arms[arm].name, load->begin_ns / NS_PER_S, least, wanted);
    }
}

static void conclude(struct synthetic *s)
{
    struct comparison *c = s->comparison;

    for (unsigned arm = 0; arm < c->arm_count; arm++) {
        if (s->depth_looks[arm] > 0)
            c->figures[arm].mean_depth = (double)s->depth_sum[arm] / (double)s->depth_looks[arm];
    }
    comparison_conclude(c, s->plan->load.rate_per_s > 0 ? METRIC_P99 : METRIC_THROUGHPUT);
    note_io(s);
    note_failures(s);
    note_shortness(s);
}

static void init(struct synthetic *s)
{
    const struct synthetic_plan *plan = s->plan;

    comparison_init(s->comparison, plan->arms, plan->arm_count);
    s->request = plan->workload ? workload_request(plan->workload) : request_ref(plan->request);
    s->script_count = count_scripts(plan);
    s->scripts = xcalloc(s->script_count, sizeof(s->scripts[0]));
    s->before = xcalloc(1, sizeof(*s->before));
    s->after = xcalloc(1, sizeof(*s->after));
}

static void release(struct synthetic *s)
{
    free(s->after);
    free(s->before);
    free(s->scripts);
    request_unref(s->request);
}

int synthetic_run(const struct synthetic_plan *plan, const struct synthetic_watch *watch,
                  struct comparison *ret, struct error *error)
{
    struct synthetic s = {.plan = plan, .watch = watch, .comparison = ret};
    uint64_t began_ns = clock_now_ns();
    int err = 0;

    init(&s);
    for (unsigned round = 0; round < plan->rounds && !err; round++) {
        err = run_round(&s, round, error);
        if (!err)
            ret->round_count = round + 1;
    }
    ret->duration_ms = (clock_now_ns() - began_ns) / NS_PER_MS;
    if (!err)
        conclude(&s);
    else
        comparison_release(ret);
    release(&s);
    return err;
}
