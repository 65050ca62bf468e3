/*
 * The isolates of a shared pool: one least-recently-used list under one mutex, and any lane plays
 * any isolate's next turn.
 *
 * An actor of a shared pool belongs to no lane. It has a mailbox; whoever has something for it
 * pushes a message there, and where nobody plays it the actor goes to the end of the queue of those
 * that are *ready* (the fair hand-off, fair_queue.h: first come, first played). A lane with nothing
 * else to do *claims* the first of them: from then on that lane's holder is the actor's, receives
 * its messages, lets it have a turn with all that has come, and releases it; with more to do it
 * goes to the queue's end. Timers and subrequests stay on the lane whose turn has begun them, and
 * tell the actor by a message.
 *
 * That is HANDOFF_FIFO. With HANDOFF_MUTEX a task goes to a lane, which blocks until it has an
 * isolate for it: the naive discipline, in which a lane that waits does nothing else.
 *
 * The lock guards the list, the packs (the isolates of one version), the queue, the waiting tasks,
 * and which actor has a task; it is never held during a turn, nor round I/O, but for
 * waking a lane. It comes after a
 * turn's lock and before nothing.
 */
#ifndef ISOYARD_SHARED_H
#define ISOYARD_SHARED_H

#include "api/err.h"
#include "pools/stats.h"
#include "pools/task.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct actor;
struct lane;
struct message;
struct pool;
struct shared;

struct shared *shared_new(struct pool *pool);

/* No actor is left, and all lanes are closed. NULL is fine. */
void shared_free(struct shared *shared);

/* Gives the task to an isolate of its worker, or lets it wait for one. E_CLOSED where the pool
 * closes; the task is then the caller's. Any thread. */
int shared_place(struct shared *shared, struct task *task);

/* Sends a task's cancellation to where the task is. Any thread. */
void shared_cancel(struct shared *shared, struct task *task);

/* The cancellation has come to a lane. */
void shared_receive_cancel(struct lane *lane, struct task *task);

/* A task whose cancellation is on its way has ended: it is nobody's now. */
void shared_forget(struct shared *shared, struct task *task);

/* Sends an actor a message. False where it is gone; the message is then the caller's. The caller
 * has a reference, or the actor's isolate is not closed yet. Any thread. */
bool shared_tell(struct actor *actor, struct message *message);

/* Claims the next actor that has work and receives its messages; NULL: there is none. The lane's
 * holder. */
struct actor *shared_claim(struct lane *lane);

/* HANDOFF_MUTEX: gives the task to an isolate of its worker, which the lane claims, and waits for
 * until it is free; NULL: there is none, and the task waits; or the pool closes, which
 * *ret_is_refused says. The lane's holder. */
struct actor *shared_enter(struct lane *lane, struct task *task, bool *ret_is_refused);

/* Receives the messages of an actor that the lane has claimed, a stray one included. */
void shared_receive(struct actor *actor);

/* The lane is done with an actor that it has claimed. */
void shared_release(struct actor *actor, bool has_work);

/* An actor gets no new tasks, and those that it has not begun go to others, or fail where the pool
 * closes. Its holder. */
void shared_evacuate(struct actor *actor);

/* Its place among the isolates is another's. Its holder. */
void shared_give_place(struct actor *actor);

/* The actor is over: what has still come for it goes elsewhere, and its own reference is given up.
 * Its holder. */
void shared_bury(struct actor *actor);

/* The lane is about to sleep; false where there is something to play. And it is awake again. */
bool shared_sleep(struct lane *lane);
void shared_wake(struct lane *lane);

/* Isolates that there are. Any thread. */
size_t shared_isolates(struct shared *shared);

/* Disposes of the isolate that has rested longest, if any does. Any lane's holder. */
void shared_shed(struct shared *shared);

/* Retires those that have rested for longer. Any lane's holder. */
void shared_sweep(struct shared *shared, uint64_t ttl_ns);

/* The pool closes: every actor is told, and of the tasks that wait those whose cancellation would
 * come to this lane are the caller's: utlist's DL. Once for each lane, by its holder. */
struct task *shared_stop(struct lane *lane);

/* The lane has something else to do first: wakes another one where actors are ready. */
void shared_wake_another(struct shared *shared);

/* Whether actors are left. */
bool shared_is_empty(struct shared *shared);

struct pool *shared_pool(struct shared *shared);

/* What the lock has cost, and what is there. */
void shared_stats(struct shared *shared, struct pool_stats *ret);

#endif
