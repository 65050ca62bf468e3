/*
 * What the pools, and locks, had counted at one moment, to be compared with a later one.
 */
#ifndef ISOYARD_STATS_POINT_H
#define ISOYARD_STATS_POINT_H

#include "server/stats_message.h"

/* Less than a mebibyte. */
struct stats_point {
    struct dispatcher_stats stats;
    struct tally totals[ARCHITECTURES];
    struct lock_stats locks[LOCK_KINDS];
};

/* Takes one now. Any thread. */
struct stats_point *stats_point_new(struct dispatcher *dispatcher);
void stats_point_free(struct stats_point *point); /* NULL is fine */

/* The message of a point, with what happened since another one (NULL: none), which may be freed
 * afterwards. It points into now; release it with stats_message_release. Any thread. */
void stats_message_init_since(struct stats_message *ret, const struct pool_service *service,
                              const struct stats_point *before, const struct stats_point *now);

#endif
