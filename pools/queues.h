/*
 * The queues that a task waits in on its way, one after the other: how many have entered each, and
 * how long they waited there. A task is in one of them, or in none, at any time. (In the last three
 * it is isolates that wait, and what tasks that have begun wait for.)
 *
 * A set of figures has one writer at a time: a lane's its holder, a shared pool's whoever has its
 * lock. A task may enter a queue in one set and leave it in another, so that only the sum over all
 * sets says how many wait.
 */
#ifndef ISOYARD_QUEUES_H
#define ISOYARD_QUEUES_H

#include "api/histogram.h"
#include "api/queue_figures.h"

#include <stdatomic.h>
#include <stdint.h>

struct task;

enum queue {
    QUEUE_NONE,
    QUEUE_MAILBOX, /* a lane's or a shared isolate's, until a lane receives it */
    QUEUE_LANE,    /* HANDOFF_MUTEX: received, until its lane takes it up */
    QUEUE_ISOLATE, /* there is none to be had, or (HANDOFF_MUTEX) another lane has it */
    QUEUE_TURN,    /* given to an isolate, until the turn that it begins in */
    QUEUE_READY,   /* shared; of isolates: with something to do, until a lane claims them */
    QUEUE_FETCH,   /* of subrequests: until a connection is free that they may take */
    QUEUE_COMPUTE, /* of computations (pools/offload.h): until a thread is free; of all pools */
    QUEUES,
};

/* By queue; QUEUE_NONE is not used. The counters lie together: a shared pool's go from processor to
 * processor with its lock. */
struct queues {
    _Atomic uint64_t entered[QUEUES];
    struct histogram wait_us[QUEUES]; /* of those that have left, whatever for */
};

/* "mailbox", "lane", "isolate", "turn", "ready", "fetch", "computation". */
const char *queue_name(enum queue queue);

/* Something enters a queue, or leaves one that it has waited in since then. The writer. */
void queues_enter(struct queues *queues, enum queue queue);
void queues_leave(struct queues *queues, enum queue queue, uint64_t since_ns, uint64_t now_ns);

/* The task leaves the queue that it is in, if any, and enters another, if any. The writer. */
void queues_move(struct queues *queues, struct task *task, enum queue to, uint64_t now_ns);

/* Adds what src counts to dest, which nobody else sees. Any thread. */
void queues_merge(struct queues *dest, const struct queues *src);

/* The same, of one queue that counts for itself. Any thread. */
void queues_merge_one(struct queues *dest, enum queue queue, const struct queue_figures *src);

/* How many wait there, in figures that are the sum of all. */
uint64_t queues_depth(const struct queues *queues, enum queue queue);

#endif
