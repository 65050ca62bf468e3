/*
 * Overflow of pinned: where a worker's task goes when its lane does not keep up.
 *
 * The rule: a lane passes a worker's task on to the next in the worker's rendezvous order while
 * `spread` tasks of that worker wait on it, more than that have been waiting for SPREAD_AFTER_MS
 * without a break, and it is not for the worker's own isolate that they wait; or where its queue is
 * full, but for those that do.
 *
 * - A task waits until its first event has ended: one that computes counts until then, one that
 *   awaits something from then on does not, however long that lasts.
 * - They wait for their isolate while that starts up, and while it has as many in flight as it may:
 *   another lane would not make that come sooner.
 * - What counts are the worker's own tasks, so that quiet workers of the lane stay where they are;
 *   who keeps the lane busy does not matter, so that a worker that has many tasks there leaves a
 *   lane that is busy with another one's.
 * - The time is there for bursts: a lane that keeps up begins a thousand tasks that only await
 *   something within some milliseconds, and shorter than this it takes no second isolate.
 * - It comes back by itself: each task asks anew, beginning with the first lane. A lane that has
 *   passed tasks on does so until only half of `spread` wait there; then it takes all again, until
 *   more than `spread` have been waiting once more.
 * - Where all of its first SPREAD_LANES_MAX lanes would pass it on, the one takes it where the
 *   fewest of its worker's wait.
 *
 * What waits is counted by worker, in a table of fixed size. Workers that share a slot count
 * together: at the worst one of them goes to its next lane, or stays, with the other.
 */
#ifndef ISOYARD_SPREAD_H
#define ISOYARD_SPREAD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define SPREAD_AFTER_MS 10
#define SPREAD_LANES_MAX 4u
#define SPREAD_SLOTS 256u

struct actor;
struct lane;
struct pool;
struct task;

/* Of the workers of a slot, on one lane. All relaxed: each is a figure of its own, and one that is
 * a little old sends a task the other way. */
struct spread_slot {
    atomic_uint waiting; /* any thread adds, the lane's holder takes off */
    _Atomic uint64_t
        since_ns; /* more than `spread` wait, and not for the isolate; 0: they do not */
    atomic_bool is_passing_on;  /* set by any thread, cleared by the lane's holder */
    atomic_bool is_for_isolate; /* what they wait for; the lane's holder */
};

/* All zeroes is where nothing waits. */
struct spread_table {
    struct spread_slot slots[SPREAD_SLOTS];
};

/* The lane for a task whose worker's first one is `first`. Takes no lock, allocates nothing, and
 * reads some words of at most SPREAD_LANES_MAX lanes. Any thread. */
unsigned spread_route(struct pool *pool, const struct task *task, unsigned first);

/* The task is about to be sent to the lane: it waits there from now on. Any thread. */
void spread_add(struct lane *lane, struct task *task);

/* The task does not wait any more: its first event has ended, or the task. One that is not counted
 * is left as it is. The lane's holder, or who could not send it. */
void spread_remove(struct lane *lane, struct task *task);

/* Something has happened to a worker's actor: whether tasks wait for it. The lane's holder. */
void spread_note(struct lane *lane, const struct actor *actor);

#endif
