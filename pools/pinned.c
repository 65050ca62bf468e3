/*
 * Pinned: every lane owns its isolates, and a worker's tasks go to the same lane, unless that does
 * not keep up with them (spread.h). No lock is taken for a task, and none is waited for; what
 * waits, waits in the lane's queue.
 */
#include "pools/pool_private.h"

#include "api/clock.h"
#include "pools/rendezvous.h"

static unsigned route(struct pool *pool, const struct task *task)
{
    return rendezvous_pick(task->script->worker_key, pool->lane_count);
}

/* Makes room for one more isolate; false where none can go. */
static bool make_room(struct lane *lane)
{
    struct actor *oldest;

    if (lane->isolates < lane->pool->isolates_per_lane)
        return true;
    oldest = cache_oldest(&lane->cache);
    if (!oldest)
        return false;
    /* It is closed in a turn of its own, after this: for that moment there is one isolate more. */
    actor_retire(oldest, ACTOR_EVICTED);
    lane_settle(lane, oldest);
    return true;
}

static struct actor *find(struct lane *lane, struct script *script)
{
    return cache_find(&lane->cache, script);
}

static struct actor *make(struct lane *lane, struct script *script)
{
    struct actor *actor;

    if (!make_room(lane))
        return NULL;
    actor = actor_new(lane, script, false);
    cache_add(&lane->cache, actor);
    return actor;
}

static void rest(struct lane *lane, struct actor *actor)
{
    uint64_t recycle_after = lane->pool->config.recycle_after;

    if (recycle_after > 0 && actor->served >= recycle_after)
        actor_retire(actor, ACTOR_RECYCLED);
    else
        cache_rest(&lane->cache, actor, clock_now_ns());
}

const struct pool_ops pool_pinned = {
    .architecture = ARCHITECTURE_PINNED,
    .name = "pinned",
    .route = route,
    .spreads = true,
    .find = find,
    .make = make,
    .rest = rest,
};
