/*
 * The executions that an isolate has in flight, by ticket. A ticket is a slot and a generation, so
 * that what an isolate says about one that has ended since is recognised and dropped. Slots are
 * given out again in the order in which they became free: a ticket comes back only after 32,767
 * uses of its slot.
 *
 * A flight has its task until that is answered. Where ctx.waitUntil keeps it going after that, it
 * is *extended*: it has no task any more, and clocks of its own.
 *
 * Touched by the holder of the actor's lane only, but for flights_cpu_left_ns.
 */
#ifndef ISOYARD_FLIGHTS_H
#define ISOYARD_FLIGHTS_H

#include "api/trace.h"
#include <stdatomic.h>
#include <stdbool.h>

#include <stdint.h>

struct actor;
struct actor_body;
struct actor_computation;
struct actor_fetch;
struct actor_timer;
struct body_report;
struct lane_timer;
struct pipe;
struct request;
struct task;

struct flight {
    bool is_open;
    bool is_cancelled;           /* its client went away while a stray turn had it */
    struct task *task;           /* NULL: extended */
    uint64_t execution;          /* task.id of the one that it has or had */
    struct trace trace;          /* the same */
    struct actor *actor;         /* for the deadline's timer */
    uint64_t started_ns;         /* its first turn; or, extended, its answer */
    uint64_t cpu_ns;             /* used since then */
    struct lane_timer *deadline; /* its wall limit, while it is parked */
    struct actor_timer *timers;  /* that it has started; utlist's DL */
    struct actor_fetch *fetches; /* the same */
    struct actor_computation *computations;

    /* Bodies that stream: actor_body.c. */
    struct actor_body *bodies; /* that are open; utlist's DL */
    struct pipe *request_body; /* the task's, until JavaScript asks for it: a reference; or NULL */
    bool has_answer_body;      /* the answer's is open, or its cancellation is being dealt with */
    uint64_t grace_end_ns;     /* until then the latter may last; 0: it is not cancelled */
    uint64_t progress_ns;      /* when bytes last moved; 0: never */
    uint64_t progress_bytes;   /* that had moved by then, of the open bodies */
    uint64_t credited_bytes;   /* that have moved since the CPU account last began anew */
    uint64_t cpu_before_ns;    /* of the accounts before */

    /* Until the end of the answer's body is told; owned. */
    struct body_report *costs; /* of its task, up to the head; NULL: there is no such body */
    struct request *asked;     /* what the task was: method and URL */
    uint64_t submitted_ns;     /* of the task */

    uint16_t slot;
    uint16_t generation;
    uint16_t next_free;

    /* For anybody: whose they are, and what that one may still use. */
    _Atomic uint32_t ticket; /* 0: nobody's */
    _Atomic uint64_t cpu_left_ns;
};

/* Flights do not move: they lie in pieces, each twice as large as the one before. */
#define FLIGHTS_FIRST 8u
#define FLIGHTS_PIECES 14u

/* All zeroes is an empty one. */
struct flights {
    _Atomic(struct flight *) pieces[FLIGHTS_PIECES];
    unsigned count; /* slots that exist; slot 0 is never used: ticket 0 is nobody's */
    unsigned in_use;
    uint16_t first_free, last_free; /* 0: none */
};

/* A ticket for the task. At most TICKET_SLOT_MAX at once. */
struct flight *flights_open(struct flights *flights, struct task *task);

static inline uint32_t flight_ticket(const struct flight *flight)
{
    return atomic_load_explicit(&flight->ticket, memory_order_relaxed);
}

/* The flight of a ticket, or NULL where it has ended. */
struct flight *flights_find(const struct flights *flights, uint32_t ticket);

/* Ends a flight, which must own nothing any more. */
void flights_close(struct flights *flights, struct flight *flight);

/* The first flight in use whose slot is *slot or above, and in *slot the slot after it; NULL: there
 * is none. */
struct flight *flights_next(const struct flights *flights, unsigned *slot);

/* What a ticket may still use of CPU time, as of the last turn; UINT64_MAX where it has ended. Any
 * thread, as long as the actor lives. */
uint64_t flights_cpu_left_ns(const struct flights *flights, uint32_t ticket);

void flights_release(struct flights *flights);

#endif
