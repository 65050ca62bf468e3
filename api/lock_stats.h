/*
 * What a lock counts, or all locks of a kind.
 */
#ifndef ISOYARD_LOCK_STATS_H
#define ISOYARD_LOCK_STATS_H

#include "api/histogram.h"

#include <stdint.h>

/* A lock that tasks wait for. Holds are those that have ended: of isolates each, of other locks one
 * of 16. */
struct lock_stats {
    uint64_t acquisitions;
    uint64_t contended;       /* of them, those that had to wait */
    uint64_t waiters;         /* threads that wait now */
    struct histogram wait_us; /* of the contended ones */
    struct histogram hold_ns; /* nanoseconds: most are less than one of the others */
};

/* Takes what `before` held off, which it grew from; waiters stay. */
void lock_stats_subtract(struct lock_stats *stats, const struct lock_stats *before);

#endif
