/* What architectures did since the start, over all their pools. */
#include "switch_fixture.h"

#include "unit.h"

static struct tally *totals;

static void read_totals(void)
{
    free(totals);
    totals = calloc(ARCHITECTURES, sizeof(totals[0]));
    ck_assert_ptr_nonnull(totals);
    dispatcher_totals(parts.dispatcher, totals);
}

static void expect(uint64_t legacy, uint64_t shared, uint64_t pinned)
{
    read_totals();
    ck_assert_uint_eq(totals[ARCHITECTURE_LEGACY - 1].answered, legacy);
    ck_assert_uint_eq(totals[ARCHITECTURE_SHARED - 1].answered, shared);
    ck_assert_uint_eq(totals[ARCHITECTURE_PINNED - 1].answered, pinned);
    for (unsigned i = 0; i < ARCHITECTURES; i++) {
        ck_assert_uint_eq(totals[i].failed, 0);
        ck_assert_uint_eq(histogram_count(&totals[i].wall_us), totals[i].answered);
        ck_assert_uint_eq(totals[i].counts[TALLY_SUBMITTED], totals[i].answered);
        ck_assert_uint_le(totals[i].counts[TALLY_DISPOSED], totals[i].isolates_created);
    }
}

/* A pool counts a task a moment after its done; once it has drained that is over. */
static void replace(const struct pool_ops *ops)
{
    struct pool_config config = two_lanes();
    struct error error;
    struct pool *pool;

    ck_assert_int_eq(pool_open(ops, &config, parts.crew, &pool, &error), 0);
    dispatcher_seat(parts.dispatcher, pool);
    ck_assert_uint_eq(pool_drain(dispatcher_swap(parts.dispatcher), 20000), 0);
    dispatcher_unseat(parts.dispatcher);
}

START_TEST(totals_count_closed_pools_and_the_one_that_serves)
{
    parts_open(&pool_pinned);
    add_worker("w", "load", 0);
    expect(0, 0, 0);
    for (int i = 0; i < 3; i++)
        run_job("w", ARCHITECTURE_PINNED, i > 0);
    replace(&pool_legacy);
    expect(0, 0, 3);
    run_job("w", ARCHITECTURE_LEGACY, false);
    replace(&pool_pinned);
    expect(1, 0, 3);
    run_job("w", ARCHITECTURE_PINNED, false);
    replace(&pool_shared);
    expect(1, 0, 4);
    ck_assert_uint_eq(totals[ARCHITECTURE_PINNED - 1].isolates_created, 2);
    ck_assert_uint_eq(totals[ARCHITECTURE_LEGACY - 1].isolates_created, 1);
    run_job("w", ARCHITECTURE_SHARED, false);
    replace(&pool_pinned);
    expect(1, 1, 4);
    ck_assert_uint_gt(totals[ARCHITECTURE_SHARED - 1].lock.acquisitions, 0);
    parts_close();
    free(totals);
}
END_TEST

START_TEST(tally_subtract_leaves_what_came_since)
{
    struct tally *before, *since;

    parts_open(&pool_pinned);
    add_worker("w", "load", 0);
    run_job("w", ARCHITECTURE_PINNED, false);
    replace(&pool_pinned);
    read_totals();
    before = totals;
    totals = NULL;
    run_job("w", ARCHITECTURE_PINNED, false);
    run_job("w", ARCHITECTURE_PINNED, true);
    replace(&pool_legacy);
    read_totals();
    since = &totals[ARCHITECTURE_PINNED - 1];
    tally_subtract(since, &before[ARCHITECTURE_PINNED - 1]);
    ck_assert_uint_eq(since->answered, 2);
    ck_assert_uint_eq(since->isolates_created, 1);
    ck_assert_uint_eq(since->counts[TALLY_SUBMITTED], 2);
    ck_assert_uint_eq(histogram_count(&since->wall_us), 2);
    parts_close();
    free(before);
    free(totals);
}
END_TEST

UNIT_MAIN("totals", totals_count_closed_pools_and_the_one_that_serves,
          tally_subtract_leaves_what_came_since)
