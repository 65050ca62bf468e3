/* One thread, one order at a time; and a switch, from its beginning to its end. */
#include "server/switcher_private.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "api/log.h"
#include "api/resident.h"
#include "server/container_of.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* How often the pool before is looked at: at first, and once the switch is answered. */
#define LOOK_NS (1 * NS_PER_MS)
#define LATE_LOOK_NS (20 * NS_PER_MS)

/* The end of isolates without haste is waited for so long. */
#define SHED_MAX_NS (5 * NS_PER_S)

/* A switch under way. */
struct run {
    struct switcher *switcher;
    struct switch_order *order; /* NULL: it is answered */
    struct switch_report report;
    uint64_t began_ns;
    uint64_t ended_before; /* tasks of the pool before that had ended when it got no more */
};

bool switcher_is_hastened(struct switcher *switcher)
{
    return atomic_load_explicit(&switcher->is_hastened, memory_order_relaxed);
}

static uint64_t since_ms(const struct run *run, uint64_t at_ns)
{
    return at_ns > run->began_ns ? (at_ns - run->began_ns) / NS_PER_MS : 0;
}

void switcher_pause(uint64_t ns)
{
    const struct timespec pause = {.tv_nsec = (long)ns};

    clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

/* Tasks of a pool that have ended. */
static uint64_t count_ended(struct pool *pool)
{
    struct pool_stats *stats = xcalloc(1, sizeof(*stats));
    uint64_t ended;

    pool_stats(pool, stats);
    ended = stats->answered + stats->failed + stats->limit_exceeded + stats->cancelled +
            stats->condemned_tasks;
    pool_stats_release(stats);
    free(stats);
    return ended;
}

/* Answering. */

void switcher_note_answer(struct switcher *switcher, bool is_last)
{
    pthread_mutex_lock(&switcher->lock);
    switcher->is_answered = true;
    switcher->is_busy = !is_last;
    pthread_mutex_unlock(&switcher->lock);
}

/* Takes the order out, to be answered. */
static struct switch_order *take_order(struct run *run, bool is_last)
{
    struct switch_order *order = run->order;

    run->order = NULL;
    switcher_note_answer(run->switcher, is_last);
    return order;
}

static void fail(struct run *run, bool is_last, int err, const struct error *error)
{
    struct switch_order *order = take_order(run, is_last);

    order->done(order, err, error, NULL);
}

static void log_report(const struct switch_report *report)
{
    log_info("the pool was switched", log_text("previous", architecture_name(report->previous)),
             log_text("pool", architecture_name(report->architecture)),
             log_number("warmed", report->warmed), log_number("switched_ms", report->switched_ms),
             log_number("finished", report->finished), log_number("running", report->running));
}

static void succeed(struct run *run)
{
    uint64_t first_ns = dispatcher_first_ns(run->switcher->dispatcher);
    struct switch_order *order;

    run->report.has_first_task = first_ns > 0;
    run->report.first_task_ms = first_ns > 0 ? since_ms(run, first_ns) : 0;
    run->report.rss_after_bytes = resident_bytes();
    log_report(&run->report);
    order = take_order(run, run->report.is_closed);
    order->done(order, 0, NULL, &run->report);
}

/* Before. */

int switcher_open_pool(struct switcher *switcher, const struct pool_ops *ops,
                       const struct pool_config *config, struct pool **ret, struct error *error)
{
    int err = pool_open(ops, config, switcher->crew, ret, error);

    if (!err)
        dispatcher_seat(switcher->dispatcher, *ret);
    return err;
}

static int open_next(struct run *run, struct pool **ret, struct error *error)
{
    struct switcher *switcher = run->switcher;
    struct pool *serving = dispatcher_serving(switcher->dispatcher);
    int err;

    run->report.previous = pool_architecture(serving);
    run->report.rss_before_bytes = resident_bytes();
    err = switcher_open_pool(switcher, run->order->ops, &run->order->config, ret, error);
    if (err)
        return err;
    run->report.architecture = pool_architecture(*ret);
    run->report.config = *pool_configuration(*ret);
    return 0;
}

void switcher_warm(struct switcher *switcher, struct pool *pool, unsigned max,
                   bool (*is_unwanted)(void *arg), void *arg, struct warmer_result *ret)
{
    *ret = (struct warmer_result){0};
    if (pool_keeps_isolates(pool))
        warmer_run(pool, switcher->registry, max, is_unwanted, arg, ret);
}

static bool is_unwanted(void *arg)
{
    return switcher_is_hastened(arg);
}

static void warm(struct run *run, struct pool *pool)
{
    struct warmer_result result;

    switcher_warm(run->switcher, pool, run->order->warm_limit, is_unwanted, run->switcher, &result);
    run->report.warmed = result.warmed;
    run->report.cold = result.cold;
}

static int prepare(struct run *run, struct pool *pool, struct error *error)
{
    warm(run, pool);
    if (switcher_is_hastened(run->switcher))
        return error_set(error, E_CLOSED, NULL,
                         "the server is shutting down: the pool was not switched");
    return run->order->save(run->order, error);
}

/* After. */

bool switcher_is_over(struct pool *pool)
{
    return pool_live(pool) == 0 && pool_strays(pool) == 0;
}

static void look_at(struct run *run, struct pool *pool)
{
    run->report.finished = count_ended(pool) - run->ended_before;
    run->report.running = pool_live(pool);
}

bool switcher_await_over(struct switcher *switcher, struct pool *pool, uint64_t until_ns)
{
    while (!switcher_is_over(pool)) {
        if (switcher_is_hastened(switcher) || clock_now_ns() >= until_ns)
            return false;
        switcher_pause(until_ns == SWITCHER_FOREVER ? LATE_LOOK_NS : LOOK_NS);
    }
    return true;
}

/* The same, without end; but the order is answered at its deadline. */
static bool await_end(struct run *run, struct pool *pool)
{
    if (run->order) {
        uint64_t deadline_ns = clock_now_ns() + run->order->drain_ms * NS_PER_MS;

        if (switcher_await_over(run->switcher, pool, deadline_ns))
            return true;
        look_at(run, pool);
        succeed(run);
    }
    return switcher_await_over(run->switcher, pool, SWITCHER_FOREVER);
}

void switcher_close_pool(struct switcher *switcher, struct pool *pool)
{
    uint64_t until_ns = clock_now_ns() + SHED_MAX_NS;

    pool_shed(pool);
    while (pool_isolates(pool) > 0 && clock_now_ns() < until_ns && !switcher_is_hastened(switcher))
        switcher_pause(LOOK_NS);
    dispatcher_unseat(switcher->dispatcher);
}

static void end_previous(struct run *run, struct pool *pool)
{
    uint64_t ended_ns;

    run->ended_before = count_ended(pool);
    (void)pool_drain(pool, 0);
    if (!await_end(run, pool))
        return; /* it is the dispatcher's to close */
    look_at(run, pool);
    switcher_close_pool(run->switcher, pool);
    ended_ns = clock_now_ns();
    if (run->order) {
        run->report.is_closed = true;
        run->report.closed_ms = since_ms(run, ended_ns);
        succeed(run);
    } else {
        log_info("the pool before has ended",
                 log_text("pool", architecture_name(run->report.previous)),
                 log_number("after_ms", since_ms(run, ended_ns)));
    }
}

/* The new pool does not serve after all. Only what was warmed is in it; a start-up may last. */
static void drop_next(struct run *run, struct pool *pool, int err, const struct error *error)
{
    if (switcher_is_over(pool) && !switcher_is_hastened(run->switcher)) {
        dispatcher_unseat(run->switcher->dispatcher);
        fail(run, true, err, error);
        return;
    }
    fail(run, false, err, error);
    if (await_end(run, pool))
        dispatcher_unseat(run->switcher->dispatcher);
}

static void run_order(struct switcher *switcher, struct switch_order *order)
{
    struct run run = {.switcher = switcher, .order = order, .began_ns = clock_now_ns()};
    struct error error = {0};
    struct pool *next, *previous;
    int err = open_next(&run, &next, &error);

    if (err) {
        fail(&run, true, err, &error);
        return;
    }
    err = prepare(&run, next, &error);
    if (err) {
        drop_next(&run, next, err, &error);
        return;
    }
    previous = dispatcher_swap(switcher->dispatcher);
    run.report.switched_ms = since_ms(&run, clock_now_ns());
    end_previous(&run, previous);
}

/* The thread. */

/* Takes what is to be begun, one of the two; false where there will be nothing more. */
static bool wait_for_order(struct switcher *switcher, struct switch_order **ret,
                           struct live_order **ret_live)
{
    pthread_mutex_lock(&switcher->lock);
    switcher->is_busy = switcher->order || switcher->live;
    while (!switcher->is_busy && !switcher->is_stopping)
        pthread_cond_wait(&switcher->changed, &switcher->lock);
    *ret = switcher->order;
    *ret_live = switcher->live;
    switcher->order = NULL;
    switcher->live = NULL;
    pthread_mutex_unlock(&switcher->lock);
    return *ret || *ret_live;
}

static void *run_orders(void *arg)
{
    struct switcher *switcher = arg;
    struct switch_order *order;
    struct live_order *live;

    while (wait_for_order(switcher, &order, &live)) {
        if (order)
            run_order(switcher, order);
        else
            live_run(switcher, live);
    }
    return NULL;
}

static void free_switcher(struct switcher *switcher)
{
    pthread_cond_destroy(&switcher->changed);
    pthread_mutex_destroy(&switcher->lock);
    free(switcher);
}

int switcher_start(struct dispatcher *dispatcher, struct registry *registry, struct crew *crew,
                   struct switcher **ret, struct error *error)
{
    struct switcher *switcher = xcalloc(1, sizeof(*switcher));

    switcher->dispatcher = dispatcher;
    switcher->registry = registry;
    switcher->crew = crew;
    pthread_mutex_init(&switcher->lock, NULL);
    pthread_cond_init(&switcher->changed, NULL);
    if (pthread_create(&switcher->thread, NULL, run_orders, switcher) != 0) {
        free_switcher(switcher);
        return error_set(error, E_NOMEM, NULL, "the switcher's thread cannot be started");
    }
    pthread_setname_np(switcher->thread, "switch");
    *ret = switcher;
    return 0;
}

/* What the switcher is busy with. */
struct business {
    bool is_answered;
    bool is_live;
};

static int refuse_unanswered(bool is_live, struct error *error)
{
    if (is_live)
        return error_set(error, E_CONDITION, NULL,
                         "a live comparison is under way; try again when it has ended");
    return error_set(error, E_CONDITION, NULL,
                     "a switch is under way; try again when it has ended");
}

static int refuse_busy(struct switcher *switcher, struct business business, struct error *error)
{
    const char *last = business.is_live ? "live comparison" : "switch";
    struct dispatcher_stats stats;

    if (!business.is_answered)
        return refuse_unanswered(business.is_live, error);
    dispatcher_stats(switcher->dispatcher, &stats);
    pool_stats_release(&stats.pool);
    if (stats.draining_executions == 0)
        return error_set(error, E_CONDITION, NULL,
                         "a pool is still being closed since the last %s; try again when that "
                         "is done",
                         last);
    return error_set(error, E_CONDITION, NULL,
                     "the %s has not ended since the last %s: %zu execution%s there; "
                     "try again when that is over",
                     business.is_live ? "other pool" : "pool before", last,
                     stats.draining_executions,
                     stats.draining_executions == 1 ? " goes on" : "s go on");
}

/* One of the two orders is NULL. */
static int begin(struct switcher *switcher, struct switch_order *order, struct live_order *live,
                 struct error *error)
{
    struct business business;
    bool is_busy;
    int err = 0;

    pthread_mutex_lock(&switcher->lock);
    is_busy = switcher->is_busy;
    business = (struct business){switcher->is_answered, switcher->is_live};
    if (switcher->is_stopping || switcher_is_hastened(switcher)) {
        err = E_CLOSED;
    } else if (!is_busy) {
        switcher->order = order;
        switcher->live = live;
        switcher->is_busy = true;
        switcher->is_answered = false;
        switcher->is_live = live != NULL;
        pthread_cond_signal(&switcher->changed);
    }
    pthread_mutex_unlock(&switcher->lock);
    return err || !is_busy ? err : refuse_busy(switcher, business, error);
}

int switcher_begin(struct switcher *switcher, struct switch_order *order, struct error *error)
{
    return begin(switcher, order, NULL, error);
}

int switcher_begin_live(struct switcher *switcher, struct live_order *order, struct error *error)
{
    return begin(switcher, NULL, order, error);
}

void switcher_hasten(struct switcher *switcher)
{
    if (switcher)
        atomic_store_explicit(&switcher->is_hastened, true, memory_order_relaxed);
}

void switcher_stop(struct switcher *switcher)
{
    if (!switcher)
        return;
    switcher_hasten(switcher);
    pthread_mutex_lock(&switcher->lock);
    switcher->is_stopping = true;
    pthread_cond_signal(&switcher->changed);
    pthread_mutex_unlock(&switcher->lock);
    pthread_join(switcher->thread, NULL);
    free_switcher(switcher);
}
