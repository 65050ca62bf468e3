/*
 * The warmer: has the hottest workers' isolates made in a pool that gets no tasks yet.
 */
#ifndef ISOYARD_WARMER_H
#define ISOYARD_WARMER_H

#include "pools/pool.h"
#include "server/registry.h"

#include <stdbool.h>

struct warmer_result {
    unsigned warmed;
    unsigned cold; /* did not start, or not in time */
};

/*
 * Warms up to max workers and waits for them, WARMER_MS at the most, and not on once
 * is_unwanted(arg) says so. One after the other, and with a pause after each that is as long as it
 * took: making isolates takes the processors from those who serve meanwhile. The hottest come last,
 * so that it is not they who are evicted where a lane has no room for all. The pool must be open
 * meanwhile. Not on a lane thread.
 */
void warmer_run(struct pool *pool, struct registry *registry, unsigned max,
                bool (*is_unwanted)(void *arg), void *arg, struct warmer_result *ret);

#define WARMER_MS 5000

#endif
