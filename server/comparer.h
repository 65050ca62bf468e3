/*
 * The comparer: does comparisons, on a thread of its own, one at a time. A synthetic one it runs
 * itself (pools/compare/synthetic.h); a live one it orders from the switcher (live.h) and waits
 * for.
 */
#ifndef ISOYARD_COMPARER_H
#define ISOYARD_COMPARER_H

#include "api/err.h"
#include "pools/compare/synthetic.h"
#include "server/live.h"

#include <stdatomic.h>
#include <stdbool.h>

struct comparer;
struct crew;
struct switcher;

/* A comparison that somebody asks for; the caller's memory until answer. */
struct compare_order {
    /* Which one; of `live` ops, config, duration_ms and warm_limit. The plan's crew is the
     * comparer's. What the plans point to is the caller's. */
    bool is_live;
    struct synthetic_plan synthetic;
    struct live_order live;

    /* Now and then; not kept. The comparer's thread, or the switcher's. */
    void (*progress)(struct compare_order *order, const struct compare_progress *progress);

    /*
     * Once. 0: the comparison, concluded, is the callee's: comparison_release and free. Else result
     * is NULL, and err is one of synthetic_run or of live_order.done; E_CLOSED: the server shuts
     * down. May block. The comparer's thread.
     */
    void (*conclude)(struct compare_order *order, int err, const struct error *error,
                     struct comparison *result);

    /* After that, once; the next comparison may be begun from here on. The comparer's thread. */
    void (*answer)(struct compare_order *order);

    /* The comparer's. */
    struct comparer *comparer;
    atomic_bool is_cancelled; /* relaxed: it is asked again and again */
};

/* Starts the thread. Both must outlive it. E_NOMEM where no thread can be had. */
int comparer_start(struct switcher *switcher, struct crew *crew, struct comparer **ret,
                   struct error *error);

/* 0: the comparer has the order until its answer. E_CONDITION: one is under way, or the pool of the
 * last one does not end; E_CLOSED: the server shuts down. Any thread. */
int comparer_begin(struct comparer *comparer, struct compare_order *order, struct error *error);

/* Has an order end soon, with E_CANCELLED. Between comparer_begin and answer. Any thread. */
void comparer_cancel(struct compare_order *order);

/* How many have been concluded, well or not. Any thread; NULL: none. */
uint64_t comparer_concluded(struct comparer *comparer);

/* The server shuts down: a comparison under way ends soon, and none begins any more. Any thread;
 * NULL is fine. */
void comparer_hasten(struct comparer *comparer);

/* comparer_hasten, and ends the thread. While the switcher's still runs. Main thread; NULL is fine.
 */
void comparer_stop(struct comparer *comparer);

#endif
