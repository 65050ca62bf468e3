/* Actors of shared pools: their messages, who plays them, and what becomes of their tasks. */
#include "api/clock.h"
#include "pools/actor_body.h"
#include "pools/shared_private.h"
#include "pools/task_end.h"

#include <stdlib.h>

bool shared_tell(struct actor *actor, struct message *message)
{
    struct shared *s = actor->shared;

    switch (mailbox_push(&actor->mailbox, message)) {
    case MAILBOX_CLOSED:
        return false;
    case MAILBOX_PUSHED_WAKE:
        shared_lock(s);
        shared_make_ready(s, actor);
        shared_unlock(s);
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

    shared_lock(s);
    is_here = task->home == actor;
    shared_unlock(s);
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
    case MESSAGE_BODY:
        actor_receive_body(container_of(message, struct actor_body, message));
        break;
    case MESSAGE_FETCH_HEAD:
        actor_receive_fetch_head(container_of(message, struct actor_fetch, headed));
        break;
    case MESSAGE_FETCHED:
        actor_receive_fetched(container_of(message, struct actor_fetch, ended));
        break;
    case MESSAGE_COMPUTED:
        actor_receive_computed(message);
        break;
    case MESSAGE_QUARANTINE:
    case MESSAGE_BACK:
    case MESSAGE_TIMER_BACK:
    case MESSAGE_TIMER_STOP:
    case MESSAGE_SHED:
    case MESSAGE_FETCH_STOP:
    case MESSAGE_FETCH_RESUME:
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
    if (fair_queue_claim(&s->ready, &actor->turn_order))
        queues_leave(&s->queues, QUEUE_READY, actor->turn_order.queued_ns, shared_now_ns(s));
    if (s->pool->config.handoff == HANDOFF_MUTEX) {
        s->claims++;
        actor->claimed_ns = shared_now_ns(s);
    }
    lane->noted_ns = shared_now_ns(s);
    shared_stop_resting(s, actor);
}

/* Under the lock: no lane has it any more. */
static void leave(struct shared *s, struct actor *actor)
{
    fair_queue_release(&actor->turn_order);
    if (s->pool->config.handoff == HANDOFF_MUTEX)
        histogram_record(&s->claim_ns, shared_now_ns(s) - actor->claimed_ns);
}

struct actor *shared_claim(struct lane *lane)
{
    struct shared *s = lane->pool->shared;
    struct actor *actor = NULL;
    struct fair_entry *first;

    shared_lock(s);
    first = fair_queue_first(&s->ready);
    if (first) {
        actor = container_of(first, struct actor, turn_order);
        enter(s, lane, actor);
    }
    shared_unlock(s);
    if (!actor)
        return NULL;
    actor->lane = lane;
    shared_receive(actor);
    return actor;
}

/* Whether the actor could be had: it may get no new tasks any more by the time it is free. */
static bool wait_for(struct shared *s, struct actor *actor, struct task *task)
{
    uint64_t begin_ns = shared_now_ns(s), waited_us;
    bool is_had;

    if (fair_queue_first(&s->ready))
        shared_wake_one(s); /* this lane may have been woken for it */
    actor_ref(actor);
    if (task->queue != QUEUE_ISOLATE)
        queues_move(&s->queues, task, QUEUE_ISOLATE, shared_now_ns(s));
    actor->blocked++;
    s->blocked++;
    while (actor->pack && shared_is_claimed(actor))
        shared_await(s, &actor->left);
    actor->blocked--;
    s->blocked--;
    waited_us = (shared_now_ns(s) - begin_ns) / NS_PER_US;
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
        actor =
            s->waiting && !shared_find_pack(s, task->script) ? NULL : shared_pick(s, task->script);
        if (!actor) {
            shared_wait_for_room(s, task);
            return NULL;
        }
        if (shared_is_claimed(actor) && lane->strays) {
            task->home = actor;
            queues_move(&s->queues, task, QUEUE_MAILBOX, shared_now_ns(s));
            shared_push(s, actor, &task->submit_message);
            return NULL;
        }
    } while (shared_is_claimed(actor) && !wait_for(s, actor, task));
    /* Not before: while the lane waits the task is not there, and its cancellation comes here. */
    task->home = actor;
    enter(s, lane, actor);
    return actor;
}

struct actor *shared_enter(struct lane *lane, struct task *task, bool *ret_is_refused)
{
    struct shared *s = lane->pool->shared;
    struct actor *actor;

    shared_lock(s);
    actor = enter_for(s, lane, task, ret_is_refused);
    shared_unlock(s);
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
    if (!actor->pack || actor->state != ACTOR_READY || !actor_is_idle(actor))
        return;
    lru_rest(&s->resting, &actor->rest, shared_now_ns(s));
    shared_place_waiting(s);
}

void shared_release(struct actor *actor, bool has_work)
{
    struct shared *s = actor->shared;

    shared_lock(s);
    leave(s, actor);
    if (actor->blocked > 0)
        pthread_cond_signal(&actor->left);
    if (has_work || !mailbox_sleep(&actor->mailbox))
        shared_make_ready(s, actor);
    else
        let_sleep(s, actor);
    shared_unlock(s);
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
        if (!shared_place_or_wait(s, task))
            DL_APPEND(refused, task);
    }
    return refused;
}

void shared_evacuate(struct actor *actor)
{
    struct shared *s = actor->shared;
    struct message *others;
    struct task *refused;

    shared_lock(s);
    actor->lane->noted_ns = shared_now_ns(s);
    shared_stop_resting(s, actor);
    shared_leave_pack(s, actor);
    others = take_submissions(actor);
    refused = place_all(s, actor_take_queue(actor));
    shared_unlock(s);
    /* Before the messages: a cancellation among them may be of one of these. */
    lane_refuse(actor->lane, refused);
    receive_all(actor, others);
}

void shared_give_place(struct actor *actor)
{
    struct shared *s = actor->shared;

    shared_lock(s);
    s->isolates--;
    shared_place_waiting(s);
    shared_unlock(s);
}

void shared_bury(struct actor *actor)
{
    struct shared *s = actor->shared;

    do
        shared_evacuate(actor);
    while (!mailbox_close(&actor->mailbox));
    shared_lock(s);
    if (shared_is_claimed(actor))
        leave(s, actor);
    DL_DELETE2(s->actors, actor, prev_all, next_all);
    shared_unlock(s);
    actor_unref(actor);
}
