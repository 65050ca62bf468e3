/* Sums of figures. */
#include "pools/compare/tally.h"

#include <string.h>

static const struct pool_stats nothing;

static uint64_t count_failed(const struct pool_stats *stats)
{
    return stats->failed + stats->limit_exceeded + stats->cancelled + stats->condemned_tasks +
           stats->refused;
}

void tally_add(struct tally *tally, const struct pool_stats *after, const struct pool_stats *before)
{
    const struct pool_stats *since = before ? before : &nothing;

    tally->answered += after->answered - since->answered;
    tally->failed += count_failed(after) - count_failed(since);
    tally->isolates_created += after->isolates_created - since->isolates_created;
    tally->isolates_evicted += after->evicted - since->evicted;
    tally->lock_acquisitions += after->lock_acquisitions - since->lock_acquisitions;
    tally->lock_contended += after->lock_contended - since->lock_contended;
    tally->entries += after->entries - since->entries;
    tally->blocks += after->blocks - since->blocks;
    histogram_add_difference(&tally->queue_wait_us, &after->queue_wait_us, &since->queue_wait_us);
    histogram_add_difference(&tally->wall_us, &after->wall_us, &since->wall_us);
    histogram_add_difference(&tally->cpu_us, &after->cpu_us, &since->cpu_us);
    histogram_add_difference(&tally->startup_us, &after->startup_us, &since->startup_us);
    histogram_add_difference(&tally->lock_wait_us, &after->lock_wait_us, &since->lock_wait_us);
    histogram_add_difference(&tally->block_us, &after->block_us, &since->block_us);
}

void tally_merge(struct tally *tally, const struct tally *other)
{
    tally->answered += other->answered;
    tally->failed += other->failed;
    tally->isolates_created += other->isolates_created;
    tally->isolates_evicted += other->isolates_evicted;
    tally->lock_acquisitions += other->lock_acquisitions;
    tally->lock_contended += other->lock_contended;
    tally->entries += other->entries;
    tally->blocks += other->blocks;
    histogram_merge(&tally->queue_wait_us, &other->queue_wait_us);
    histogram_merge(&tally->wall_us, &other->wall_us);
    histogram_merge(&tally->cpu_us, &other->cpu_us);
    histogram_merge(&tally->startup_us, &other->startup_us);
    histogram_merge(&tally->lock_wait_us, &other->lock_wait_us);
    histogram_merge(&tally->block_us, &other->block_us);
}

double tally_cpu_us(const struct tally *tally)
{
    uint64_t count = histogram_count(&tally->cpu_us);

    return count == 0 ? 0 : (double)tally->cpu_us.sum / (double)count;
}
