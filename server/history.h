/*
 * The last hour, in points of a second: a ring of a fixed size. One thread at a time.
 */
#ifndef ISOYARD_HISTORY_H
#define ISOYARD_HISTORY_H

#include "server/stats_point.h"

#include <jansson.h>

#define HISTORY_POINTS 3600u

/* What is kept of a second, over all pools that serve or have served. */
enum history_figure {
    HISTORY_ANSWERED_PER_S,
    HISTORY_FAILED_PER_S, /* whatever for, refused ones included */
    HISTORY_BUSY,         /* share of the lanes' time in turns */
    HISTORY_P50_US,       /* from submission to the answer; 0: nothing ended */
    HISTORY_P90_US,
    HISTORY_P99_US,
    HISTORY_QUEUE_P99_US,
    HISTORY_QUEUED, /* at the second's end, as are the next three */
    HISTORY_IN_FLIGHT,
    HISTORY_ISOLATES,
    HISTORY_RSS_BYTES,
    HISTORY_COLD_STARTS,
    HISTORY_WARM_STARTS,
    HISTORY_LOCK_ACQUISITIONS,
    HISTORY_LOCK_CONTENDED,
    HISTORY_FIGURES
};

struct history_point {
    int64_t time_ms; /* since the Unix epoch */
    enum architecture architecture;
    double figures[HISTORY_FIGURES];
};

struct history;

struct history *history_new(void);
void history_free(struct history *history); /* NULL is fine */

/* What happened from one point to the next, which is not the same. */
void history_point_init(struct history_point *ret, const struct stats_point *before,
                        const struct stats_point *now);

void history_add(struct history *history, const struct history_point *point);

/* A point as a new object. */
json_t *history_point_json(const struct history_point *point);

/* The ring as a new object: an array for each figure, the oldest point first. */
json_t *history_json(const struct history *history);

#endif
