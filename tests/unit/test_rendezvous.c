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

UNIT_MAIN("rendezvous", rendezvous_pick_one_lane_is_that_lane, rendezvous_pick_spreads_evenly,
          rendezvous_pick_without_last_lane_moves_only_its_keys)
