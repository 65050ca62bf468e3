/*
 * Pools of isolates: the architectures behind one table of functions.
 *
 * An architecture decides which isolate gets a task, which lane runs its next turn and when an
 * isolate dies; lanes, turns and actors are the same for all (lane.h, turn.h, actor.h).
 */
#ifndef ISOYARD_POOL_H
#define ISOYARD_POOL_H

#include "api/err.h"
#include "pools/stats.h"
#include "pools/task.h"
#include "shim/op.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct crew;
struct fetcher_config;
struct pool;
struct pipe_budget;
struct pool_ops;

/* How a shared pool hands an isolate from one lane to the next. */
enum handoff {
    HANDOFF_FIFO,  /* a lane that is free plays the isolate that has waited longest */
    HANDOFF_MUTEX, /* a lane that has a task blocks until it has the isolate */
};

/* What a task finds in an isolate that is warm. */
enum context_use {
    CONTEXT_REUSE, /* the worker's context, with what tasks before have left in it */
    CONTEXT_FRESH, /* a new context of its own: the worker's modules are evaluated for it. One task
                      is in flight in an isolate at a time. Legacy isolates are new as it is */
};

/* A line that a worker wrote to its console; all of it is valid during the call. */
struct console_line {
    const struct script *script;
    uint64_t execution; /* task.id of whose code wrote it; 0: nobody's */
    enum console_level level;
    struct bytes text; /* UTF-8 */
};

/* How an execution ended: with its task, or, where the answer streamed, with its body; or, after
 * that, by being cut off. Valid during the call. */
struct execution_end {
    const struct script *script;
    uint64_t execution;            /* task.id */
    const struct request *request; /* NULL: it was cut off after its answer */
    const struct failure *failure; /* NULL: it was answered */
    const struct report *report;   /* NULL: it was cut off after its answer */
    bool had_head;                 /* its answer streamed: a failure is the body's */
};

/* Who is told what happens in a pool; functions may be NULL. They are called on lane threads, what
 * an execution wrote before its end, its end before task.done, or, where the answer streams, before
 * the body's reader; they must not block. */
struct pool_log {
    void (*console)(void *arg, const struct console_line *line);
    void (*ended)(void *arg, const struct execution_end *end);
    void *arg;
};

struct pool_config {
    unsigned lanes;             /* 1 to POOL_LANES_MAX */
    unsigned isolates;          /* warm ones, in all lanes together; at least one a lane */
    unsigned queue;             /* tasks that may wait, per lane; more are E_BUSY */
    unsigned spread;            /* pinned: tasks of a worker that may wait on a lane before further
                                   ones go to the next (spread.h); 0: they never do */
    unsigned tasks_per_isolate; /* in flight at once; 1 to TICKET_SLOT_MAX. Of an open pool 1 with
                                   CONTEXT_FRESH, whatever it was */
    enum context_use context;
    enum handoff handoff;         /* shared */
    unsigned isolates_per_worker; /* shared: of one version at once; 0: as many as lanes */
    uint64_t idle_ttl_ms;         /* an isolate without tasks is disposed of after this; 0: never */
    uint64_t recycle_after;       /* ... after this many tasks; 0: never */

    /* Of the lanes' HTTP clients; NULL: workers cannot fetch. Used in pool_open only, but for its
     * egress policy. */
    const struct fetcher_config *fetcher;

    struct pool_log log;
    struct pipe_budget
        *pipe_budget; /* for bodies that stream; outlives the pool. NULL: unbounded */

    bool tolerates_strangers; /* for the one test that sends a task to another tenant's isolate:
                                 debug builds abort */
};

#define POOL_LANES_MAX 256u

/* Isolates of TASK_CHECK that a lane has at once, beyond its share of warm ones. */
#define POOL_CHECKS_PER_LANE 4u

struct pool_config pool_config_default(void);

/*
 * Opens a pool whose lanes are played by threads of the crew, which must outlive it. E_INVALID with
 * the setting's name where the configuration is out of bounds, E_NOMEM where threads or loops
 * cannot be had. Not on a lane thread.
 */
int pool_open(const struct pool_ops *ops, const struct pool_config *config, struct crew *crew,
              struct pool **ret, struct error *error);

/*
 * 0: the pool owns the task until task->done(task), which comes exactly once, possibly before this
 * returns. E_BUSY: the queues of all lanes that it may go to are full; E_CLOSED: the pool is
 * draining; the caller still owns the task. Any thread.
 */
int pool_submit(struct pool *pool, struct task *task);

/*
 * Ends a task soon, wherever it is: done comes with FAILURE_CANCELLED, or with what the task had
 * reached by then. The caller sees to it that the task's memory is there during the call, even if
 * done has come; where it has come before the call, the pool need not be there any more. Once per
 * task, any thread.
 */
void pool_cancel(struct pool *pool, struct task *task);

/* Counters and what is there now. Any thread; slightly out of date by nature. Free with
 * pool_stats_release. */
void pool_stats(struct pool *pool, struct pool_stats *ret);

/* Executions that are there now: tasks, begun or not, and what goes on after answers. Any thread.
 */
size_t pool_live(struct pool *pool);

/* Tasks that are there and have not begun. Any thread; slightly out of date by nature, and cheap:
 * two loads a lane. */
size_t pool_queued(struct pool *pool);

/* Whether it accepts no more tasks. Any thread. */
bool pool_is_draining(const struct pool *pool);

/* Accepts no more tasks and waits until none is in flight, at most timeout_ms; returns how many
 * still are. Not on a lane thread. */
size_t pool_drain(struct pool *pool, uint64_t timeout_ms);

/* Turns that last on threads which lost their lane: pool_close waits for them. Any thread. */
size_t pool_strays(struct pool *pool);

/* Isolates that there are. Any thread; takes a shared pool's lock. */
size_t pool_isolates(struct pool *pool);

/* From now on isolates that rest are disposed of, one after the other and slowly, so that whoever
 * serves beside notices little; pool_close does the same at once. Of a pool that drains; once. Not
 * on a lane thread. */
void pool_shed(struct pool *pool);

/* Ends what still runs (done comes with FAILURE_DRAINING), disposes of the isolates, gives the
 * threads back and frees the pool. Not on a lane thread. NULL is fine. */
void pool_close(struct pool *pool);

enum architecture pool_architecture(const struct pool *pool);

/* What the pool was opened with; the pool's. */
const struct pool_config *pool_configuration(const struct pool *pool);

/* Whether isolates outlive their task, so that TASK_WARM is of use. */
bool pool_keeps_isolates(const struct pool *pool);

extern const struct pool_ops pool_legacy;
extern const struct pool_ops pool_pinned;
extern const struct pool_ops pool_shared;

/* The table of an architecture's name ("pinned", "legacy"), or NULL. */
const struct pool_ops *pool_ops_find(const char *name);
const char *architecture_name(enum architecture architecture);

/* "fifo", "mutex". 0, or E_INVALID where the name is neither. */
const char *handoff_name(enum handoff handoff);
int handoff_parse(const char *name, enum handoff *ret);

/* "reuse", "fresh". The same. */
const char *context_name(enum context_use context);
int context_parse(const char *name, enum context_use *ret);

#endif
