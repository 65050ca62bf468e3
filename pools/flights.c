/* Tasks in flight. */
#include "pools/flights.h"

#include "shim/shim.h"

#include <assert.h>
#include <stdlib.h>

#define FIRST_COUNT 8u

static void grow(struct flights *flights)
{
    unsigned first = flights->count ? flights->count : 1;
    unsigned count = flights->count ? flights->count * 2 : FIRST_COUNT;

    if (count > TICKET_SLOT_MAX + 1)
        count = TICKET_SLOT_MAX + 1;
    assert(count > flights->count);
    flights->slots = realloc(flights->slots, count * sizeof(flights->slots[0]));
    if (!flights->slots)
        abort();
    for (unsigned i = flights->count; i < count; i++)
        flights->slots[i] = (struct flight){.next_free = (uint16_t)(i + 1 < count ? i + 1 : 0)};
    flights->first_free = (uint16_t)first;
    flights->last_free = (uint16_t)(count - 1);
    flights->count = count;
}

uint32_t flights_open(struct flights *flights, struct task *task)
{
    struct flight *flight;
    uint16_t slot;

    if (!flights->first_free)
        grow(flights);
    slot = flights->first_free;
    flight = &flights->slots[slot];
    flights->first_free = flight->next_free;
    flight->generation = (uint16_t)(flight->generation % TICKET_GENERATION_MAX + 1);
    flight->task = task;
    flight->is_cancelled = false;
    flights->in_use++;
    return TICKET_OF(slot, flight->generation);
}

struct flight *flights_find(struct flights *flights, uint32_t ticket)
{
    unsigned slot = TICKET_SLOT(ticket);
    struct flight *flight;

    if (slot == 0 || slot >= flights->count)
        return NULL;
    flight = &flights->slots[slot];
    return flight->task && TICKET_OF(slot, flight->generation) == ticket ? flight : NULL;
}

void flights_close(struct flights *flights, uint32_t ticket)
{
    struct flight *flight = flights_find(flights, ticket);
    uint16_t slot = (uint16_t)TICKET_SLOT(ticket);

    assert(flight && !flight->deadline && !flight->timers);
    flight->task = NULL;
    flight->next_free = 0;
    if (flights->first_free)
        flights->slots[flights->last_free].next_free = slot;
    else
        flights->first_free = slot;
    flights->last_free = slot;
    flights->in_use--;
}

struct flight *flights_next(struct flights *flights, unsigned *slot)
{
    while (*slot < flights->count) {
        struct flight *flight = &flights->slots[(*slot)++];

        if (flight->task)
            return flight;
    }
    return NULL;
}

void flights_release(struct flights *flights)
{
    assert(flights->in_use == 0);
    free(flights->slots);
    *flights = (struct flights){0};
}
