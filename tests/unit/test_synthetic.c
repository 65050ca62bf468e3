/* Synthetic comparisons on the engine without V8; and the loads that have names. */
#include "pools/compare/synthetic.h"

#include "pool_checks.h"

#include <stdio.h>

#define SEEN_MAX 64

static atomic_bool is_cancelled;
static struct comparison comparison;
static struct error error;

/* Progress as it came. */
static char seen[SEEN_MAX][32];
static double shares[SEEN_MAX];
static unsigned seen_count;
static unsigned cancel_at; /* this turn; 0: never */

static void on_progress(void *arg, const struct compare_progress *progress)
{
    (void)arg;
    snprintf(seen[seen_count], sizeof(seen[0]), "%u/%u %s", progress->round, progress->rounds,
             progress->arm);
    shares[seen_count++] = progress->share;
    if (seen_count == cancel_at)
        atomic_store(&is_cancelled, true);
}

static struct request *new_request(const char *program)
{
    return request_new(bytes_of("GET"), bytes_of(program), bytes_of(""), (struct bytes){NULL, 0});
}

/* All four arms, on f's crew. */
static struct synthetic_plan plan_of(struct script *script, struct request *request,
                                     unsigned rounds)
{
    struct synthetic_plan plan = {
        .arm_count = 4,
        .rounds = rounds,
        .script = script,
        .request = request,
        .load = {.workers = 1, .callers = 4, .tasks = 40, .begin_ns = 20 * NS_PER_S},
    };
    struct pool_config config = f.config;

    plan.crew = f.crew;
    arm_init(&plan.arms[0], &pool_legacy, &config);
    arm_init(&plan.arms[1], &pool_shared, &config);
    config.handoff = HANDOFF_MUTEX;
    arm_init(&plan.arms[2], &pool_shared, &config);
    arm_init(&plan.arms[3], &pool_pinned, &config);
    return plan;
}

static void open_crew(void)
{
    fixture_init(&f);
    f.config.lanes = 2;
    f.config.isolates = 8;
    ck_assert_int_eq(crew_open(&f.crew_config, &f.crew, &error), 0);
}

static int run(const struct synthetic_plan *plan)
{
    const struct synthetic_watch watch = {&is_cancelled, on_progress, NULL};

    return synthetic_run(plan, &watch, &comparison, &error);
}

static void close_crew(void)
{
    ck_assert_uint_eq(atomic_load(&fake_figures.alive), 0);
    crew_close(f.crew);
}

START_TEST(every_arm_does_the_same_in_every_round)
{
    open_crew();
    struct script *script = fixture_worker("t", "w", "load", NULL);
    struct request *request = new_request("answer");
    struct synthetic_plan plan = plan_of(script, request, 3);

    ck_assert_int_eq(run(&plan), 0);
    ck_assert_uint_eq(comparison.arm_count, 4);
    ck_assert_uint_eq(comparison.round_count, 3);
    for (unsigned arm = 0; arm < 4; arm++) {
        const struct arm_figures *figures = &comparison.figures[arm];

        ck_assert_uint_eq(figures->tally.answered, 120);
        ck_assert_uint_eq(figures->tally.failed, 0);
        ck_assert_uint_eq(histogram_count(&figures->latency_us), 120);
        for (unsigned round = 0; round < 3; round++) {
            ck_assert_uint_eq(figures->rounds[round].tasks, 40);
            ck_assert_double_gt(figures->rounds[round].per_s, 0);
        }
    }
    ck_assert_str_eq(comparison.arms[2].name, "shared mutex");
    /* A new isolate for each task; or one for each new pool and lane that needs one. */
    ck_assert_uint_eq(comparison.figures[0].tally.isolates_created, 120);
    ck_assert_uint_le(comparison.figures[3].tally.isolates_created, 6);
    ck_assert_uint_gt(comparison.figures[1].tally.lock.acquisitions, 0);
    ck_assert_uint_eq(comparison.figures[3].tally.lock.acquisitions, 0);
    ck_assert_uint_eq(comparison.ratio_count, 3 * METRIC_COUNT);
    ck_assert_uint_gt(strlen(comparison.verdict), 0);
    ck_assert(!comparison.is_decided); /* three rounds are too few */
    comparison_release(&comparison);
    close_crew();
    request_unref(request);
    script_unref(script);
}
END_TEST

START_TEST(rounds_begin_with_another_arm_each)
{
    static const char *const expected[] = {
        "1/2 legacy",      "1/2 shared fifo",  "1/2 shared mutex", "1/2 pinned",
        "2/2 shared fifo", "2/2 shared mutex", "2/2 pinned",       "2/2 legacy",
    };

    open_crew();
    struct script *script = fixture_worker("t", "w", "load", NULL);
    struct request *request = new_request("answer");
    struct synthetic_plan plan = plan_of(script, request, 2);

    ck_assert_int_eq(run(&plan), 0);
    ck_assert_uint_eq(seen_count, 8);
    for (unsigned i = 0; i < 8; i++) {
        ck_assert_str_eq(seen[i], expected[i]);
        ck_assert_double_eq_tol(shares[i], i / 8.0, 1e-9);
    }
    comparison_release(&comparison);
    close_crew();
    request_unref(request);
    script_unref(script);
}
END_TEST

START_TEST(warm_ups_do_not_count)
{
    open_crew();
    struct script *script = fixture_worker("t", "w", "load", NULL);
    struct request *request = new_request("answer");
    struct synthetic_plan plan = plan_of(script, request, 1);

    plan.warm_ups = 10;
    plan.load.callers = 1;
    plan.load.tasks = 5;
    ck_assert_int_eq(run(&plan), 0);
    ck_assert_uint_eq(comparison.figures[3].tally.answered, 5);
    ck_assert_uint_eq(comparison.figures[3].tally.isolates_created, 0);
    ck_assert_uint_eq(comparison.figures[0].tally.isolates_created, 5);
    ck_assert_uint_eq(atomic_load(&fake_figures.events),
                      4 * 15 + atomic_load(&fake_figures.opened)); /* start-ups */
    comparison_release(&comparison);
    close_crew();
    request_unref(request);
    script_unref(script);
}
END_TEST

START_TEST(failures_are_told_and_keep_it_undecided)
{
    open_crew();
    struct script *script = fixture_worker("t", "w", "load", NULL);
    struct request *request = new_request("throw");
    struct synthetic_plan plan = plan_of(script, request, 7);

    plan.load.tasks = 4;
    ck_assert_int_eq(run(&plan), 0);
    ck_assert_uint_eq(comparison.figures[0].tally.failed, 28);
    ck_assert_uint_eq(comparison.figures[0].tally.answered, 0);
    ck_assert(!comparison.is_decided);
    ck_assert_uint_eq(comparison.note_count, 1);
    ck_assert_ptr_nonnull(strstr(comparison.notes[0], "Tasks failed"));
    comparison_release(&comparison);
    close_crew();
    request_unref(request);
    script_unref(script);
}
END_TEST

START_TEST(rounds_that_were_cut_are_told)
{
    open_crew();
    struct script *script = fixture_worker("t", "w", "load", NULL);
    struct request *request = new_request("sleep:50 answer");
    struct synthetic_plan plan = plan_of(script, request, 1);

    plan.load.begin_ns = 60 * NS_PER_MS;
    ck_assert_int_eq(run(&plan), 0);
    ck_assert_uint_eq(comparison.note_count, 4);
    ck_assert_ptr_nonnull(strstr(comparison.notes[3], "A round of pinned was cut"));
    ck_assert_uint_lt(comparison.figures[3].tally.answered, 40);
    comparison_release(&comparison);
    close_crew();
    request_unref(request);
    script_unref(script);
}
END_TEST

START_TEST(cancelled_half_way_it_leaves_nothing)
{
    open_crew();
    struct script *script = fixture_worker("t", "w", "load", NULL);
    struct request *request = new_request("sleep:5 answer");
    struct synthetic_plan plan = plan_of(script, request, 50);

    cancel_at = 6;
    ck_assert_int_eq(run(&plan), E_CANCELLED);
    ck_assert_uint_eq(seen_count, 6);
    ck_assert_uint_eq(atomic_load(&script->refs), 1);
    ck_assert_uint_eq(atomic_load(&request->refs), 1);
    close_crew();
    request_unref(request);
    script_unref(script);
}
END_TEST

START_TEST(pool_that_cannot_be_opened_is_an_error)
{
    open_crew();
    struct script *script = fixture_worker("t", "w", "load", NULL);
    struct request *request = new_request("answer");
    struct synthetic_plan plan = plan_of(script, request, 1);

    plan.arms[2].config.isolates = 0;
    ck_assert_int_eq(run(&plan), E_INVALID);
    ck_assert_str_eq(error.field, "isolates");
    close_crew();
    request_unref(request);
    script_unref(script);
}
END_TEST

START_TEST(open_loop_is_judged_by_p99)
{
    open_crew();
    struct script *script = fixture_worker("t", "w", "load", NULL);
    struct request *request = new_request("answer");
    struct synthetic_plan plan = plan_of(script, request, 7);

    plan.load.rate_per_s = 2000;
    ck_assert_int_eq(run(&plan), 0);
    ck_assert_ptr_nonnull(strstr(comparison.verdict, "p99"));
    comparison_release(&comparison);
    close_crew();
    request_unref(request);
    script_unref(script);
}
END_TEST

/* Named loads. */

START_TEST(workloads_are_found_by_name)
{
    static const char *const names[] = {"cpu",   "standard",    "warm",    "simple",
                                        "fetch", "multi-fetch", "threads", "contention"};

    ck_assert_uint_eq(workload_count, sizeof(names) / sizeof(names[0]));
    for (size_t i = 0; i < workload_count; i++) {
        ck_assert_str_eq(workloads[i].name, names[i]);
        ck_assert_ptr_eq(workload_find(names[i]), &workloads[i]);
    }
    ck_assert_ptr_null(workload_find(""));
    ck_assert_ptr_null(workload_find("cp"));
}
END_TEST

START_TEST(workload_scripts_have_names_of_their_own)
{
    const struct workload *workload = workload_find("contention");
    struct limits limits = limits_default();
    struct script *a = workload_script(workload, 0, 0, 0, &limits);
    struct script *b = workload_script(workload, 0, 1, 0, &limits);
    struct script *c = workload_script(workload, 0, 1, 1, &limits);

    ck_assert_uint_ne(a->worker_key, b->worker_key);
    ck_assert_uint_ne(b->worker_key, c->worker_key);
    ck_assert_str_eq(a->tenant, c->tenant);
    ck_assert_ptr_nonnull(script_find(a, "io.js", strlen("io.js")));
    script_unref(a);
    script_unref(b);
    script_unref(c);
}
END_TEST

START_TEST(workload_scripts_of_callers_are_told_apart)
{
    ck_assert_uint_eq(workload_worker_count(workload_find("cpu"), 4), 10);
    ck_assert_uint_eq(workload_worker_count(workload_find("threads"), 4), 20);
}
END_TEST

UNIT_MAIN("synthetic", every_arm_does_the_same_in_every_round, rounds_begin_with_another_arm_each,
          warm_ups_do_not_count, failures_are_told_and_keep_it_undecided,
          rounds_that_were_cut_are_told, cancelled_half_way_it_leaves_nothing,
          pool_that_cannot_be_opened_is_an_error, open_loop_is_judged_by_p99,
          workloads_are_found_by_name, workload_scripts_have_names_of_their_own,
          workload_scripts_of_callers_are_told_apart)
