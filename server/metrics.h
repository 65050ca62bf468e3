/*
 * What the server counts, for Prometheus. docs/observing.md lists it.
 *
 * Counters and histograms by architecture count since the server's start, over all pools that have
 * served (dispatcher_totals), so that a switch sets none of them back; what is of lanes, queues and
 * workers is of the pool that serves now.
 */
#ifndef ISOYARD_METRICS_H
#define ISOYARD_METRICS_H

#include "api/bytes.h"
#include "server/pool_service.h"

#include <stddef.h>
#include <stdint.h>

/* What only the HTTP server knows. */
struct metrics_http {
    size_t event_clients;    /* of the dashboard, now */
    uint64_t dropped_events; /* that they were too slow for */
    uint64_t requests;       /* answered, whatever with */
};

/* Appends the whole exposition. Any thread. */
void metrics_write(struct buffer *out, const struct pool_service *service,
                   const struct metrics_http *http);

#endif
