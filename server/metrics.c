/* The families, one after the other. */
#include "server/metrics.h"

#include "api/clock.h"
#include "api/version.h"
#include "server/code_metrics.h"
#include "server/exposition.h"
#include "server/log_thread.h"
#include "server/logger.h"
#include "server/process_figures.h"
#include "server/stats_point.h"
#include "shim/shim.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Series by worker, of each kind. */
#define WORKERS_MAX 20u

/* 16 us to 34 s. */
static const struct exposition_scale scale_us = {4, 25, 1, 1e6};

/* 128 ns to 134 ms: holds of locks. */
static const struct exposition_scale scale_ns = {7, 27, 2, 1e9};

struct writer {
    struct buffer *out;
    const struct pool_service *service;
    const struct stats_point *now;
};

/* By architecture. */

static const struct pool_stats *serving(const struct writer *w)
{
    return &w->now->stats.pool;
}

/* Those that serve, or have: the others would only be zeroes. */
static bool is_known(const struct writer *w, enum architecture architecture)
{
    const struct tally *tally = &w->now->totals[architecture - 1];

    return w->now->stats.architecture == architecture || tally->answered + tally->failed > 0 ||
           tally->counts[TALLY_SUBMITTED] > 0;
}

static const char *labels_of(enum architecture architecture, const char *name, const char *value,
                             char ret[EXPOSITION_LABELS_BYTES])
{
    ret[0] = '\0';
    exposition_label(ret, "architecture", architecture_name(architecture));
    if (name)
        exposition_label(ret, name, value);
    return ret;
}

/* Calls a function for each architecture that is known. */
static void each(const struct writer *w, const void *what,
                 void (*put)(const struct writer *w, enum architecture architecture,
                             const struct tally *tally, const void *what))
{
    for (enum architecture a = ARCHITECTURE_LEGACY; a <= ARCHITECTURE_PINNED; a++) {
        if (is_known(w, a))
            put(w, a, &w->now->totals[a - 1], what);
    }
}

/* Counters by architecture alone. */
struct counter {
    const char *name, *help;
    enum tally_count count;
};

static void put_counter(const struct writer *w, enum architecture architecture,
                        const struct tally *tally, const void *what)
{
    const struct counter *counter = what;
    char labels[EXPOSITION_LABELS_BYTES];

    exposition_count(w->out, counter->name, labels_of(architecture, NULL, NULL, labels),
                     tally->counts[counter->count]);
}

static void write_counters(const struct writer *w)
{
    static const struct counter counters[] = {
        {"isoyard_tasks_submitted_total", "Tasks that a pool took.", TALLY_SUBMITTED},
        {"isoyard_task_spreads_total", "Tasks that went to another than their worker's first lane.",
         TALLY_SPREADS},
        {"isoyard_tenant_mismatches_total",
         "Tasks refused because their tenant was not the isolate's; always 0 unless something is "
         "broken.",
         TALLY_TENANT_MISMATCHES},
        {"isoyard_isolates_disposed_total", "Isolates that ended, for whatever reason.",
         TALLY_DISPOSED},
        {"isoyard_isolates_expired_total", "Isolates that ended because idle for too long.",
         TALLY_EXPIRED},
        {"isoyard_isolates_recycled_total", "Isolates that ended after their share of tasks.",
         TALLY_RECYCLED},
        {"isoyard_isolates_condemned_total", "Isolates that ended after a failure.",
         TALLY_CONDEMNED},
        {"isoyard_lane_takeovers_total", "Lanes taken over from a thread whose turn lasted.",
         TALLY_ADOPTIONS},
        {"isoyard_quarantines_total", "Turns that were written off.", TALLY_QUARANTINES},
    };

    for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
        exposition_family(w->out, counters[i].name, "counter", counters[i].help);
        each(w, &counters[i], put_counter);
    }
}

static void put_created(const struct writer *w, enum architecture architecture,
                        const struct tally *tally, const void *name)
{
    char labels[EXPOSITION_LABELS_BYTES];

    exposition_count(w->out, name, labels_of(architecture, NULL, NULL, labels),
                     tally->isolates_created);
}

static void put_evicted(const struct writer *w, enum architecture architecture,
                        const struct tally *tally, const void *name)
{
    char labels[EXPOSITION_LABELS_BYTES];

    exposition_count(w->out, name, labels_of(architecture, NULL, NULL, labels),
                     tally->isolates_evicted);
}

static void write_isolates(const struct writer *w)
{
    static const char created[] = "isoyard_isolates_created_total";
    static const char evicted[] = "isoyard_isolates_evicted_total";

    exposition_single_count(w->out, "isoyard_isolates", "gauge",
                            "Isolates that there are in the pool that serves.",
                            serving(w)->isolates_alive);
    exposition_family(w->out, created, "counter", "Isolates that were made.");
    each(w, created, put_created);
    exposition_family(w->out, evicted, "counter", "Isolates that ended for want of room.");
    each(w, evicted, put_evicted);
}

/* Outcomes and limits. */

static void put_outcomes(const struct writer *w, enum architecture architecture,
                         const struct tally *tally, const void *name)
{
    const struct {
        const char *outcome;
        uint64_t count;
    } all[] = {
        {"answered", tally->answered},
        {"failed", tally->counts[TALLY_WORKER_FAILED]},
        {"limit_exceeded", tally->counts[TALLY_LIMIT_EXCEEDED]},
        {"cancelled", tally->counts[TALLY_CANCELLED]},
        {"condemned", tally->counts[TALLY_CONDEMNED_TASKS]},
        {"refused", tally->counts[TALLY_REFUSED]},
    };
    char labels[EXPOSITION_LABELS_BYTES];

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        exposition_count(w->out, name, labels_of(architecture, "outcome", all[i].outcome, labels),
                         all[i].count);
}

/* "LIMIT_EXTERNAL_MEMORY" is "external_memory". */
static void limit_label(const ProtobufCEnumValue *value, char ret[64])
{
    const char *name = value->name + strlen("LIMIT_");
    size_t i;

    for (i = 0; name[i] && i < 63; i++)
        ret[i] = (char)tolower((unsigned char)name[i]);
    ret[i] = '\0';
}

static void put_limits(const struct writer *w, enum architecture architecture,
                       const struct tally *tally, const void *name)
{
    const ProtobufCEnumDescriptor *limits = &isoyard__v1__limit__descriptor;

    for (unsigned i = 0; i < limits->n_values; i++) {
        const ProtobufCEnumValue *value = &limits->values[i];
        char labels[EXPOSITION_LABELS_BYTES], limit[64];

        if (value->value <= 0 || (unsigned)value->value >= LIMIT_KINDS)
            continue;
        limit_label(value, limit);
        exposition_count(w->out, name, labels_of(architecture, "limit", limit, labels),
                         tally->counts[TALLY_LIMITS + (unsigned)value->value]);
    }
}

static void write_outcomes(const struct writer *w)
{
    static const char tasks[] = "isoyard_tasks_total";
    static const char limits[] = "isoyard_tasks_limit_exceeded_total";

    exposition_family(w->out, tasks, "counter", "Tasks by what became of them.");
    each(w, tasks, put_outcomes);
    exposition_family(w->out, limits, "counter", "Tasks that reached a limit, by the limit.");
    each(w, limits, put_limits);
}

/* Histograms. */

struct distribution {
    const char *name, *help;
    size_t offset; /* in struct tally */
};

static const struct histogram *histogram_in(const struct tally *tally, size_t offset)
{
    return (const struct histogram *)((const char *)tally + offset);
}

static void put_distribution(const struct writer *w, enum architecture architecture,
                             const struct tally *tally, const void *what)
{
    const struct distribution *distribution = what;
    char labels[EXPOSITION_LABELS_BYTES];

    exposition_histogram(w->out, distribution->name, labels_of(architecture, NULL, NULL, labels),
                         histogram_in(tally, distribution->offset), &scale_us);
}

static void put_service(const struct writer *w, enum architecture architecture,
                        const struct tally *tally, const void *name)
{
    char labels[EXPOSITION_LABELS_BYTES];

    exposition_histogram(w->out, name, labels_of(architecture, "start", "cold", labels),
                         &tally->cold_us, &scale_us);
    exposition_histogram(w->out, name, labels_of(architecture, "start", "new_context", labels),
                         &tally->fresh_us, &scale_us);
    exposition_histogram(w->out, name, labels_of(architecture, "start", "warm", labels),
                         &tally->warm_us, &scale_us);
}

static void write_distributions(const struct writer *w)
{
    static const struct distribution all[] = {
        {"isoyard_task_queue_wait_seconds", "From submission to a task's first turn.",
         offsetof(struct tally, queue_wait_us)},
        {"isoyard_task_wall_seconds", "From submission to the answer.",
         offsetof(struct tally, wall_us)},
        {"isoyard_task_cpu_seconds", "CPU time of a task.", offsetof(struct tally, cpu_us)},
        {"isoyard_isolate_startup_seconds", "Making an isolate and evaluating a worker's modules.",
         offsetof(struct tally, startup_us)},
    };
    static const char service[] = "isoyard_task_service_seconds";

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        exposition_family(w->out, all[i].name, "histogram", all[i].help);
        each(w, &all[i], put_distribution);
    }
    exposition_family(
        w->out, service, "histogram",
        "From a task's first turn to its answer, by what it found: no isolate (cold), "
        "a warm one (new_context), a warm context (warm).");
    each(w, service, put_service);
}

/* Locks: of architectures that have them. */

static void put_lock_histogram(const struct writer *w, enum architecture architecture,
                               const struct tally *tally, const void *what)
{
    const struct distribution *distribution = what;
    bool is_hold = distribution->offset == offsetof(struct lock_stats, hold_ns);
    const struct exposition_scale *scale = is_hold ? &scale_ns : &scale_us;
    const struct lock_stats *locks[] = {&tally->lock, &tally->isolate_lock};
    static const char *const names[] = {"pool", "isolate"};
    char labels[EXPOSITION_LABELS_BYTES];

    for (size_t i = 0; i < 2; i++) {
        const char *h = (const char *)locks[i] + distribution->offset;

        if (locks[i]->acquisitions > 0)
            exposition_histogram(w->out, distribution->name,
                                 labels_of(architecture, "lock", names[i], labels),
                                 (const struct histogram *)h, scale);
    }
}

static void put_lock_counts(const struct writer *w, enum architecture architecture,
                            const struct tally *tally, const void *what)
{
    const struct distribution *counter = what;
    const struct lock_stats *locks[] = {&tally->lock, &tally->isolate_lock};
    static const char *const names[] = {"pool", "isolate"};
    char labels[EXPOSITION_LABELS_BYTES];

    for (size_t i = 0; i < 2; i++) {
        const char *at = (const char *)locks[i] + counter->offset;

        if (locks[i]->acquisitions > 0)
            exposition_count(w->out, counter->name,
                             labels_of(architecture, "lock", names[i], labels),
                             *(const uint64_t *)at);
    }
}

/* The server's, which belong to no architecture. */

static const char *lock_label(enum lock_kind kind, char ret[EXPOSITION_LABELS_BYTES])
{
    ret[0] = '\0';
    exposition_label(ret, "lock", lock_kind_name(kind));
    return ret;
}

static void put_server_counts(const struct writer *w, const struct distribution *counter)
{
    char labels[EXPOSITION_LABELS_BYTES];

    for (enum lock_kind kind = 0; kind < LOCK_KINDS; kind++) {
        const char *at = (const char *)&w->now->locks[kind] + counter->offset;

        exposition_count(w->out, counter->name, lock_label(kind, labels), *(const uint64_t *)at);
    }
}

/* Those that have something in them: each is some thirty lines. */
static void put_server_histograms(const struct writer *w, const struct distribution *distribution)
{
    bool is_hold = distribution->offset == offsetof(struct lock_stats, hold_ns);
    char labels[EXPOSITION_LABELS_BYTES];

    for (enum lock_kind kind = 0; kind < LOCK_KINDS; kind++) {
        const char *at = (const char *)&w->now->locks[kind] + distribution->offset;
        const struct histogram *h = (const struct histogram *)at;

        if (histogram_count(h) > 0)
            exposition_histogram(w->out, distribution->name, lock_label(kind, labels), h,
                                 is_hold ? &scale_ns : &scale_us);
    }
}

static void write_waiters(const struct writer *w)
{
    static const char waiters[] = "isoyard_lock_waiters";
    char labels[EXPOSITION_LABELS_BYTES];

    exposition_family(w->out, waiters, "gauge", "Threads that wait now.");
    exposition_count(w->out, waiters, "lock=\"pool\"", serving(w)->lock.waiters);
    exposition_count(w->out, waiters, "lock=\"isolate\"", serving(w)->isolate_lock.waiters);
    for (enum lock_kind kind = 0; kind < LOCK_KINDS; kind++)
        exposition_count(w->out, waiters, lock_label(kind, labels), w->now->locks[kind].waiters);
}

static void write_locks(const struct writer *w)
{
    static const struct distribution counters[] = {
        {"isoyard_lock_acquisitions_total",
         "Acquisitions of locks that tasks wait for: of a pool's, by architecture, and of the "
         "server's.",
         offsetof(struct lock_stats, acquisitions)},
        {"isoyard_lock_contended_total", "Acquisitions that had to wait.",
         offsetof(struct lock_stats, contended)},
    };
    static const struct distribution histograms[] = {
        {"isoyard_lock_wait_seconds", "How long contended acquisitions waited.",
         offsetof(struct lock_stats, wait_us)},
        {"isoyard_lock_hold_seconds",
         "From acquisition to release: of isolates each, of other locks one of 16.",
         offsetof(struct lock_stats, hold_ns)},
    };

    for (size_t i = 0; i < 2; i++) {
        exposition_family(w->out, counters[i].name, "counter", counters[i].help);
        each(w, &counters[i], put_lock_counts);
        put_server_counts(w, &counters[i]);
        exposition_family(w->out, histograms[i].name, "histogram", histograms[i].help);
        each(w, &histograms[i], put_lock_histogram);
        put_server_histograms(w, &histograms[i]);
    }
    write_waiters(w);
}

/* The pool that serves. */

static void write_pool(const struct writer *w)
{
    static const char serves[] = "isoyard_pool_serving";
    const struct dispatcher_stats *now = &w->now->stats;
    char labels[EXPOSITION_LABELS_BYTES];

    exposition_family(w->out, serves, "gauge", "1 for the architecture that serves now, else 0.");
    for (enum architecture a = ARCHITECTURE_LEGACY; a <= ARCHITECTURE_PINNED; a++)
        exposition_count(w->out, serves, labels_of(a, NULL, NULL, labels), now->architecture == a);
    exposition_single_count(w->out, "isoyard_pool_switches_total", "counter",
                            "Switches of the pool since the server's start.", now->switches);
    exposition_single_count(w->out, "isoyard_pool_lanes", "gauge", "Lanes of the pool.",
                            now->config.lanes);
    exposition_single_count(w->out, "isoyard_pool_max_isolates", "gauge",
                            "Isolates that the pool may have.", now->config.isolates);
    exposition_single_count(w->out, "isoyard_pool_draining_executions", "gauge",
                            "What still runs in a pool that served before.",
                            now->draining_executions);
    exposition_single_count(w->out, "isoyard_tasks_in_flight", "gauge",
                            "Tasks that have begun and not ended.", now->pool.in_flight);
}

static void write_queues(const struct writer *w)
{
    static const char depth[] = "isoyard_queue_depth", wait[] = "isoyard_queue_step_wait_seconds";
    const struct queues *queues = &serving(w)->queues;
    char labels[EXPOSITION_LABELS_BYTES];

    exposition_family(w->out, depth, "gauge", "What waits in each of the queues on a task's way.");
    for (enum queue q = QUEUE_NONE + 1; q < QUEUES; q++) {
        labels[0] = '\0';
        exposition_label(labels, "queue", queue_name(q));
        exposition_count(w->out, depth, labels, queues_depth(queues, q));
    }
    exposition_family(w->out, wait, "histogram", "How long was waited in each of them.");
    for (enum queue q = QUEUE_NONE + 1; q < QUEUES; q++) {
        labels[0] = '\0';
        exposition_label(labels, "queue", queue_name(q));
        exposition_histogram(w->out, wait, labels, &queues->wait_us[q], &scale_us);
    }
}

/* Lanes. */

struct lane_family {
    const char *name, *type, *help;
    size_t offset; /* in struct lane_stats */
    double scale;  /* what a unit of it is worth */
};

static void write_lane_family(const struct writer *w, const struct lane_family *family)
{
    const struct pool_stats *stats = serving(w);

    exposition_family(w->out, family->name, family->type, family->help);
    for (size_t i = 0; i < stats->lane_count; i++) {
        const char *at = (const char *)&stats->lanes[i] + family->offset;
        char labels[32];

        snprintf(labels, sizeof(labels), "lane=\"%" PRIu32 "\"", stats->lanes[i].lane);
        exposition_real(w->out, family->name, labels,
                        (double)*(const uint64_t *)at * family->scale);
    }
}

static void write_lanes(const struct writer *w)
{
    static const struct lane_family families[] = {
        {"isoyard_lane_queued", "gauge", "Tasks that wait.", offsetof(struct lane_stats, queued),
         1},
        {"isoyard_lane_in_flight", "gauge", "Tasks that have begun and not ended.",
         offsetof(struct lane_stats, in_flight), 1},
        {"isoyard_lane_isolates", "gauge", "Isolates of the lane.",
         offsetof(struct lane_stats, isolates), 1},
        {"isoyard_lane_turns_total", "counter", "Turns.", offsetof(struct lane_stats, turns), 1},
        {"isoyard_lane_tasks_total", "counter", "Tasks that began.",
         offsetof(struct lane_stats, tasks), 1},
        {"isoyard_lane_busy_seconds_total", "counter", "Time in turns.",
         offsetof(struct lane_stats, busy_ns), 1e-9},
        {"isoyard_lane_warm_starts_total", "counter", "Tasks that found a warm isolate.",
         offsetof(struct lane_stats, hits), 1},
        {"isoyard_lane_cold_starts_total", "counter", "Tasks that did not.",
         offsetof(struct lane_stats, misses), 1},
    };

    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
        write_lane_family(w, &families[i]);
}

/* Workers. */

static void write_top(const struct writer *w, const char *name, const char *help,
                      const struct top_list *list)
{
    exposition_family(w->out, name, "counter", help);
    for (size_t i = 0; i < list->count && i < WORKERS_MAX; i++) {
        char labels[EXPOSITION_LABELS_BYTES] = "";

        exposition_label(labels, "tenant", list->uses[i].tenant);
        exposition_label(labels, "worker", list->uses[i].worker);
        exposition_real(w->out, name, labels, (double)list->uses[i].total_ns / 1e9);
    }
}

static void write_workers(const struct writer *w)
{
    exposition_single_count(w->out, "isoyard_workers", "gauge", "Workers that there are.",
                            registry_count(w->service->registry));
    write_top(w, "isoyard_worker_cpu_seconds_total",
              "CPU time of the workers that used most, in the pool that serves; at most so much.",
              &serving(w)->top_by_cpu);
    write_top(w, "isoyard_worker_queue_wait_seconds_total",
              "Time that tasks of the workers that waited longest waited; at most so much.",
              &serving(w)->top_by_queue_wait);
}

/* The server, and its process. */

static void write_server(const struct writer *w, const struct metrics_http *http)
{
    const struct pool_stats *stats = serving(w);
    char labels[EXPOSITION_LABELS_BYTES] = "";

    exposition_label(labels, "version", isoyard_version());
    exposition_label(labels, "v8_version", engine_version());
    exposition_family(w->out, "isoyard_build_info", "gauge", "Versions, as labels; always 1.");
    exposition_count(w->out, "isoyard_build_info", labels, 1);
    exposition_single_count(w->out, "isoyard_threads_spare", "gauge",
                            "Threads that wait to take over a lane.", stats->spares);
    exposition_single_count(w->out, "isoyard_threads_stray", "gauge",
                            "Threads that lost their lane and are in its turn yet.", stats->strays);
    exposition_single_count(w->out, "isoyard_threads_quarantined", "gauge",
                            "Threads in turns that were written off.", stats->quarantined);
    exposition_single_count(w->out, "isoyard_terminations_total", "counter",
                            "Events that the watchdog stopped.", stats->terminations);
    exposition_single_count(w->out, "isoyard_log_lines_dropped_total", "counter",
                            "Log lines that stderr did not take in time.", logger_dropped());
    exposition_single_count(w->out, "isoyard_http_requests_total", "counter",
                            "Requests that this HTTP server answered.", http->requests);
    exposition_single_count(w->out, "isoyard_http_event_clients", "gauge",
                            "Dashboards that are open.", http->event_clients);
    exposition_single_count(w->out, "isoyard_http_events_dropped_total", "counter",
                            "Events that a dashboard was too slow for.", http->dropped_events);
}

static void write_log(const struct writer *w)
{
    struct log_stats log;

    if (!w->service->log_thread)
        return;
    log_thread_stats(w->service->log_thread, &log);
    exposition_single_count(w->out, "isoyard_log_records_total", "counter",
                            "Records of the log that were written.", log.written);
    exposition_single_count(w->out, "isoyard_log_records_dropped_total", "counter",
                            "Records that found no room, or could not be written.", log.dropped);
    exposition_single_count(w->out, "isoyard_log_bytes", "gauge", "Size of the log.", log.bytes);
}

static void write_process(const struct writer *w)
{
    struct process_figures p;

    process_figures_read(&p);
    exposition_single_real(w->out, "process_cpu_seconds_total", "counter",
                           "User and system CPU time.", p.cpu_s);
    exposition_single_real(w->out, "process_start_time_seconds", "gauge",
                           "When the process started, since the Unix epoch.", p.start_s);
    exposition_single_count(w->out, "process_resident_memory_bytes", "gauge", "Resident memory.",
                            p.resident_bytes);
    exposition_single_count(w->out, "process_virtual_memory_bytes", "gauge",
                            "Virtual memory: V8 reserves far more than it uses.", p.virtual_bytes);
    exposition_single_count(w->out, "process_open_fds", "gauge", "Open file descriptors.",
                            p.open_files);
    exposition_single_count(w->out, "process_max_fds", "gauge",
                            "File descriptors that may be open.", p.max_files);
    exposition_single_count(w->out, "process_threads", "gauge", "Threads.", p.threads);
}

void metrics_write(struct buffer *out, const struct pool_service *service,
                   const struct metrics_http *http)
{
    uint64_t began_ns = clock_now_ns();
    struct stats_point *now = stats_point_new(service->dispatcher);
    uint64_t snapshot_ns = clock_now_ns() - began_ns;
    struct writer w = {out, service, now};

    write_server(&w, http);
    write_log(&w);
    write_pool(&w);
    write_outcomes(&w);
    write_counters(&w);
    write_isolates(&w);
    write_distributions(&w);
    write_locks(&w);
    write_queues(&w);
    write_lanes(&w);
    write_workers(&w);
    code_metrics_write(out, service->code_thread);
    write_process(&w);
    exposition_single_real(out, "isoyard_stats_snapshot_seconds", "gauge",
                           "How long it took to read the counters of all lanes.",
                           (double)snapshot_ns / 1e9);
    exposition_single_real(out, "isoyard_metrics_collection_seconds", "gauge",
                           "How long it took to collect these figures.",
                           (double)(clock_now_ns() - began_ns) / 1e9);
    stats_point_free(now);
}
