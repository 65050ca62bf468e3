/* server/live: two pools that serve side by side for a while, on an engine without V8. */
#include "live_fixture.h"
#include "submitters.h"
#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

START_TEST(live_run_every_tenant_has_both_pools)
{
    struct asked_live asked = live_for(&pool_legacy, 800);
    unsigned counts[TENANTS][ARCHITECTURE_PINNED + 1] = {0};
    uint64_t asked_tasks = 0;

    parts_open(&pool_pinned);
    add_tenants();
    live_begin(&asked);
    while (!parts_is_set(&asked.is_done)) {
        for (int i = 0; i < TENANTS; i++)
            counts[i][ask_tenant((char)('a' + i))]++;
        asked_tasks += TENANTS;
        usleep(500);
    }
    live_finish(&asked, 0);
    for (int i = 0; i < TENANTS; i++) {
        ck_assert_uint_gt(counts[i][ARCHITECTURE_PINNED], 0);
        ck_assert_uint_gt(counts[i][ARCHITECTURE_LEGACY], 0);
    }
    for (unsigned arm = 0; arm < 2; arm++) {
        const struct tally *tally = &asked.result->figures[arm].tally;

        ck_assert_uint_gt(tally->answered, 0);
        ck_assert_uint_lt(tally->answered, asked_tasks * 3 / 4);
    }
    expect_served_by(ARCHITECTURE_PINNED);
    live_release(&asked);
    parts_close();
}
END_TEST

static void expect_arm(const struct comparison *c, unsigned arm, const char *name)
{
    const struct arm_figures *figures = &c->figures[arm];
    uint64_t tasks = 0;

    ck_assert_str_eq(c->arms[arm].name, name);
    for (unsigned i = 0; i < c->round_count; i++) {
        tasks += figures->rounds[i].tasks;
        ck_assert_uint_gt(figures->rounds[i].tasks, 0);
        ck_assert_double_gt(figures->rounds[i].per_s, 0);
        ck_assert_uint_le(figures->rounds[i].p50_us, figures->rounds[i].p99_us);
    }
    ck_assert_uint_eq(tasks, figures->tally.answered);
    ck_assert_uint_eq(figures->tally.failed, 0);
    /* The counters are read while tasks end: a few may stand in the one and not yet in the other.
     */
    ck_assert_uint_le(histogram_count(&figures->latency_us), tasks + 50);
    ck_assert_uint_ge(histogram_count(&figures->latency_us) + 50, tasks);
    ck_assert_double_le(figures->mean_depth, (double)figures->max_depth);
    ck_assert_uint_eq(figures->memory_bytes, 0);
}

START_TEST(live_run_report_says_what_both_did)
{
    struct asked_live asked = live_for(&pool_shared, 1200);
    const struct comparison *c;

    parts_open(&pool_legacy);
    add_tenants();
    asked.order.config.lanes = 3;
    live_begin(&asked);
    while (!parts_is_set(&asked.is_done)) {
        for (char tenant = 'a'; tenant < 'a' + TENANTS; tenant++)
            (void)ask_tenant(tenant);
    }
    live_finish(&asked, 0);
    c = asked.result;
    ck_assert_uint_eq(c->arm_count, 2);
    ck_assert_uint_eq(c->round_count, LIVE_ROUNDS_MIN);
    expect_arm(c, 0, "legacy");
    expect_arm(c, 1, "shared fifo");
    ck_assert_uint_eq(c->arms[0].config.lanes, 2);
    ck_assert_uint_eq(c->arms[1].config.lanes, 3);
    ck_assert_uint_ge(c->duration_ms, 1200);
    ck_assert_uint_eq(c->ratio_count, METRIC_COUNT);
    ck_assert_str_ne(c->verdict, "");
    ck_assert_uint_eq(c->note_count, 2);
    ck_assert_ptr_nonnull(strstr(c->notes[0], "8 tenants"));
    ck_assert_ptr_nonnull(strstr(c->notes[1], "demand"));
    ck_assert_uint_eq(asked.rounds, LIVE_ROUNDS_MIN);
    ck_assert_uint_eq(asked.round, LIVE_ROUNDS_MIN);
    ck_assert_double_gt(asked.share, 0.5);
    live_release(&asked);
    parts_close();
}
END_TEST

START_TEST(live_run_without_tasks_says_so)
{
    struct asked_live asked = live_for(&pool_legacy, LIVE_MS_MIN);

    parts_open(&pool_pinned);
    add_tenants();
    live_begin(&asked);
    live_finish(&asked, 0);
    ck_assert(!asked.result->is_decided);
    ck_assert_uint_eq(asked.result->note_count, 4);
    ck_assert_ptr_nonnull(strstr(asked.result->notes[2], "pinned, which serves, got no tasks"));
    ck_assert_ptr_nonnull(strstr(asked.result->notes[3], "legacy, the other one, got no tasks"));
    live_release(&asked);
    parts_close();
}
END_TEST

START_TEST(live_run_warms_the_rival)
{
    struct asked_live asked = live_for(&pool_pinned, 3000);
    enum architecture architecture = ARCHITECTURE_LEGACY;
    bool is_warm = true;

    parts_open(&pool_legacy);
    add_tenants();
    live_begin(&asked);
    await_split();
    for (char name[] = "a"; name[0] < 'a' + TENANTS; name[0]++) {
        struct job job = {0};

        ck_assert_int_eq(job_start_for(&job, name, "w", "answer"), 0);
        parts_await(&job.is_done);
        if (job.dispatch.task.report.architecture == ARCHITECTURE_PINNED) {
            architecture = ARCHITECTURE_PINNED;
            is_warm = is_warm && job.dispatch.task.report.is_warm;
        }
        job_expect_answer(&job, job.dispatch.task.report.architecture);
    }
    ck_assert_int_eq(architecture, ARCHITECTURE_PINNED);
    ck_assert(is_warm);
    live_cancel(&asked);
    live_finish(&asked, E_CANCELLED);
    parts_close();
}
END_TEST

START_TEST(live_run_fewer_than_two_tenants_is_refused)
{
    struct asked_live none = live_for(&pool_legacy, 200), one = none, two = none;

    parts_open(&pool_pinned);
    registry_put_inactive(parts.registry, "x", "w");
    registry_put_inactive(parts.registry, "y", "w");
    live_begin(&none);
    live_finish(&none, E_CONDITION);
    ck_assert_ptr_nonnull(strstr(none.error.message, "there is none"));
    add_tenants_worker("a", "w", "load", 0);
    add_tenants_worker("a", "v", "load", 0);
    live_begin(&one);
    live_finish(&one, E_CONDITION);
    ck_assert_ptr_nonnull(strstr(one.error.message, "there is one"));
    ck_assert_uint_eq(one.told, 0);
    ck_assert_int_eq(ask_tenant('a'), ARCHITECTURE_PINNED);
    add_tenants_worker("b", "w", "load", 0);
    live_begin(&two);
    live_finish(&two, 0);
    expect_served_by(ARCHITECTURE_PINNED);
    live_release(&two);
    parts_close();
}
END_TEST

START_TEST(live_run_rival_that_cannot_be_leaves_all_as_it_was)
{
    struct asked_live asked = live_for(&pool_legacy, 200);
    struct asked next = asked_for(&pool_legacy, 1000);

    parts_open(&pool_pinned);
    add_tenants();
    asked.order.config.isolates = 1;
    live_begin(&asked);
    live_finish(&asked, E_INVALID);
    ck_assert_str_eq(asked.error.field, "isolates");
    expect_served_by(ARCHITECTURE_PINNED);
    asked_begin(&next);
    asked_finish(&next, 0);
    parts_close();
}
END_TEST

/* Tasks from many threads throughout. */

static void compare_once(unsigned number)
{
    static const struct pool_ops *const rivals[] = {&pool_legacy, &pool_shared, &pool_pinned};
    struct asked_live asked = live_for(rivals[number % 3], LIVE_MS_MIN + number * 37 % 200);
    bool is_cancelled = number % 4 == 3;

    asked.order.config.lanes = 1 + number % 4;
    asked.order.config.handoff = number % 2 == 0 ? HANDOFF_FIFO : HANDOFF_MUTEX;
    asked.cancel_at = is_cancelled ? 1 + number % (2 * LIVE_ROUNDS_MIN) : 0;
    live_begin(&asked);
    live_finish(&asked, is_cancelled ? E_CANCELLED : 0);
    if (!is_cancelled) {
        ck_assert_uint_gt(asked.result->figures[0].tally.answered, 0);
        ck_assert_uint_gt(asked.result->figures[1].tally.answered, 0);
        live_release(&asked);
    }
}

static unsigned comparisons_wanted(void)
{
    const char *text = getenv("ISOYARD_COMPARISONS");

    return text ? (unsigned)atoi(text) : 16;
}

START_TEST(dispatcher_submit_while_pools_are_compared_every_task_ends_once)
{
    parts_open(&pool_pinned);
    submitters_start("abcd", "w", 1);
    for (unsigned i = 0; i < comparisons_wanted(); i++) {
        struct asked next = asked_for(i % 8 == 4 ? &pool_shared : &pool_pinned, 10000);

        compare_once(i);
        if (i % 4 != 0)
            continue;
        asked_begin_patiently(&next);
        asked_finish(&next, 0);
    }
    submitters_stop();
    ck_assert_uint_eq(dispatcher_drain(parts.dispatcher, 10000), 0);
    parts_close();
}
END_TEST

UNIT_MAIN("live", live_run_every_tenant_has_both_pools, live_run_report_says_what_both_did,
          live_run_without_tasks_says_so, live_run_warms_the_rival,
          live_run_fewer_than_two_tenants_is_refused,
          live_run_rival_that_cannot_be_leaves_all_as_it_was,
          dispatcher_submit_while_pools_are_compared_every_task_ends_once)
