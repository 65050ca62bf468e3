/*
 * What the switcher's kinds of orders share: a switch (switcher.c) and a live comparison (live.c)
 * both have a second pool beside the one that serves. Everything here is the switcher's thread's.
 */
#ifndef ISOYARD_SWITCHER_PRIVATE_H
#define ISOYARD_SWITCHER_PRIVATE_H

#include "server/live.h"
#include "server/switcher.h"
#include "server/warmer.h"

#include <pthread.h>
#include <stdatomic.h>

struct switcher {
    struct dispatcher *dispatcher;
    struct registry *registry;
    struct crew *crew;
    pthread_t thread;
    atomic_bool is_hastened; /* relaxed: it is asked again and again */

    pthread_mutex_t lock; /* a leaf; guards the rest */
    pthread_cond_t changed;
    struct switch_order *order; /* to be begun; at most one of the two */
    struct live_order *live;
    bool is_busy;     /* with an order, or with what the last one left */
    bool is_answered; /* the last one */
    bool is_live;     /* the last one was a live comparison */
    bool is_stopping;
};

/* Whether the server shuts down. Any thread. */
bool switcher_is_hastened(struct switcher *switcher);

/* Opens a pool and gives it the free seat. */
int switcher_open_pool(struct switcher *switcher, const struct pool_ops *ops,
                       const struct pool_config *config, struct pool **ret, struct error *error);

/* Warms a pool that keeps isolates, up to max workers, and not on once is_unwanted says so. */
void switcher_warm(struct switcher *switcher, struct pool *pool, unsigned max,
                   bool (*is_unwanted)(void *arg), void *arg, struct warmer_result *ret);

/* Whether the pool can be closed without anything in it being cut off, or the thread being held up
 * by a turn that does not end. */
bool switcher_is_over(struct pool *pool);

/* Waits until a pool that gets no more tasks is over: true; false where the time comes or the
 * server shuts down before that. */
bool switcher_await_over(struct switcher *switcher, struct pool *pool, uint64_t until_ns);
#define SWITCHER_FOREVER UINT64_MAX

/* Has a pool that is over dispose of its isolates without haste, and closes it. */
void switcher_close_pool(struct switcher *switcher, struct pool *pool);

/* Before an order's done is called. Where nothing is left to do (is_last) the next order may come
 * from here on: whoever has the answer in hand is not refused. */
void switcher_note_answer(struct switcher *switcher, bool is_last);

void switcher_pause(uint64_t ns);

/* Does a live comparison from the beginning to the closing of the rival. live.c. */
void live_run(struct switcher *switcher, struct live_order *order);

#endif
