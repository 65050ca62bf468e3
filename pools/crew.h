/*
 * The crew: the threads that play lanes, the spares among them that adopt a lane whose turn lasts,
 * and the watchdog. One crew serves all pools of a process.
 */
#ifndef ISOYARD_CREW_H
#define ISOYARD_CREW_H

#include "api/err.h"

#include <stdint.h>

struct crew;

struct crew_config {
    unsigned spares;              /* threads beyond the lanes' own; 0: no lane is ever adopted */
    uint64_t adopt_after_ms;      /* a turn that lasts longer loses its lane */
    uint64_t cancel_grace_ms;     /* a turn whose task was cancelled may go on this long */
    uint64_t quarantine_after_ms; /* a turn that was stopped and lasts on so long is written off */
    unsigned adopt_every;         /* for tests: every so many turns the lane is adopted during the
                                     turn's first event; 0: never */
    unsigned crypto_threads;      /* for operations of crypto.subtle that take long; at least 1 */
    unsigned quarantine;          /* turns that may be written off at once; above that ... */
    void (*exhausted)(void *arg); /* ... the process should be replaced: called at most once, on
                                     the watchdog's thread; must not block. NULL: nobody */
    void *exhausted_arg;
};

struct crew_config crew_config_default(void);

/* Starts the spares and the watchdog. E_NOMEM where a thread cannot be had. */
int crew_open(const struct crew_config *config, struct crew **ret, struct error *error);

/* Threads that are in turns that were written off: as long as there are any, no pool can be closed
 * whose turns they are. Any thread. */
unsigned crew_quarantined(struct crew *crew);

/* Before pools are closed, which waits for their turns: from now on a single turn that is written
 * off has exhausted called. Returns how many there are already. Any thread. */
unsigned crew_forbid_quarantine(struct crew *crew);

/* Stops and joins all threads. Every pool must be closed. NULL is fine. */
void crew_close(struct crew *crew);

#endif
