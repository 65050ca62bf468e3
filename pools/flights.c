/* Executions in flight. */
#include "pools/flights.h"

#include "api/bytes.h"
#include "shim/shim.h"

#include <assert.h>
#include <stdlib.h>

/* Piece p holds the slots from FLIGHTS_FIRST * (2^p - 1) on. */
static unsigned piece_of(unsigned slot)
{
    return 31 - (unsigned)__builtin_clz(slot / FLIGHTS_FIRST + 1);
}

static unsigned piece_start(unsigned piece)
{
    return FLIGHTS_FIRST * ((1u << piece) - 1);
}

/* NULL where the slot does not exist yet. */
static struct flight *flight_at(const struct flights *flights, unsigned slot)
{
    unsigned piece = piece_of(slot);
    struct flight *first;

    /* Acquire: a piece is found with what it was filled with. */
    first = atomic_load_explicit(&flights->pieces[piece], memory_order_acquire);
    return first ? &first[slot - piece_start(piece)] : NULL;
}

static void append_free(struct flights *flights, struct flight *flight)
{
    flight->next_free = 0;
    if (flights->first_free)
        flight_at(flights, flights->last_free)->next_free = flight->slot;
    else
        flights->first_free = flight->slot;
    flights->last_free = flight->slot;
}

static void grow(struct flights *flights)
{
    unsigned piece = piece_of(flights->count);
    unsigned start = piece_start(piece);
    unsigned left = TICKET_SLOT_MAX + 1 - flights->count;
    unsigned size = FLIGHTS_FIRST << piece < left ? FLIGHTS_FIRST << piece : left;
    struct flight *added;

    assert(size > 0 && start == flights->count);
    added = xcalloc(size, sizeof(added[0]));
    atomic_store_explicit(&flights->pieces[piece], added, memory_order_release);
    flights->count = start + size;
    for (unsigned i = 0; i < size; i++) {
        added[i].slot = (uint16_t)(start + i);
        if (start + i > 0)
            append_free(flights, &added[i]);
    }
}

struct flight *flights_open(struct flights *flights, struct task *task)
{
    struct flight *flight;

    if (!flights->first_free)
        grow(flights);
    flight = flight_at(flights, flights->first_free);
    flights->first_free = flight->next_free;
    flight->generation = (uint16_t)(flight->generation % TICKET_GENERATION_MAX + 1);
    flight->task = task;
    flight->is_open = true;
    flight->is_cancelled = false;
    flight->cpu_ns = flight->cpu_before_ns = 0;
    flight->has_answer_body = false;
    flight->grace_end_ns = flight->progress_ns = 0;
    flight->progress_bytes = flight->credited_bytes = 0;
    flights->in_use++;
    atomic_store_explicit(&flight->cpu_left_ns, UINT64_MAX, memory_order_relaxed);
    atomic_store_explicit(&flight->ticket, TICKET_OF(flight->slot, flight->generation),
                          memory_order_relaxed);
    return flight;
}

struct flight *flights_find(const struct flights *flights, uint32_t ticket)
{
    struct flight *flight;

    if (TICKET_SLOT(ticket) == 0)
        return NULL;
    flight = flight_at(flights, TICKET_SLOT(ticket));
    return flight && flight_ticket(flight) == ticket ? flight : NULL;
}

void flights_close(struct flights *flights, struct flight *flight)
{
    assert(flight->is_open && !flight->deadline && !flight->timers && !flight->fetches &&
           !flight->computations && !flight->bodies && !flight->request_body && !flight->costs);
    flight->task = NULL;
    flight->is_open = false;
    atomic_store_explicit(&flight->ticket, 0, memory_order_relaxed);
    append_free(flights, flight);
    flights->in_use--;
}

struct flight *flights_next(const struct flights *flights, unsigned *slot)
{
    while (*slot < flights->count) {
        struct flight *flight = flight_at(flights, (*slot)++);

        if (flight->is_open)
            return flight;
    }
    return NULL;
}

uint64_t flights_cpu_left_ns(const struct flights *flights, uint32_t ticket)
{
    struct flight *flight = flights_find(flights, ticket);

    return flight ? atomic_load_explicit(&flight->cpu_left_ns, memory_order_relaxed) : UINT64_MAX;
}

void flights_release(struct flights *flights)
{
    assert(flights->in_use == 0);
    for (unsigned piece = 0; piece < FLIGHTS_PIECES; piece++)
        free(atomic_load_explicit(&flights->pieces[piece], memory_order_relaxed));
    *flights = (struct flights){0};
}
