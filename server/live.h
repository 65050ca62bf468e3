/*
 * A live comparison: for a while the calls that come are served by two pools, the one that serves
 * and a *rival*, which is opened for that and closed afterwards. The switcher's thread does it
 * (switcher.h), so that it and a switch exclude each other.
 *
 *     open the rival; warm the hottest workers there; divide the tenants; count; swap sides; count;
 *     unite; answer; wait for the end of the rival; close it
 *
 * Tenants, sorted by hash, go to one pool and the other in turn, and to the opposite one in the
 * second half. Each half is cut into windows of the same length, after a time to settle that does
 * not count; a *round* is a window of the first half with the same window of the second. So both
 * arms had every tenant in every round, for the same time.
 *
 * Whatever happens, the pool that served goes on to serve, with its figures and what isolates it
 * has, and no task fails because of it. The choice in the store is never touched.
 */
#ifndef ISOYARD_LIVE_H
#define ISOYARD_LIVE_H

#include "api/err.h"
#include "pools/compare/comparison.h"

#include <stdatomic.h>
#include <stdint.h>

/* Rounds, as many as there is time for; six at least, for fewer have no interval. */
#define LIVE_ROUNDS_MIN 6u
#define LIVE_ROUNDS_MAX 50u

/* The shortest that is of any use, and the longest. */
#define LIVE_MS_MIN UINT64_C(100)
#define LIVE_MS_MAX UINT64_C(3600000)

/* A live comparison that somebody asks for; the caller's memory until done. */
struct live_order {
    const struct pool_ops *ops; /* the rival's */
    struct pool_config config;
    uint64_t duration_ms; /* both halves; LIVE_MS_MIN to LIVE_MS_MAX */
    unsigned warm_limit;  /* how many workers to warm, at most */

    /* Set by whoever asked, to end it soon (relaxed: it is asked again and again). Any thread. */
    atomic_bool is_cancelled;

    /* When a window begins, and about each second; round: the pair that the window is
     * of, once in either half; 0: before. Not kept. The
     * switcher's thread. */
    void (*progress)(struct live_order *order, const struct compare_progress *progress);

    /*
     * Once; the pool that served serves alone by then. The switcher's thread.
     * 0: the comparison, concluded, is the callee's: comparison_release and free. Its first arm is
     * the pool that served. Else result is NULL. E_CONDITION: fewer than two tenants have an active
     * worker; E_INVALID, E_NOMEM: the rival could not be opened; E_CANCELLED; E_CLOSED: the server
     * shuts down.
     */
    void (*done)(struct live_order *order, int err, const struct error *error,
                 struct comparison *result);
};

#endif
