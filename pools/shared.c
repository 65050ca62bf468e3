/* Shared pools: the lock, the table of isolates, tasks on their way, lanes that sleep, closing. */
#include "pools/shared.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "pools/rendezvous.h"
#include "pools/shared_private.h"
#include "pools/task_end.h"

#include <assert.h>
#include <stdlib.h>

/* The lock. */

/* Two readings of the clock each time would cost 5 % of what a hand-off takes. */
#define HOLDS_TIMED 16

uint64_t shared_now_ns(struct shared *s)
{
    if (s->locked_ns == 0)
        s->locked_ns = clock_now_ns();
    return s->locked_ns;
}

static void note_taken(struct shared *s)
{
    s->is_hold_timed = s->acquisitions++ % HOLDS_TIMED == 0;
    if (s->is_hold_timed)
        (void)shared_now_ns(s);
}

void shared_lock(struct shared *s)
{
    uint64_t begin_ns;

    if (pthread_mutex_trylock(&s->lock) == 0) {
        s->locked_ns = 0;
    } else {
        begin_ns = clock_now_ns();
        atomic_fetch_add_explicit(&s->lock_waiters, 1, memory_order_relaxed);
        pthread_mutex_lock(&s->lock);
        atomic_fetch_sub_explicit(&s->lock_waiters, 1, memory_order_relaxed);
        s->contended++;
        s->locked_ns = clock_now_ns();
        histogram_record(&s->lock_wait_us, (s->locked_ns - begin_ns) / NS_PER_US);
    }
    note_taken(s);
}

static void note_hold(struct shared *s)
{
    if (s->is_hold_timed)
        histogram_record(&s->lock_hold_ns, clock_now_ns() - s->locked_ns);
}

void shared_unlock(struct shared *s)
{
    note_hold(s);
    pthread_mutex_unlock(&s->lock);
}

/* It has the lock again by an acquisition of its own, of which nobody knows whether it waited. */
void shared_await(struct shared *s, pthread_cond_t *condition)
{
    note_hold(s);
    pthread_cond_wait(condition, &s->lock);
    s->locked_ns = clock_now_ns();
    note_taken(s);
}

/* Under the lock: readiness. */

void shared_stop_resting(struct shared *s, struct actor *actor)
{
    lru_use(&s->resting, &actor->rest);
}

/* Under the lock, through which the lane must come before it could be closed. */
void shared_wake_one(struct shared *s)
{
    struct lane *lane = s->idle;

    if (!lane)
        return;
    s->idle = lane->next_idle;
    lane->is_idle = false;
    uv_async_send(&lane->wake);
}

void shared_make_ready(struct shared *s, struct actor *actor)
{
    if (actor->turn_order.state != FAIR_IDLE)
        return;
    fair_queue_add(&s->ready, &actor->turn_order, shared_now_ns(s));
    shared_stop_resting(s, actor);
    queues_enter(&s->queues, QUEUE_READY);
    shared_wake_one(s);
}

bool shared_push(struct shared *s, struct actor *actor, struct message *message)
{
    switch (mailbox_push(&actor->mailbox, message)) {
    case MAILBOX_CLOSED:
        return false;
    case MAILBOX_PUSHED_WAKE:
        shared_make_ready(s, actor);
        return true;
    case MAILBOX_PUSHED:
        break;
    }
    return true;
}

/* Under the lock: packs. */

struct pack *shared_find_pack(struct shared *s, struct script *script)
{
    struct pack *pack;

    HASH_FIND_PTR(s->packs, &script, pack);
    return pack;
}

static void join_pack(struct shared *s, struct actor *actor)
{
    struct pack *pack = shared_find_pack(s, actor->script);

    if (!pack) {
        pack = xcalloc(1, sizeof(*pack));
        pack->script = actor->script; /* the actor's reference */
        HASH_ADD_PTR(s->packs, script, pack);
    }
    DL_APPEND2(pack->actors, actor, prev_pack, next_pack);
    pack->count++;
    actor->pack = pack;
}

void shared_leave_pack(struct shared *s, struct actor *actor)
{
    struct pack *pack = actor->pack;

    if (!pack)
        return;
    actor->pack = NULL;
    if (actor->blocked > 0)
        pthread_cond_broadcast(&actor->left);
    DL_DELETE2(pack->actors, actor, prev_pack, next_pack);
    if (--pack->count > 0)
        return;
    HASH_DEL(s->packs, pack);
    free(pack);
}

/* Takes an isolate without tasks out, which is told; its place is as good as free. */
static void retire_resting(struct shared *s, struct actor *actor, enum actor_end end)
{
    shared_stop_resting(s, actor);
    shared_leave_pack(s, actor);
    actor->retire_end = end;
    shared_push(s, actor, &actor->retire_message);
}

/* The isolate that has rested longest, or NULL. */
static struct actor *oldest(struct shared *s)
{
    struct lru_entry *entry = lru_oldest(&s->resting);

    return entry ? container_of(entry, struct actor, rest) : NULL;
}

static bool make_room(struct shared *s)
{
    struct actor *resting = oldest(s);

    if (s->isolates < s->cap)
        return true;
    if (!resting)
        return false;
    retire_resting(s, resting, ACTOR_EVICTED);
    return true;
}

static struct actor *add_actor(struct shared *s, struct script *script)
{
    struct actor *actor = actor_new_shared(s, script);

    s->isolates++;
    DL_APPEND2(s->actors, actor, prev_all, next_all);
    join_pack(s, actor);
    return actor;
}

/* Whether nobody plays it and nothing is on its way to it; and, where it takes one task at a time,
 * it has none. */
static bool is_free(const struct shared *s, const struct actor *actor)
{
    return s->pool->config.tasks_per_isolate > 1 ? actor->turn_order.state == FAIR_IDLE
                                                 : actor->rest.is_resting;
}

/* The isolate that is to have the next task of a version: one that is not busy; or a further one,
 * where there is room without taking another's; or the one that got a task longest ago. */
struct actor *shared_pick(struct shared *s, struct script *script)
{
    struct pack *pack = shared_find_pack(s, script);
    struct actor *actor;

    if (!pack)
        return make_room(s) ? add_actor(s, script) : NULL;
    DL_FOREACH2(pack->actors, actor, next_pack)
    {
        if (is_free(s, actor))
            break;
    }
    if (!actor && pack->count < s->pack_cap && s->isolates < s->cap)
        return add_actor(s, script);
    if (!actor)
        actor = pack->actors;
    DL_DELETE2(pack->actors, actor, prev_pack, next_pack);
    DL_APPEND2(pack->actors, actor, prev_pack, next_pack);
    return actor;
}

/* Where a task begins to wait: with its submission, or now. */
static uint64_t since_ns(struct shared *s, const struct task *task)
{
    return task->queue == QUEUE_NONE ? task->submitted_ns : shared_now_ns(s);
}

/* Whether there was an isolate for it. */
static bool place(struct shared *s, struct task *task)
{
    struct actor *actor = shared_pick(s, task->script);

    task->home = actor;
    if (!actor)
        return false;
    shared_stop_resting(s, actor);
    /* First: from the push on it may be another lane's. */
    queues_move(&s->queues, task, QUEUE_MAILBOX, since_ns(s, task));
    shared_push(s, actor, &task->submit_message);
    return true;
}

/* With the first of a worker the others of it go, too: while it has an isolate, none of its tasks
 * waits here. */
void shared_place_waiting(struct shared *s)
{
    while (s->waiting && !s->is_stopping) {
        struct script *script = s->waiting->script;
        struct task *task, *next;

        DL_FOREACH_SAFE(s->waiting, task, next)
        {
            if (task->script != script)
                continue;
            if (!place(s, task))
                return;
            DL_DELETE(s->waiting, task);
            task->is_waiting = false;
        }
    }
}

/* Tasks. */

/* Behind those that wait already: room that comes about is theirs. */
void shared_wait_for_room(struct shared *s, struct task *task)
{
    task->home = NULL;
    task->is_waiting = true;
    if (task->queue != QUEUE_ISOLATE)
        queues_move(&s->queues, task, QUEUE_ISOLATE, since_ns(s, task));
    DL_APPEND(s->waiting, task);
}

/* False where the pool closes. */
bool shared_place_or_wait(struct shared *s, struct task *task)
{
    if (s->is_stopping)
        return false;
    if ((s->waiting && !shared_find_pack(s, task->script)) || !place(s, task))
        shared_wait_for_room(s, task);
    return true;
}

int shared_place(struct shared *s, struct task *task)
{
    bool is_placed;

    shared_lock(s);
    is_placed = shared_place_or_wait(s, task);
    s->submitted += is_placed;
    shared_unlock(s);
    return is_placed ? 0 : E_CLOSED;
}

/* Whether the task has an isolate, whose the cancellation then is. */
static bool pass_cancel(struct shared *s, struct task *task)
{
    return task->home && shared_push(s, task->home, &task->cancel_message);
}

void shared_cancel(struct shared *s, struct task *task)
{
    bool is_passed;

    shared_lock(s);
    is_passed = pass_cancel(s, task);
    shared_unlock(s);
    /* While a task waits for its cancellation no lane is closed. */
    if (!is_passed)
        (void)lane_send(&s->pool->lanes[task->lane], &task->cancel_message);
}

static void fail_cancelled(struct lane *lane, struct task *task)
{
    struct failure failure = {0};

    failure_set(&failure, FAILURE_CANCELLED, PHASE_QUEUE, "the caller went away");
    lane_fail_task(lane, task, &failure);
    failure_release(&failure);
}

void shared_receive_cancel(struct lane *lane, struct task *task)
{
    struct shared *s = lane->pool->shared;
    bool is_passed;

    shared_lock(s);
    is_passed = pass_cancel(s, task);
    if (!is_passed && task->is_waiting) {
        DL_DELETE(s->waiting, task);
        task->is_waiting = false;
    }
    shared_unlock(s);
    if (is_passed)
        return;
    if (task->is_with_lane) {
        DL_DELETE(lane->own_tasks, task);
        task->is_with_lane = false;
    }
    if (task_receive_cancel(task))
        fail_cancelled(lane, task);
    else
        lane_count_given_back(lane);
}

void shared_forget(struct shared *s, struct task *task)
{
    shared_lock(s);
    task->home = NULL;
    shared_unlock(s);
}

/* Lanes. */

bool shared_sleep(struct lane *lane)
{
    struct shared *s = lane->pool->shared;
    bool may_sleep;

    shared_lock(s);
    may_sleep = !fair_queue_first(&s->ready);
    if (may_sleep) {
        lane->next_idle = s->idle;
        s->idle = lane;
        lane->is_idle = true;
    }
    shared_unlock(s);
    return may_sleep;
}

void shared_wake(struct lane *lane)
{
    struct shared *s = lane->pool->shared;
    struct lane **at;

    shared_lock(s);
    if (lane->is_idle) {
        for (at = &s->idle; *at != lane; at = &(*at)->next_idle)
            ;
        *at = lane->next_idle;
        lane->is_idle = false;
    }
    shared_unlock(s);
}

void shared_wake_another(struct shared *s)
{
    shared_lock(s);
    if (fair_queue_first(&s->ready))
        shared_wake_one(s);
    shared_unlock(s);
}

void shared_sweep(struct shared *s, uint64_t ttl_ns)
{
    struct actor *actor;

    shared_lock(s);
    while ((actor = oldest(s)) && shared_now_ns(s) - actor->rest.since_ns >= ttl_ns)
        retire_resting(s, actor, ACTOR_EXPIRED);
    shared_unlock(s);
}

void shared_shed(struct shared *s)
{
    struct actor *actor;

    shared_lock(s);
    actor = oldest(s);
    if (actor)
        retire_resting(s, actor, ACTOR_EXPIRED);
    shared_unlock(s);
}

struct task *shared_stop(struct lane *lane)
{
    struct shared *s = lane->pool->shared;
    struct task *taken = NULL, *task, *next;
    struct actor *actor;

    shared_lock(s);
    /* Their cancellations come to the same lane. */
    DL_FOREACH_SAFE(s->waiting, task, next)
    {
        if (task->lane != lane->index)
            continue;
        DL_DELETE(s->waiting, task);
        task->is_waiting = false;
        DL_APPEND(taken, task);
    }
    if (!s->is_stopping) {
        s->is_stopping = true;
        DL_FOREACH2(s->actors, actor, next_all)
        shared_push(s, actor, &actor->stop_message);
    }
    shared_unlock(s);
    return taken;
}

bool shared_is_empty(struct shared *s)
{
    bool is_empty;

    shared_lock(s);
    is_empty = !s->actors;
    shared_unlock(s);
    return is_empty;
}

size_t shared_isolates(struct shared *s)
{
    size_t count = 0;
    struct actor *actor;

    shared_lock(s);
    DL_COUNT2(s->actors, actor, count, next_all);
    shared_unlock(s);
    return count;
}

/* The whole. */

void shared_stats(struct shared *s, struct pool_stats *ret)
{
    struct lock_stats *lock = &ret->lock, *isolate_lock = &ret->isolate_lock;
    uint64_t submitted;

    /* Before: whoever reads does not count. */
    lock->waiters = atomic_load_explicit(&s->lock_waiters, memory_order_relaxed);
    shared_lock(s);
    ret->isolates_alive += s->isolates;
    lock->acquisitions = s->acquisitions;
    lock->contended = s->contended;
    isolate_lock->acquisitions = s->claims;
    isolate_lock->contended = s->blocks;
    isolate_lock->waiters = s->blocked;
    submitted = s->submitted;
    shared_unlock(s);
    /* Without the lock, which tasks need. */
    histogram_merge(&lock->wait_us, &s->lock_wait_us);
    histogram_merge(&lock->hold_ns, &s->lock_hold_ns);
    histogram_merge(&isolate_lock->wait_us, &s->block_us);
    histogram_merge(&isolate_lock->hold_ns, &s->claim_ns);
    /* These were counted as if they had gone to a lane's mailbox. */
    ret->queues.entered[QUEUE_MAILBOX] -= submitted;
    queues_merge(&ret->queues, &s->queues);
}

struct pool *shared_pool(struct shared *s)
{
    return s->pool;
}

struct shared *shared_new(struct pool *pool)
{
    const struct pool_config *config = &pool->config;
    struct shared *s = xcalloc(1, sizeof(*s));

    s->pool = pool;
    s->cap = config->isolates;
    s->pack_cap = config->isolates_per_worker ? config->isolates_per_worker : config->lanes;
    pthread_mutex_init(&s->lock, NULL);
    return s;
}

void shared_free(struct shared *s)
{
    if (!s)
        return;
    assert(!s->actors && !s->packs && !s->waiting && !s->idle);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

/* To every lane in turn, where lanes have tasks; or for checks, which are done on a lane. */
static unsigned route(struct pool *pool, const struct task *task)
{
    if (pool->config.handoff == HANDOFF_MUTEX && task->kind != TASK_CHECK)
        return atomic_fetch_add_explicit(&pool->turn, 1, memory_order_relaxed) % pool->lane_count;
    return rendezvous_pick(task->script->worker_key, pool->lane_count);
}

const struct pool_ops pool_shared = {
    .architecture = ARCHITECTURE_SHARED,
    .name = "shared",
    .route = route,
    .is_shared = true,
};
