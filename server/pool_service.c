/* GetStats. */
#include "server/pool_service.h"

#include "api/clock.h"
#include "server/logger.h"
#include "server/proto_check.h"
#include "shim/shim.h"

#include <isoyard/v1/pool.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SMALL_MESSAGE_BYTES ((size_t)64 << 10)

/* All of a GetStatsResponse; the messages point into each other. */
struct stats_message {
    Isoyard__V1__GetStatsResponse response;
    Isoyard__V1__PoolStats stats;
    Isoyard__V1__PoolConfig config;
    Isoyard__V1__TaskCounters tasks;
    Isoyard__V1__IsolateCounters isolates;
    Isoyard__V1__ThreadCounters threads;
    Isoyard__V1__Distribution queue_wait, wall, cpu, startup;
    Isoyard__V1__ServerStats server;
    Isoyard__V1__LaneStats *lanes;
    Isoyard__V1__LaneStats **lane_pointers;
};

static void set_config(Isoyard__V1__PoolConfig *m, const struct pool_config *config)
{
    isoyard__v1__pool_config__init(m);
    m->lanes = config->lanes;
    m->isolates = config->isolates;
    m->queue = config->queue;
    m->tasks_per_isolate = config->tasks_per_isolate;
    m->idle_ttl_ms = config->idle_ttl_ms;
    m->recycle_after = config->recycle_after;
    m->spread = config->spread;
}

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

static void set_distribution(Isoyard__V1__Distribution *m, const struct histogram *h)
{
    isoyard__v1__distribution__init(m);
    m->count = histogram_count(h);
    m->sum_us = h->sum;
    m->p50_us = histogram_percentile(h, 0.5);
    m->p90_us = histogram_percentile(h, 0.9);
    m->p99_us = histogram_percentile(h, 0.99);
    m->p999_us = histogram_percentile(h, 0.999);
    m->max_us = h->max;
}

static void set_lane(Isoyard__V1__LaneStats *m, const struct lane_stats *lane, uint64_t age_ns)
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
    m->busy = age_ns == 0 ? 0 : (double)lane->busy_ns / (double)age_ns;
}

static void set_lanes(struct stats_message *m, const struct pool_stats *stats)
{
    m->lanes = xcalloc(stats->lane_count + 1, sizeof(m->lanes[0]));
    m->lane_pointers = xcalloc(stats->lane_count + 1, sizeof(m->lane_pointers[0]));
    for (size_t i = 0; i < stats->lane_count; i++) {
        set_lane(&m->lanes[i], &stats->lanes[i], stats->age_ns);
        m->lane_pointers[i] = &m->lanes[i];
    }
    m->stats.n_lanes = stats->lane_count;
    m->stats.lanes = m->lane_pointers;
}

/* Resident memory of this process, from its statm; 0 where that cannot be read. */
static uint64_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long pages = 0;

    if (!file)
        return 0;
    if (fscanf(file, "%*u %lu", &pages) != 1)
        pages = 0;
    fclose(file);
    return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static void set_server(Isoyard__V1__ServerStats *m, const struct pool_service *service)
{
    isoyard__v1__server_stats__init(m);
    m->version = (char *)ISOYARD_VERSION;
    m->v8_version = (char *)engine_version();
    m->uptime_ms = (clock_now_ns() - service->started_ns) / NS_PER_MS;
    m->rss_bytes = resident_bytes();
    m->workers = registry_count(service->registry);
    m->dropped_log_lines = logger_dropped();
}

static void connect_messages(struct stats_message *m)
{
    isoyard__v1__get_stats_response__init(&m->response);
    isoyard__v1__pool_stats__init(&m->stats);
    m->response.stats = &m->stats;
    m->stats.config = &m->config;
    m->stats.tasks = &m->tasks;
    m->stats.isolates = &m->isolates;
    m->stats.threads = &m->threads;
    m->stats.queue_wait = &m->queue_wait;
    m->stats.wall = &m->wall;
    m->stats.cpu = &m->cpu;
    m->stats.startup = &m->startup;
    m->stats.server = &m->server;
}

static void set_stats(struct stats_message *m, const struct pool_service *service,
                      const struct pool_stats *stats)
{
    connect_messages(m);
    set_config(&m->config, &service->pool_config);
    set_tasks(&m->tasks, stats);
    set_isolates(&m->isolates, stats);
    set_threads(&m->threads, stats);
    set_distribution(&m->queue_wait, &stats->queue_wait_us);
    set_distribution(&m->wall, &stats->wall_us);
    set_distribution(&m->cpu, &stats->cpu_us);
    set_distribution(&m->startup, &stats->startup_us);
    set_lanes(m, stats);
    set_server(&m->server, service);
}

static void reply_stats(struct call *call)
{
    const struct pool_service *service = call_service(call);
    struct pool_stats *stats = xcalloc(1, sizeof(*stats));
    struct stats_message message;
    enum architecture architecture;

    dispatcher_stats(service->dispatcher, stats, &architecture);
    set_stats(&message, service, stats);
    message.stats.architecture = (Isoyard__V1__Architecture)architecture;
    call_reply_message(call, &message.response.base);
    free(message.lane_pointers);
    free(message.lanes);
    pool_stats_release(stats);
    free(stats);
}

static void handle_get_stats(struct call *call)
{
    struct error error = {0};
    int err = proto_check(&isoyard__v1__get_stats_request__descriptor, call->message, &error);

    if (err)
        call_fail_error(call, err, &error);
    else
        reply_stats(call);
}

void pool_service_register(struct pool_service *service, struct rpc_server *server)
{
    const struct method get_stats = {
        .name = "/isoyard.v1.PoolService/GetStats",
        .call_size = sizeof(struct call),
        .message_bytes = SMALL_MESSAGE_BYTES,
        .service = service,
        .handle = handle_get_stats,
    };

    rpc_server_register(server, &get_stats);
}
