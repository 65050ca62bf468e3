/*
 * The loads that comparisons know by name: what a task computes, what it waits for, and in what
 * shape tasks come. The shapes are those with which OpenWorkers compared its own pools.
 */
#ifndef ISOYARD_WORKLOAD_H
#define ISOYARD_WORKLOAD_H

#include "api/limits.h"
#include "api/request.h"
#include "api/script.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the time goes in which a task does not compute. */
enum workload_io {
    IO_NONE,
    IO_IN_TASK, /* the task awaits a timer, which stands for I/O; its isolate is free meanwhile */
    IO_BETWEEN, /* the caller waits between two tasks */
};

struct workload {
    const char *name;
    const char *summary; /* a line for people */
    const char *source;  /* of the worker; imports IO_MS where the task waits */
    enum request_kind kind;
    enum workload_io io;
    unsigned io_ms;
    unsigned lanes;    /* 0: any number will do */
    unsigned isolates; /* of one worker at once, where they are shared; 0: any number will do */
    unsigned callers;
    bool has_tasks_each; /* tasks counts those of one caller, and not all */
    unsigned tasks;
    unsigned warm_ups;     /* tasks before these, which are not counted */
    unsigned workers;      /* tasks go to them in turn */
    bool has_workers_each; /* every caller has so many of its own */
    bool takes_threads;    /* lanes and callers may be chosen, together */
};

/* All, in the order in which they are told of. */
extern const struct workload workloads[];
extern const size_t workload_count;

/* NULL where there is none of that name. */
const struct workload *workload_find(const char *name);

/* How many workers so many callers need. */
unsigned workload_worker_count(const struct workload *workload, unsigned callers);

/* A version of a worker of this load, with one reference: the number-th of the round-th set. Names
 * differ from round to round, so that a hash of them does. */
struct script *workload_script(const struct workload *workload, unsigned io_ms, unsigned round,
                               unsigned number, const struct limits *limits);

/* What each task is asked; one reference. */
struct request *workload_request(const struct workload *workload);

#endif
