/* Tickets: found while they last, not afterwards, and not given out again soon. */
#include "pools/flights.h"

#include "pools/task.h"
#include "shim/shim.h"
#include "unit.h"

static struct flights flights;
static struct task tasks[TICKET_SLOT_MAX + 1];

START_TEST(flights_find_nobodys_ticket_is_null)
{
    ck_assert_ptr_null(flights_find(&flights, 0));
    flights_open(&flights, &tasks[0]);
    ck_assert_ptr_null(flights_find(&flights, 0));
    ck_assert_ptr_null(flights_find(&flights, TICKET_OF(TICKET_SLOT_MAX, 1)));
}
END_TEST

START_TEST(flights_find_ended_ticket_is_null)
{
    struct flight *flight = flights_open(&flights, &tasks[0]);
    uint32_t first = flight_ticket(flight);

    ck_assert_ptr_eq(flights_find(&flights, first)->task, &tasks[0]);
    flights_close(&flights, flight);
    ck_assert_ptr_null(flights_find(&flights, first));
    for (int i = 0; i < 100; i++) {
        flight = flights_open(&flights, &tasks[1]);
        ck_assert_uint_ne(flight_ticket(flight), first);
        ck_assert_ptr_null(flights_find(&flights, first));
        flights_close(&flights, flight);
    }
}
END_TEST

START_TEST(flights_open_as_many_as_there_are_slots)
{
    static uint32_t tickets[TICKET_SLOT_MAX];

    for (unsigned i = 0; i < TICKET_SLOT_MAX; i++) {
        tickets[i] = flight_ticket(flights_open(&flights, &tasks[i]));
        ck_assert_uint_le(tickets[i], INT32_MAX);
    }
    ck_assert_uint_eq(flights.in_use, TICKET_SLOT_MAX);
    for (unsigned i = 0; i < TICKET_SLOT_MAX; i++)
        ck_assert_ptr_eq(flights_find(&flights, tickets[i])->task, &tasks[i]);
    for (unsigned i = 0; i < TICKET_SLOT_MAX; i++)
        flights_close(&flights, flights_find(&flights, tickets[i]));
    flights_release(&flights);
}
END_TEST

START_TEST(flights_open_one_too_many_aborts)
{
    for (unsigned i = 0; i <= TICKET_SLOT_MAX; i++)
        flights_open(&flights, &tasks[i]);
}
END_TEST

START_TEST(flights_open_ticket_comes_back_after_all_generations)
{
    struct flight *flight = flights_open(&flights, &tasks[0]);
    uint32_t first = flight_ticket(flight);
    unsigned uses = 0;

    flights_close(&flights, flight);
    for (uint32_t ticket = 0; ticket != first; uses++) {
        flight = flights_open(&flights, &tasks[0]);
        ticket = flight_ticket(flight);
        ck_assert_uint_ne(ticket, 0);
        flights_close(&flights, flight);
    }
    /* Seven slots take turns. */
    ck_assert_uint_eq(uses, 7 * TICKET_GENERATION_MAX);
}
END_TEST

START_TEST(flights_next_visits_each_once)
{
    uint32_t tickets[20];
    unsigned slot = 0, seen = 0;
    struct flight *flight;

    for (int i = 0; i < 20; i++)
        tickets[i] = flight_ticket(flights_open(&flights, &tasks[i]));
    for (int i = 0; i < 20; i += 2)
        flights_close(&flights, flights_find(&flights, tickets[i]));
    while ((flight = flights_next(&flights, &slot))) {
        ck_assert_uint_eq((flight->task - tasks) % 2, 1);
        seen++;
    }
    ck_assert_uint_eq(seen, 10);
}
END_TEST

UNIT_MAIN("flights", flights_find_nobodys_ticket_is_null, flights_find_ended_ticket_is_null,
          flights_open_as_many_as_there_are_slots, flights_open_one_too_many_aborts,
          flights_open_ticket_comes_back_after_all_generations, flights_next_visits_each_once)
