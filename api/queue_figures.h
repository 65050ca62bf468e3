/*
 * What a queue counts: how much has come to it, and how long that waited there. One writer at a
 * time; anybody may read.
 */
#ifndef ISOYARD_QUEUE_FIGURES_H
#define ISOYARD_QUEUE_FIGURES_H

#include "api/clock.h"
#include "api/histogram.h"

#include <stdatomic.h>
#include <stdint.h>

/* All zeroes is an empty one. */
struct queue_figures {
    _Atomic uint64_t entered;
    struct histogram wait_us; /* of those that have left, whatever for */
};

/* The writer. */
static inline void queue_figures_enter(struct queue_figures *figures)
{
    uint64_t entered = atomic_load_explicit(&figures->entered, memory_order_relaxed);

    atomic_store_explicit(&figures->entered, entered + 1, memory_order_relaxed);
}

/* The writer. What has come since it last looked at the clock has not waited. */
static inline void queue_figures_leave(struct queue_figures *figures, uint64_t since_ns,
                                       uint64_t now_ns)
{
    histogram_record(&figures->wait_us, (now_ns > since_ns ? now_ns - since_ns : 0) / NS_PER_US);
}

#endif
