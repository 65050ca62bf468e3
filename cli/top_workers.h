/* The workers that a server names, those by CPU and those by wait together, in one order. */
#ifndef ISOYARD_CLI_TOP_WORKERS_H
#define ISOYARD_CLI_TOP_WORKERS_H

#include "cli/top_view.h"

struct top_worker {
    char *name; /* "tenant/worker", escaped */
    uint64_t cpu_us, wait_us, tasks;
};

struct top_workers {
    size_t count;
    struct top_worker *list;
};

/* Those of the interval, or, where that is NULL, those since the pool was opened. */
void top_workers_init(struct top_workers *ret, const Isoyard__V1__PoolStats *stats,
                      const Isoyard__V1__IntervalStats *interval, enum top_sort sort);
void top_workers_release(struct top_workers *workers);

#endif
