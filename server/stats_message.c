/* Figures of the pool as protobuf-c has them. */
#include "server/stats_message.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "api/counter.h"
#include "api/resident.h"
#include "api/version.h"
#include "server/code_thread.h"
#include "server/log_thread.h"
#include "server/logger.h"
#include "server/message.h"
#include "shim/shim.h"

#include <stdlib.h>

static void set_tasks(Isoyard__V1__TaskCounters *m, const struct pool_stats *stats)
{
    isoyard__v1__task_counters__init(m);
    m->submitted = stats->submitted;
    m->answered = stats->answered;
    m->failed = stats->failed;
    m->limit_exceeded = stats->limit_exceeded;
    m->cancelled = stats->cancelled;
    m->refused = stats->refused;
    m->condemned = stats->condemned_tasks;
    m->in_flight = stats->in_flight;
    m->tenant_mismatches = stats->tenant_mismatches;
    m->spreads = stats->spreads;
}

static void set_isolates(Isoyard__V1__IsolateCounters *m, const struct pool_stats *stats)
{
    isoyard__v1__isolate_counters__init(m);
    m->alive = stats->isolates_alive;
    m->created = stats->isolates_created;
    m->disposed = stats->isolates_disposed;
    m->hits = stats->hits;
    m->misses = stats->misses;
    m->evicted = stats->evicted;
    m->expired = stats->expired;
    m->recycled = stats->recycled;
    m->condemned = stats->condemned;
}

static void set_threads(Isoyard__V1__ThreadCounters *m, const struct pool_stats *stats)
{
    isoyard__v1__thread_counters__init(m);
    m->spares = stats->spares;
    m->adoptions = stats->adoptions;
    m->terminations = stats->terminations;
    m->strays = stats->strays;
    m->quarantined = stats->quarantined;
    m->quarantines = stats->quarantines;
}

Isoyard__V1__Distribution *distribution_message_of(Isoyard__V1__Distribution *ret,
                                                   const struct histogram *h)
{
    if (histogram_count(h) == 0)
        return NULL;
    distribution_message_init(ret, h);
    return ret;
}

/* Those that there are: they have been taken. */
static void set_locks(struct stats_message *m, const struct pool_stats *stats)
{
    if (stats->lock.acquisitions > 0) {
        lock_message_init(&m->lock, LOCK_NAME_POOL, &stats->lock);
        m->stats.lock = &m->lock.lock;
    }
    if (stats->isolate_lock.acquisitions > 0) {
        lock_message_init(&m->isolate_lock, LOCK_NAME_ISOLATE, &stats->isolate_lock);
        m->stats.isolate_lock = &m->isolate_lock.lock;
    }
}

/* Those that the architecture has: something has been in them. */
static void set_queues(struct stats_message *m, const struct pool_stats *stats)
{
    for (enum queue q = QUEUE_NONE + 1; q < QUEUES; q++) {
        Isoyard__V1__QueueStats *queue = &m->queues[q];

        if (stats->queues.entered[q] == 0)
            continue;
        isoyard__v1__queue_stats__init(queue);
        queue->name = (char *)queue_name(q);
        queue->depth = queues_depth(&stats->queues, q);
        queue->entered = stats->queues.entered[q];
        queue->wait = &m->queue_waits[q];
        distribution_message_init(queue->wait, &stats->queues.wait_us[q]);
        m->queue_pointers[m->stats.n_queues++] = queue;
    }
    m->stats.queues = m->queue_pointers;
}

static const struct top_use *find_use(const struct top_list *list, uint64_t key)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->uses[i].key == key)
            return &list->uses[i];
    }
    return NULL;
}

static void set_running(Isoyard__V1__LaneStats *m, uint64_t key, const struct pool_stats *stats)
{
    const struct top_use *use = find_use(&stats->top_by_cpu, key);

    if (!use)
        use = find_use(&stats->top_by_queue_wait, key);
    m->is_running = true;
    if (use) {
        m->running_tenant = (char *)use->tenant;
        m->running_worker = (char *)use->worker;
    }
}

static void set_lane(Isoyard__V1__LaneStats *m, const struct lane_stats *lane,
                     const struct pool_stats *stats)
{
    isoyard__v1__lane_stats__init(m);
    m->lane = lane->lane;
    m->queued = lane->queued;
    m->in_flight = lane->in_flight;
    m->isolates = lane->isolates;
    m->turns = lane->turns;
    m->tasks = lane->tasks;
    m->adoptions = lane->adoptions;
    m->spreads = lane->spreads;
    m->hits = lane->hits;
    m->misses = lane->misses;
    m->evicted = lane->evicted;
    if (stats->age_ns > 0)
        m->busy = (double)lane->busy_ns / (double)stats->age_ns;
    if (lane->running_key)
        set_running(m, lane->running_key, stats);
}

static void set_lanes(struct stats_message *m, const struct pool_stats *stats)
{
    m->lanes = xcalloc(stats->lane_count + 1, sizeof(m->lanes[0]));
    m->lane_pointers = xcalloc(stats->lane_count + 1, sizeof(m->lane_pointers[0]));
    for (size_t i = 0; i < stats->lane_count; i++) {
        set_lane(&m->lanes[i], &stats->lanes[i], stats);
        m->lane_pointers[i] = &m->lanes[i];
    }
    m->stats.n_lanes = stats->lane_count;
    m->stats.lanes = m->lane_pointers;
}

static void set_top(struct stats_message *m, const struct pool_stats *stats)
{
    top_message_init(&m->top_by_queue_wait, &stats->top_by_queue_wait);
    top_message_init(&m->top_by_cpu, &stats->top_by_cpu);
    m->stats.top_by_queue_wait = m->top_by_queue_wait.pointers;
    m->stats.n_top_by_queue_wait = m->top_by_queue_wait.count;
    m->stats.top_by_cpu = m->top_by_cpu.pointers;
    m->stats.n_top_by_cpu = m->top_by_cpu.count;
}

static void set_code_cache(Isoyard__V1__ServerStats *m, struct code_thread *thread)
{
    struct code_cache_stats cache;
    struct code_stats disk;

    engine_code_cache_stats(&cache);
    m->code_cache_hits = cache.hits;
    m->code_cache_misses = cache.misses;
    m->code_cache_rejected = cache.rejected;
    m->code_cache_files = cache.entries;
    m->code_cache_bytes = cache.bytes;
    if (!thread)
        return;
    code_thread_stats(thread, &disk);
    m->code_cache_restored = disk.restored;
    m->code_cache_discarded = disk.discarded;
    m->code_cache_lost = disk.lost;
    m->code_cache_disk_bytes = disk.bytes;
}

static void set_server(Isoyard__V1__ServerStats *m, const struct pool_service *service)
{
    struct log_stats log;

    isoyard__v1__server_stats__init(m);
    m->version = (char *)isoyard_version();
    m->v8_version = (char *)engine_version();
    m->uptime_ms = (clock_now_ns() - service->started_ns) / NS_PER_MS;
    m->rss_bytes = resident_bytes();
    m->workers = registry_count(service->registry);
    m->dropped_log_lines = logger_dropped();
    set_code_cache(m, service->code_thread);
    if (service->log_thread) {
        log_thread_stats(service->log_thread, &log);
        m->log_records = log.written;
        m->dropped_log_records = log.dropped;
        m->log_bytes = log.bytes;
    }
}

static void connect_messages(struct stats_message *m)
{
    isoyard__v1__get_stats_response__init(&m->response);
    isoyard__v1__watch_stats_response__init(&m->tick);
    isoyard__v1__pool_stats__init(&m->stats);
    m->response.stats = m->tick.stats = &m->stats;
    m->stats.config = &m->config;
    m->stats.tasks = &m->tasks;
    m->stats.isolates = &m->isolates;
    m->stats.threads = &m->threads;
    m->stats.queue_wait = &m->queue_wait;
    m->stats.wall = &m->wall;
    m->stats.cpu = &m->cpu;
    m->stats.startup = &m->startup;
    m->stats.server = &m->server;
    m->stats.open_time = &m->open_time;
}

static void set_draining(struct stats_message *m, const struct dispatcher_stats *now)
{
    if (!now->is_draining)
        return;
    isoyard__v1__draining_pool__init(&m->draining);
    m->draining.architecture = (Isoyard__V1__Architecture)now->draining_architecture;
    m->draining.running_executions = now->draining_executions;
    m->stats.draining = &m->draining;
}

static void set_rival(struct stats_message *m, const struct dispatcher_stats *now)
{
    if (now->is_split)
        m->stats.rival_architecture = (Isoyard__V1__Architecture)now->rival_architecture;
}

void stats_message_init(struct stats_message *m, const struct pool_service *service,
                        const struct dispatcher_stats *now)
{
    const struct pool_stats *stats = &now->pool;

    *m = (struct stats_message){.lanes = NULL};
    connect_messages(m);
    m->stats.architecture = (Isoyard__V1__Architecture)now->architecture;
    m->stats.switches = now->switches;
    timestamp_message_init(&m->open_time, stats->opened_us);
    set_draining(m, now);
    set_rival(m, now);
    pool_config_message_init(&m->config, &now->config);
    set_tasks(&m->tasks, stats);
    set_isolates(&m->isolates, stats);
    set_threads(&m->threads, stats);
    distribution_message_init(&m->queue_wait, &stats->queue_wait_us);
    distribution_message_init(&m->wall, &stats->wall_us);
    distribution_message_init(&m->cpu, &stats->cpu_us);
    distribution_message_init(&m->startup, &stats->startup_us);
    m->stats.cold = distribution_message_of(&m->cold, &stats->cold_us);
    m->stats.new_context = distribution_message_of(&m->new_context, &stats->fresh_us);
    m->stats.warm = distribution_message_of(&m->warm, &stats->warm_us);
    set_locks(m, stats);
    set_queues(m, stats);
    set_top(m, stats);
    set_lanes(m, stats);
    set_server(&m->server, service);
}

void stats_message_release(struct stats_message *m)
{
    free(m->lane_pointers);
    free(m->lanes);
    free(m->difference);
    free(m->since);
    free(m->lane_interval_pointers);
    free(m->lane_intervals);
}

/* Intervals. */

static double per_s(uint64_t before, uint64_t now, uint64_t duration_ns)
{
    return (double)counter_grown(before, now) * (double)NS_PER_S / (double)duration_ns;
}

static uint64_t ended_otherwise(const struct pool_stats *stats)
{
    return stats->failed + stats->limit_exceeded + stats->cancelled + stats->condemned_tasks;
}

static void set_lane_interval(Isoyard__V1__LaneInterval *m, const struct lane_stats *before,
                              const struct lane_stats *now, uint64_t duration_ns)
{
    isoyard__v1__lane_interval__init(m);
    m->lane = now->lane;
    m->busy = (double)counter_grown(before->busy_ns, now->busy_ns) / (double)duration_ns;
    m->tasks_per_s = per_s(before->tasks, now->tasks, duration_ns);
}

static void set_lane_intervals(struct stats_message *m, const struct pool_stats *before,
                               const struct pool_stats *now, uint64_t duration_ns)
{
    m->lane_intervals = xcalloc(now->lane_count + 1, sizeof(m->lane_intervals[0]));
    m->lane_interval_pointers = xcalloc(now->lane_count + 1, sizeof(m->lane_interval_pointers[0]));
    for (size_t i = 0; i < now->lane_count; i++) {
        set_lane_interval(&m->lane_intervals[i], &before->lanes[i], &now->lanes[i], duration_ns);
        m->lane_interval_pointers[i] = &m->lane_intervals[i];
    }
    m->interval.n_lanes = now->lane_count;
    m->interval.lanes = m->lane_interval_pointers;
}

/* A pool that was opened since is another one. */
static bool is_same_pool(const struct dispatcher_stats *before, const struct dispatcher_stats *now)
{
    return before->architecture == now->architecture &&
           before->pool.opened_ns == now->pool.opened_ns &&
           before->pool.lane_count == now->pool.lane_count;
}

static void subtract_distributions(struct pool_stats *stats, const struct pool_stats *before)
{
    histogram_subtract(&stats->queue_wait_us, &before->queue_wait_us);
    histogram_subtract(&stats->wall_us, &before->wall_us);
    histogram_subtract(&stats->cpu_us, &before->cpu_us);
    histogram_subtract(&stats->startup_us, &before->startup_us);
    lock_stats_subtract(&stats->lock, &before->lock);
    lock_stats_subtract(&stats->isolate_lock, &before->isolate_lock);
}

/* Depths, which are those of now, stay what the message says already. */
static void set_queue_intervals(struct stats_message *m, const struct pool_stats *before,
                                const struct pool_stats *now)
{
    struct stats_message *d = m->difference;

    for (enum queue q = QUEUE_NONE + 1; q < QUEUES; q++) {
        struct histogram *wait_us = &m->since->queues.wait_us[q];

        if (now->queues.entered[q] == 0)
            continue;
        histogram_subtract(wait_us, &before->queues.wait_us[q]);
        d->queues[q] = m->queues[q];
        d->queues[q].entered = counter_grown(before->queues.entered[q], now->queues.entered[q]);
        d->queues[q].wait = &d->queue_waits[q];
        distribution_message_init(d->queues[q].wait, wait_us);
        d->queue_pointers[m->interval.n_queues++] = &d->queues[q];
    }
    m->interval.queues = d->queue_pointers;
}

static void set_top_interval(struct stats_message *m, const struct pool_stats *before,
                             const struct pool_stats *now)
{
    struct stats_message *d = m->difference;

    top_since(&m->since->top_by_queue_wait, &before->top_by_queue_wait, &now->top_by_queue_wait);
    top_since(&m->since->top_by_cpu, &before->top_by_cpu, &now->top_by_cpu);
    set_top(d, m->since);
    m->interval.top_by_queue_wait = d->stats.top_by_queue_wait;
    m->interval.n_top_by_queue_wait = d->stats.n_top_by_queue_wait;
    m->interval.top_by_cpu = d->stats.top_by_cpu;
    m->interval.n_top_by_cpu = d->stats.n_top_by_cpu;
}

static void set_differences(struct stats_message *m, const struct pool_stats *before,
                            const struct pool_stats *now)
{
    struct stats_message *d = m->difference = xcalloc(1, sizeof(*d));

    m->since = xcalloc(1, sizeof(*m->since));
    memcpy(m->since, now, sizeof(*now)); /* its lanes are not used */
    subtract_distributions(m->since, before);
    distribution_message_init(m->interval.queue_wait = &d->queue_wait, &m->since->queue_wait_us);
    distribution_message_init(m->interval.wall = &d->wall, &m->since->wall_us);
    distribution_message_init(m->interval.cpu = &d->cpu, &m->since->cpu_us);
    distribution_message_init(m->interval.startup = &d->startup, &m->since->startup_us);
    set_locks(d, m->since);
    m->interval.lock = d->stats.lock;
    m->interval.isolate_lock = d->stats.isolate_lock;
    set_queue_intervals(m, before, now);
    set_top_interval(m, before, now);
}

void stats_message_add_interval(struct stats_message *m, const struct dispatcher_stats *before,
                                const struct dispatcher_stats *now)
{
    const struct pool_stats *then = &before->pool;
    const struct pool_stats *stats = &now->pool;
    uint64_t duration_ns = counter_grown(then->age_ns, stats->age_ns);

    if (!is_same_pool(before, now) || duration_ns == 0)
        return;
    isoyard__v1__interval_stats__init(&m->interval);
    m->interval.duration_us = duration_ns / NS_PER_US;
    m->interval.submitted_per_s = per_s(then->submitted, stats->submitted, duration_ns);
    m->interval.answered_per_s = per_s(then->answered, stats->answered, duration_ns);
    m->interval.failed_per_s = per_s(ended_otherwise(then), ended_otherwise(stats), duration_ns);
    m->interval.refused_per_s = per_s(then->refused, stats->refused, duration_ns);
    m->interval.isolates_created_per_s =
        per_s(then->isolates_created, stats->isolates_created, duration_ns);
    m->interval.isolates_evicted_per_s = per_s(then->evicted, stats->evicted, duration_ns);
    m->interval.hits = counter_grown(then->hits, stats->hits);
    m->interval.misses = counter_grown(then->misses, stats->misses);
    set_differences(m, then, stats);
    set_lane_intervals(m, then, stats, duration_ns);
    m->tick.interval = &m->interval;
}

/* Architectures. */

static void set_architecture(struct architecture_message *m, enum architecture architecture,
                             const struct tally *tally)
{
    isoyard__v1__architecture_stats__init(&m->stats);
    m->stats.architecture = (Isoyard__V1__Architecture)architecture;
    m->stats.answered = tally->answered;
    m->stats.failed = tally->failed;
    m->stats.isolates_created = tally->isolates_created;
    m->stats.isolates_evicted = tally->isolates_evicted;
    distribution_message_init(m->stats.queue_wait = &m->queue_wait, &tally->queue_wait_us);
    distribution_message_init(m->stats.wall = &m->wall, &tally->wall_us);
    distribution_message_init(m->stats.cpu = &m->cpu, &tally->cpu_us);
    distribution_message_init(m->stats.startup = &m->startup, &tally->startup_us);
    if (tally->lock.acquisitions > 0) {
        lock_message_init(&m->lock, LOCK_NAME_POOL, &tally->lock);
        m->stats.lock = &m->lock.lock;
    }
    if (tally->isolate_lock.acquisitions > 0) {
        lock_message_init(&m->isolate_lock, LOCK_NAME_ISOLATE, &tally->isolate_lock);
        m->stats.isolate_lock = &m->isolate_lock.lock;
    }
}

static void set_architectures(struct architectures_message *m,
                              const struct tally tallies[ARCHITECTURES])
{
    m->count = 0;
    for (unsigned i = 0; i < ARCHITECTURES; i++) {
        if (tallies[i].answered + tallies[i].failed == 0)
            continue;
        set_architecture(&m->of[m->count], (enum architecture)(i + 1), &tallies[i]);
        m->pointers[m->count] = &m->of[m->count].stats;
        m->count++;
    }
}

void stats_message_add_totals(struct stats_message *m, const struct tally totals[ARCHITECTURES])
{
    set_architectures(&m->architectures, totals);
    m->stats.n_architectures = m->architectures.count;
    m->stats.architectures = m->architectures.pointers;
}

void stats_message_add_locks(struct stats_message *m, const struct lock_stats locks[LOCK_KINDS])
{
    locks_message_init(&m->locks, locks, NULL);
    m->stats.n_server_locks = m->locks.count;
    m->stats.server_locks = m->locks.pointers;
}

void stats_message_add_interval_locks(struct stats_message *m,
                                      const struct lock_stats before[LOCK_KINDS],
                                      const struct lock_stats now[LOCK_KINDS])
{
    locks_message_init(&m->locks_since, now, before);
    m->interval.n_server_locks = m->locks_since.count;
    m->interval.server_locks = m->locks_since.pointers;
}

void stats_message_add_interval_totals(struct stats_message *m,
                                       const struct tally before[ARCHITECTURES],
                                       const struct tally now[ARCHITECTURES])
{
    struct tally *since = xcalloc(ARCHITECTURES, sizeof(since[0]));

    memcpy(since, now, ARCHITECTURES * sizeof(since[0]));
    for (unsigned i = 0; i < ARCHITECTURES; i++)
        tally_subtract(&since[i], &before[i]);
    set_architectures(&m->architectures_since, since);
    free(since);
    m->tick.n_architectures = m->architectures_since.count;
    m->tick.architectures = m->architectures_since.pointers;
}
