/*
 * What a pool counts. Lanes write their own counters and nobody else's; readers merge them.
 */
#ifndef ISOYARD_STATS_H
#define ISOYARD_STATS_H

#include "api/limits.h"
#include "api/lock_stats.h"
#include "pools/queues.h"
#include "pools/top.h"

#include <stddef.h>
#include <stdint.h>

struct lane_stats {
    uint32_t lane;
    uint64_t queued;
    uint64_t in_flight;
    uint64_t isolates;
    uint64_t turns;
    uint64_t tasks;
    uint64_t adoptions;
    uint64_t spreads; /* tasks whose first lane is another */
    uint64_t busy_ns; /* in turns */
    uint64_t hits, misses, evicted;
    uint64_t running_key; /* script.worker_key of the one whose turn lasts; 0: none does */
};

struct pool_stats {
    uint64_t submitted, answered, failed, limit_exceeded, cancelled, refused, condemned_tasks,
        in_flight;
    uint64_t limits[LIMIT_KINDS]; /* limit_exceeded by enum limit */
    uint64_t tenant_mismatches;
    uint64_t spreads; /* tasks that went to another than their worker's first lane */
    uint64_t isolates_alive, isolates_created, isolates_disposed, hits, misses;
    uint64_t evicted, expired, recycled, condemned;
    uint32_t spares, strays;
    uint32_t quarantined; /* threads in turns that were written off, now */
    uint64_t quarantines; /* so far */
    uint64_t adoptions, terminations;
    uint64_t opened_ns; /* when the pool was opened */
    uint64_t age_ns;    /* since then */
    int64_t opened_us;  /* the same, since the Unix epoch */
    struct histogram queue_wait_us, wall_us, cpu_us, startup_us;
    struct lock_stats lock;         /* of a shared pool */
    struct lock_stats isolate_lock; /* HANDOFF_MUTEX: of isolates, that lanes claim */
    struct queues queues;
    /*
     * Service times of requests that were begun and have ended, by what they found: from the end of
     * their wait in the queue to their outcome, a start-up that they waited for included. (That is
     * wall_us less queue_us of the report.) Checks and warm-ups are in none of them.
     */
    struct histogram cold_us;  /* no isolate that had started: its making, and the start-up */
    struct histogram fresh_us; /* a warm isolate, with a new context made for it: the start-up */
    struct histogram warm_us;  /* a warm context */
    struct top_list top_by_queue_wait, top_by_cpu; /* of what the two histograms sum up */
    size_t lane_count;
    struct lane_stats *lanes;
};

void pool_stats_release(struct pool_stats *stats);

#endif
