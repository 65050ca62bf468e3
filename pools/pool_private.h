/* Pools from the inside: what an architecture decides, and what all pools have. */
#ifndef ISOYARD_POOL_PRIVATE_H
#define ISOYARD_POOL_PRIVATE_H

#include "pools/lane.h"
#include "pools/pool.h"
#include "pools/shared.h"

#include <stdatomic.h>
#include <stdbool.h>

#define container_of(pointer, type, member) ((type *)((char *)(pointer)-offsetof(type, member)))

/* An architecture. */
struct pool_ops {
    enum architecture architecture;
    const char *name;

    bool is_shared; /* shared.h has tasks and actors, but for checks; only route is asked */

    /* The lane that a task is sent to. Any thread. */
    unsigned (*route)(struct pool *pool, const struct task *task);

    bool spreads; /* that lane may pass it on: spread.h */

    /* The worker's actor on this lane, or NULL. The lane's holder. */
    struct actor *(*find)(struct lane *lane, struct script *script);

    /* A new one, or NULL where there is no room. The lane's holder. */
    struct actor *(*make)(struct lane *lane, struct script *script);

    /* An actor has no task any more: keeps it warm, or retires it. The lane's holder. */
    void (*rest)(struct lane *lane, struct actor *actor);
};

struct pool {
    const struct pool_ops *ops;
    struct pool_config config; /* immutable */
    struct crew *crew;
    uint64_t id_seed; /* of task.id; random */
    uint64_t opened_ns;
    int64_t opened_us;        /* the same moment, since the Unix epoch */
    uint64_t cancel_grace_ns; /* the crew's */
    unsigned isolates_per_lane;
    atomic_uint turn;      /* HANDOFF_MUTEX: whose is the next task */
    struct shared *shared; /* NULL: lanes own their isolates */
    atomic_bool is_draining;
    _Atomic uint64_t refused; /* any thread adds */
    unsigned lane_count;      /* that are open */
    struct lane lanes[];
};

/* Whether as many tasks wait there as may. Any thread; a moment later it may be otherwise. */
static inline bool lane_is_full(const struct lane *lane)
{
    return atomic_load_explicit(lane->live, memory_order_relaxed) >=
           lane->pool->config.queue + counter_get(&lane->counters.in_flight);
}

#endif
