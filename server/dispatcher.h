/*
 * The dispatcher: the one door to the pools. It knows which pool serves now, so that whoever
 * submits a task need not; a switch of architectures changes only what stands behind it.
 *
 * It has two *seats*. A pool sits in one of them from its opening to its closing, and one of the
 * two *serves*: it gets the tasks. Whoever is about to call a pool *enters* its seat first, and
 * leaves it after the call; a pool is closed when it was taken from its seat and nobody is inside.
 * So no call of a pool ever meets its end, and nobody on the way to a pool waits for anybody.
 *
 * While it is *split* the tenants are divided between the pool that serves and the one in the other
 * seat, its *rival*: sorted by hash they go to one and the other in turn. Nothing else changes: it
 * is the same pool that serves.
 *
 * A task's own pool needs no count: it is not empty before the task's done has come, and a task
 * that is done asks nothing of its pool, not even where it is cancelled afterwards.
 *
 * Every task goes to a pool's lane. Running a short task where it arrived instead (see
 * docs/architecture.md) would be decided in dispatcher_submit.
 */
#ifndef ISOYARD_DISPATCHER_H
#define ISOYARD_DISPATCHER_H

#include "api/err.h"
#include "pools/compare/tally.h"
#include "pools/pool.h"

struct dispatcher;
struct seat;

/* A task on its way through the dispatcher. All zeroes but for the task at first. */
struct dispatch {
    struct task task;
    struct seat *seat; /* where it was submitted ... */
    struct pool *pool; /* ... and to whom */
    atomic_uint state; /* submitted, cancelled: which of the two came first */
};

/* Takes the pool, which serves. Before start. */
struct dispatcher *dispatcher_new(struct pool *pool);

/* Closes the pools. Nobody calls the dispatcher any more. Main thread; NULL is fine. */
void dispatcher_free(struct dispatcher *dispatcher);

/*
 * As pool_submit; also E_CANCELLED where dispatcher_cancel came first. E_CLOSED only where the
 * server shuts down: a task that comes while pools are switched goes to one or to the other. The
 * caller sees to it that the memory is there until this returns, even if done has come. Any thread.
 */
int dispatcher_submit(struct dispatcher *dispatcher, struct dispatch *dispatch);

/* As pool_cancel, also before or while the task is submitted. At most once. Any thread. */
void dispatcher_cancel(struct dispatch *dispatch);

/* What there is to know, all at about the same time. */
struct dispatcher_stats {
    struct pool_stats pool; /* of the one that serves */
    enum architecture architecture;
    struct pool_config config;
    uint64_t switches; /* so far */
    bool is_split;     /* the other pool has half of the tenants: */
    enum architecture rival_architecture;
    bool is_draining; /* a pool that served before has not ended: */
    enum architecture draining_architecture;
    size_t draining_executions; /* that go on there */
};

/* Any thread. Release with pool_stats_release(&ret->pool). */
void dispatcher_stats(struct dispatcher *dispatcher, struct dispatcher_stats *ret);

/* What every architecture has done since the start: in pools that are closed, and in those that are
 * there. ret[architecture - 1]; large, not for the stack. Any thread. */
void dispatcher_totals(struct dispatcher *dispatcher, struct tally ret[ARCHITECTURES]);

/* pool_drain for all pools, at most timeout_ms: how many executions still run. Main thread. */
size_t dispatcher_drain(struct dispatcher *dispatcher, uint64_t timeout_ms);

/* The rest is one thread's at a time: who switches (switcher.h). */

/* The pool that serves; it cannot go meanwhile. */
struct pool *dispatcher_serving(struct dispatcher *dispatcher);

/* Takes a pool and gives it the free seat. It does not serve yet. */
void dispatcher_seat(struct dispatcher *dispatcher, struct pool *pool);

/* The pool in the other seat serves from now on. When this returns no further task comes to the one
 * before, which is returned and keeps its seat. */
struct pool *dispatcher_swap(struct dispatcher *dispatcher);

/*
 * Divides the tenants between the pool that serves and the one in the other seat: those of `keys`
 * (script.tenant_key; count of them, sorted, each once; copied) of even rank go to the first, the
 * others to the second. A tenant that is not among them goes where the next larger one goes. It is
 * not split yet.
 */
void dispatcher_split(struct dispatcher *dispatcher, const uint64_t *keys, size_t count);

/* Every tenant goes to the other one of the two from now on; a task that is on its way may still go
 * where its tenant went before. While it is split. */
void dispatcher_swap_sides(struct dispatcher *dispatcher);

/* All tasks go to the pool that serves. When this returns no further task comes to the rival, which
 * keeps its seat. While it is split. */
void dispatcher_unite(struct dispatcher *dispatcher);

/* When the first task was submitted to the pool that serves now, in nanoseconds; 0: none was. */
uint64_t dispatcher_first_ns(struct dispatcher *dispatcher);

/* Closes the pool in the seat that does not serve. What still runs there is ended. */
void dispatcher_unseat(struct dispatcher *dispatcher);

#endif
