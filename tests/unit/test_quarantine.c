/* Turns that do not end when they are stopped: written off, and survived. */
#include "fake_shim.h"
#include "pool_fixture.h"
#include "unit.h"

#include <unistd.h>

enum { ISOLATES = 8 };

static struct fixture f;
static atomic_uint exhausted;

static void count_exhausted(void *arg)
{
    (void)arg;
    atomic_fetch_add(&exhausted, 1);
}

static void open_pinned(unsigned spares, unsigned bound, unsigned isolates)
{
    fixture_init(&f);
    f.config.isolates = isolates;
    f.crew_config.spares = spares;
    f.crew_config.quarantine = bound;
    f.crew_config.quarantine_after_ms = 30;
    f.crew_config.exhausted = count_exhausted;
    fixture_open(&f, &pool_pinned);
    atomic_store(&fake_holds, true);
}

static struct pool_stats stats_now(void)
{
    struct pool_stats stats;

    pool_stats(f.pool, &stats);
    pool_stats_release(&stats);
    return stats;
}

/* A thread that goes to a lane as its adopter, and comes too late, is a spare soon. */
static void wait_for_spares(unsigned spares)
{
    for (int i = 0; i < 5000 && stats_now().spares != spares; i++)
        usleep(1000);
    ck_assert_uint_eq(stats_now().spares, spares);
}

/* Lets the threads out of their turns, and closes. */
static void let_go(unsigned spares)
{
    atomic_store(&fake_holds, false);
    for (int i = 0; i < 5000 && crew_quarantined(f.crew) > 0; i++)
        usleep(1000);
    ck_assert_uint_eq(crew_quarantined(f.crew), 0);
    wait_for_spares(spares);
    fixture_close(&f);
}

static struct script *worker(const char *name, const char *startup)
{
    struct limits limits = limits_default();

    limits.cpu_us = 20 * 1000;
    limits.startup_us = 20 * 1000;
    return fixture_worker("t", name, startup, &limits);
}

/* The watchdog says so when the task may have failed already. */
static void wait_for_exhausted(unsigned times)
{
    for (int i = 0; i < 5000 && atomic_load(&exhausted) < times; i++)
        usleep(1000);
    ck_assert_uint_eq(atomic_load(&exhausted), times);
}

/* The task fails by its limit, those in flight beside it with the isolate, those that have not
 * begun are answered by a fresh one. */
static void expect_survived(unsigned spares, const char *program, enum limit limit)
{
    struct call stuck, beside, queued;
    struct script *script;

    open_pinned(spares, 4, ISOLATES);
    script = worker("w", "load");
    ck_assert_int_eq(call_start(&beside, &f, script, "sleep:10000 answer"), 0);
    ck_assert_int_eq(call_start(&stuck, &f, script, program), 0);
    usleep(15 * 1000);
    ck_assert_int_eq(call_start(&queued, &f, script, "answer"), 0);
    call_wait(&stuck);
    call_wait(&beside);
    call_wait(&queued);
    ck_assert_int_eq(stuck.task.outcome.failure.reason, FAILURE_LIMIT_EXCEEDED);
    ck_assert_int_eq(stuck.task.outcome.failure.limit, limit);
    ck_assert_int_eq(beside.task.outcome.failure.reason, FAILURE_ISOLATE_CONDEMNED);
    ck_assert_ptr_nonnull(strstr(beside.task.outcome.failure.message, program));
    ck_assert_int_eq(queued.task.outcome.kind, OUTCOME_ANSWERED);
    ck_assert_uint_eq(stats_now().quarantined, 1);
    ck_assert_uint_eq(stats_now().quarantines, 1);
    wait_for_spares(spares);
    call_release(&stuck);
    call_release(&beside);
    call_release(&queued);
    let_go(spares);
    script_unref(script);
}

START_TEST(quarantine_turn_that_ignores_its_stop)
{
    expect_survived(2, "hold answer", LIMIT_CPU);
}
END_TEST

START_TEST(quarantine_without_spares)
{
    expect_survived(0, "hold answer", LIMIT_CPU);
}
END_TEST

START_TEST(quarantine_out_of_memory)
{
    expect_survived(2, "park", LIMIT_HEAP);
}
END_TEST

START_TEST(quarantine_startup_fails_its_tasks)
{
    struct call one, two;
    struct script *script;

    open_pinned(1, 4, ISOLATES);
    script = worker("w", "hold load");
    ck_assert_int_eq(call_start(&one, &f, script, "answer"), 0);
    ck_assert_int_eq(call_start(&two, &f, script, "answer"), 0);
    call_wait(&one);
    call_wait(&two);
    ck_assert_int_eq(one.task.outcome.failure.limit, LIMIT_STARTUP);
    ck_assert_int_eq(two.task.outcome.failure.limit, LIMIT_STARTUP);
    ck_assert_uint_eq(stats_now().quarantined, 1);
    call_release(&one);
    call_release(&two);
    let_go(1);
    script_unref(script);
}
END_TEST

START_TEST(quarantine_above_its_bound_says_so_once)
{
    struct call calls[4];

    open_pinned(1, 2, ISOLATES);
    for (int i = 0; i < 4; i++) {
        struct script *script = worker((const char *[]){"a", "b", "c", "d"}[i], "load");

        ck_assert_int_eq(call_start(&calls[i], &f, script, "hold answer"), 0);
        call_wait(&calls[i]);
        ck_assert_int_eq(calls[i].task.outcome.failure.limit, LIMIT_CPU);
        call_release(&calls[i]);
        script_unref(script);
        wait_for_exhausted(i >= 2);
    }
    ck_assert_uint_eq(stats_now().quarantined, 4);
    let_go(1);
}
END_TEST

/* As many start-ups as a lane tries at once, and the one isolate it may keep, are lost: the next
 * ones come to their turn all the same. */
START_TEST(quarantine_gives_places_up)
{
    struct call lost[POOL_CHECKS_PER_LANE + 1], check;
    struct script *holding, *good;

    open_pinned(1, 100, 1);
    holding = worker("holding", "hold load");
    good = worker("good", "load");
    for (unsigned i = 0; i <= POOL_CHECKS_PER_LANE; i++) {
        if (i < POOL_CHECKS_PER_LANE)
            ck_assert_int_eq(call_check(&lost[i], &f, holding), 0);
        else
            ck_assert_int_eq(call_start(&lost[i], &f, holding, "answer"), 0);
    }
    ck_assert_int_eq(call_check(&check, &f, good), 0);
    for (unsigned i = 0; i <= POOL_CHECKS_PER_LANE; i++) {
        call_wait(&lost[i]);
        ck_assert_int_eq(lost[i].task.outcome.failure.limit, LIMIT_STARTUP);
        call_release(&lost[i]);
    }
    call_wait(&check);
    ck_assert_int_eq(check.task.outcome.kind, OUTCOME_CHECKED);
    call_release(&check);
    call_expect(&f, good, "answer", "answer ");
    ck_assert_uint_eq(stats_now().quarantined, POOL_CHECKS_PER_LANE + 1);
    let_go(1);
    script_unref(holding);
    script_unref(good);
}
END_TEST

START_TEST(quarantine_forbidden_says_so_at_once)
{
    struct script *script;
    struct call call;

    open_pinned(1, 4, ISOLATES);
    ck_assert_uint_eq(crew_forbid_quarantine(f.crew), 0);
    script = worker("w", "load");
    ck_assert_int_eq(call_start(&call, &f, script, "hold answer"), 0);
    call_wait(&call);
    wait_for_exhausted(1);
    ck_assert_uint_eq(crew_forbid_quarantine(f.crew), 1);
    call_release(&call);
    let_go(1);
    script_unref(script);
}
END_TEST

UNIT_MAIN("quarantine", quarantine_turn_that_ignores_its_stop, quarantine_without_spares,
          quarantine_out_of_memory, quarantine_startup_fails_its_tasks,
          quarantine_above_its_bound_says_so_once, quarantine_gives_places_up,
          quarantine_forbidden_says_so_at_once)
