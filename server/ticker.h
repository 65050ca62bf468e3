/*
 * What is to be done at a point in time: a thread that sleeps until the next of them is due.
 */
#ifndef ISOYARD_TICKER_H
#define ISOYARD_TICKER_H

#include "api/err.h"

#include <stdbool.h>
#include <stdint.h>

struct ticker;

/* Embedded in what it is about; all zeroes is one that is not set. All but fn is the ticker's. */
struct tick {
    void (*fn)(struct tick *tick); /* ticker's thread; must not wait. The tick is not set by then */
    struct tick *next;
    uint64_t due_ns;
    bool is_set;
};

/* Makes a ticker and starts its thread. E_NOMEM where that cannot be had. Before start. */
int ticker_start(struct ticker **ret, struct error *error);

/* Has tick->fn called once, at due_ns of CLOCK_MONOTONIC or a little later; the caller sees to it
 * that it lives until then. One that is set moves; whether it was not. Any thread. */
bool ticker_set(struct ticker *ticker, struct tick *tick, uint64_t due_ns);

/* Whether the tick was set: then fn is not called. If not, it may be under way. Any thread. */
bool ticker_clear(struct ticker *ticker, struct tick *tick);

/* Ends the thread: no fn is called any more, though ticks may still be set, and cleared. Main
 * thread, once; NULL is fine. */
void ticker_stop(struct ticker *ticker);

/* After ticker_stop, when no tick is set any more. NULL is fine. */
void ticker_free(struct ticker *ticker);

#endif
