/*
 * The dispatcher: the one door to the pools. It knows which pool serves now, so that whoever
 * submits a task need not; a switch of architectures changes only what stands behind it.
 *
 * Every task goes to a pool's lane. Running a short task where it arrived instead (see
 * docs/architecture.md) would be decided in dispatcher_submit.
 */
#ifndef ISOYARD_DISPATCHER_H
#define ISOYARD_DISPATCHER_H

#include "api/err.h"
#include "pools/pool.h"

struct dispatcher;

/* A task on its way through the dispatcher. All zeroes but for the task at first. */
struct dispatch {
    struct task task;
    struct pool *pool; /* that has the task, once it is submitted */
    atomic_uint state; /* submitted, cancelled: which of the two came first */
};

/* The pool must outlive it. */
struct dispatcher *dispatcher_new(struct pool *pool);
void dispatcher_free(struct dispatcher *dispatcher); /* NULL is fine */

/*
 * As pool_submit; also E_CANCELLED where dispatcher_cancel came first. The caller sees to it that
 * the memory is there until this returns, even if done has come. Any thread.
 */
int dispatcher_submit(struct dispatcher *dispatcher, struct dispatch *dispatch);

/* As pool_cancel, also before or while the task is submitted. At most once. Any thread. */
void dispatcher_cancel(struct dispatch *dispatch);

/* Of the pool that serves: see pool_stats. Any thread. */
void dispatcher_stats(struct dispatcher *dispatcher, struct pool_stats *ret,
                      enum architecture *ret_architecture);

#endif
