/* Threads that submit tasks without end while pools are switched. */
#ifndef ISOYARD_TESTS_SUBMITTERS_H
#define ISOYARD_TESTS_SUBMITTERS_H

#include <stdint.h>

/*
 * Two threads submit tasks of every worker of every tenant, and two cancel some. Each letter is a
 * name; the workers are added, as ones that were called so often. Each task must be accepted, end
 * once, with the answer to itself by an isolate of its own worker, and fail only where it was to.
 * The parts are open (switch_fixture.h) until they have stopped.
 */
void submitters_start(const char *tenant_letters, const char *worker_letters, unsigned calls);

/* How many tasks have ended. */
uint64_t submitters_stop(void);

#endif
