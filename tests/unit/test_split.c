/*
 * server/dispatcher, where it divides the tenants between two pools, on an engine without V8; and
 * server/isolate_room.
 */
#include "server/isolate_room.h"

#include "api/bytes.h"
#include "switch_fixture.h"
#include "unit.h"

#include <stdlib.h>

/* Dealing. */

static uint64_t key_of(char tenant)
{
    const char name[] = {tenant, '\0'};
    struct script *script;
    uint64_t key;

    ck_assert_int_eq(registry_find(parts.registry, bytes_of(name), bytes_of("w"), &script), 0);
    key = script->tenant_key;
    script_unref(script);
    return key;
}

static bool is_odd(char tenant, const uint64_t *keys, size_t count)
{
    uint64_t key = key_of(tenant);
    size_t smaller = 0;

    for (size_t i = 0; i < count; i++)
        smaller += keys[i] < key;
    return smaller % 2 == 1;
}

/* Opens a rival and divides the tenants that there are; by hand, without the switcher. */
static size_t divide(const struct pool_config *config, uint64_t **ret_keys)
{
    struct error error;
    struct pool *rival;
    size_t count;

    ck_assert_int_eq(pool_open(&pool_legacy, config, parts.crew, &rival, &error), 0);
    dispatcher_seat(parts.dispatcher, rival);
    count = registry_tenants(parts.registry, ret_keys);
    dispatcher_split(parts.dispatcher, *ret_keys, count);
    return count;
}

static void unite(uint64_t *keys)
{
    dispatcher_unite(parts.dispatcher);
    dispatcher_unseat(parts.dispatcher);
    free(keys);
}

static void expect_dealt(char first, char last, const uint64_t *keys, size_t count, bool is_swapped)
{
    for (char tenant = first; tenant <= last; tenant++)
        ck_assert_int_eq(ask_tenant(tenant), is_odd(tenant, keys, count) != is_swapped
                                                 ? ARCHITECTURE_LEGACY
                                                 : ARCHITECTURE_PINNED);
}

START_TEST(dispatcher_split_deals_by_turns_and_swaps_sides)
{
    struct pool_config config = two_lanes();
    struct dispatcher_stats stats;
    unsigned odd = 0;
    uint64_t *keys;
    size_t count;

    parts_open(&pool_pinned);
    add_tenants();
    count = divide(&config, &keys);
    ck_assert_uint_eq(count, TENANTS);
    for (char tenant = 'a'; tenant < 'a' + TENANTS; tenant++)
        odd += is_odd(tenant, keys, count);
    ck_assert_uint_eq(odd, TENANTS / 2);
    expect_dealt('a', 'a' + TENANTS - 1, keys, count, false);
    dispatcher_swap_sides(parts.dispatcher);
    expect_dealt('a', 'a' + TENANTS - 1, keys, count, true);
    dispatcher_stats(parts.dispatcher, &stats);
    ck_assert(stats.is_split);
    ck_assert(!stats.is_draining);
    ck_assert_int_eq(stats.architecture, ARCHITECTURE_PINNED);
    ck_assert_int_eq(stats.rival_architecture, ARCHITECTURE_LEGACY);
    ck_assert_uint_eq(stats.switches, 0);
    pool_stats_release(&stats.pool);
    unite(keys);
    for (char tenant = 'a'; tenant < 'a' + TENANTS; tenant++)
        ck_assert_int_eq(ask_tenant(tenant), ARCHITECTURE_PINNED);
    dispatcher_stats(parts.dispatcher, &stats);
    ck_assert(!stats.is_split);
    pool_stats_release(&stats.pool);
    parts_close();
}
END_TEST

START_TEST(dispatcher_split_tenants_that_come_later_go_by_their_rank)
{
    struct pool_config config = two_lanes();
    uint64_t *keys;
    size_t count;

    parts_open(&pool_pinned);
    add_tenants();
    count = divide(&config, &keys);
    for (char name[] = "k"; name[0] <= 'z'; name[0]++)
        add_tenants_worker(name, "w", "load", 0);
    expect_dealt('k', 'z', keys, count, false);
    dispatcher_swap_sides(parts.dispatcher);
    expect_dealt('k', 'z', keys, count, true);
    unite(keys);
    parts_close();
}
END_TEST

static char find_tenant(bool is_rivals, const uint64_t *keys, size_t count)
{
    char tenant = 'a';

    while (is_odd(tenant, keys, count) != is_rivals)
        tenant++;
    ck_assert_int_lt(tenant, 'a' + TENANTS);
    return tenant;
}

START_TEST(dispatcher_submit_full_queue_is_the_sides_own)
{
    struct pool_config config = two_lanes();
    char rivals[2] = "", own[2] = "";
    struct job jobs[4] = {0};
    uint64_t *keys;
    int errs[3];
    size_t count;

    parts_open(&pool_pinned);
    add_tenants();
    config.lanes = config.isolates = config.queue = 1;
    count = divide(&config, &keys);
    rivals[0] = find_tenant(true, keys, count);
    own[0] = find_tenant(false, keys, count);
    for (int i = 0; i < 3; i++)
        errs[i] = job_start_for(&jobs[i], rivals, "w", "sleep:300 answer");
    ck_assert_int_eq(errs[0], 0);
    ck_assert_int_eq(errs[2], E_BUSY);
    ck_assert_int_eq(job_start_for(&jobs[3], own, "w", "answer"), 0);
    job_expect_answer(&jobs[3], ARCHITECTURE_PINNED);
    for (int i = 0; i < 3; i++) {
        if (errs[i] == 0)
            job_expect_answer(&jobs[i], ARCHITECTURE_LEGACY);
        else
            job_release(&jobs[i]);
    }
    unite(keys);
    parts_close();
}
END_TEST

START_TEST(dispatcher_cancel_finds_the_task_on_either_side)
{
    struct pool_config config = two_lanes();
    struct job jobs[TENANTS] = {0};
    uint64_t *keys;

    parts_open(&pool_pinned);
    add_tenants();
    (void)divide(&config, &keys);
    start_all(jobs, "sleep:30000 answer");
    dispatcher_swap_sides(parts.dispatcher);
    for (int i = 0; i < TENANTS; i++)
        dispatcher_cancel(&jobs[i].dispatch);
    for (int i = 0; i < TENANTS; i++) {
        parts_await(&jobs[i].is_done);
        ck_assert_int_eq(jobs[i].dispatch.task.outcome.failure.reason, FAILURE_CANCELLED);
        job_release(&jobs[i]);
    }
    ck_assert_uint_eq(dispatcher_drain(parts.dispatcher, 5000), 0);
    unite(keys);
    parts_close();
}
END_TEST

START_TEST(dispatcher_drain_while_split_drains_both)
{
    struct pool_config config = two_lanes();
    struct job jobs[TENANTS] = {0}, late = {0};
    uint64_t *keys;

    parts_open(&pool_pinned);
    add_tenants();
    (void)divide(&config, &keys);
    start_all(jobs, "sleep:100 answer");
    ck_assert_uint_eq(dispatcher_drain(parts.dispatcher, 0), TENANTS);
    for (int i = 0; i < TENANTS; i++) {
        const char name[] = {(char)('a' + i), '\0'};

        ck_assert_int_eq(job_start_for(&late, name, "w", "answer"), E_CLOSED);
        job_release(&late);
    }
    ck_assert_uint_eq(dispatcher_drain(parts.dispatcher, 10000), 0);
    for (int i = 0; i < TENANTS; i++)
        job_expect_answer(&jobs[i], jobs[i].dispatch.task.report.architecture);
    unite(keys);
    parts_close();
}
END_TEST

/* Room for isolates. */

START_TEST(isolate_room_check_counts_what_there_is_or_may_be)
{
    struct pool_config config = two_lanes();
    struct error error = {0};

    parts_open(&pool_pinned);
    config.isolates = isolate_room_max(config.lanes);
    ck_assert_int_eq(isolate_room_check(parts.dispatcher, &config, &error), 0);
    ck_assert_int_eq(isolate_room_check_rival(parts.dispatcher, &config, &error), E_INVALID);
    ck_assert_str_eq(error.field, "isolates");
    config.isolates = isolate_room_max(2 * config.lanes) - two_lanes().isolates;
    ck_assert_int_eq(isolate_room_check_rival(parts.dispatcher, &config, &error), 0);
    config.isolates++;
    ck_assert_int_eq(isolate_room_check_rival(parts.dispatcher, &config, &error), E_INVALID);
    config.isolates = isolate_room_max(config.lanes) + 1;
    ck_assert_int_eq(isolate_room_check(parts.dispatcher, &config, &error), E_INVALID);
    ck_assert_str_eq(error.field, "isolates");
    parts_close();
}
END_TEST

UNIT_MAIN("split", isolate_room_check_counts_what_there_is_or_may_be,
          dispatcher_split_deals_by_turns_and_swaps_sides,
          dispatcher_split_tenants_that_come_later_go_by_their_rank,
          dispatcher_submit_full_queue_is_the_sides_own,
          dispatcher_cancel_finds_the_task_on_either_side, dispatcher_drain_while_split_drains_both)
