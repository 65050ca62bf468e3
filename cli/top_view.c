/* The view: what the server is, rates, lanes, contention, workers. */
#include "cli/top_view.h"

#include "api/bytes.h"
#include "cli/pool.h"
#include "cli/text.h"
#include "cli/top_workers.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define BAR_COLUMNS 20

const char *const top_sort_names[TOP_SORT_COUNT] = {"cpu", "wait", "tasks"};

/* Lines */

static size_t rows_left(const struct top_view *view)
{
    if (view->rows == 0)
        return SIZE_MAX;
    return view->rows > view->count ? view->rows - view->count : 0;
}

__attribute__((format(printf, 3, 4))) static void add(struct top_view *view, enum color color,
                                                      const char *format, ...)
{
    struct buffer line = {0};
    char *text, *escaped;
    va_list args;

    if (rows_left(view) == 0)
        return;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        abort();
    va_end(args);
    escaped = text_escape(text, false);
    free(text);
    text_append_cut(&line, escaped, view->columns > 0 ? view->columns : SIZE_MAX);
    free(escaped);
    buffer_append(&line, "", 1);
    view->lines = realloc(view->lines, (view->count + 1) * sizeof(view->lines[0]));
    if (!view->lines)
        abort();
    view->lines[view->count++] = (struct top_line){color, line.data};
}

/* The head */

static const char *uptime(uint64_t ms, char ret[48])
{
    uint64_t minutes = ms / 60000;

    if (minutes < 60)
        snprintf(ret, 48, "%" PRIu64 " min %" PRIu64 " s", minutes, ms / 1000 % 60);
    else if (minutes < 24 * 60)
        snprintf(ret, 48, "%" PRIu64 " h %" PRIu64 " min", minutes / 60, minutes % 60);
    else
        snprintf(ret, 48, "%" PRIu64 " d %" PRIu64 " h", minutes / (24 * 60), minutes / 60 % 24);
    return ret;
}

static void add_head(struct top_view *view, const char *address, const Isoyard__V1__PoolStats *s)
{
    time_t now = time(NULL);
    char clock[16], up[48];
    struct tm utc;

    gmtime_r(&now, &utc);
    strftime(clock, sizeof(clock), "%H:%M:%S", &utc);
    add(view, COLOR_BOLD, "isoyard top  %s  %s, %" PRIu32 " lanes%s  %s UTC", address,
        pool_architecture_text(s->architecture), s->config ? s->config->lanes : 0,
        s->draining ? ", the pool before goes on" : "", clock);
    if (s->server)
        add(view, COLOR_PLAIN, "server      up %s, %s resident, %" PRIu64 " worker%s, isoyardd %s",
            uptime(s->server->uptime_ms, up), text_bytes(s->server->rss_bytes), s->server->workers,
            s->server->workers == 1 ? "" : "s", s->server->version);
}

/* Rates and times */

static void add_tasks(struct top_view *view, const Isoyard__V1__PoolStats *s,
                      const Isoyard__V1__IntervalStats *i)
{
    uint64_t in_flight = s->tasks ? s->tasks->in_flight : 0;

    if (!i) {
        add(view, COLOR_PLAIN, "tasks       %" PRIu64 " in flight", in_flight);
        return;
    }
    add(view, i->failed_per_s > 0 || i->refused_per_s > 0 ? COLOR_YELLOW : COLOR_PLAIN,
        "tasks       %.1f/s answered, %.1f/s failed, %.1f/s refused, %" PRIu64 " in flight",
        i->answered_per_s, i->failed_per_s, i->refused_per_s, in_flight);
}

static void add_isolates(struct top_view *view, const Isoyard__V1__PoolStats *s,
                         const Isoyard__V1__IntervalStats *i)
{
    uint64_t alive = s->isolates ? s->isolates->alive : 0;
    uint64_t found = i ? i->hits + i->misses : 0;

    if (found > 0)
        add(view, COLOR_PLAIN,
            "isolates    %" PRIu64
            " alive, %.1f/s made, %.1f/s evicted, %.1f %% of tasks found one",
            alive, i->isolates_created_per_s, i->isolates_evicted_per_s,
            100.0 * (double)i->hits / (double)found);
    else
        add(view, COLOR_PLAIN, "isolates    %" PRIu64 " alive", alive);
}

static void add_time(struct top_view *view, const char *name, const Isoyard__V1__Distribution *d)
{
    if (!d || d->count == 0)
        add(view, COLOR_DIM, "%-12s-", name);
    else
        add(view, COLOR_PLAIN, "%-10s  p50 %-9s p90 %-9s p99 %s", name, text_us(d->p50_us),
            text_us(d->p90_us), text_us(d->p99_us));
}

/* Lanes */

static const Isoyard__V1__LaneInterval *interval_of(const Isoyard__V1__IntervalStats *i,
                                                    uint32_t lane)
{
    for (size_t at = 0; i && at < i->n_lanes; at++) {
        if (i->lanes[at]->lane == lane)
            return i->lanes[at];
    }
    return NULL;
}

static const char *bar(double share, char ret[BAR_COLUMNS + 1])
{
    double bounded = share < 0 ? 0 : share > 1 ? 1 : share;
    int full = (int)(bounded * BAR_COLUMNS + 0.5);

    memset(ret, '.', BAR_COLUMNS);
    memset(ret, '#', (size_t)full);
    ret[BAR_COLUMNS] = '\0';
    return ret;
}

static void add_lane(struct top_view *view, const Isoyard__V1__LaneStats *lane,
                     const Isoyard__V1__LaneInterval *i)
{
    double busy = i ? i->busy : lane->busy;
    char text[BAR_COLUMNS + 1], rate[32] = "-";

    if (i)
        snprintf(rate, sizeof(rate), "%.1f", i->tasks_per_s);
    add(view, busy > 0.9 ? COLOR_YELLOW : COLOR_PLAIN,
        "%4" PRIu32 "  [%s] %3.0f %%  %8s  %6" PRIu64 "  %9" PRIu64 "  %8" PRIu64, lane->lane,
        bar(busy, text), busy * 100, rate, lane->queued, lane->in_flight, lane->isolates);
}

/* A third of the screen at the most, so that something is left for workers. */
static size_t lanes_shown(const struct top_view *view, size_t count)
{
    size_t most = view->rows / 3;

    if (view->rows == 0 || count <= most)
        return count;
    return most > 1 ? most - 1 : 0;
}

static void add_lanes(struct top_view *view, const Isoyard__V1__PoolStats *s,
                      const Isoyard__V1__IntervalStats *i)
{
    size_t shown = lanes_shown(view, s->n_lanes);

    add(view, COLOR_PLAIN, "%s", "");
    add(view, COLOR_BOLD,
        "LANE  BUSY                            TASKS/S  QUEUED  IN FLIGHT  ISOLATES");
    for (size_t at = 0; at < shown; at++)
        add_lane(view, s->lanes[at], interval_of(i, s->lanes[at]->lane));
    if (shown < s->n_lanes)
        add(view, COLOR_DIM, "      %zu more lanes", s->n_lanes - shown);
}

/* Contention */

static void add_lock(struct top_view *view, const char *name, const Isoyard__V1__LockStats *now,
                     const Isoyard__V1__LockStats *i)
{
    double share;

    if (!now || !i)
        return;
    share = i->acquisitions > 0 ? (double)i->contended / (double)i->acquisitions : 0;
    add(view, share > 0.5 ? COLOR_YELLOW : COLOR_PLAIN,
        "%-10s  %9" PRIu64 "  %9" PRIu64 "  %5.1f %% waited", name, i->waiters, i->acquisitions,
        share * 100);
}

/* All in one line: which of them was waited for changes from second to second. */
static void add_server_locks(struct top_view *view, const Isoyard__V1__PoolStats *s,
                             const Isoyard__V1__IntervalStats *i)
{
    Isoyard__V1__LockStats all = ISOYARD__V1__LOCK_STATS__INIT;

    for (size_t at = 0; at < s->n_server_locks; at++)
        all.waiters += s->server_locks[at]->waiters;
    for (size_t at = 0; i && at < i->n_server_locks; at++) {
        all.acquisitions += i->server_locks[at]->acquisitions;
        all.contended += i->server_locks[at]->contended;
    }
    add_lock(view, "server's", &all, &all);
}

static void add_queue(struct top_view *view, const Isoyard__V1__QueueStats *now,
                      const Isoyard__V1__IntervalStats *interval)
{
    const Isoyard__V1__QueueStats *i = NULL;

    for (size_t at = 0; interval && at < interval->n_queues; at++) {
        if (strcmp(interval->queues[at]->name, now->name) == 0)
            i = interval->queues[at];
    }
    if (i && i->wait && i->wait->count > 0)
        add(view, COLOR_PLAIN, "%-10s  %9" PRIu64 "  %9" PRIu64 "  p50 %-9s p99 %s", now->name,
            now->depth, i->entered, text_us(i->wait->p50_us), text_us(i->wait->p99_us));
    else
        add(view, COLOR_PLAIN, "%-10s  %9" PRIu64 "  %9" PRIu64, now->name, now->depth,
            i ? i->entered : 0);
}

static void add_contention(struct top_view *view, const Isoyard__V1__PoolStats *s,
                           const Isoyard__V1__IntervalStats *i)
{
    if (s->n_queues == 0 && s->n_server_locks == 0)
        return;
    add(view, COLOR_PLAIN, "%s", "");
    add(view, COLOR_BOLD, "WAITS IN         NOW       CAME  FOR");
    add_lock(view, "lock", s->lock, i ? i->lock : NULL);
    add_lock(view, "isolates", s->isolate_lock, i ? i->isolate_lock : NULL);
    add_server_locks(view, s, i);
    for (size_t at = 0; at < s->n_queues; at++)
        add_queue(view, s->queues[at], i);
}

/* Workers */

static const char *share_of(uint64_t us, uint64_t duration_us, char ret[32])
{
    if (duration_us == 0)
        return "-";
    snprintf(ret, 32, "%.1f %%", 100.0 * (double)us / (double)duration_us);
    return ret;
}

#define WORKER_WIDTH 48

/* What the other columns leave. */
static size_t worker_width(const struct top_view *view)
{
    const size_t others = 3 * 2 + 9 + 10 + 10;

    if (view->columns == 0)
        return WORKER_WIDTH;
    return view->columns > others + 12 ? view->columns - others : 12;
}

static void add_worker(struct top_view *view, const struct top_worker *worker, uint64_t duration_us)
{
    char cpu[32], tasks[32] = "-";
    struct buffer name = {0};

    if (duration_us > 0)
        snprintf(tasks, sizeof(tasks), "%.1f", (double)worker->tasks * 1e6 / (double)duration_us);
    text_append_cell(&name, worker->name, worker_width(view));
    buffer_append(&name, "", 1);
    add(view, COLOR_PLAIN, "%s  %9s  %10s  %10s", name.data,
        share_of(worker->cpu_us, duration_us, cpu), text_us(worker->wait_us), tasks);
    buffer_release(&name);
}

static void add_workers(struct top_view *view, const Isoyard__V1__PoolStats *s,
                        const Isoyard__V1__IntervalStats *i)
{
    struct top_workers workers;

    top_workers_init(&workers, s, i, view->sort);
    add(view, COLOR_PLAIN, "%s", "");
    add(view, COLOR_BOLD, "%-*s  %9s  %10s  %10s", (int)worker_width(view),
        i ? "WORKER" : "WORKER, SINCE THE START", view->sort == TOP_BY_CPU ? "CPU <" : "CPU",
        view->sort == TOP_BY_WAIT ? "WAIT <" : "WAIT",
        view->sort == TOP_BY_TASKS ? "TASKS/S <" : "TASKS/S");
    for (size_t at = 0; at < workers.count; at++)
        add_worker(view, &workers.list[at], i ? i->duration_us : 0);
    if (workers.count == 0)
        add(view, COLOR_DIM, "none had a task");
    top_workers_release(&workers);
}

void top_view_fill(struct top_view *view, const char *address,
                   const Isoyard__V1__WatchStatsResponse *response)
{
    const Isoyard__V1__PoolStats *s = response->stats;
    const Isoyard__V1__IntervalStats *i = response->interval;

    if (!s)
        return;
    add_head(view, address, s);
    add_tasks(view, s, i);
    add_isolates(view, s, i);
    add_time(view, "wait", i ? i->queue_wait : NULL);
    add_time(view, "answer", i ? i->wall : NULL);
    add_lanes(view, s, i);
    add_contention(view, s, i);
    add_workers(view, s, i);
}

void top_view_fill_help(struct top_view *view)
{
    static const char *const lines[] = {
        "",
        "  c, w, t   sort workers by CPU, by wait, by tasks; s: by the next of these",
        "  p, blank  stop the figures, and let them go on",
        "  h, ?      this text; any key leaves it",
        "  q, Esc    quit",
        "",
        "  wait      from a task's submission to its first turn; answer: to its answer",
        "  BUSY      share of the time that a lane spent in turns which have ended",
        "  WAITS IN  queues and locks of the pool, the server's locks in one: what waits now, what",
        "            came in the interval, and for how long, or which share had to wait",
        "  CPU       share of one processor; WAIT: of all the worker's tasks together",
    };

    add(view, COLOR_BOLD, "isoyard top");
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        add(view, COLOR_PLAIN, "%s", lines[i]);
}

void top_view_clear(struct top_view *view)
{
    for (size_t i = 0; i < view->count; i++)
        free(view->lines[i].text);
    free(view->lines);
    view->lines = NULL;
    view->count = 0;
}
