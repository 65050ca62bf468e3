/*
 * A load: tasks submitted to a pool in a given shape, and what came of them.
 *
 * Closed loop: so many callers, each of which submits its next task when the last one has ended,
 * from the thread that ended it (no hand-over to another thread is part of what is measured), or,
 * where callers wait between two tasks, from the load's own thread. Open loop: tasks are submitted
 * by the load's own thread when they are due, whether those before have ended or not, and latency
 * counts from when a task was due: what a pool does not keep up with is seen as waiting, and not
 * left out (Gil Tene calls that coordinated omission).
 */
#ifndef ISOYARD_LOAD_H
#define ISOYARD_LOAD_H

#include "api/err.h"
#include "api/histogram.h"
#include "pools/pool.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define LOAD_CALLERS_MAX 1024u
#define LOAD_TASKS_MAX 10000000u
#define LOAD_RATE_MAX 1e6

/* Tasks of an open loop that are in the pool at once; those that would be more count as failed. */
#define LOAD_OPEN_MAX 16384u

struct load;

struct load_plan {
    struct script *const *scripts;
    struct request *request;
    unsigned workers;      /* a caller's tasks go to so many scripts by turns: to the first ones, */
    bool has_workers_each; /* ... or to scripts[caller * workers] and those that follow */
    unsigned callers;      /* 1 to LOAD_CALLERS_MAX; of an open loop: not looked at */
    double rate_per_s;     /* of an open loop, up to LOAD_RATE_MAX; 0: closed */
    uint64_t think_ns;     /* closed loop: between two tasks of a caller */
    unsigned tasks;        /* 1 to LOAD_TASKS_MAX, in all: no more are begun */
    bool has_tasks_each;   /* closed loop: tasks of each caller; else whoever is free takes one */
    uint64_t begin_ns;     /* none is begun for longer */
};

#define LOAD_FAILURE_BYTES 200u

struct load_result {
    uint64_t tasks;  /* that ended, or were refused */
    uint64_t failed; /* all but those that were answered */
    uint64_t elapsed_ns;
    uint64_t p50_us, p99_us; /* of those that were answered: the value of that rank, unlike a
                                histogram's */
    uint64_t depth_sum, depth_looks, depth_max; /* tasks that waited, as seen now and then */
    char failure[LOAD_FAILURE_BYTES];           /* the first one, in words */
};

/* Takes all the memory that it needs. What the plan points to must outlive the load. E_NOMEM. */
int load_new(const struct load_plan *plan, struct load **ret, struct error *error);

/*
 * Runs it to its end, and adds the latencies of answered tasks to a histogram. Once. Not on a lane
 * thread. E_CANCELLED where *is_cancelled became true: nothing is submitted any more, but tasks may
 * still be in the pool, and the load stays until that is closed.
 */
int load_run(struct load *load, struct pool *pool, const atomic_bool *is_cancelled,
             struct histogram *latency_us, struct load_result *ret, struct error *error);

/* NULL is fine. */
void load_free(struct load *load);

#endif
