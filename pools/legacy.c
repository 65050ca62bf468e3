/*
 * Legacy: a new isolate for every task, disposed of after it. Nothing is shared and nothing is
 * kept; every task pays for its isolate.
 */
#include "pools/pool_private.h"

/* The lane with the fewest tasks. */
static unsigned route(struct pool *pool, const struct task *task)
{
    unsigned best = 0;
    unsigned least = UINT_MAX;

    (void)task;
    for (unsigned i = 0; i < pool->lane_count; i++) {
        /* Relaxed: a guess that is a little old routes a little worse. */
        unsigned live = atomic_load_explicit(pool->lanes[i].live, memory_order_relaxed);

        if (live < least) {
            least = live;
            best = i;
        }
    }
    return best;
}

/* None gets a second task. */
static struct actor *find(struct lane *lane, struct script *script)
{
    (void)lane;
    (void)script;
    return NULL;
}

static struct actor *make(struct lane *lane, struct script *script)
{
    struct actor *actor;

    if (lane->isolates >= lane->pool->isolates_per_lane)
        return NULL;
    actor = actor_new(lane, script, false);
    actor_retire(actor, ACTOR_DONE);
    return actor;
}

/* Never: an actor is retired from the beginning, and ends with its task. */
static void rest(struct lane *lane, struct actor *actor)
{
    (void)lane;
    actor_retire(actor, ACTOR_DONE);
}

const struct pool_ops pool_legacy = {
    .architecture = ARCHITECTURE_LEGACY,
    .name = "legacy",
    .route = route,
    .find = find,
    .make = make,
    .rest = rest,
};
