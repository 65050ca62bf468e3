/*
 * server/live: two pools that serve side by side for a while, on an engine without V8.
 */
#include "server/live.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "submitters.h"
#include "switch_fixture.h"
#include "unit.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whoever cancels has the answer within 100 ms. A busy machine is given more. */
#define SOON_MS 500

/* Live comparisons. */

struct asked_live {
    struct live_order order;
    struct error error;
    struct comparison *result;
    int err;
    bool is_done;
    unsigned times;     /* done was called */
    unsigned told;      /* progress was called */
    unsigned cancel_at; /* this call of it, counted from 1 */
    uint64_t cancelled_ns;
    double share;
    unsigned round, rounds;
};

static void cancel(struct asked_live *asked)
{
    asked->cancelled_ns = clock_now_ns();
    atomic_store(&asked->order.is_cancelled, true);
}

static void on_progress(struct live_order *order, const struct compare_progress *progress)
{
    struct asked_live *asked = (struct asked_live *)order;

    ck_assert_str_eq(progress->arm, "");
    ck_assert_uint_le(progress->round, progress->rounds);
    ck_assert_double_ge(progress->share, asked->share);
    ck_assert_double_le(progress->share, 1);
    asked->share = progress->share;
    asked->round = progress->round;
    asked->rounds = progress->rounds;
    if (++asked->told == asked->cancel_at)
        cancel(asked);
}

static void on_compared(struct live_order *order, int err, const struct error *error,
                        struct comparison *result)
{
    struct asked_live *asked = (struct asked_live *)order;

    asked->err = err;
    asked->times++;
    asked->result = result;
    if (err)
        asked->error = *error;
    parts_set(&asked->is_done);
}

static struct asked_live live_for(const struct pool_ops *ops, uint64_t duration_ms)
{
    return (struct asked_live){.order = {.ops = ops,
                                         .config = two_lanes(),
                                         .duration_ms = duration_ms,
                                         .warm_limit = 8,
                                         .progress = on_progress,
                                         .done = on_compared}};
}

static void live_begin(struct asked_live *asked)
{
    uint64_t end_ns = clock_now_ns() + 20 * NS_PER_S;
    struct error error = {0};
    int err;

    while ((err = switcher_begin_live(parts.switcher, &asked->order, &error)) == E_CONDITION) {
        ck_assert_msg(clock_now_ns() < end_ns, "%s", error.message);
        usleep(500);
    }
    ck_assert_int_eq(err, 0);
}

static void live_finish(struct asked_live *asked, int err)
{
    parts_await(&asked->is_done);
    ck_assert_uint_eq(asked->times, 1);
    ck_assert_msg(asked->err == err, "%d: %s", asked->err, asked->error.message);
    ck_assert(!asked->result == !!err);
}

static void live_release(struct asked_live *asked)
{
    comparison_release(asked->result);
    free(asked->result);
}

static void read_stats(struct dispatcher_stats *ret)
{
    dispatcher_stats(parts.dispatcher, ret);
    pool_stats_release(&ret->pool);
}

static void await_split(void)
{
    struct dispatcher_stats stats;

    do {
        usleep(200);
        read_stats(&stats);
    } while (!stats.is_split);
}

static void expect_served_by(enum architecture architecture)
{
    struct dispatcher_stats stats;

    read_stats(&stats);
    ck_assert_int_eq(stats.architecture, architecture);
    ck_assert(!stats.is_split);
    ck_assert_uint_eq(stats.switches, 0);
    for (char tenant = 'a'; tenant < 'a' + 2; tenant++)
        ck_assert_int_eq(ask_tenant(tenant), architecture);
}

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
    cancel(&asked);
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

/* Ending it early. */

/* Every thread is a folder there, which counts as a link. Without a descriptor: ThreadSanitizer
 * takes the one that libuv had under the same number before for the same. */
static unsigned count_threads(void)
{
    struct stat info;

    ck_assert_int_eq(stat("/proc/self/task", &info), 0);
    return (unsigned)info.st_nlink - 2;
}

static void await_threads(unsigned count)
{
    for (int i = 0; i < 10000 && count_threads() > count; i++)
        usleep(1000);
    ck_assert_uint_eq(count_threads(), count);
}

/* Waits for the end of what was cancelled, and sees to it that nothing is left of it. */
static void expect_nothing_left(struct asked_live *asked, unsigned threads)
{
    struct asked next = asked_for(&pool_legacy, 5000);

    live_finish(asked, E_CANCELLED);
    ck_assert_uint_lt((clock_now_ns() - asked->cancelled_ns) / NS_PER_MS, SOON_MS);
    expect_served_by(ARCHITECTURE_PINNED);
    await_threads(threads);
    asked_begin_patiently(&next);
    asked_finish(&next, 0);
    ck_assert_int_eq(next.report.previous, ARCHITECTURE_PINNED);
    ck_assert_int_eq(ask_tenant('a'), ARCHITECTURE_LEGACY);
}

/* Cancels it when it tells its progress for this time. */
static void cancel_when_told(unsigned times)
{
    struct asked_live asked = live_for(&pool_shared, 30000);
    unsigned threads;

    asked.cancel_at = times;
    if (times > 2)
        asked.order.duration_ms = 600;
    parts_open(&pool_pinned);
    add_tenants();
    threads = count_threads();
    live_begin(&asked);
    expect_nothing_left(&asked, threads);
    ck_assert_uint_eq(asked.told, times);
    parts_close();
}

START_TEST(live_run_cancelled_before_it_warms)
{
    cancel_when_told(1);
}
END_TEST

START_TEST(live_run_cancelled_as_the_first_half_is_counted)
{
    cancel_when_told(2);
}
END_TEST

START_TEST(live_run_cancelled_in_the_first_half)
{
    cancel_when_told(4);
}
END_TEST

START_TEST(live_run_cancelled_as_the_second_half_is_counted)
{
    cancel_when_told(2 + LIVE_ROUNDS_MIN);
}
END_TEST

START_TEST(live_run_cancelled_in_the_last_window)
{
    cancel_when_told(1 + 2 * LIVE_ROUNDS_MIN);
}
END_TEST

START_TEST(live_run_cancelled_before_it_begins)
{
    struct asked_live asked = live_for(&pool_shared, 30000);
    unsigned threads;

    parts_open(&pool_pinned);
    add_tenants();
    threads = count_threads();
    cancel(&asked);
    live_begin(&asked);
    expect_nothing_left(&asked, threads);
    parts_close();
}
END_TEST

START_TEST(live_run_cancelled_while_it_warms)
{
    struct asked_live asked = live_for(&pool_shared, 30000);
    unsigned threads;

    parts_open(&pool_pinned);
    add_tenants();
    add_tenants_worker("slow", "w", "sleep:3000 load", 9);
    threads = count_threads();
    live_begin(&asked);
    usleep(100 * 1000);
    cancel(&asked);
    expect_nothing_left(&asked, threads);
    ck_assert_uint_eq(asked.told, 1);
    parts_close();
}
END_TEST

START_TEST(live_run_cancelled_while_it_settles_with_tasks_on_both_sides)
{
    struct asked_live asked = live_for(&pool_shared, 30000);
    struct job jobs[TENANTS] = {0};
    unsigned threads;

    parts_open(&pool_pinned);
    add_tenants();
    threads = count_threads();
    live_begin(&asked);
    await_split();
    start_all(jobs, "sleep:300 answer");
    cancel(&asked);
    expect_nothing_left(&asked, threads);
    for (int i = 0; i < TENANTS; i++)
        job_expect_answer(&jobs[i], jobs[i].dispatch.task.report.architecture);
    parts_close();
}
END_TEST

/* A task that goes on in the rival. */
static void start_in_rival(struct job *job, enum architecture serving, const char *program)
{
    char name[] = "a";

    while (ask_tenant(name[0]) == serving)
        name[0]++;
    ck_assert_int_eq(job_start_for(job, name, "w", program), 0);
}

START_TEST(live_run_long_task_outlives_the_answer)
{
    struct asked_live asked = live_for(&pool_legacy, 300);
    struct asked next = asked_for(&pool_legacy, 1000);
    struct job job = {0};
    struct error error = {0};

    parts_open(&pool_pinned);
    add_tenants();
    live_begin(&asked);
    await_split();
    start_in_rival(&job, ARCHITECTURE_PINNED, "sleep:1500 answer");
    live_finish(&asked, 0);
    ck_assert(!parts_is_set(&job.is_done));
    expect_served_by(ARCHITECTURE_PINNED);
    ck_assert_int_eq(switcher_begin(parts.switcher, &next.order, &error), E_CONDITION);
    ck_assert_ptr_nonnull(strstr(error.message, "since the last live comparison: 1 execution"));
    job_expect_answer(&job, ARCHITECTURE_LEGACY);
    asked_begin_patiently(&next);
    asked_finish(&next, 0);
    live_release(&asked);
    parts_close();
}
END_TEST

START_TEST(switcher_begin_while_pools_are_compared_is_refused)
{
    struct asked_live asked = live_for(&pool_legacy, 30000), second = asked;
    struct asked next = asked_for(&pool_legacy, 1000);
    struct error error = {0};

    parts_open(&pool_pinned);
    add_tenants();
    live_begin(&asked);
    ck_assert_int_eq(switcher_begin(parts.switcher, &next.order, &error), E_CONDITION);
    ck_assert_ptr_nonnull(strstr(error.message, "a live comparison is under way"));
    await_split();
    ck_assert_int_eq(switcher_begin(parts.switcher, &next.order, &error), E_CONDITION);
    ck_assert_int_eq(switcher_begin_live(parts.switcher, &second.order, &error), E_CONDITION);
    ck_assert_ptr_nonnull(strstr(error.message, "a live comparison is under way"));
    cancel(&asked);
    live_finish(&asked, E_CANCELLED);
    ck_assert_uint_eq(next.times + second.times, 0);
    parts_close();
}
END_TEST

START_TEST(switcher_begin_live_while_pools_are_switched_is_refused)
{
    struct asked_live second = live_for(&pool_legacy, 200);
    struct asked asked = asked_for(&pool_legacy, 10000);
    struct error error = {0};
    struct job before = {0};

    parts_open(&pool_pinned);
    add_tenants();
    ck_assert_int_eq(job_start_for(&before, "a", "w", "sleep:300 answer"), 0);
    asked_begin(&asked);
    ck_assert_int_eq(switcher_begin_live(parts.switcher, &second.order, &error), E_CONDITION);
    ck_assert_ptr_nonnull(strstr(error.message, "a switch is under way"));
    asked_finish(&asked, 0);
    job_expect_answer(&before, ARCHITECTURE_PINNED);
    live_begin(&second);
    live_finish(&second, 0);
    live_release(&second);
    parts_close();
}
END_TEST

/* The server shuts down. */

START_TEST(switcher_hasten_while_pools_are_compared_ends_it)
{
    struct asked_live asked = live_for(&pool_legacy, 30000), late = asked;
    struct error error = {0};
    struct job job = {0};

    parts_open(&pool_pinned);
    add_tenants();
    live_begin(&asked);
    await_split();
    start_in_rival(&job, ARCHITECTURE_PINNED, "sleep:300 answer");
    switcher_hasten(parts.switcher);
    ck_assert_uint_eq(dispatcher_drain(parts.dispatcher, 10000), 0);
    live_finish(&asked, E_CLOSED);
    ck_assert_int_eq(switcher_begin_live(parts.switcher, &late.order, &error), E_CLOSED);
    job_expect_answer(&job, ARCHITECTURE_LEGACY);
    parts_close();
}
END_TEST

START_TEST(switcher_stop_with_tasks_on_both_sides_ends_them)
{
    struct asked_live asked = live_for(&pool_legacy, 30000);
    struct job jobs[TENANTS] = {0};

    parts_open(&pool_pinned);
    add_tenants();
    live_begin(&asked);
    await_split();
    start_all(jobs, "sleep:20000 answer");
    parts_close();
    live_finish(&asked, E_CLOSED);
    for (int i = 0; i < TENANTS; i++) {
        ck_assert_int_eq(jobs[i].dispatch.task.outcome.failure.reason, FAILURE_DRAINING);
        ck_assert_uint_eq(jobs[i].times, 1);
        job_release(&jobs[i]);
    }
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
          live_run_rival_that_cannot_be_leaves_all_as_it_was, live_run_cancelled_before_it_warms,
          live_run_cancelled_as_the_first_half_is_counted, live_run_cancelled_in_the_first_half,
          live_run_cancelled_as_the_second_half_is_counted, live_run_cancelled_in_the_last_window,
          live_run_cancelled_before_it_begins, live_run_cancelled_while_it_warms,
          live_run_cancelled_while_it_settles_with_tasks_on_both_sides,
          live_run_long_task_outlives_the_answer,
          switcher_begin_while_pools_are_compared_is_refused,
          switcher_begin_live_while_pools_are_switched_is_refused,
          switcher_hasten_while_pools_are_compared_ends_it,
          switcher_stop_with_tasks_on_both_sides_ends_them,
          dispatcher_submit_while_pools_are_compared_every_task_ends_once)
