/* Pools: workers that have more to do than their lane does. */
#include "pool_checks.h"
#include "pools/rendezvous.h"
#include "pools/spread.h"

#include <stdio.h>

#define LANES 2

/* Until a worker whose tasks wait counts as one that its lane does not keep up with. */
#define STANDING_MS (SPREAD_AFTER_MS + 15)

static unsigned first_lane(const struct script *script)
{
    return rendezvous_pick(script->worker_key, LANES);
}

/* A worker whose first lane is 0, and which shares no slot with another one of these. */
static struct script *worker_of_lane_0(const char *startup, unsigned slots_after)
{
    for (unsigned i = 0;; i++) {
        char name[16];
        struct script *script;

        snprintf(name, sizeof(name), "w%u", i);
        script = fixture_worker("t", name, startup, NULL);
        if (first_lane(script) == 0 && script->worker_key % SPREAD_SLOTS >= slots_after)
            return script;
        script_unref(script);
    }
}

static void open_two_lanes(unsigned spread)
{
    fixture_init(&f);
    f.config.lanes = LANES;
    f.config.spread = spread;
    fixture_open(&f, &pool_pinned);
}

static void start_many(struct call *calls, unsigned count, struct script *script,
                       const char *program)
{
    for (unsigned i = 0; i < count; i++)
        ck_assert_int_eq(call_start(&calls[i], &f, script, program), 0);
}

/* Waits for them; how many were answered on that lane. */
static unsigned finish_many(struct call *calls, unsigned count, unsigned lane)
{
    unsigned there = 0;

    for (unsigned i = 0; i < count; i++) {
        call_wait(&calls[i]);
        ck_assert_int_eq(calls[i].task.outcome.kind, OUTCOME_ANSWERED);
        there += calls[i].task.report.lane == lane;
        call_release(&calls[i]);
    }
    return there;
}

static unsigned lane_of_one(struct script *script)
{
    struct call call;

    ck_assert_int_eq(call_start(&call, &f, script, "answer"), 0);
    call_wait(&call);
    ck_assert_int_eq(call.task.outcome.kind, OUTCOME_ANSWERED);
    call_release(&call);
    return call.task.report.lane;
}

/* A first lot that stands, and those after it. */
static unsigned run_hot(struct script *script, unsigned later, unsigned lane)
{
    struct call first[10], calls[40];
    unsigned there;

    ck_assert_uint_le(later, 40);
    ck_assert_uint_eq(lane_of_one(script), 0); /* its isolate is there afterwards */
    start_many(first, 10, script, "spin:15 answer");
    sleep_ms(STANDING_MS);
    start_many(calls, later, script, "spin:5 answer");
    there = finish_many(first, 10, lane);
    return there + finish_many(calls, later, lane);
}

START_TEST(pool_submit_hot_worker_takes_second_lane)
{
    open_two_lanes(4);
    struct script *script = worker_of_lane_0("load", 0);

    ck_assert_uint_ge(run_hot(script, 20, 1), 5);
    ck_assert_uint_ge(STAT(spreads), 5);
    ck_assert_uint_eq(STAT(lanes[1].spreads), STAT(spreads));
    ck_assert_uint_eq(STAT(lanes[0].spreads), 0);
    ck_assert_uint_eq(atomic_load(&fake_figures.opened), 2);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_cool_worker_comes_back)
{
    struct call burst[10];

    fixture_init(&f);
    f.config.lanes = LANES;
    f.config.spread = 4;
    f.config.idle_ttl_ms = 200;
    fixture_open(&f, &pool_pinned);
    struct script *script = worker_of_lane_0("load", 0);

    run_hot(script, 20, 1);
    /* As many at once as before, but they do not stand. */
    start_many(burst, 10, script, "spin:3 answer");
    ck_assert_uint_eq(finish_many(burst, 10, 0), 10);
    for (int i = 0; i < 40; i++) {
        ck_assert_uint_eq(lane_of_one(script), 0);
        sleep_ms(10);
    }
    /* The isolate on the second lane has gone, that on the first one has not. */
    EXPECT_SOON(lanes[1].isolates, 0);
    ck_assert_uint_eq(STAT(lanes[0].isolates), 1);
    ck_assert_uint_ge(STAT(expired), 1);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_hot_worker_without_spread_stays)
{
    open_two_lanes(0);
    struct script *script = worker_of_lane_0("load", 0);

    ck_assert_uint_eq(run_hot(script, 10, 1), 0);
    ck_assert_uint_eq(STAT(spreads), 0);
    ck_assert_uint_eq(atomic_load(&fake_figures.opened), 1);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

/* Ends tasks that would sleep on; checks that the pool had sent them to lane 0. */
static void cancel_many(struct call *calls, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        ck_assert_uint_eq(calls[i].task.lane, 0);
        pool_cancel(f.pool, &calls[i].task);
        call_wait(&calls[i]);
        call_release(&calls[i]);
    }
}

/* Starts tasks that sleep on, and never so many at once that they would spread by themselves. */
static void park_many(struct call *calls, unsigned count, struct script *script)
{
    for (unsigned i = 0; i < count; i += 4) {
        start_many(&calls[i], count - i < 4 ? count - i : 4, script, "sleep:25000 answer");
        ck_assert_uint_eq(lane_of_one(script), 0); /* all before it have begun, then */
    }
}

#define SLEEPERS 1000

START_TEST(pool_submit_worker_with_many_sleeping_tasks_stays)
{
    static struct call calls[SLEEPERS];

    open_two_lanes(4);
    struct script *script = worker_of_lane_0("load", 0);

    park_many(calls, SLEEPERS, script);
    sleep_ms(STANDING_MS);
    ck_assert_uint_eq(lane_of_one(script), 0);
    ck_assert_uint_eq(STAT(in_flight), SLEEPERS);
    cancel_many(calls, SLEEPERS);
    ck_assert_uint_eq(STAT(spreads), 0);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

#define CAP 50

/* What waits for the isolate's own cap does not wait for the lane, however long it does. */
START_TEST(pool_submit_worker_at_its_cap_stays)
{
    struct call calls[CAP + 60];

    fixture_init(&f);
    f.config.lanes = LANES;
    f.config.spread = 4;
    f.config.tasks_per_isolate = CAP;
    fixture_open(&f, &pool_pinned);
    struct script *script = worker_of_lane_0("load", 0);

    park_many(calls, CAP - 1, script);
    start_many(&calls[CAP - 1], 1, script, "sleep:25000 answer");
    sleep_ms(50); /* it has begun */
    start_many(&calls[CAP], 20, script, "sleep:25000 answer");
    sleep_ms(STANDING_MS);
    start_many(&calls[CAP + 20], 20, script, "sleep:25000 answer");
    /* Ten end, and ten of those that wait begin. */
    cancel_many(calls, 10);
    start_many(&calls[CAP + 40], 20, script, "sleep:25000 answer");
    cancel_many(&calls[10], CAP + 50);
    ck_assert_uint_eq(STAT(spreads), 0);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

/* Nor does what waits for the isolate's start-up, and it has its time anew when that is over. */
START_TEST(pool_submit_worker_that_starts_up_stays)
{
    struct call calls[20];

    open_two_lanes(4);
    struct script *script = worker_of_lane_0("sleep:150 load", 0);

    start_many(calls, 10, script, "answer");
    sleep_ms(STANDING_MS);
    start_many(&calls[10], 10, script, "answer");
    ck_assert_uint_eq(finish_many(calls, 20, 0), 20);
    ck_assert_uint_eq(atomic_load(&fake_figures.opened), 1);
    ck_assert_uint_eq(STAT(spreads), 0);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_quiet_worker_beside_hot_one_stays)
{
    struct call first[10], calls[30];
    unsigned elsewhere;

    open_two_lanes(4);
    struct script *hot = worker_of_lane_0("load", 0);
    struct script *quiet = worker_of_lane_0("load", (unsigned)(hot->worker_key % SPREAD_SLOTS) + 1);

    ck_assert_uint_eq(lane_of_one(hot), 0);
    start_many(first, 10, hot, "spin:15 answer");
    sleep_ms(STANDING_MS);
    for (unsigned i = 0; i < 30; i++) {
        start_many(&calls[i], 1, hot, "spin:5 answer");
        if (i % 5 == 0)
            ck_assert_uint_eq(lane_of_one(quiet), 0);
    }
    elsewhere = finish_many(first, 10, 1) + finish_many(calls, 30, 1);
    ck_assert_uint_ge(elsewhere, 5);
    ck_assert_uint_eq(STAT(spreads), elsewhere);
    fixture_close(&f);
    script_unref(hot);
    script_unref(quiet);
}
END_TEST

/* A lane that somebody else keeps busy: nobody can adopt it here. */
START_TEST(pool_submit_busy_lane_is_left_by_worker_with_many_tasks)
{
    struct call blocker, waiting, calls[6];

    fixture_init(&f);
    f.config.lanes = LANES;
    f.config.spread = 4;
    f.crew_config.spares = 0;
    fixture_open(&f, &pool_pinned);
    struct script *busy = worker_of_lane_0("load", 0);
    struct script *hot = worker_of_lane_0("load", (unsigned)(busy->worker_key % SPREAD_SLOTS) + 1);
    struct script *quiet = worker_of_lane_0("load", (unsigned)(hot->worker_key % SPREAD_SLOTS) + 1);

    ck_assert_uint_eq(lane_of_one(busy), 0);
    ck_assert_uint_eq(lane_of_one(hot), 0);
    atomic_store(&fake_holds, true);
    ck_assert_int_eq(call_start(&blocker, &f, busy, "hold answer"), 0);
    sleep_ms(50); /* it has begun */
    start_many(calls, 6, hot, "answer");
    ck_assert_int_eq(call_start(&waiting, &f, quiet, "answer"), 0);
    sleep_ms(STANDING_MS);
    ck_assert_uint_eq(lane_of_one(hot), 1);
    ck_assert(!call_has_ended(&waiting));
    atomic_store(&fake_holds, false);
    ck_assert_uint_eq(finish_many(calls, 6, 0), 6);
    ck_assert_uint_eq(finish_many(&waiting, 1, 0), 1);
    ck_assert_uint_eq(finish_many(&blocker, 1, 0), 1);
    ck_assert_uint_eq(lane_of_one(hot), 0);
    fixture_close(&f);
    script_unref(busy);
    script_unref(hot);
    script_unref(quiet);
}
END_TEST

static void open_full_queues(unsigned spread)
{
    fixture_init(&f);
    f.config.lanes = LANES;
    f.config.spread = spread;
    f.config.queue = 3;
    f.crew_config.spares = 0;
    fixture_open(&f, &pool_pinned);
    atomic_store(&fake_holds, true);
}

/* One that runs and as many as may wait. */
static void fill_lane(struct call *calls, struct script *script)
{
    start_many(calls, 1, script, "hold answer");
    sleep_ms(50);
    start_many(&calls[1], 3, script, "answer");
}

static void expect_busy(struct script *script)
{
    struct call call;

    ck_assert_int_eq(call_start(&call, &f, script, "answer"), E_BUSY);
    request_unref(call.task.request);
}

START_TEST(pool_submit_all_lanes_full_is_busy)
{
    struct call calls[8];

    open_full_queues(100);
    struct script *script = worker_of_lane_0("load", 0);

    fill_lane(calls, script);
    fill_lane(&calls[4], script);
    expect_busy(script);
    ck_assert_uint_eq(STAT(refused), 1);
    atomic_store(&fake_holds, false);
    ck_assert_uint_eq(finish_many(calls, 4, 0), 4);
    ck_assert_uint_eq(finish_many(&calls[4], 4, 1), 4);
    ck_assert_uint_eq(STAT(spreads), 4);
    ck_assert_uint_eq(lane_of_one(script), 0);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_full_lane_without_spread_is_busy)
{
    struct call calls[4];

    open_full_queues(0);
    struct script *script = worker_of_lane_0("load", 0);

    fill_lane(calls, script);
    expect_busy(script);
    atomic_store(&fake_holds, false);
    ck_assert_uint_eq(finish_many(calls, 4, 0), 4);
    ck_assert_uint_eq(STAT(refused), 1);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_submit_full_queue_at_cap_is_busy)
{
    struct call calls[5];

    fixture_init(&f);
    f.config.lanes = LANES;
    f.config.queue = 3;
    f.config.tasks_per_isolate = 2;
    fixture_open(&f, &pool_pinned);
    struct script *script = worker_of_lane_0("load", 0);

    start_many(calls, 2, script, "sleep:300 answer");
    sleep_ms(50);
    start_many(&calls[2], 3, script, "answer");
    expect_busy(script);
    ck_assert_uint_eq(finish_many(calls, 5, 0), 5);
    ck_assert_uint_eq(STAT(spreads), 0);
    fixture_close(&f);
    script_unref(script);
}
END_TEST

START_TEST(pool_open_spread_out_of_bounds_is_invalid)
{
    struct error error = {0};

    fixture_init(&f);
    f.config.spread = 1000001;
    ck_assert_int_eq(crew_open(&f.crew_config, &f.crew, &error), 0);
    ck_assert_int_eq(pool_open(&pool_pinned, &f.config, f.crew, &f.pool, &error), E_INVALID);
    ck_assert_str_eq(error.field, "spread");
    crew_close(f.crew);
}
END_TEST

UNIT_MAIN("pool_spread", pool_submit_hot_worker_takes_second_lane,
          pool_submit_cool_worker_comes_back, pool_submit_hot_worker_without_spread_stays,
          pool_submit_worker_with_many_sleeping_tasks_stays, pool_submit_worker_at_its_cap_stays,
          pool_submit_worker_that_starts_up_stays, pool_submit_quiet_worker_beside_hot_one_stays,
          pool_submit_busy_lane_is_left_by_worker_with_many_tasks,
          pool_submit_all_lanes_full_is_busy, pool_submit_full_lane_without_spread_is_busy,
          pool_submit_full_queue_at_cap_is_busy, pool_open_spread_out_of_bounds_is_invalid)
