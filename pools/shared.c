/* Shared: one list of isolates under one mutex, and any lane plays any of them. */
#include "pools/shared.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "pools/pool_private.h"
#include "pools/rendezvous.h"
#include "pools/task_end.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <utlist.h>

/* The isolates of one version, the one that got a task longest ago first. */
struct pack {
    struct script *script;
    struct actor *actors; /* utlist's DL */
    unsigned count;
    UT_hash_handle hh;
};

/* All but the first two is guarded by the lock. */
struct shared {
    struct pool *pool;
    pthread_mutex_t lock;
    struct pack *packs;     /* uthash, by script */
    struct actor *actors;   /* all; utlist's DL */
    struct actor *resting;  /* without tasks, the longest-resting first; utlist's DL */
    struct actor *ready;    /* that have work and are not claimed, in order; utlist's DL */
    struct task *waiting;   /* for which there is no room; utlist's DL */
    struct lane *idle;      /* lanes that sleep */
    unsigned isolates;      /* that count against the cap */
    unsigned cap, pack_cap; /* isolates, and those of one version */
    bool is_stopping;
    uint64_t acquisitions, contended;
    struct histogram lock_wait_us; /* of the contended ones */
    uint64_t entries, blocks;      /* HANDOFF_MUTEX: isolates asked for, and waited for */
    struct histogram block_us;
};

/* The lock. */

static void lock(struct shared *s)
{
    uint64_t begin_ns;

    if (pthread_mutex_trylock(&s->lock) != 0) {
        begin_ns = clock_now_ns();
        pthread_mutex_lock(&s->lock);
        s->contended++;
        histogram_record(&s->lock_wait_us, (clock_now_ns() - begin_ns) / NS_PER_US);
    }
    s->acquisitions++;
}

static void unlock(struct shared *s)
{
    pthread_mutex_unlock(&s->lock);
}

/* Under the lock: readiness. */

static void stop_resting(struct shared *s, struct actor *actor)
{
    if (!actor->is_resting)
        return;
    DL_DELETE2(s->resting, actor, prev_resting, next_resting);
    actor->is_resting = false;
}

/* Under the lock, through which the lane must come before it could be closed. */
static void wake_one(struct shared *s)
{
    struct lane *lane = s->idle;

    if (!lane)
        return;
    s->idle = lane->next_idle;
    lane->is_idle = false;
    uv_async_send(&lane->wake);
}

/* Its mailbox is awake. Who has claimed it looks into it by itself. */
static void make_ready(struct shared *s, struct actor *actor)
{
    if (actor->claimed_by || actor->is_ready)
        return;
    stop_resting(s, actor);
    actor->is_awake = actor->is_ready = true;
    DL_APPEND(s->ready, actor);
    wake_one(s);
}

static bool push(struct shared *s, struct actor *actor, struct message *message)
{
    switch (mailbox_push(&actor->mailbox, message)) {
    case MAILBOX_CLOSED:
        return false;
    case MAILBOX_PUSHED_WAKE:
        make_ready(s, actor);
        return true;
    case MAILBOX_PUSHED:
        break;
    }
    return true;
}

/* Under the lock: packs. */

static struct pack *find_pack(struct shared *s, struct script *script)
{
    struct pack *pack;

    HASH_FIND_PTR(s->packs, &script, pack);
    return pack;
}

static void join_pack(struct shared *s, struct actor *actor)
{
    struct pack *pack = find_pack(s, actor->script);

    if (!pack) {
        pack = xcalloc(1, sizeof(*pack));
        pack->script = actor->script; /* the actor's reference */
        HASH_ADD_PTR(s->packs, script, pack);
    }
    DL_APPEND2(pack->actors, actor, prev_pack, next_pack);
    pack->count++;
    actor->pack = pack;
}

static void leave_pack(struct shared *s, struct actor *actor)
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
    stop_resting(s, actor);
    leave_pack(s, actor);
    actor->retire_end = end;
    push(s, actor, &actor->retire_message);
}

static bool make_room(struct shared *s)
{
    if (s->isolates < s->cap)
        return true;
    if (!s->resting)
        return false;
    retire_resting(s, s->resting, ACTOR_EVICTED);
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

/* The isolate that is to have the next task of a version: one that is not busy; or a further one,
 * where there is room without taking another's; or the one that got a task longest ago. */
static struct actor *pick(struct shared *s, struct script *script)
{
    struct pack *pack = find_pack(s, script);
    struct actor *actor;

    if (!pack)
        return make_room(s) ? add_actor(s, script) : NULL;
    DL_FOREACH2(pack->actors, actor, next_pack)
    {
        if (!actor->is_awake)
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

/* Whether there was an isolate for it. */
static bool place(struct shared *s, struct task *task)
{
    struct actor *actor = pick(s, task->script);

    task->home = actor;
    if (!actor)
        return false;
    stop_resting(s, actor);
    push(s, actor, &task->submit_message);
    return true;
}

/* With the first of a worker the others of it go, too: while it has an isolate, none of its tasks
 * waits here. */
static void place_waiting(struct shared *s)
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
static void wait_for_room(struct shared *s, struct task *task)
{
    task->home = NULL;
    task->is_waiting = true;
    DL_APPEND(s->waiting, task);
}

/* False where the pool closes. */
static bool place_or_wait(struct shared *s, struct task *task)
{
    if (s->is_stopping)
        return false;
    if ((s->waiting && !find_pack(s, task->script)) || !place(s, task))
        wait_for_room(s, task);
    return true;
}

int shared_place(struct shared *s, struct task *task)
{
    bool is_placed;

    lock(s);
    is_placed = place_or_wait(s, task);
    unlock(s);
    return is_placed ? 0 : E_CLOSED;
}

/* Whether the task has an isolate, whose the cancellation then is. */
static bool pass_cancel(struct shared *s, struct task *task)
{
    return task->home && push(s, task->home, &task->cancel_message);
}

void shared_cancel(struct shared *s, struct task *task)
{
    bool is_passed;

    lock(s);
    is_passed = pass_cancel(s, task);
    unlock(s);
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

    lock(s);
    is_passed = pass_cancel(s, task);
    if (!is_passed && task->is_waiting) {
        DL_DELETE(s->waiting, task);
        task->is_waiting = false;
    }
    unlock(s);
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
    lock(s);
    task->home = NULL;
    unlock(s);
}

/* Actors. */

bool shared_tell(struct actor *actor, struct message *message)
{
    struct shared *s = actor->shared;

    switch (mailbox_push(&actor->mailbox, message)) {
    case MAILBOX_CLOSED:
        return false;
    case MAILBOX_PUSHED_WAKE:
        lock(s);
        make_ready(s, actor);
        unlock(s);
        return true;
    case MAILBOX_PUSHED:
        break;
    }
    return true;
}

/* The cancellation of a task that was sent here; it may be elsewhere by now, or over. */
static void receive_cancel(struct actor *actor, struct task *task)
{
    struct shared *s = actor->shared;
    bool is_here;

    lock(s);
    is_here = task->home == actor;
    unlock(s);
    if (!is_here)
        shared_cancel(s, task);
    else if (task_receive_cancel(task))
        actor_cancel(actor, task);
    else
        lane_count_given_back(actor->lane);
}

static void receive(struct actor *actor, struct message *message)
{
    switch (message->kind) {
    case MESSAGE_SUBMIT:
        actor_enqueue(actor, container_of(message, struct task, submit_message));
        break;
    case MESSAGE_CANCEL:
        receive_cancel(actor, container_of(message, struct task, cancel_message));
        break;
    case MESSAGE_PLATFORM:
        actor_receive_platform(actor);
        break;
    case MESSAGE_RETIRE:
        actor_retire(actor, actor->retire_end);
        break;
    case MESSAGE_STOP:
        lane_stop_actor(actor->lane, actor);
        break;
    case MESSAGE_TIMER:
        lane_timer_receive(container_of(message, struct lane_timer, fired));
        break;
    case MESSAGE_FETCHED:
        actor_receive_fetched(container_of(message, struct actor_fetch, ended));
        break;
    case MESSAGE_QUARANTINE:
    case MESSAGE_BACK:
    case MESSAGE_TIMER_BACK:
    case MESSAGE_TIMER_STOP:
    case MESSAGE_FETCH_STOP:
        abort(); /* for lanes */
    }
}

static void receive_all(struct actor *actor, struct message *message)
{
    bool was_claimed = actor->is_claimed;

    actor->is_claimed = true; /* it is settled once, by the caller */
    while (message) {
        struct message *next = message->next;

        receive(actor, message);
        message = next;
    }
    actor->is_claimed = was_claimed;
}

void shared_receive(struct actor *actor)
{
    receive_all(actor, mailbox_take(&actor->mailbox));
}

/* Under the lock: nobody has claimed it. */
static void enter(struct shared *s, struct lane *lane, struct actor *actor)
{
    if (actor->is_ready)
        DL_DELETE(s->ready, actor);
    actor->is_ready = false;
    stop_resting(s, actor);
    actor->is_awake = true;
    actor->claimed_by = lane;
}

struct actor *shared_claim(struct lane *lane)
{
    struct shared *s = lane->pool->shared;
    struct actor *actor;

    lock(s);
    actor = s->ready;
    if (actor)
        enter(s, lane, actor);
    unlock(s);
    if (!actor)
        return NULL;
    actor->lane = lane;
    shared_receive(actor);
    return actor;
}

/* Whether the actor could be had: it may get no new tasks any more by the time it is free. */
static bool wait_for(struct shared *s, struct actor *actor, struct task *task)
{
    uint64_t begin_ns = clock_now_ns(), waited_us;
    bool is_had;

    if (s->ready)
        wake_one(s); /* this lane may have been woken for it */
    actor_ref(actor);
    actor->blocked++;
    while (actor->pack && actor->claimed_by)
        pthread_cond_wait(&actor->left, &s->lock);
    actor->blocked--;
    waited_us = (clock_now_ns() - begin_ns) / NS_PER_US;
    task->report.lock_wait_us += waited_us;
    s->blocks++;
    histogram_record(&s->block_us, waited_us);
    is_had = actor->pack != NULL;
    actor_unref(actor);
    return is_had;
}

/* Under the lock. A lane that was adopted has claimed the isolates of the turns it was adopted
 * from, and could wait for one whose lane waits for it: there the task goes by mailbox. */
static struct actor *enter_for(struct shared *s, struct lane *lane, struct task *task,
                               bool *ret_is_refused)
{
    struct actor *actor;

    do {
        *ret_is_refused = s->is_stopping;
        if (s->is_stopping)
            return NULL;
        actor = s->waiting && !find_pack(s, task->script) ? NULL : pick(s, task->script);
        if (!actor) {
            wait_for_room(s, task);
            return NULL;
        }
        s->entries++;
        if (actor->claimed_by && lane->strays) {
            task->home = actor;
            push(s, actor, &task->submit_message);
            return NULL;
        }
    } while (actor->claimed_by && !wait_for(s, actor, task));
    /* Not before: while the lane waits the task is not there, and its cancellation comes here. */
    task->home = actor;
    enter(s, lane, actor);
    return actor;
}

struct actor *shared_enter(struct lane *lane, struct task *task, bool *ret_is_refused)
{
    struct shared *s = lane->pool->shared;
    struct actor *actor;

    lock(s);
    actor = enter_for(s, lane, task, ret_is_refused);
    unlock(s);
    if (!actor)
        return NULL;
    actor->lane = lane;
    /* First: its cancellation may be among the messages by now. */
    actor_enqueue(actor, task);
    shared_receive(actor);
    return actor;
}

/* It has nothing to do, and nothing has come for it. */
static void let_sleep(struct shared *s, struct actor *actor)
{
    actor->is_awake = false;
    if (!actor->pack || actor->state != ACTOR_READY || !actor_is_idle(actor))
        return;
    DL_APPEND2(s->resting, actor, prev_resting, next_resting);
    actor->is_resting = true;
    actor->resting_since_ns = clock_now_ns();
    place_waiting(s);
}

void shared_release(struct actor *actor, bool has_work)
{
    struct shared *s = actor->shared;

    lock(s);
    actor->claimed_by = NULL;
    if (actor->blocked > 0)
        pthread_cond_signal(&actor->left);
    if (has_work || !mailbox_sleep(&actor->mailbox))
        make_ready(s, actor);
    else
        let_sleep(s, actor);
    unlock(s);
}

/* Puts the tasks on their way to it into its queue; the other messages, in order. */
static struct message *take_submissions(struct actor *actor)
{
    struct message *message = mailbox_take(&actor->mailbox);
    struct message *others = NULL, **end = &others;

    while (message) {
        struct message *next = message->next;

        if (message->kind == MESSAGE_SUBMIT) {
            actor_enqueue(actor, container_of(message, struct task, submit_message));
        } else {
            message->next = NULL;
            *end = message;
            end = &message->next;
        }
        message = next;
    }
    return others;
}

/* Under the lock, so that nobody's later task comes before them. */
static struct task *place_all(struct shared *s, struct task *tasks)
{
    struct task *refused = NULL, *task, *next;

    DL_FOREACH_SAFE(tasks, task, next)
    {
        DL_DELETE(tasks, task);
        task->actor = NULL;
        if (!place_or_wait(s, task))
            DL_APPEND(refused, task);
    }
    return refused;
}

void shared_evacuate(struct actor *actor)
{
    struct shared *s = actor->shared;
    struct message *others;
    struct task *refused;

    lock(s);
    stop_resting(s, actor);
    leave_pack(s, actor);
    others = take_submissions(actor);
    refused = place_all(s, actor_take_queue(actor));
    unlock(s);
    /* Before the messages: a cancellation among them may be of one of these. */
    lane_refuse(actor->lane, refused);
    receive_all(actor, others);
}

void shared_give_place(struct actor *actor)
{
    struct shared *s = actor->shared;

    lock(s);
    s->isolates--;
    place_waiting(s);
    unlock(s);
}

void shared_bury(struct actor *actor)
{
    struct shared *s = actor->shared;

    do
        shared_evacuate(actor);
    while (!mailbox_close(&actor->mailbox));
    lock(s);
    DL_DELETE2(s->actors, actor, prev_all, next_all);
    unlock(s);
    actor_unref(actor);
}

/* Lanes. */

bool shared_sleep(struct lane *lane)
{
    struct shared *s = lane->pool->shared;
    bool may_sleep;

    lock(s);
    may_sleep = !s->ready;
    if (may_sleep) {
        lane->next_idle = s->idle;
        s->idle = lane;
        lane->is_idle = true;
    }
    unlock(s);
    return may_sleep;
}

void shared_wake(struct lane *lane)
{
    struct shared *s = lane->pool->shared;
    struct lane **at;

    lock(s);
    if (lane->is_idle) {
        for (at = &s->idle; *at != lane; at = &(*at)->next_idle)
            ;
        *at = lane->next_idle;
        lane->is_idle = false;
    }
    unlock(s);
}

void shared_wake_another(struct shared *s)
{
    lock(s);
    if (s->ready)
        wake_one(s);
    unlock(s);
}

void shared_sweep(struct shared *s, uint64_t ttl_ns)
{
    uint64_t now_ns;

    lock(s);
    now_ns = clock_now_ns();
    while (s->resting && now_ns - s->resting->resting_since_ns >= ttl_ns)
        retire_resting(s, s->resting, ACTOR_EXPIRED);
    unlock(s);
}

struct task *shared_stop(struct lane *lane)
{
    struct shared *s = lane->pool->shared;
    struct task *taken = NULL, *task, *next;
    struct actor *actor;

    lock(s);
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
        push(s, actor, &actor->stop_message);
    }
    unlock(s);
    return taken;
}

bool shared_is_empty(struct shared *s)
{
    bool is_empty;

    lock(s);
    is_empty = !s->actors;
    unlock(s);
    return is_empty;
}

/* The whole. */

void shared_stats(struct shared *s, struct pool_stats *ret)
{
    lock(s);
    ret->isolates_alive += s->isolates;
    ret->lock_acquisitions = s->acquisitions;
    ret->lock_contended = s->contended;
    histogram_merge(&ret->lock_wait_us, &s->lock_wait_us);
    ret->entries = s->entries;
    ret->blocks = s->blocks;
    histogram_merge(&ret->block_us, &s->block_us);
    unlock(s);
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
