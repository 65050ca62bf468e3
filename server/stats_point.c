/* Points in time. */
#include "server/stats_point.h"

#include "api/bytes.h"

#include <stdlib.h>

struct stats_point *stats_point_new(struct dispatcher *dispatcher)
{
    struct stats_point *point = xcalloc(1, sizeof(*point));

    dispatcher_stats(dispatcher, &point->stats);
    dispatcher_totals(dispatcher, point->totals);
    for (enum lock_kind kind = 0; kind < LOCK_KINDS; kind++)
        lock_kind_stats(kind, &point->locks[kind]);
    return point;
}

void stats_point_free(struct stats_point *point)
{
    if (point)
        pool_stats_release(&point->stats.pool);
    free(point);
}

void stats_message_init_since(struct stats_message *m, const struct pool_service *service,
                              const struct stats_point *before, const struct stats_point *now)
{
    stats_message_init(m, service, &now->stats);
    stats_message_add_totals(m, now->totals);
    stats_message_add_locks(m, now->locks);
    if (!before)
        return;
    stats_message_add_interval(m, &before->stats, &now->stats);
    stats_message_add_interval_totals(m, before->totals, now->totals);
    stats_message_add_interval_locks(m, before->locks, now->locks);
}
