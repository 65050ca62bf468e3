/*
 * What the dashboard is told each second, and the hour that it shows when it is opened. The http
 * thread.
 */
#ifndef ISOYARD_OBSERVER_H
#define ISOYARD_OBSERVER_H

#include "server/control.h"
#include "server/events.h"
#include "server/failures.h"
#include "server/pool_service.h"

struct observer;

/* All four outlive it. */
struct observer *observer_new(const struct pool_service *service, struct failures *failures,
                              struct control *control, struct events *events);
void observer_free(struct observer *observer); /* NULL is fine */

/* Looks at the pools: a point of history, and an event for those who are there. Each second. */
void observer_look(struct observer *observer);

/* Has those who are there told of what has changed in between, by the event of the last look. */
void observer_tell(struct observer *observer);

/* The hour as a new object. */
json_t *observer_history(const struct observer *observer);

#endif
