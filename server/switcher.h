/*
 * The switcher: replaces the pool that serves by another one, on a thread of its own, one at a
 * time.
 *
 *     open the new pool; warm the hottest workers there; save the choice; let it serve; wait for
 *     the end of the one before; close that
 *
 * It does live comparisons, too (live.h), whose second pool comes and goes the same way.
 *
 * Until the new pool serves any failure leaves everything as it was. From there on nothing can
 * fail: the pool before ends when its tasks do, be it long after the switch was answered.
 */
#ifndef ISOYARD_SWITCHER_H
#define ISOYARD_SWITCHER_H

#include "api/err.h"
#include "server/dispatcher.h"
#include "server/registry.h"

#include <stdbool.h>
#include <stdint.h>

struct live_order;
struct switcher;

/* What became of a switch. Times are since switcher_begin. */
struct switch_report {
    enum architecture previous, architecture;
    struct pool_config config; /* of the new pool */
    unsigned warmed, cold;     /* workers */
    uint64_t switched_ms;
    bool has_first_task;
    uint64_t first_task_ms;
    bool is_closed; /* the pool before */
    uint64_t closed_ms;
    uint64_t finished; /* tasks that ended there once it got no more */
    size_t running;    /* executions that go on there */
    uint64_t rss_before_bytes, rss_after_bytes;
};

/* A switch that somebody asks for; the caller's memory until done. */
struct switch_order {
    const struct pool_ops *ops;
    struct pool_config config;
    uint64_t drain_ms;   /* how long to wait for the end of the pool before */
    unsigned warm_limit; /* how many workers to warm, at most */

    /* Makes the choice durable; the new pool is open by then, and serves where this succeeds. May
     * block. The switcher's thread. */
    int (*save)(struct switch_order *order, struct error *error);

    /* 0, and the report; or an error, and everything is as it was. Once. The switcher's thread. */
    void (*done)(struct switch_order *order, int err, const struct error *error,
                 const struct switch_report *report);
};

/* Starts the thread. All three must outlive it. E_NOMEM where no thread can be had. */
int switcher_start(struct dispatcher *dispatcher, struct registry *registry, struct crew *crew,
                   struct switcher **ret, struct error *error);

/* 0: the switcher has the order until its done. E_CONDITION: one is under way, be it a switch or a
 * live comparison, or the last one's second pool has not ended; E_CLOSED: the server shuts down.
 * Any thread. */
int switcher_begin(struct switcher *switcher, struct switch_order *order, struct error *error);

/* The same for a live comparison (live.h). */
int switcher_begin_live(struct switcher *switcher, struct live_order *order, struct error *error);

/* The server shuts down: a switch under way is answered soon, with E_CLOSED where the new pool does
 * not serve yet, and a live comparison with E_CLOSED; no further one begins, and no pool is closed
 * any more but what is being closed. Any thread; NULL is fine. */
void switcher_hasten(struct switcher *switcher);

/* switcher_hasten, and ends the thread. Pools that are left are the dispatcher's. Main thread; NULL
 * is fine. */
void switcher_stop(struct switcher *switcher);

#endif
