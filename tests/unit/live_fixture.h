/*
 * What tests of live comparisons share, beside switch_fixture.h. Every failure ends the test.
 */
#ifndef ISOYARD_TESTS_LIVE_FIXTURE_H
#define ISOYARD_TESTS_LIVE_FIXTURE_H

#include "server/live.h"
#include "switch_fixture.h"

#include <stdbool.h>
#include <stdint.h>

/* A live comparison. */
struct asked_live {
    struct live_order order;
    struct error error;
    struct comparison *result;
    int err;
    bool is_done;
    unsigned times;     /* done was called */
    unsigned told;      /* progress was called */
    unsigned cancel_at; /* this call of it, counted from 1 */
    uint64_t cancelled_ns;
    double share;
    unsigned round, rounds;
};

/* Of the pool that serves with one of this architecture. */
struct asked_live live_for(const struct pool_ops *ops, uint64_t duration_ms);
void live_begin(struct asked_live *asked); /* as soon as the last order has ended */
void live_cancel(struct asked_live *asked);
void live_finish(struct asked_live *asked, int err); /* waits for that */
void live_release(struct asked_live *asked);

/* Waits until both pools serve. */
void await_split(void);

/* One pool does, and it is that which served before. */
void expect_served_by(enum architecture architecture);

/* A task that goes on in the rival. */
void start_in_rival(struct job *job, enum architecture serving, const char *program);

#endif
