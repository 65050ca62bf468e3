/* Inboxes against an array. */
#include "pools/inbox.h"

#include "unit.h"

#define STEPS 20000

static struct inbox inbox;

static struct inbox_item item(uint32_t number)
{
    return (struct inbox_item){.kind = EVENT_TIMER, .ticket = number, .id = number + 1};
}

START_TEST(inbox_pop_empty_aborts)
{
    inbox_pop(&inbox);
}
END_TEST

START_TEST(inbox_random_pushes_and_pops_match_array)
{
    static uint32_t model[STEPS * 2];
    size_t first = STEPS, end = STEPS;
    unsigned seed = 3;

    for (uint32_t i = 0; i < STEPS; i++) {
        switch (rand_r(&seed) % (i < STEPS / 2 ? 3 : 4)) {
        case 0:
            inbox_push_front(&inbox, item(i));
            model[--first] = i;
            break;
        case 1:
            inbox_push(&inbox, item(i));
            model[end++] = i;
            break;
        default:
            if (first == end)
                break;
            struct inbox_item popped = inbox_pop(&inbox);

            ck_assert_uint_eq(popped.ticket, model[first++]);
            ck_assert_uint_eq(popped.id, popped.ticket + 1);
        }
        ck_assert_uint_eq(inbox.count, end - first);
    }
    inbox_release(&inbox);
    ck_assert_uint_eq(inbox.count, 0);
}
END_TEST

START_TEST(inbox_push_front_several_restores_order)
{
    for (uint32_t i = 0; i < 100; i++)
        inbox_push(&inbox, item(i));
    for (uint32_t i = 0; i < 20; i++)
        ck_assert_uint_eq(inbox_pop(&inbox).ticket, i);
    for (uint32_t i = 20; i-- > 0;)
        inbox_push_front(&inbox, item(i));
    for (uint32_t i = 0; i < 100; i++)
        ck_assert_uint_eq(inbox_pop(&inbox).ticket, i);
    inbox_release(&inbox);
}
END_TEST

UNIT_MAIN("inbox", inbox_pop_empty_aborts, inbox_random_pushes_and_pops_match_array,
          inbox_push_front_several_restores_order)
