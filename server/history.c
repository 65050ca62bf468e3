/* A ring of points. */
#include "server/history.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "api/counter.h"
#include "api/resident.h"

#include <stdlib.h>

struct history {
    size_t count; /* so far */
    struct history_point ring[HISTORY_POINTS];
};

struct history *history_new(void)
{
    return xcalloc(1, sizeof(struct history));
}

void history_free(struct history *history)
{
    free(history);
}

/* What all architectures did between two points. On the heap: it is large. */
static struct tally *tally_since(const struct stats_point *before, const struct stats_point *now)
{
    struct tally *sum = xcalloc(1, sizeof(*sum));
    struct tally *one = xmalloc(sizeof(*one));

    for (unsigned i = 0; i < ARCHITECTURES; i++) {
        memcpy(one, &now->totals[i], sizeof(*one));
        tally_subtract(one, &before->totals[i]);
        tally_merge(sum, one);
    }
    free(one);
    return sum;
}

/* Of the pool that serves, where it is the same; else of what it did so far. */
static double busy_share(const struct pool_stats *before, const struct pool_stats *now)
{
    bool is_same = before->opened_ns == now->opened_ns && before->lane_count == now->lane_count;
    uint64_t busy_ns = 0;
    uint64_t time_ns = counter_grown(is_same ? before->age_ns : 0, now->age_ns) * now->lane_count;

    for (size_t i = 0; i < now->lane_count; i++)
        busy_ns += counter_grown(is_same ? before->lanes[i].busy_ns : 0, now->lanes[i].busy_ns);
    return time_ns == 0 ? 0 : (double)busy_ns / (double)time_ns;
}

static void set_since(double figures[HISTORY_FIGURES], const struct tally *since, double duration_s)
{
    const struct histogram *wall_us = &since->wall_us;
    const struct lock_stats *lock = &since->lock, *isolate_lock = &since->isolate_lock;

    figures[HISTORY_ANSWERED_PER_S] = (double)since->answered / duration_s;
    figures[HISTORY_FAILED_PER_S] = (double)since->failed / duration_s;
    figures[HISTORY_P50_US] = (double)histogram_percentile(wall_us, 0.5);
    figures[HISTORY_P90_US] = (double)histogram_percentile(wall_us, 0.9);
    figures[HISTORY_P99_US] = (double)histogram_percentile(wall_us, 0.99);
    figures[HISTORY_QUEUE_P99_US] = (double)histogram_percentile(&since->queue_wait_us, 0.99);
    figures[HISTORY_COLD_STARTS] = (double)histogram_count(&since->cold_us);
    figures[HISTORY_WARM_STARTS] =
        (double)(histogram_count(&since->warm_us) + histogram_count(&since->fresh_us));
    figures[HISTORY_LOCK_ACQUISITIONS] = (double)(lock->acquisitions + isolate_lock->acquisitions);
    figures[HISTORY_LOCK_CONTENDED] = (double)(lock->contended + isolate_lock->contended);
}

static void set_now(double figures[HISTORY_FIGURES], const struct pool_stats *pool)
{
    for (size_t i = 0; i < pool->lane_count; i++)
        figures[HISTORY_QUEUED] += (double)pool->lanes[i].queued;
    figures[HISTORY_IN_FLIGHT] = (double)pool->in_flight;
    figures[HISTORY_ISOLATES] = (double)pool->isolates_alive;
    figures[HISTORY_RSS_BYTES] = (double)resident_bytes();
}

void history_point_init(struct history_point *ret, const struct stats_point *before,
                        const struct stats_point *now)
{
    const struct pool_stats *pool = &now->stats.pool;
    uint64_t then_ns = before->stats.pool.opened_ns + before->stats.pool.age_ns;
    uint64_t duration_ns = counter_grown(then_ns, pool->opened_ns + pool->age_ns);
    struct tally *since = tally_since(before, now);

    *ret = (struct history_point){
        .time_ms = (int64_t)(clock_read_ns(CLOCK_REALTIME) / NS_PER_MS),
        .architecture = now->stats.architecture,
    };
    ret->figures[HISTORY_BUSY] = busy_share(&before->stats.pool, pool);
    set_now(ret->figures, pool);
    set_since(ret->figures, since, (double)(duration_ns > 0 ? duration_ns : 1) / (double)NS_PER_S);
    free(since);
}

void history_add(struct history *history, const struct history_point *point)
{
    history->ring[history->count++ % HISTORY_POINTS] = *point;
}

/* Telling. */

static const char *const names[HISTORY_FIGURES] = {
    [HISTORY_ANSWERED_PER_S] = "answered_per_s",
    [HISTORY_FAILED_PER_S] = "failed_per_s",
    [HISTORY_BUSY] = "busy",
    [HISTORY_P50_US] = "p50_us",
    [HISTORY_P90_US] = "p90_us",
    [HISTORY_P99_US] = "p99_us",
    [HISTORY_QUEUE_P99_US] = "queue_p99_us",
    [HISTORY_QUEUED] = "queued",
    [HISTORY_IN_FLIGHT] = "in_flight",
    [HISTORY_ISOLATES] = "isolates",
    [HISTORY_RSS_BYTES] = "rss_bytes",
    [HISTORY_COLD_STARTS] = "cold_starts",
    [HISTORY_WARM_STARTS] = "warm_starts",
    [HISTORY_LOCK_ACQUISITIONS] = "lock_acquisitions",
    [HISTORY_LOCK_CONTENDED] = "lock_contended",
};

json_t *history_point_json(const struct history_point *point)
{
    json_t *object = json_object();

    json_object_set_new(object, "time_ms", json_integer(point->time_ms));
    json_object_set_new(object, "architecture",
                        json_string(architecture_name(point->architecture)));
    for (unsigned f = 0; f < HISTORY_FIGURES; f++)
        json_object_set_new(object, names[f], json_real(point->figures[f]));
    return object;
}

json_t *history_json(const struct history *history)
{
    size_t kept = history->count < HISTORY_POINTS ? history->count : HISTORY_POINTS;
    json_t *object = json_object(), *times = json_array(), *architectures = json_array();
    json_t *figures[HISTORY_FIGURES];

    json_object_set_new(object, "time_ms", times);
    json_object_set_new(object, "architecture", architectures);
    for (unsigned f = 0; f < HISTORY_FIGURES; f++)
        json_object_set_new(object, names[f], figures[f] = json_array());
    for (size_t i = history->count - kept; i < history->count; i++) {
        const struct history_point *point = &history->ring[i % HISTORY_POINTS];

        json_array_append_new(times, json_integer(point->time_ms));
        json_array_append_new(architectures, json_string(architecture_name(point->architecture)));
        for (unsigned f = 0; f < HISTORY_FIGURES; f++)
            json_array_append_new(figures[f], json_real(point->figures[f]));
    }
    return object;
}
