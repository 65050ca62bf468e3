/*
 * A tally: figures of pools that add up, over several pools or over several stretches of one's
 * time. One thread at a time.
 */
#ifndef ISOYARD_TALLY_H
#define ISOYARD_TALLY_H

#include "api/histogram.h"
#include "pools/stats.h"

#include <stdint.h>

/* Counters of pool_stats that add up as they are. */
enum tally_count {
    TALLY_SUBMITTED,
    TALLY_WORKER_FAILED, /* pool_stats.failed */
    TALLY_LIMIT_EXCEEDED,
    TALLY_CANCELLED,
    TALLY_REFUSED,
    TALLY_CONDEMNED_TASKS,
    TALLY_TENANT_MISMATCHES,
    TALLY_SPREADS,
    TALLY_DISPOSED,
    TALLY_EXPIRED,
    TALLY_RECYCLED,
    TALLY_CONDEMNED,
    TALLY_ADOPTIONS,
    TALLY_QUARANTINES,
    TALLY_LIMITS, /* by enum limit, from here on */
    TALLY_COUNTS = TALLY_LIMITS + LIMIT_KINDS
};

/* All zeroes is an empty one. Large: not for the stack. */
struct tally {
    uint64_t answered;
    uint64_t failed; /* all that ended otherwise, and those that were refused */
    uint64_t counts[TALLY_COUNTS];
    uint64_t isolates_created, isolates_evicted;
    struct lock_stats lock, isolate_lock; /* as in pool_stats; of waiters nothing */
    struct histogram queue_wait_us, wall_us, cpu_us, startup_us, cold_us, fresh_us, warm_us;
};

/* Adds what has happened in a pool from one moment to the next; before may be NULL: since it was
 * opened. */
void tally_add(struct tally *tally, const struct pool_stats *after,
               const struct pool_stats *before);

/* Adds one tally to another. */
void tally_merge(struct tally *tally, const struct tally *other);

/* Takes off what it held earlier, as histogram_subtract does. */
void tally_subtract(struct tally *tally, const struct tally *before);

/* Microseconds of CPU per task, 0 where there were none. */
double tally_cpu_us(const struct tally *tally);

#endif
