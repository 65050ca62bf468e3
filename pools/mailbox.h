/*
 * A mailbox, of a lane or of a shared actor: any thread pushes, the reader (the lane's or the
 * actor's holder) takes everything at once. A lock-free
 * stack (Treiber) that is reversed when it is taken, so that messages come out in the order of
 * their arrival. It knows whether its reader sleeps, so that a push wakes only a sleeper.
 */
#ifndef ISOYARD_MAILBOX_H
#define ISOYARD_MAILBOX_H

#include <stdatomic.h>
#include <stdbool.h>

enum message_kind {
    MESSAGE_SUBMIT,       /* a task: task.submit_message */
    MESSAGE_CANCEL,       /* a task: task.cancel_message */
    MESSAGE_QUARANTINE,   /* a turn's: it does not end */
    MESSAGE_BACK,         /* a turn whose thread has lost the lane has ended: turn.back */
    MESSAGE_PLATFORM,     /* an isolate has foreground tasks of V8: actor.platform */
    MESSAGE_COMPUTED,     /* a computation has ended; to the lane, and to a shared actor from there:
                             actor_computation.ended */
    MESSAGE_SHED,         /* the pool is about to close: lane.shed_message */
    MESSAGE_STOP,         /* the pool closes: lane.stop, or actor.stop of a shared pool */
    MESSAGE_FETCH_RESUME, /* to the lane: look at the pipes: actor_fetch.resume */
    MESSAGE_BODY,         /* to a body's actor, or its lane: look at the pipe: actor_body.message */

    /* Of shared pools only, between a shared actor and the lanes where it waits for something. */
    MESSAGE_RETIRE,     /* to the actor: it gets no new tasks: actor.retire */
    MESSAGE_TIMER,      /* to the actor: lane_timer.fired */
    MESSAGE_TIMER_BACK, /* and from there back to the lane: the same */
    MESSAGE_TIMER_STOP, /* to the lane: lane_timer.stop */
    MESSAGE_FETCH_HEAD, /* to the actor: actor_fetch.headed */
    MESSAGE_FETCHED,    /* to the actor: actor_fetch.ended */
    MESSAGE_FETCH_STOP, /* to the lane: actor_fetch.stop */
};

/* Embedded in what it is about; in one mailbox at a time. */
struct message {
    struct message *next;
    enum message_kind kind;
};

struct mailbox {
    _Atomic(struct message *)
        head; /* NULL: empty; a mark: asleep or closed; else the newest message */
};

enum mailbox_result {
    MAILBOX_PUSHED,
    MAILBOX_PUSHED_WAKE, /* the reader sleeps: wake it */
    MAILBOX_CLOSED,      /* not pushed */
};

void mailbox_init(struct mailbox *mailbox);

/* Any thread. 14-27 ns. */
enum mailbox_result mailbox_push(struct mailbox *mailbox, struct message *message);

/* Takes all messages, the oldest first; NULL where there are none. The reader is awake afterwards.
 * Reader only. */
struct message *mailbox_take(struct mailbox *mailbox);

/* Marks the reader as asleep; false where messages have come and it must not sleep. Reader only. */
bool mailbox_sleep(struct mailbox *mailbox);

/* Closes an empty mailbox; false where messages have come. Reader only. */
bool mailbox_close(struct mailbox *mailbox);

#endif
