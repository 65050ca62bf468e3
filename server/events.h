/*
 * Server-sent events (HTML Standard, 9.2) for the dashboards that are open.
 *
 * There is one latest event, which everybody gets who is ready for it. Nothing is queued for a
 * client: one that has not taken the event before misses those that come meanwhile, is told how
 * many, and nobody waits for it. What a client holds is the event that it is being sent.
 *
 * All functions: the http thread.
 */
#ifndef ISOYARD_EVENTS_H
#define ISOYARD_EVENTS_H

#include "api/bytes.h"

#include <microhttpd.h>
#include <stddef.h>
#include <stdint.h>

#define EVENTS_CLIENTS_MAX 16u

struct events;

struct events *events_new(void);
void events_free(struct events *events); /* without clients; NULL is fine */

/* The body of a connection's answer, for MHD_queue_response; NULL: there are too many clients. The
 * client is gone when the response is destroyed. */
struct MHD_Response *events_join(struct events *events, struct MHD_Connection *connection);

/* What is new: JSON on one line, which is copied. */
void events_publish(struct events *events, struct bytes json);

/* Ends all clients' answers. MHD_run afterwards. */
void events_end(struct events *events);

size_t events_clients(const struct events *events);

/* Events that clients were too slow for, so far. */
uint64_t events_dropped(const struct events *events);

#endif
