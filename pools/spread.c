/* Overflow of pinned: counting what waits, and passing tasks on. */
#include "pools/spread.h"

#include "api/clock.h"
#include "pools/pool_private.h"
#include "pools/rendezvous.h"

static struct spread_slot *slot_of(struct lane *lane, const struct script *script)
{
    return &lane->spread.slots[script->worker_key % SPREAD_SLOTS];
}

static unsigned waiting_at(struct lane *lane, const struct task *task)
{
    return atomic_load_explicit(&slot_of(lane, task->script)->waiting, memory_order_relaxed);
}

static bool is_spreading(const struct pool *pool, const struct task *task)
{
    return pool->ops->spreads && pool->config.spread > 0 && pool->lane_count > 1 &&
           task->kind == TASK_REQUEST;
}

/* Counting. */

void spread_add(struct lane *lane, struct task *task)
{
    struct spread_slot *slot = slot_of(lane, task->script);

    task->counts_as_waiting = is_spreading(lane->pool, task);
    if (!task->counts_as_waiting)
        return;
    /* Who passes the bound says since when, even where an older word stands there. */
    if (atomic_fetch_add_explicit(&slot->waiting, 1, memory_order_relaxed) ==
        lane->pool->config.spread)
        atomic_store_explicit(&slot->since_ns, clock_now_ns(), memory_order_relaxed);
}

void spread_remove(struct lane *lane, struct task *task)
{
    struct spread_slot *slot = slot_of(lane, task->script);
    unsigned spread = lane->pool->config.spread;
    unsigned left;

    if (!task->counts_as_waiting)
        return;
    task->counts_as_waiting = false;
    left = atomic_fetch_sub_explicit(&slot->waiting, 1, memory_order_relaxed) - 1;
    if (left == spread)
        atomic_store_explicit(&slot->since_ns, 0, memory_order_relaxed);
    if (left <= spread / 2)
        atomic_store_explicit(&slot->is_passing_on, false, memory_order_relaxed);
}

static bool is_waited_for(const struct actor *actor)
{
    bool is_full = actor->flights.in_use >= actor->task_limit;

    /* One that takes a single task is full whenever it is at work. */
    return actor_accepts(actor) && (actor_is_starting(actor) || (is_full && actor->task_limit > 1));
}

void spread_note(struct lane *lane, const struct actor *actor)
{
    struct spread_slot *slot = slot_of(lane, actor->script);
    bool is_for_isolate = is_waited_for(actor);
    bool was_for_isolate;

    if (!lane->pool->ops->spreads || actor->is_check)
        return;
    was_for_isolate = atomic_load_explicit(&slot->is_for_isolate, memory_order_relaxed);
    atomic_store_explicit(&slot->is_for_isolate, is_for_isolate, memory_order_relaxed);
    if (!is_for_isolate && !was_for_isolate)
        return;
    /* From here on it is the lane's turn: what waits has its time anew. */
    atomic_store_explicit(&slot->is_passing_on, false, memory_order_relaxed);
    if (atomic_load_explicit(&slot->since_ns, memory_order_relaxed) != 0)
        atomic_store_explicit(&slot->since_ns, clock_now_ns(), memory_order_relaxed);
}

/* Routing. */

/* Whether more than `spread` tasks have been waiting for so long. */
static bool is_standing(const struct spread_slot *slot)
{
    uint64_t since_ns = atomic_load_explicit(&slot->since_ns, memory_order_relaxed);

    return since_ns != 0 && clock_now_ns() >= since_ns + SPREAD_AFTER_MS * NS_PER_MS;
}

static bool has_enough(struct lane *lane, const struct task *task)
{
    struct spread_slot *slot = slot_of(lane, task->script);

    if (waiting_at(lane, task) < lane->pool->config.spread)
        return false;
    if (atomic_load_explicit(&slot->is_passing_on, memory_order_relaxed))
        return true;
    if (!is_standing(slot))
        return false;
    atomic_store_explicit(&slot->is_passing_on, true, memory_order_relaxed);
    return true;
}

static bool passes_on(struct lane *lane, const struct task *task)
{
    const struct spread_slot *slot = slot_of(lane, task->script);

    if (atomic_load_explicit(&slot->is_for_isolate, memory_order_relaxed))
        return false;
    return lane_is_full(lane) || has_enough(lane, task);
}

/* Of lanes that all would pass it on: the one where the fewest wait, of those that can take it. */
static unsigned fewest(struct pool *pool, const struct task *task, const unsigned *order,
                       unsigned count)
{
    unsigned best = order[0];
    unsigned least = UINT_MAX;

    for (unsigned i = 0; i < count; i++) {
        struct lane *lane = &pool->lanes[order[i]];
        unsigned waiting = waiting_at(lane, task);

        if (waiting < least && !lane_is_full(lane)) {
            least = waiting;
            best = order[i];
        }
    }
    return best;
}

unsigned spread_route(struct pool *pool, const struct task *task, unsigned first)
{
    unsigned order[SPREAD_LANES_MAX];
    unsigned count;

    if (!is_spreading(pool, task) || !passes_on(&pool->lanes[first], task))
        return first;
    count = rendezvous_order(task->script->worker_key, pool->lane_count, order, SPREAD_LANES_MAX);
    for (unsigned i = 1; i < count; i++) {
        if (!passes_on(&pool->lanes[order[i]], task))
            return order[i];
    }
    return fewest(pool, task, order, count);
}
