/*
 * Room for a second pool's isolates beside those that there are: V8 aborts where the kernel gives
 * no more mappings.
 */
#ifndef ISOYARD_ISOLATE_ROOM_H
#define ISOYARD_ISOLATE_ROOM_H

#include "api/err.h"
#include "server/dispatcher.h"

/* How many warm isolates the bound allows, in a pool of so many lanes. Any thread. */
unsigned isolate_room_max(unsigned lanes);

/* Whether a pool of that configuration may be opened beside the one that serves, to replace it: 0,
 * or E_INVALID for "isolates". Any thread. */
int isolate_room_check(struct dispatcher *dispatcher, const struct pool_config *config,
                       struct error *error);

/* The same for one that gets tasks beside it for a while (live.h): both may grow. */
int isolate_room_check_rival(struct dispatcher *dispatcher, const struct pool_config *config,
                             struct error *error);

#endif
