/* Sums of figures. */
#include "pools/compare/tally.h"

#include <string.h>

static const struct pool_stats nothing;

static uint64_t count_failed(const struct pool_stats *stats)
{
    return stats->failed + stats->limit_exceeded + stats->cancelled + stats->condemned_tasks +
           stats->refused;
}

static void read_counts(const struct pool_stats *stats, uint64_t ret[TALLY_COUNTS])
{
    ret[TALLY_SUBMITTED] = stats->submitted;
    ret[TALLY_WORKER_FAILED] = stats->failed;
    ret[TALLY_LIMIT_EXCEEDED] = stats->limit_exceeded;
    ret[TALLY_CANCELLED] = stats->cancelled;
    ret[TALLY_REFUSED] = stats->refused;
    ret[TALLY_CONDEMNED_TASKS] = stats->condemned_tasks;
    ret[TALLY_TENANT_MISMATCHES] = stats->tenant_mismatches;
    ret[TALLY_SPREADS] = stats->spreads;
    ret[TALLY_DISPOSED] = stats->isolates_disposed;
    ret[TALLY_EXPIRED] = stats->expired;
    ret[TALLY_RECYCLED] = stats->recycled;
    ret[TALLY_CONDEMNED] = stats->condemned;
    ret[TALLY_ADOPTIONS] = stats->adoptions;
    ret[TALLY_QUARANTINES] = stats->quarantines;
    memcpy(&ret[TALLY_LIMITS], stats->limits, sizeof(stats->limits));
}

static void add_counts(uint64_t dest[TALLY_COUNTS], const struct pool_stats *after,
                       const struct pool_stats *before)
{
    uint64_t now[TALLY_COUNTS], then[TALLY_COUNTS];

    read_counts(after, now);
    read_counts(before, then);
    for (unsigned i = 0; i < TALLY_COUNTS; i++)
        dest[i] += now[i] - then[i];
}

static void add_difference(struct histogram *dest, const struct histogram *after,
                           const struct histogram *before)
{
    struct histogram since = *after;

    histogram_subtract(&since, before);
    histogram_merge(dest, &since);
}

static void add_lock(struct lock_stats *dest, const struct lock_stats *after,
                     const struct lock_stats *before)
{
    dest->acquisitions += after->acquisitions - before->acquisitions;
    dest->contended += after->contended - before->contended;
    add_difference(&dest->wait_us, &after->wait_us, &before->wait_us);
    add_difference(&dest->hold_ns, &after->hold_ns, &before->hold_ns);
}

static void merge_lock(struct lock_stats *dest, const struct lock_stats *src)
{
    dest->acquisitions += src->acquisitions;
    dest->contended += src->contended;
    histogram_merge(&dest->wait_us, &src->wait_us);
    histogram_merge(&dest->hold_ns, &src->hold_ns);
}

void tally_add(struct tally *tally, const struct pool_stats *after, const struct pool_stats *before)
{
    const struct pool_stats *since = before ? before : &nothing;

    tally->answered += after->answered - since->answered;
    tally->failed += count_failed(after) - count_failed(since);
    add_counts(tally->counts, after, since);
    tally->isolates_created += after->isolates_created - since->isolates_created;
    tally->isolates_evicted += after->evicted - since->evicted;
    add_lock(&tally->lock, &after->lock, &since->lock);
    add_lock(&tally->isolate_lock, &after->isolate_lock, &since->isolate_lock);
    add_difference(&tally->queue_wait_us, &after->queue_wait_us, &since->queue_wait_us);
    add_difference(&tally->wall_us, &after->wall_us, &since->wall_us);
    add_difference(&tally->cpu_us, &after->cpu_us, &since->cpu_us);
    add_difference(&tally->startup_us, &after->startup_us, &since->startup_us);
    add_difference(&tally->cold_us, &after->cold_us, &since->cold_us);
    add_difference(&tally->fresh_us, &after->fresh_us, &since->fresh_us);
    add_difference(&tally->warm_us, &after->warm_us, &since->warm_us);
}

void tally_merge(struct tally *tally, const struct tally *other)
{
    tally->answered += other->answered;
    tally->failed += other->failed;
    for (unsigned i = 0; i < TALLY_COUNTS; i++)
        tally->counts[i] += other->counts[i];
    tally->isolates_created += other->isolates_created;
    tally->isolates_evicted += other->isolates_evicted;
    merge_lock(&tally->lock, &other->lock);
    merge_lock(&tally->isolate_lock, &other->isolate_lock);
    histogram_merge(&tally->queue_wait_us, &other->queue_wait_us);
    histogram_merge(&tally->wall_us, &other->wall_us);
    histogram_merge(&tally->cpu_us, &other->cpu_us);
    histogram_merge(&tally->startup_us, &other->startup_us);
    histogram_merge(&tally->cold_us, &other->cold_us);
    histogram_merge(&tally->fresh_us, &other->fresh_us);
    histogram_merge(&tally->warm_us, &other->warm_us);
}

void tally_subtract(struct tally *tally, const struct tally *before)
{
    tally->answered -= before->answered;
    tally->failed -= before->failed;
    for (unsigned i = 0; i < TALLY_COUNTS; i++)
        tally->counts[i] -= before->counts[i];
    tally->isolates_created -= before->isolates_created;
    tally->isolates_evicted -= before->isolates_evicted;
    lock_stats_subtract(&tally->lock, &before->lock);
    lock_stats_subtract(&tally->isolate_lock, &before->isolate_lock);
    histogram_subtract(&tally->queue_wait_us, &before->queue_wait_us);
    histogram_subtract(&tally->wall_us, &before->wall_us);
    histogram_subtract(&tally->cpu_us, &before->cpu_us);
    histogram_subtract(&tally->startup_us, &before->startup_us);
    histogram_subtract(&tally->cold_us, &before->cold_us);
    histogram_subtract(&tally->fresh_us, &before->fresh_us);
    histogram_subtract(&tally->warm_us, &before->warm_us);
}

double tally_cpu_us(const struct tally *tally)
{
    uint64_t count = histogram_count(&tally->cpu_us);

    return count == 0 ? 0 : (double)tally->cpu_us.sum / (double)count;
}
