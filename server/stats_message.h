/*
 * What the pool counts, as a message.
 */
#ifndef ISOYARD_STATS_MESSAGE_H
#define ISOYARD_STATS_MESSAGE_H

#include "server/lock_message.h"
#include "server/pool_service.h"
#include "server/top_message.h"

#include <isoyard/v1/pool.pb-c.h>

/* What pools of an architecture did; the message points to the others. */
struct architecture_message {
    Isoyard__V1__ArchitectureStats stats;
    Isoyard__V1__Distribution queue_wait, wall, cpu, startup;
    struct lock_message lock, isolate_lock;
};

/* Of all of them: those that got a task. */
struct architectures_message {
    struct architecture_message of[ARCHITECTURES];
    Isoyard__V1__ArchitectureStats *pointers[ARCHITECTURES];
    size_t count;
};

/* All of a GetStatsResponse and of a WatchStatsResponse; the messages point into each other, so
 * that it stays where it is. */
struct stats_message {
    Isoyard__V1__GetStatsResponse response;
    Isoyard__V1__WatchStatsResponse tick;
    Isoyard__V1__PoolStats stats;
    Isoyard__V1__PoolConfig config;
    Isoyard__V1__TaskCounters tasks;
    Isoyard__V1__IsolateCounters isolates;
    Isoyard__V1__ThreadCounters threads;
    Isoyard__V1__Distribution queue_wait, wall, cpu, startup, cold, new_context, warm;
    struct lock_message lock, isolate_lock;
    struct locks_message locks, locks_since;
    Isoyard__V1__QueueStats queues[QUEUES];
    Isoyard__V1__Distribution queue_waits[QUEUES];
    Isoyard__V1__QueueStats *queue_pointers[QUEUES];
    struct top_message top_by_queue_wait, top_by_cpu;
    Isoyard__V1__ServerStats server;
    struct architectures_message architectures, architectures_since;
    Isoyard__V1__DrainingPool draining;
    Google__Protobuf__Timestamp open_time;
    Isoyard__V1__LaneStats *lanes;
    Isoyard__V1__LaneStats **lane_pointers;
    Isoyard__V1__IntervalStats interval;
    struct stats_message *difference; /* owned; what interval points to */
    struct pool_stats *since;         /* the same */
    Isoyard__V1__LaneInterval *lane_intervals;
    Isoyard__V1__LaneInterval **lane_interval_pointers;
};

/* Fills in a message, which then points into the service and into now; release it. Any thread. */
void stats_message_init(struct stats_message *ret, const struct pool_service *service,
                        const struct dispatcher_stats *now);
void stats_message_release(struct stats_message *message);

/* Adds what happened from one point to the next, which the message was made of. Where these are not
 * of the same pool, nothing. */
void stats_message_add_interval(struct stats_message *message,
                                const struct dispatcher_stats *before,
                                const struct dispatcher_stats *now);

/* The same for architectures, since the start and since an earlier point. Any thread. */
void stats_message_add_totals(struct stats_message *message,
                              const struct tally totals[ARCHITECTURES]);
void stats_message_add_interval_totals(struct stats_message *message,
                                       const struct tally before[ARCHITECTURES],
                                       const struct tally now[ARCHITECTURES]);

/* And for the server's locks; the latter after stats_message_add_interval. Any thread. */
void stats_message_add_locks(struct stats_message *message,
                             const struct lock_stats locks[LOCK_KINDS]);
void stats_message_add_interval_locks(struct stats_message *message,
                                      const struct lock_stats before[LOCK_KINDS],
                                      const struct lock_stats now[LOCK_KINDS]);

/* A histogram of microseconds; NULL where there is nothing in it. */
Isoyard__V1__Distribution *distribution_message_of(Isoyard__V1__Distribution *ret,
                                                   const struct histogram *h);

#endif
