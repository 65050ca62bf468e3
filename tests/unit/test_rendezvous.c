/* Rendezvous hashing: even, stable, and few keys move. */
#include "pools/rendezvous.h"

#include "unit.h"

#define KEYS 100000

/* Keys as alike as hashes of names are not. */
static uint64_t key(unsigned i)
{
    return i;
}

START_TEST(rendezvous_pick_one_lane_is_that_lane)
{
    for (unsigned i = 0; i < 100; i++)
        ck_assert_uint_eq(rendezvous_pick(key(i), 1), 0);
}
END_TEST

START_TEST(rendezvous_pick_spreads_evenly)
{
    for (unsigned lanes = 2; lanes <= 16; lanes *= 2) {
        unsigned counts[16] = {0};

        for (unsigned i = 0; i < KEYS; i++)
            counts[rendezvous_pick(key(i), lanes)]++;
        for (unsigned lane = 0; lane < lanes; lane++) {
            ck_assert_uint_ge(counts[lane], KEYS / lanes * 95 / 100);
            ck_assert_uint_le(counts[lane], KEYS / lanes * 105 / 100);
        }
    }
}
END_TEST

START_TEST(rendezvous_pick_without_last_lane_moves_only_its_keys)
{
    unsigned moved = 0;

    for (unsigned i = 0; i < KEYS; i++) {
        unsigned before = rendezvous_pick(key(i), 8), after = rendezvous_pick(key(i), 7);

        if (before != after) {
            ck_assert_uint_eq(before, 7);
            moved++;
        }
    }
    ck_assert_uint_ge(moved, KEYS / 8 * 95 / 100);
    ck_assert_uint_le(moved, KEYS / 8 * 105 / 100);
}
END_TEST

#define ORDER_MAX 4

START_TEST(rendezvous_order_begins_with_pick_and_names_no_lane_twice)
{
    for (unsigned i = 0; i < 1000; i++) {
        for (unsigned lanes = 1; lanes <= 9; lanes++) {
            unsigned order[ORDER_MAX];
            unsigned count = rendezvous_order(key(i), lanes, order, ORDER_MAX);
            unsigned seen = 0;

            ck_assert_uint_eq(count, lanes < ORDER_MAX ? lanes : ORDER_MAX);
            ck_assert_uint_eq(order[0], rendezvous_pick(key(i), lanes));
            for (unsigned n = 0; n < count; n++) {
                ck_assert_uint_lt(order[n], lanes);
                ck_assert(!(seen & 1u << order[n]));
                seen |= 1u << order[n];
            }
        }
    }
}
END_TEST

/* The model: the order is what repeated picking gives, each lane that was picked left out. The last
 * lane is the only one that can be left out without renaming the others. */
START_TEST(rendezvous_order_without_last_lane_keeps_the_rest)
{
    unsigned moved = 0;

    for (unsigned i = 0; i < KEYS; i++) {
        unsigned before[8], after[7];
        unsigned n = 0;

        ck_assert_uint_eq(rendezvous_order(key(i), 8, before, 8), 8);
        ck_assert_uint_eq(rendezvous_order(key(i), 7, after, 7), 7);
        moved += before[0] != after[0];
        for (unsigned k = 0; k < 8; k++) {
            if (before[k] != 7)
                ck_assert_uint_eq(before[k], after[n++]);
        }
    }
    ck_assert_uint_ge(moved, KEYS / 8 * 95 / 100);
    ck_assert_uint_le(moved, KEYS / 8 * 105 / 100);
}
END_TEST

/* Where the first lane is the same, the second ones are spread evenly over the others. */
START_TEST(rendezvous_order_second_lanes_are_even)
{
    unsigned counts[4] = {0};
    unsigned total = 0;

    for (unsigned i = 0; i < KEYS; i++) {
        unsigned order[2];

        rendezvous_order(key(i), 4, order, 2);
        if (order[0] != 0)
            continue;
        counts[order[1]]++;
        total++;
    }
    ck_assert_uint_eq(counts[0], 0);
    for (unsigned lane = 1; lane < 4; lane++) {
        ck_assert_uint_ge(counts[lane], total / 3 * 95 / 100);
        ck_assert_uint_le(counts[lane], total / 3 * 105 / 100);
    }
}
END_TEST

UNIT_MAIN("rendezvous", rendezvous_pick_one_lane_is_that_lane, rendezvous_pick_spreads_evenly,
          rendezvous_pick_without_last_lane_moves_only_its_keys,
          rendezvous_order_begins_with_pick_and_names_no_lane_twice,
          rendezvous_order_without_last_lane_keeps_the_rest, rendezvous_order_second_lanes_are_even)
