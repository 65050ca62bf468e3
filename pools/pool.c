/* Pools: what all architectures share. */
#include "pools/pool_private.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "api/hash.h"
#include "pools/crew_private.h"
#include "pools/shared.h"
#include "pools/task_end.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* pool_drain looks this often. */
#define DRAIN_POLL_NS (1 * NS_PER_MS)

struct pool_config pool_config_default(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned lanes = cores > 0 ? (unsigned)cores : 1;

    return (struct pool_config){
        .lanes = lanes < POOL_LANES_MAX ? lanes : POOL_LANES_MAX,
        .isolates = 256,
        .queue = 1024,
        .spread = 4,
        .tasks_per_isolate = 1024,
        .idle_ttl_ms = 60 * 1000,
        .recycle_after = 0,
    };
}

static int check_bounds(unsigned value, unsigned min, unsigned max, const char *name,
                        struct error *error)
{
    if (value >= min && value <= max)
        return 0;
    return error_set(error, E_INVALID, name, "%s is %u, and must be from %u to %u", name, value,
                     min, max);
}

static int check_config(const struct pool_config *c, struct error *error)
{
    int err = check_bounds(c->lanes, 1, POOL_LANES_MAX, "lanes", error);

    if (!err)
        err = check_bounds(c->isolates, c->lanes, 1000000, "isolates", error);
    if (!err)
        err = check_bounds(c->queue, 1, 1000000, "queue", error);
    if (!err)
        err = check_bounds(c->spread, 0, 1000000, "spread", error);
    if (!err)
        err = check_bounds(c->tasks_per_isolate, 1, TICKET_SLOT_MAX, "tasks_per_isolate", error);
    return err;
}

static int open_lane(struct pool *pool, struct error *error)
{
    struct lane *lane = &pool->lanes[pool->lane_count];
    int err = lane_init(lane, pool, pool->crew, pool->lane_count, error);

    if (err)
        return err;
    err = crew_hire(pool->crew, lane);
    if (err) {
        lane_release(lane);
        return error_set(error, err, "lanes", "lane %u: its thread cannot be started", lane->index);
    }
    pool->lane_count++;
    return 0;
}

int pool_open(const struct pool_ops *ops, const struct pool_config *config, struct crew *crew,
              struct pool **ret, struct error *error)
{
    struct pool *pool;
    int err = check_config(config, error);

    if (err)
        return err;
    pool = xcalloc(1, sizeof(*pool) + config->lanes * sizeof(pool->lanes[0]));
    pool->ops = ops;
    pool->config = *config;
    if (config->context == CONTEXT_FRESH)
        pool->config.tasks_per_isolate = 1;
    pool->crew = crew;
    pool->opened_ns = clock_now_ns();
    if (getentropy(&pool->id_seed, sizeof(pool->id_seed)) != 0)
        pool->id_seed = pool->opened_ns; /* a kernel without randomness: ids of two runs may meet */
    pool->opened_us = (int64_t)(clock_read_ns(CLOCK_REALTIME) / NS_PER_US);
    pool->cancel_grace_ns = crew_configuration(crew)->cancel_grace_ms * NS_PER_MS;
    pool->isolates_per_lane = config->isolates / config->lanes;
    pool->shared = ops->is_shared ? shared_new(pool) : NULL;
    for (unsigned i = 0; i < config->lanes && !err; i++)
        err = open_lane(pool, error);
    if (err) {
        pool_close(pool);
        return err;
    }
    *ret = pool;
    return 0;
}

enum architecture pool_architecture(const struct pool *pool)
{
    return pool->ops->architecture;
}

const struct pool_config *pool_configuration(const struct pool *pool)
{
    return &pool->config;
}

bool pool_keeps_isolates(const struct pool *pool)
{
    return pool->ops->architecture != ARCHITECTURE_LEGACY;
}

/* Tasks. */

/* In a shared pool a task that began on one lane may end on another, so that the first has one too
 * many, and the other one too few. */
static uint64_t not_below_zero(uint64_t count)
{
    return count > INT64_MAX ? 0 : count;
}

/* Tasks that the lane, or, where it is shared, the pool may have. */
static uint64_t live_max(struct pool *pool, struct lane *lane)
{
    uint64_t max = (uint64_t)pool->config.queue * pool->lane_count;

    if (!pool->shared)
        return pool->config.queue + counter_get(&lane->counters.in_flight);
    /* A task may begin on one lane and end on another: only the sum says something. */
    for (unsigned i = 0; i < pool->lane_count; i++)
        max += counter_get(&pool->lanes[i].counters.in_flight);
    return max;
}

/* Whether the lane's queue takes one more: then the task is counted there. */
static bool admit(struct pool *pool, struct lane *lane)
{
    /* Relaxed: a bound, which orders nothing. */
    unsigned live = atomic_fetch_add_explicit(lane->live, 1, memory_order_relaxed);

    if (live < live_max(pool, lane))
        return true;
    atomic_fetch_sub_explicit(lane->live, 1, memory_order_relaxed);
    return false;
}

/* The lane that takes a task whose first one is `first`, which is counted there; NULL: all that it
 * may go to are full. */
static struct lane *find_lane(struct pool *pool, const struct task *task, unsigned first)
{
    /* What has filled up since the first look is passed over at the second. */
    for (int look = 0; look < 2; look++) {
        struct lane *lane = &pool->lanes[spread_route(pool, task, first)];

        if (admit(pool, lane))
            return lane;
    }
    atomic_fetch_add_explicit(&pool->refused, 1, memory_order_relaxed);
    return NULL;
}

/* No two tasks of a pool lie at one address at one time, and the seed tells pools apart. */
static uint64_t make_id(const struct pool *pool, const struct task *task)
{
    uint64_t id;

    if (trace_is_set(&task->trace))
        return task->trace.span;
    id = hash_mix(hash_mix(pool->id_seed ^ task->submitted_ns) + (uintptr_t)task);

    return id ? id : 1;
}

static void prepare_task(const struct pool *pool, struct task *task, unsigned lane)
{
    task_init_fate(task);
    task->outcome = (struct outcome){0};
    task->report = (struct report){0};
    task->submit_message.kind = MESSAGE_SUBMIT;
    task->cancel_message.kind = MESSAGE_CANCEL;
    task->lane = lane;
    task->actor = task->home = NULL;
    task->is_waiting = task->is_with_lane = false;
    task->ticket = 0;
    task->submitted_ns = task->queued_ns = clock_now_ns();
    task->id = make_id(pool, task);
    task->queue = QUEUE_MAILBOX;
    task->started_ns = task->startup_ns = task->cpu_ns = 0;
}

static bool is_shared(const struct pool *pool, const struct task *task)
{
    return pool->shared && task->kind != TASK_CHECK;
}

static int hand_over(struct pool *pool, struct lane *lane, struct task *task)
{
    if (is_shared(pool, task) && pool->config.handoff == HANDOFF_FIFO) {
        task->queue = QUEUE_NONE; /* until it is placed */
        return shared_place(pool->shared, task);
    }
    return lane_send(lane, &task->submit_message);
}

int pool_submit(struct pool *pool, struct task *task)
{
    unsigned first = pool->ops->route(pool, task);
    struct lane *lane;

    if (pool_is_draining(pool))
        return E_CLOSED;
    lane = find_lane(pool, task, first);
    if (!lane)
        return E_BUSY;
    prepare_task(pool, task, lane->index);
    spread_add(lane, task);
    if (hand_over(pool, lane, task) != 0) {
        spread_remove(lane, task);
        atomic_fetch_sub_explicit(lane->live, 1, memory_order_relaxed);
        return E_CLOSED;
    }
    atomic_fetch_add_explicit(&lane->submitted, 1, memory_order_relaxed);
    if (lane->index != first)
        atomic_fetch_add_explicit(&lane->spreads, 1, memory_order_relaxed);
    return 0;
}

void pool_cancel(struct pool *pool, struct task *task)
{
    /* A lane with a task that waits for its cancellation is not closed, so the message is never
     * refused. */
    if (!task_claim_cancel(task))
        return;
    if (is_shared(pool, task))
        shared_cancel(pool->shared, task);
    else
        (void)lane_send(&pool->lanes[task->lane], &task->cancel_message);
}

/* The end. */

size_t pool_live(struct pool *pool)
{
    size_t live = 0;

    for (unsigned i = 0; i < pool->lane_count; i++)
        live += atomic_load_explicit(&pool->lanes[i].own_live, memory_order_acquire);
    return live;
}

/* In a shared pool a task may begin on one lane and end on another: only the sums say something. */
size_t pool_queued(struct pool *pool)
{
    uint64_t in_flight = 0;
    size_t live = 0;

    for (unsigned i = 0; i < pool->lane_count; i++) {
        struct lane *lane = &pool->lanes[i];

        live += atomic_load_explicit(&lane->own_live, memory_order_relaxed);
        in_flight += counter_get(&lane->counters.in_flight);
    }
    return live > not_below_zero(in_flight) ? live - not_below_zero(in_flight) : 0;
}

bool pool_is_draining(const struct pool *pool)
{
    return atomic_load_explicit(&pool->is_draining, memory_order_relaxed);
}

size_t pool_drain(struct pool *pool, uint64_t timeout_ms)
{
    static const struct timespec pause = {.tv_nsec = DRAIN_POLL_NS};
    uint64_t end_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
    size_t live;

    atomic_store_explicit(&pool->is_draining, true, memory_order_relaxed);
    while ((live = pool_live(pool)) > 0 && clock_now_ns() < end_ns)
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
    return live;
}

size_t pool_strays(struct pool *pool)
{
    size_t strays = 0;

    for (unsigned i = 0; i < pool->lane_count; i++)
        strays += counter_get(&pool->lanes[i].counters.strays);
    return strays;
}

size_t pool_isolates(struct pool *pool)
{
    uint64_t count = 0;

    for (unsigned i = 0; i < pool->lane_count; i++)
        count += counter_get(&pool->lanes[i].counters.isolates);
    return not_below_zero(count) + (pool->shared ? shared_isolates(pool->shared) : 0);
}

void pool_shed(struct pool *pool)
{
    assert(pool_is_draining(pool));
    for (unsigned i = 0; i < pool->lane_count; i++)
        (void)lane_send(&pool->lanes[i], &pool->lanes[i].shed_message); /* it is open */
}

void pool_close(struct pool *pool)
{
    if (!pool)
        return;
    atomic_store_explicit(&pool->is_draining, true, memory_order_relaxed);
    for (unsigned i = 0; i < pool->lane_count; i++)
        (void)lane_send(&pool->lanes[i],
                        &pool->lanes[i].stop_message); /* it is open: nobody else stops it */
    for (unsigned i = 0; i < pool->lane_count; i++)
        crew_await_closed(pool->crew, &pool->lanes[i]);
    shared_free(pool->shared);
    free(pool);
}

/* Figures. */

static void add_lane(struct pool_stats *stats, struct lane *lane, struct lane_stats *ret)
{
    struct lane_counters *c = &lane->counters;
    uint64_t in_flight = counter_get(&c->in_flight);
    uint64_t live = atomic_load_explicit(&lane->own_live, memory_order_relaxed);
    uint64_t spreads = atomic_load_explicit(&lane->spreads, memory_order_relaxed);
    uint64_t submitted = atomic_load_explicit(&lane->submitted, memory_order_relaxed);

    stats->submitted += submitted;
    stats->spreads += spreads;
    stats->answered += counter_get(&c->answered);
    stats->failed += counter_get(&c->failed);
    stats->limit_exceeded += counter_get(&c->limit_exceeded);
    stats->cancelled += counter_get(&c->cancelled);
    stats->condemned_tasks += counter_get(&c->condemned_tasks);
    for (unsigned i = 0; i < LIMIT_KINDS; i++)
        stats->limits[i] += counter_get(&c->limits[i]);
    stats->tenant_mismatches += counter_get(&c->tenant_mismatches);
    stats->in_flight += in_flight;
    stats->isolates_alive += counter_get(&c->isolates);
    stats->isolates_created += counter_get(&c->created);
    stats->isolates_disposed += counter_get(&c->disposed);
    stats->hits += counter_get(&c->hits);
    stats->misses += counter_get(&c->misses);
    stats->evicted += counter_get(&c->evicted);
    stats->expired += counter_get(&c->expired);
    stats->recycled += counter_get(&c->recycled);
    stats->condemned += counter_get(&c->condemned);
    stats->adoptions += counter_get(&c->adoptions);
    stats->strays += (uint32_t)counter_get(&c->strays);
    stats->quarantines += counter_get(&c->quarantines);
    histogram_merge(&stats->queue_wait_us, &lane->queue_wait_us);
    histogram_merge(&stats->wall_us, &lane->wall_us);
    histogram_merge(&stats->cpu_us, &lane->cpu_us);
    histogram_merge(&stats->startup_us, &lane->startup_us);
    queues_merge(&stats->queues, &lane->queues);
    queues_merge_one(&stats->queues, QUEUE_FETCH, &lane->fetch_queue);
    top_merge(&stats->top_by_queue_wait, &lane->top_by_queue_wait);
    top_merge(&stats->top_by_cpu, &lane->top_by_cpu);
    stats->queues.entered[QUEUE_MAILBOX] += submitted;
    histogram_merge(&stats->cold_us, &lane->cold_us);
    histogram_merge(&stats->fresh_us, &lane->fresh_us);
    histogram_merge(&stats->warm_us, &lane->warm_us);
    *ret = (struct lane_stats){
        .lane = lane->index,
        .queued = live > not_below_zero(in_flight) ? live - not_below_zero(in_flight) : 0,
        .in_flight = not_below_zero(in_flight),
        .isolates = counter_get(&c->isolates),
        .turns = counter_get(&c->turns),
        .tasks = counter_get(&c->tasks),
        .adoptions = counter_get(&c->adoptions),
        .spreads = spreads,
        .busy_ns = counter_get(&c->busy_ns),
        .hits = counter_get(&c->hits),
        .misses = counter_get(&c->misses),
        .evicted = counter_get(&c->evicted),
        .running_key = counter_get(&c->running_key),
    };
}

void pool_stats(struct pool *pool, struct pool_stats *ret)
{
    struct crew_figures crew = crew_figures(pool->crew);

    memset(ret, 0, sizeof(*ret));
    ret->refused = atomic_load_explicit(&pool->refused, memory_order_relaxed);
    ret->opened_ns = pool->opened_ns;
    ret->age_ns = clock_now_ns() - pool->opened_ns;
    ret->opened_us = pool->opened_us;
    ret->spares = crew.spares;
    ret->quarantined = crew.quarantined;
    ret->terminations = crew.terminations;
    ret->lane_count = pool->lane_count;
    ret->lanes = xcalloc(pool->lane_count, sizeof(ret->lanes[0]));
    for (unsigned i = 0; i < pool->lane_count; i++)
        add_lane(ret, &pool->lanes[i], &ret->lanes[i]);
    queues_merge_one(&ret->queues, QUEUE_COMPUTE, offload_queue(crew_offload(pool->crew)));
    if (pool->shared)
        shared_stats(pool->shared, ret);
}

/* Architectures. */

static const struct pool_ops *const architectures[] = {&pool_legacy, &pool_shared, &pool_pinned};

const struct pool_ops *pool_ops_find(const char *name)
{
    for (size_t i = 0; i < sizeof(architectures) / sizeof(architectures[0]); i++) {
        if (strcmp(architectures[i]->name, name) == 0)
            return architectures[i];
    }
    return NULL;
}

const char *architecture_name(enum architecture architecture)
{
    switch (architecture) {
    case ARCHITECTURE_LEGACY:
        return "legacy";
    case ARCHITECTURE_SHARED:
        return "shared";
    case ARCHITECTURE_PINNED:
        return "pinned";
    }
    return "unknown";
}

const char *handoff_name(enum handoff handoff)
{
    return handoff == HANDOFF_MUTEX ? "mutex" : "fifo";
}

int handoff_parse(const char *name, enum handoff *ret)
{
    for (enum handoff h = HANDOFF_FIFO; h <= HANDOFF_MUTEX; h++) {
        if (strcmp(handoff_name(h), name) == 0) {
            *ret = h;
            return 0;
        }
    }
    return E_INVALID;
}

const char *context_name(enum context_use context)
{
    return context == CONTEXT_FRESH ? "fresh" : "reuse";
}

int context_parse(const char *name, enum context_use *ret)
{
    for (enum context_use c = CONTEXT_REUSE; c <= CONTEXT_FRESH; c++) {
        if (strcmp(context_name(c), name) == 0) {
            *ret = c;
            return 0;
        }
    }
    return E_INVALID;
}
