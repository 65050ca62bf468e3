/* The crew from the inside: what lanes and pools ask of it. */
#ifndef ISOYARD_CREW_PRIVATE_H
#define ISOYARD_CREW_PRIVATE_H

#include "pools/crew.h"
#include "pools/offload.h"
#include "pools/turn.h"

#include <stdbool.h>
#include <stdint.h>

struct lane;

/* Starts a thread that plays the lane, as its holder. E_NOMEM where there is none to be had. Any
 * thread. */
int crew_hire(struct crew *crew, struct lane *lane);

/* Waits until the lane is closed and no thread has anything to do with it any more. Not on a lane
 * thread. */
void crew_await_closed(struct crew *crew, struct lane *lane);

/* Waits until no other thread has anything to do with the lane. Its holder. */
void crew_await_others(struct crew *crew, struct lane *lane);

/* The caller is going to send the lane something, and does not play it; it has sent it, and touches
 * the lane no more. */
void crew_enter_lane(struct lane *lane);
void crew_leave_lane(struct crew *crew, struct lane *lane);

/* The threads for what takes long. */
struct offload *crew_offload(const struct crew *crew);

/* For tests (crew_config.adopt_every): sends a spare to adopt the lane from this turn, if its time
 * has come and one is idle; whether it did. The turn's thread, in phase TURN. */
bool crew_force_adoption(struct crew *crew, struct turn *turn);

/* Gives a turn's record back. Any thread. */
void crew_give_turn(struct crew *crew, struct turn *turn);

/* The calling thread goes to sleep in its lane's loop; it is back. While one is awake, or in a
 * stray turn, the watchdog looks at the turns. */
void crew_thread_sleeps(struct crew *crew);
void crew_thread_wakes(struct crew *crew);

struct crew_figures {
    uint32_t spares;       /* idle now */
    uint32_t quarantined;  /* now */
    uint64_t terminations; /* events that were stopped */
};

/* Any thread. */
struct crew_figures crew_figures(struct crew *crew);
const struct crew_config *crew_configuration(const struct crew *crew);

#endif
