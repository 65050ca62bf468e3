/*
 * server/dispatcher and server/switcher: many switches while tasks of two tenants come and are
 * cancelled, on an engine without V8. Every task ends once, with the answer to itself by an isolate
 * of its own worker; and neither isolates nor memory are left behind.
 *
 * ISOYARD_SWITCHES says how many switches, 50 if not; CK_TIMEOUT_MULTIPLIER gives them time.
 */
#include "api/resident.h"
#include "fake_shim.h"
#include "submitters.h"
#include "switch_fixture.h"
#include "unit.h"

#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#define SWITCHES_DEFAULT 50

/* How much more memory than after the first switches there may be at the end: what the heap's
 * arenas keep of what threads have freed. */
#define GROWTH_MAX_BYTES ((uint64_t)4 << 20)

static unsigned switches_wanted(void)
{
    const char *text = getenv("ISOYARD_SWITCHES");

    return text ? (unsigned)atoi(text) : SWITCHES_DEFAULT;
}

static void switch_once(unsigned number)
{
    static const struct {
        const struct pool_ops *ops;
        enum architecture architecture;
        enum handoff handoff;
    } steps[] = {{&pool_legacy, ARCHITECTURE_LEGACY, HANDOFF_FIFO},
                 {&pool_shared, ARCHITECTURE_SHARED, HANDOFF_FIFO},
                 {&pool_pinned, ARCHITECTURE_PINNED, HANDOFF_FIFO},
                 {&pool_shared, ARCHITECTURE_SHARED, HANDOFF_MUTEX}};
    struct asked asked = asked_for(steps[number % 4].ops, number % 5 == 0 ? 0 : 1000);

    asked.order.config.lanes = 1 + number / 4 % 4;
    asked.order.config.handoff = steps[number % 4].handoff;
    asked_begin_patiently(&asked);
    asked_finish(&asked, 0);
    ck_assert_int_eq(asked.report.architecture, steps[number % 4].architecture);
    ck_assert_int_eq(asked.report.config.handoff, steps[number % 4].handoff);
    usleep(number % 7 * 300);
}

static uint64_t trimmed_bytes(void)
{
    malloc_trim(0);
    return resident_bytes();
}

/* A sanitizer keeps what is freed. */
static void check_growth(uint64_t early_bytes, uint64_t late_bytes)
{
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    ck_assert_uint_lt(late_bytes, early_bytes + GROWTH_MAX_BYTES);
#else
    (void)early_bytes;
    (void)late_bytes;
#endif
}

static void run_switches(unsigned wanted)
{
    uint64_t early_bytes = 0, late_bytes;
    unsigned opened, closed;

    for (unsigned i = 0; i < wanted; i++) {
        switch_once(i);
        if (i == wanted / 10)
            early_bytes = trimmed_bytes();
    }
    late_bytes = trimmed_bytes();
    opened = atomic_load(&fake_figures.opened);
    closed = atomic_load(&fake_figures.closed);
    printf(
        "%u switches: resident %.1f MiB after %u, %.1f MiB at the end; %u isolates, of which %u live\n",
        wanted, (double)early_bytes / (1 << 20), wanted / 10, (double)late_bytes / (1 << 20),
        opened, opened - closed);
    check_growth(early_bytes, late_bytes);
}

START_TEST(dispatcher_submit_while_pools_are_switched_every_task_ends_once)
{
    parts_open(&pool_pinned);
    submitters_start("tu", "abcd", 0);
    run_switches(switches_wanted());
    printf("%" PRIu64 " tasks\n", submitters_stop());
    ck_assert_uint_eq(dispatcher_drain(parts.dispatcher, 10000), 0);
    parts_close();
    ck_assert_uint_gt(atomic_load(&fake_figures.opened), 0);
    ck_assert_uint_eq(atomic_load(&fake_figures.opened), atomic_load(&fake_figures.closed));
}
END_TEST

UNIT_MAIN("switch_stress", dispatcher_submit_while_pools_are_switched_every_task_ends_once)
