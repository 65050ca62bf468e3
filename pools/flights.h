/*
 * The tasks that an isolate has in flight, by ticket. A ticket is a slot and a generation, so that
 * what an isolate says about a task that has ended since is recognised and dropped. Slots are given
 * out again in the order in which they became free: a ticket comes back only after 32,767 uses of
 * its slot. Touched by the holder of the actor's lane only.
 */
#ifndef ISOYARD_FLIGHTS_H
#define ISOYARD_FLIGHTS_H

#include <stdbool.h>
#include <stdint.h>

struct actor_timer;
struct lane_timer;
struct task;

struct flight {
    struct task *task;           /* NULL: the slot is free */
    struct lane_timer *deadline; /* its wall limit, while it is parked */
    struct actor_timer *timers;  /* that it has started; utlist's DL */
    bool is_cancelled;           /* its client went away while a stray turn had it */
    uint16_t generation;
    uint16_t next_free;
};

/* All zeroes is an empty one. */
struct flights {
    struct flight *slots; /* slot 0 is never used: ticket 0 is nobody's */
    unsigned count;       /* slots that exist */
    unsigned in_use;
    uint16_t first_free, last_free; /* 0: none */
};

/* A ticket for the task. At most TICKET_SLOT_MAX at once. */
uint32_t flights_open(struct flights *flights, struct task *task);

/* The flight of a ticket, or NULL where its task has ended. Valid until the next flights_open. */
struct flight *flights_find(struct flights *flights, uint32_t ticket);

/* Ends a ticket; its flight must own nothing any more. */
void flights_close(struct flights *flights, uint32_t ticket);

/* The first flight in use whose slot is *slot or above, and in *slot the slot after it; NULL: there
 * is none. */
struct flight *flights_next(struct flights *flights, unsigned *slot);

void flights_release(struct flights *flights);

#endif
