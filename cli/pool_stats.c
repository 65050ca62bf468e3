/* isoyard pool stats */
#include "cli/client.h"
#include "cli/command.h"
#include "cli/exit_status.h"
#include "cli/json.h"
#include "cli/pool.h"
#include "cli/text.h"

#include <inttypes.h>
#include <isoyard/v1/pool.pb-c.h>
#include <stdio.h>

static void print_server(const Isoyard__V1__ServerStats *server)
{
    fputs("server    isoyardd ", stdout);
    text_print(stdout, server->version);
    fputs(", V8 ", stdout);
    text_print(stdout, server->v8_version);
    printf(", up %s, %s resident, %" PRIu64 " worker%s, %" PRIu64 " log lines dropped\n",
           text_us(server->uptime_ms * 1000), text_bytes(server->rss_bytes), server->workers,
           server->workers == 1 ? "" : "s", server->dropped_log_lines);
    printf("log       %s, %" PRIu64 " records written, %" PRIu64 " dropped\n",
           text_bytes(server->log_bytes), server->log_records, server->dropped_log_records);
    printf("code      %s, %" PRIu64 " files, %" PRIu64 " hits, %" PRIu64 " misses, %" PRIu64
           " rejected,\n",
           text_bytes(server->code_cache_bytes), server->code_cache_files, server->code_cache_hits,
           server->code_cache_misses, server->code_cache_rejected);
    printf("          %s on disk, %" PRIu64 " restored, %" PRIu64 " discarded, %" PRIu64 " lost\n",
           text_bytes(server->code_cache_disk_bytes), server->code_cache_restored,
           server->code_cache_discarded, server->code_cache_lost);
}

static void print_switches(const Isoyard__V1__PoolStats *stats)
{
    printf("          opened %s, %" PRIu64 " switch%s so far\n", text_time(stats->open_time),
           stats->switches, stats->switches == 1 ? "" : "es");
    if (stats->rival_architecture)
        printf("beside    %s, in a live comparison\n",
               pool_architecture_text(stats->rival_architecture));
    if (stats->draining)
        printf("before    %s, goes on with %" PRIu64 " execution%s\n",
               pool_architecture_text(stats->draining->architecture),
               stats->draining->running_executions,
               stats->draining->running_executions == 1 ? "" : "s");
}

static void print_tasks(const Isoyard__V1__TaskCounters *t)
{
    printf("tasks     %" PRIu64 " submitted, %" PRIu64 " in flight, %" PRIu64 " answered, %" PRIu64
           " failed, %" PRIu64 " over a limit,\n",
           t->submitted, t->in_flight, t->answered, t->failed, t->limit_exceeded);
    printf("          %" PRIu64 " cancelled, %" PRIu64 " refused, %" PRIu64 " condemned, %" PRIu64
           " spread, %" PRIu64 " tenant mismatches\n",
           t->cancelled, t->refused, t->condemned, t->spreads, t->tenant_mismatches);
}

static void print_isolates(const Isoyard__V1__IsolateCounters *i)
{
    printf("isolates  %" PRIu64 " alive, %" PRIu64 " created, %" PRIu64 " disposed, %" PRIu64
           " hits, %" PRIu64 " misses,\n",
           i->alive, i->created, i->disposed, i->hits, i->misses);
    printf("          %" PRIu64 " evicted, %" PRIu64 " expired, %" PRIu64 " recycled, %" PRIu64
           " condemned\n",
           i->evicted, i->expired, i->recycled, i->condemned);
}

static void print_threads(const Isoyard__V1__ThreadCounters *t)
{
    printf("threads   %" PRIu32 " spares, %" PRIu64 " adoptions, %" PRIu64 " terminations, %" PRIu32
           " strays, %" PRIu32 " quarantined, %" PRIu64 " quarantines\n\n",
           t->spares, t->adoptions, t->terminations, t->strays, t->quarantined, t->quarantines);
}

static void add_distribution(struct table *table, const char *name,
                             const Isoyard__V1__Distribution *d)
{
    char texts[7][64];
    const char *cells[8] = {name};
    const uint64_t times[] = {d->count ? d->sum_us / d->count : 0,
                              d->p50_us,
                              d->p90_us,
                              d->p99_us,
                              d->p999_us,
                              d->max_us};

    snprintf(texts[0], sizeof(texts[0]), "%" PRIu64, d->count);
    for (int i = 0; i < 6; i++)
        snprintf(texts[i + 1], sizeof(texts[0]), "%s", text_us(times[i]));
    for (int i = 0; i < 7; i++)
        cells[i + 1] = texts[i];
    table_add(table, cells);
}

static void print_distributions(const Isoyard__V1__PoolStats *stats)
{
    static const char *const heads[] = {"TIME", "COUNT", "MEAN",  "P50",
                                        "P90",  "P99",   "P99.9", "MAX"};
    struct table table;

    table_init(&table, 8, 0, heads);
    add_distribution(&table, "queue", stats->queue_wait);
    add_distribution(&table, "start-up", stats->startup);
    add_distribution(&table, "CPU", stats->cpu);
    add_distribution(&table, "wall", stats->wall);
    if (stats->cold)
        add_distribution(&table, "cold", stats->cold);
    if (stats->new_context)
        add_distribution(&table, "new context", stats->new_context);
    if (stats->warm)
        add_distribution(&table, "warm", stats->warm);
    if (stats->lock && stats->lock->wait)
        add_distribution(&table, "lock wait", stats->lock->wait);
    if (stats->lock && stats->lock->hold)
        add_distribution(&table, "lock hold", stats->lock->hold);
    if (stats->isolate_lock && stats->isolate_lock->wait)
        add_distribution(&table, "isolate wait", stats->isolate_lock->wait);
    if (stats->isolate_lock && stats->isolate_lock->hold)
        add_distribution(&table, "isolate hold", stats->isolate_lock->hold);
    table_print(&table);
}

#define LANE_COLUMNS 12

static void add_lane(struct table *table, const Isoyard__V1__LaneStats *lane)
{
    const uint64_t numbers[LANE_COLUMNS - 1] = {
        lane->lane, lane->queued, lane->in_flight, lane->isolates, lane->turns,    lane->tasks,
        lane->hits, lane->misses, lane->evicted,   lane->spreads,  lane->adoptions};
    char texts[LANE_COLUMNS][32];
    const char *cells[LANE_COLUMNS];

    for (int i = 0; i < LANE_COLUMNS - 1; i++)
        snprintf(texts[i], sizeof(texts[0]), "%" PRIu64, numbers[i]);
    snprintf(texts[LANE_COLUMNS - 1], sizeof(texts[0]), "%.1f %%", lane->busy * 100);
    for (int i = 0; i < LANE_COLUMNS; i++)
        cells[i] = texts[i];
    table_add(table, cells);
}

static void print_lanes(const Isoyard__V1__PoolStats *stats)
{
    static const char *const heads[LANE_COLUMNS] = {"LANE",    "QUEUED", "IN FLIGHT", "ISOLATES",
                                                    "TURNS",   "TASKS",  "HITS",      "MISSES",
                                                    "EVICTED", "SPREAD", "ADOPTIONS", "BUSY"};
    struct table table;

    putchar('\n');
    table_init(&table, LANE_COLUMNS, 0, heads);
    for (size_t i = 0; i < stats->n_lanes; i++)
        add_lane(&table, stats->lanes[i]);
    table_print(&table);
}

static void add_worker(struct table *table, const Isoyard__V1__WorkerUse *use, uint64_t sum_us)
{
    char name[160], tasks[32], total[64], error[64], share[32];
    const char *cells[] = {name, tasks, total, error, share};
    double part = sum_us > 0 ? 100.0 * (double)use->total_us / (double)sum_us : 0;

    snprintf(name, sizeof(name), "%s/%s", use->tenant, use->worker);
    snprintf(tasks, sizeof(tasks), "%" PRIu64, use->tasks);
    snprintf(total, sizeof(total), "%s", text_us(use->total_us));
    snprintf(error, sizeof(error), "%s", text_us(use->error_us));
    snprintf(share, sizeof(share), "%.1f %%", part);
    table_add(table, cells);
}

/* all: of all workers; may be NULL. */
static void print_top(const char *head, Isoyard__V1__WorkerUse *const *uses, size_t count,
                      const Isoyard__V1__Distribution *all)
{
    const char *const heads[] = {head, "TASKS", "TIME", "ERROR", "OF ALL"};
    struct table table;

    if (count == 0)
        return;
    putchar('\n');
    table_init(&table, 5, 0, heads);
    for (size_t i = 0; i < count; i++)
        add_worker(&table, uses[i], all ? all->sum_us : 0);
    table_print(&table);
}

static void print_tops(const Isoyard__V1__PoolStats *stats)
{
    print_top("LONGEST IN QUEUES", stats->top_by_queue_wait, stats->n_top_by_queue_wait,
              stats->queue_wait);
    print_top("MOST CPU", stats->top_by_cpu, stats->n_top_by_cpu, stats->cpu);
}

static void print_lock(const char *name, const Isoyard__V1__LockStats *lock)
{
    double share =
        lock->acquisitions ? 100.0 * (double)lock->contended / (double)lock->acquisitions : 0;

    printf("%-10s%" PRIu64 " times taken, %" PRIu64 " (%.2f %%) after a wait, %" PRIu64
           " wait now\n",
           name, lock->acquisitions, lock->contended, share, lock->waiters);
}

static bool is_contended(const Isoyard__V1__LockStats *lock)
{
    return (lock->contended > 0 || lock->waiters > 0) && lock->wait;
}

#define LOCK_COLUMNS 8

static void add_lock(struct table *table, const Isoyard__V1__LockStats *lock)
{
    char taken[32], waited[32], waiters[32], times[5][64];
    const uint64_t us[] = {lock->wait->p50_us, lock->wait->p99_us, lock->wait->max_us};
    const char *cells[LOCK_COLUMNS] = {lock->name, taken, waited, waiters};

    snprintf(taken, sizeof(taken), "%" PRIu64, lock->acquisitions);
    snprintf(waited, sizeof(waited), "%" PRIu64, lock->contended);
    snprintf(waiters, sizeof(waiters), "%" PRIu64, lock->waiters);
    for (int i = 0; i < 3; i++)
        snprintf(times[i], sizeof(times[0]), "%s", text_us(us[i]));
    snprintf(times[3], sizeof(times[0]), "%.1f us", (double)lock->hold_p99_ns / 1000);
    for (int i = 0; i < 4; i++)
        cells[4 + i] = times[i];
    table_add(table, cells);
}

/* Those that somebody has waited for; the others are only named. */
static void print_server_locks(const Isoyard__V1__PoolStats *stats)
{
    static const char *const heads[LOCK_COLUMNS] = {"LOCK",     "TAKEN",    "WAITED",   "NOW",
                                                    "WAIT P50", "WAIT P99", "WAIT MAX", "HOLD P99"};
    struct table table;
    size_t quiet = 0;

    for (size_t i = 0; i < stats->n_server_locks; i++)
        quiet += !is_contended(stats->server_locks[i]);
    if (quiet < stats->n_server_locks) {
        putchar('\n');
        table_init(&table, LOCK_COLUMNS, 0, heads);
        for (size_t i = 0; i < stats->n_server_locks; i++) {
            if (is_contended(stats->server_locks[i]))
                add_lock(&table, stats->server_locks[i]);
        }
        table_print(&table);
    }
    if (quiet > 0)
        printf("%zu other locks: nobody has waited\n", quiet);
}

static void print_queues(const Isoyard__V1__PoolStats *stats)
{
    for (size_t i = 0; i < stats->n_queues; i++) {
        const Isoyard__V1__QueueStats *queue = stats->queues[i];

        fputs(i == 0 ? "queues    " : "          ", stdout);
        text_print(stdout, queue->name);
        printf(": %" PRIu64 " wait now, %" PRIu64 " came", queue->depth, queue->entered);
        if (queue->wait)
            printf(", p50 %s, p99 %s, max %s", text_us(queue->wait->p50_us),
                   text_us(queue->wait->p99_us), text_us(queue->wait->max_us));
        putchar('\n');
    }
}

static uint64_t p99_us(const Isoyard__V1__Distribution *d)
{
    return d ? d->p99_us : 0;
}

static void add_architecture(struct table *table, const Isoyard__V1__ArchitectureStats *a)
{
    const uint64_t numbers[] = {a->answered, a->failed, a->isolates_created, a->isolates_evicted};
    const uint64_t times[] = {p99_us(a->queue_wait), p99_us(a->wall),
                              a->lock ? p99_us(a->lock->wait) : 0};
    char texts[7][64];
    const char *cells[8] = {pool_architecture_text(a->architecture)};

    for (int i = 0; i < 4; i++)
        snprintf(texts[i], sizeof(texts[0]), "%" PRIu64, numbers[i]);
    for (int i = 0; i < 3; i++)
        snprintf(texts[4 + i], sizeof(texts[0]), "%s", text_us(times[i]));
    for (int i = 0; i < 7; i++)
        cells[i + 1] = texts[i];
    table_add(table, cells);
}

/* Since the server's start; where there was only one, the rest has said it. */
static void print_architectures(const Isoyard__V1__PoolStats *stats)
{
    static const char *const heads[] = {"SINCE THE START", "ANSWERED",  "FAILED",   "MADE",
                                        "EVICTED",         "QUEUE P99", "WALL P99", "LOCK P99"};
    struct table table;

    if (stats->n_architectures < 2)
        return;
    putchar('\n');
    table_init(&table, 8, 0, heads);
    for (size_t i = 0; i < stats->n_architectures; i++)
        add_architecture(&table, stats->architectures[i]);
    table_print(&table);
}

/* A server of another version may leave parts out. */
static void print_stats(const Isoyard__V1__PoolStats *stats)
{
    if (stats->server)
        print_server(stats->server);
    if (stats->config)
        pool_print_config(stats->architecture, stats->config);
    print_switches(stats);
    if (stats->tasks)
        print_tasks(stats->tasks);
    if (stats->isolates)
        print_isolates(stats->isolates);
    if (stats->lock)
        print_lock("lock", stats->lock);
    if (stats->isolate_lock)
        print_lock("isolate", stats->isolate_lock);
    print_queues(stats);
    if (stats->threads)
        print_threads(stats->threads);
    if (stats->queue_wait && stats->startup && stats->cpu && stats->wall)
        print_distributions(stats);
    if (stats->n_lanes > 0)
        print_lanes(stats);
    print_server_locks(stats);
    print_tops(stats);
    print_architectures(stats);
}

const struct argp pool_stats_argp = {
    .doc = "Shows what the pool counts: tasks, isolates, lanes, times.\v" EXIT_STATUS_HELP};

int pool_stats_run(struct options *options, int argc, char **argv)
{
    Isoyard__V1__GetStatsRequest request = ISOYARD__V1__GET_STATS_REQUEST__INIT;
    const Isoyard__V1__GetStatsResponse *response;
    struct reply reply;
    int status;

    options_parse(options, &pool_stats_argp, NULL, argc, argv);
    status = client_ask(options, "/isoyard.v1.PoolService/GetStats", &request.base,
                        &isoyard__v1__get_stats_response__descriptor, &reply);
    if (status)
        return status;
    response = (const Isoyard__V1__GetStatsResponse *)reply.response;
    if (options->is_json)
        json_print(stdout,
                   response->stats ? json_of_message(&response->stats->base) : json_object());
    else if (response->stats)
        print_stats(response->stats);
    reply_release(&reply);
    return EXIT_FINE;
}
