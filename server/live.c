/* Two halves, cut into windows; what both pools did in each; and the report. */
#include "server/live.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "api/log.h"
#include "server/switcher_private.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>

#define ARMS 2u

/* How often the queues are looked at, and whether to go on. Both cost about a microsecond. */
#define LOOK_NS (10 * NS_PER_MS)

/* Windows are at least so long, where there is time for more than the fewest. */
#define WINDOW_MS 500u

/* What a half begins with and does not count: this share of it, and a while. */
#define SETTLE_SHARE 10u
#define SETTLE_NS (100 * NS_PER_MS)

/* Real calls fail now and then, which is their callers' doing; both arms have such. */
#define TOLERATED_FAILURES 0.01

/* Progress is told at least so often. */
#define TELL_NS NS_PER_S

/* How long the answer waits for the rival's last tasks, so that whoever has it may go on at once.
 */
#define PATIENCE_NS (50 * NS_PER_MS)

/* How the time is cut. */
struct plan {
    unsigned rounds;
    uint64_t half_ns, settle_ns, window_ns;
};

/* What the pools have counted up to a moment. */
struct moment {
    uint64_t at_ns;
    struct pool_stats stats[ARMS];
};

/* Tasks that waited, as seen now and then. */
struct depth {
    uint64_t sum, looks, max;
};

/* A live comparison under way. Arms: the pool that serves, the rival. */
struct live {
    struct switcher *switcher;
    struct live_order *order;
    uint64_t began_ns;
    struct plan plan;
    size_t tenant_count;
    uint64_t *tenants; /* their keys, sorted */
    struct pool *pools[ARMS];
    bool is_dealt; /* tenants are divided, since: */
    uint64_t dealt_ns;
    uint64_t told_ns; /* progress */
    unsigned round;   /* whose window it is, from 0 */
    bool is_counted;  /* it is a window, and not the time before */
    struct moment *before, *after;
    struct tally *tallies[ARMS];        /* of each round */
    uint64_t round_ns[LIVE_ROUNDS_MAX]; /* both windows */
    struct depth depths[ARMS];
};

static struct plan plan_of(uint64_t duration_ms)
{
    struct plan plan = {.half_ns = duration_ms * NS_PER_MS / 2};
    uint64_t rounds;

    plan.settle_ns = plan.half_ns / SETTLE_SHARE;
    if (plan.settle_ns < SETTLE_NS)
        plan.settle_ns = plan.half_ns / 4 < SETTLE_NS ? plan.half_ns / 4 : SETTLE_NS;
    rounds = (plan.half_ns - plan.settle_ns) / (WINDOW_MS * NS_PER_MS);
    if (rounds < LIVE_ROUNDS_MIN)
        rounds = LIVE_ROUNDS_MIN;
    plan.rounds = (unsigned)(rounds < LIVE_ROUNDS_MAX ? rounds : LIVE_ROUNDS_MAX);
    plan.window_ns = (plan.half_ns - plan.settle_ns) / plan.rounds;
    return plan;
}

static struct live *live_new(struct switcher *switcher, struct live_order *order)
{
    struct live *l = xcalloc(1, sizeof(*l));

    assert(order->duration_ms >= LIVE_MS_MIN && order->duration_ms <= LIVE_MS_MAX);
    l->switcher = switcher;
    l->order = order;
    l->began_ns = clock_now_ns();
    l->plan = plan_of(order->duration_ms);
    l->before = xcalloc(1, sizeof(*l->before));
    l->after = xcalloc(1, sizeof(*l->after));
    for (unsigned arm = 0; arm < ARMS; arm++)
        l->tallies[arm] = xcalloc(l->plan.rounds, sizeof(l->tallies[arm][0]));
    return l;
}

static void live_free(struct live *l)
{
    for (unsigned arm = 0; arm < ARMS; arm++)
        free(l->tallies[arm]);
    free(l->after);
    free(l->before);
    free(l->tenants);
    free(l);
}

/* Going on or not. */

static int check(const struct live *l, struct error *error)
{
    if (switcher_is_hastened(l->switcher))
        return error_set(error, E_CLOSED, NULL,
                         "the server is shutting down: the live comparison was ended");
    /* Relaxed: it is asked again and again. */
    if (atomic_load_explicit(&l->order->is_cancelled, memory_order_relaxed))
        return error_set(error, E_CANCELLED, NULL, "the live comparison was cancelled");
    return 0;
}

static bool is_unwanted(void *arg)
{
    return check(arg, NULL) != 0;
}

static void tell(struct live *l)
{
    uint64_t now_ns = clock_now_ns();
    double share = l->is_dealt ? (double)(now_ns - l->dealt_ns) / (double)(2 * l->plan.half_ns) : 0;
    const struct compare_progress progress = {
        .round = l->is_dealt ? l->round + 1 : 0,
        .rounds = l->plan.rounds,
        .arm = "",
        .share = share < 1 ? share : 1,
    };

    l->told_ns = now_ns;
    l->order->progress(l->order, &progress);
}

static void look_at_queues(struct live *l)
{
    for (unsigned arm = 0; arm < ARMS; arm++) {
        struct depth *depth = &l->depths[arm];
        uint64_t queued = pool_queued(l->pools[arm]);

        depth->sum += queued;
        depth->looks++;
        if (queued > depth->max)
            depth->max = queued;
    }
}

/* Tasks come and go meanwhile. */
static int wait_until(struct live *l, uint64_t until_ns, struct error *error)
{
    int err = check(l, error);

    while (!err) {
        uint64_t now_ns = clock_now_ns();

        if (now_ns >= until_ns)
            break;
        if (l->is_counted)
            look_at_queues(l);
        if (now_ns - l->told_ns >= TELL_NS)
            tell(l);
        switcher_pause(until_ns - now_ns < LOOK_NS ? until_ns - now_ns : LOOK_NS);
        err = check(l, error);
    }
    return err;
}

/* Counting. */

static void take_moment(struct live *l, struct moment *ret)
{
    ret->at_ns = clock_now_ns();
    for (unsigned arm = 0; arm < ARMS; arm++) {
        pool_stats(l->pools[arm], &ret->stats[arm]);
        pool_stats_release(&ret->stats[arm]); /* what lanes did is of no interest */
    }
}

/* Adds what has happened since the moment before to the round. */
static void count_window(struct live *l)
{
    struct moment *after = l->after, *before = l->before;

    take_moment(l, after);
    for (unsigned arm = 0; arm < ARMS; arm++)
        tally_add(&l->tallies[arm][l->round], &after->stats[arm], &before->stats[arm]);
    l->round_ns[l->round] += after->at_ns - before->at_ns;
    l->before = after;
    l->after = before;
}

static int run_half(struct live *l, struct error *error)
{
    uint64_t counted_ns = clock_now_ns() + l->plan.settle_ns;
    int err;

    l->round = 0;
    l->is_counted = false;
    err = wait_until(l, counted_ns, error);
    take_moment(l, l->before);
    l->is_counted = true;
    while (!err && l->round < l->plan.rounds) {
        tell(l);
        err = wait_until(l, counted_ns + (l->round + 1) * l->plan.window_ns, error);
        count_window(l);
        l->round++;
    }
    return err;
}

/* Both halves; afterwards all tasks go to the pool that serves. */
static int run_halves(struct live *l, struct error *error)
{
    struct dispatcher *dispatcher = l->switcher->dispatcher;
    int err;

    l->dealt_ns = clock_now_ns();
    l->is_dealt = true;
    dispatcher_split(dispatcher, l->tenants, l->tenant_count);
    err = run_half(l, error);
    if (!err) {
        dispatcher_swap_sides(dispatcher);
        err = run_half(l, error);
    }
    dispatcher_unite(dispatcher);
    return err;
}

/* The report. */

static uint64_t count_tasks(const struct tally *tally)
{
    return tally->answered + tally->failed;
}

static struct round_figures figures_of(const struct tally *tally, uint64_t duration_ns)
{
    return (struct round_figures){
        .tasks = count_tasks(tally),
        .failed = tally->failed,
        .per_s =
            duration_ns > 0 ? (double)tally->answered * (double)NS_PER_S / (double)duration_ns : 0,
        .p50_us = histogram_percentile(&tally->wall_us, 0.5),
        .p99_us = histogram_percentile(&tally->wall_us, 0.99),
        .cpu_us = tally_cpu_us(tally),
    };
}

static void fill_figures(const struct live *l, unsigned arm, struct arm_figures *ret)
{
    const struct depth *depth = &l->depths[arm];

    for (unsigned i = 0; i < l->plan.rounds; i++) {
        const struct tally *tally = &l->tallies[arm][i];

        tally_merge(&ret->tally, tally);
        ret->rounds[i] = figures_of(tally, l->round_ns[i]);
    }
    histogram_merge(&ret->latency_us, &ret->tally.wall_us);
    ret->mean_depth = depth->looks > 0 ? (double)depth->sum / (double)depth->looks : 0;
    ret->max_depth = depth->max;
}

static void add_notes(const struct live *l, struct comparison *c)
{
    uint64_t tasks = count_tasks(&c->figures[0].tally) + count_tasks(&c->figures[1].tally);

    comparison_note(
        c,
        "%zu tenants were dealt to both pools by turns, and swapped sides at half-time; "
        "%" PRIu64 " task%s counted.",
        l->tenant_count, tasks, tasks == 1 ? " was" : "s were");
    comparison_note(c, "How many tasks come is up to the callers: the throughput follows the "
                       "demand, and does not show what a pool could do.");
    for (unsigned arm = 0; arm < ARMS; arm++) {
        if (count_tasks(&c->figures[arm].tally) == 0)
            comparison_note(c, "%s%s got no tasks that ended in a round.", c->arms[arm].name,
                            arm == 0 ? ", which serves," : ", the other one,");
    }
}

static struct comparison *conclude(const struct live *l)
{
    const char *served = architecture_name(pool_architecture(l->pools[0]));
    struct comparison *c = xcalloc(1, sizeof(*c));
    struct arm arms[ARMS];

    arm_init(&arms[0], pool_ops_find(served), pool_configuration(l->pools[0]));
    arm_init(&arms[1], l->order->ops, pool_configuration(l->pools[1]));
    comparison_init(c, arms, ARMS);
    for (unsigned arm = 0; arm < ARMS; arm++)
        fill_figures(l, arm, &c->figures[arm]);
    c->round_count = l->plan.rounds;
    c->duration_ms = (clock_now_ns() - l->dealt_ns) / NS_PER_MS;
    c->tolerated_failures = TOLERATED_FAILURES;
    comparison_conclude(c, METRIC_P99);
    add_notes(l, c);
    return c;
}

/* Beginning and end. */

static void log_begin(const struct live *l)
{
    log_info("a live comparison begins",
             log_text("pool", architecture_name(pool_architecture(l->pools[0]))),
             log_text("rival", architecture_name(pool_architecture(l->pools[1]))),
             log_number("tenants", l->tenant_count),
             log_number("duration_ms", l->order->duration_ms));
}

static void log_end(const struct live *l, int err, const struct error *error)
{
    log_info("the live comparison has ended",
             log_number("ms", (clock_now_ns() - l->began_ns) / NS_PER_MS),
             log_text("error", err ? error->message : NULL));
}

static void answer(struct live *l, bool is_last, int err, const struct error *error,
                   struct comparison *result)
{
    switcher_note_answer(l->switcher, is_last);
    l->order->done(l->order, err, error, result);
    l->order = NULL; /* gone */
}

static int find_tenants(struct live *l, struct error *error)
{
    l->tenant_count = registry_tenants(l->switcher->registry, &l->tenants);
    if (l->tenant_count >= ARMS)
        return 0;
    return error_set(error, E_CONDITION, NULL,
                     "a live comparison divides the tenants between two pools: it takes two that "
                     "have an active worker, and there %s",
                     l->tenant_count == 1 ? "is one" : "is none");
}

static int open_rival(struct live *l, struct error *error)
{
    struct switcher *switcher = l->switcher;
    int err = find_tenants(l, error);

    if (!err)
        err = check(l, error);
    l->pools[0] = dispatcher_serving(switcher->dispatcher);
    if (!err)
        err = switcher_open_pool(switcher, l->order->ops, &l->order->config, &l->pools[1], error);
    return err;
}

static int warm_and_run(struct live *l, struct error *error)
{
    struct warmer_result result;
    int err;

    log_begin(l);
    tell(l);
    switcher_warm(l->switcher, l->pools[1], l->order->warm_limit, is_unwanted, l, &result);
    err = check(l, error);
    return err ? err : run_halves(l, error);
}

/* Nobody submits to the rival any more. Its tasks end where they are, be it after the answer. Who
 * has cancelled does not wait for it. */
static void close_rival(struct live *l, int err, const struct error *error,
                        struct comparison *result)
{
    struct switcher *switcher = l->switcher;
    struct pool *rival = l->pools[1];

    (void)pool_drain(rival, 0);
    log_end(l, err, error);
    if (!err && switcher_await_over(switcher, rival, clock_now_ns() + PATIENCE_NS)) {
        switcher_close_pool(switcher, rival);
        answer(l, true, 0, NULL, result);
        return;
    }
    answer(l, false, err, error, result);
    if (switcher_await_over(switcher, rival, SWITCHER_FOREVER))
        switcher_close_pool(switcher, rival); /* else it is the dispatcher's to close */
}

void live_run(struct switcher *switcher, struct live_order *order)
{
    struct live *l = live_new(switcher, order);
    struct comparison *result = NULL;
    struct error error = {0};
    int err = open_rival(l, &error);

    if (err) {
        answer(l, true, err, &error, NULL);
    } else {
        err = warm_and_run(l, &error);
        if (!err)
            result = conclude(l);
        close_rival(l, err, &error, result);
    }
    live_free(l);
}
