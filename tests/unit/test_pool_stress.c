/*
 * Random tasks, stuck turns, terminations, cancellations and adoptions, against a simple model:
 * every task ends exactly once, with an outcome that its program allows, and tasks of an isolate
 * begin in the order of their submission.
 */
#include "api/bytes.h"
#include "api/clock.h"
#include "fake_shim.h"
#include "pool_fixture.h"
#include "unit.h"

#include <stdio.h>
#include <unistd.h>

#define WORKERS 6
#define CALLS 4000
#define SUBMITTERS 2

/* What a program may end with. */
struct kind {
    const char *program;
    bool may_answer;
    enum failure_reason reason; /* FAILURE_NONE: it must answer */
    enum limit limit;
};

static const struct kind kinds[] = {
    {"answer", true, FAILURE_NONE, LIMIT_NONE},
    {"log work:20 answer", true, FAILURE_NONE, LIMIT_NONE},
    {"sleep:1 answer", true, FAILURE_NONE, LIMIT_NONE},
    {"sleep:3 work:50 sleep:1 answer", true, FAILURE_NONE, LIMIT_NONE},
    {"stray-timer answer", true, FAILURE_NONE, LIMIT_NONE},
    {"throw", false, FAILURE_EXCEPTION, LIMIT_NONE},
    {"spin:9 answer", true, FAILURE_NONE, LIMIT_NONE},
    {"burn", false, FAILURE_LIMIT_EXCEEDED, LIMIT_CPU},
    {"burn-later never", false, FAILURE_LIMIT_EXCEEDED, LIMIT_CPU},
    {"heap", false, FAILURE_LIMIT_EXCEEDED, LIMIT_HEAP},
};

/* How often each kind comes, of 1,000. */
static const unsigned weights[] = {500, 200, 150, 60, 40, 30, 8, 4, 4, 4};

static struct fixture f;
static struct script *workers[WORKERS];

struct submission {
    struct call call;
    const struct kind *kind;
    bool is_cancelled;
    bool is_refused;
};

static const struct kind *pick_kind(unsigned *seed)
{
    unsigned at = (unsigned)rand_r(seed) % 1000;

    for (size_t i = 0;; i++) {
        if (at < weights[i])
            return &kinds[i];
        at -= weights[i];
    }
}

struct submitter {
    pthread_t thread;
    unsigned seed;
    unsigned first_worker; /* its own workers, so that it knows the order of their tasks */
    struct submission *submissions;
};

static void maybe_cancel(struct submitter *s, unsigned last)
{
    struct submission *victim =
        &s->submissions[last - (unsigned)rand_r(&s->seed) % (last < 20 ? last + 1 : 20)];

    if (victim->is_refused || victim->is_cancelled)
        return;
    victim->is_cancelled = true;
    pool_cancel(f.pool, &victim->call.task);
}

static void *submit_all(void *arg)
{
    struct submitter *s = arg;

    for (unsigned i = 0; i < CALLS; i++) {
        struct submission *submission = &s->submissions[i];
        unsigned worker = s->first_worker + (unsigned)rand_r(&s->seed) % (WORKERS / SUBMITTERS);

        submission->kind = pick_kind(&s->seed);
        /* Lanes that wait for a mutex get it in no order. */
        submission->is_refused =
            call_start_numbered(&submission->call, &f, workers[worker], submission->kind->program,
                                f.config.handoff == HANDOFF_MUTEX ? 0 : i + 1) != 0;
        if (rand_r(&s->seed) % 20 == 0)
            maybe_cancel(s, i);
        if (rand_r(&s->seed) % 8 == 0)
            usleep((unsigned)rand_r(&s->seed) % 500);
    }
    return NULL;
}

static void check_outcome(const struct submission *s)
{
    const struct outcome *outcome = &s->call.task.outcome;

    if (outcome->kind == OUTCOME_ANSWERED) {
        ck_assert_msg(s->kind->may_answer, "'%s' answered", s->kind->program);
        return;
    }
    ck_assert_int_eq(outcome->kind, OUTCOME_FAILED);
    if (outcome->failure.reason == FAILURE_CANCELLED) {
        ck_assert_msg(s->is_cancelled, "'%s' was cancelled by nobody", s->kind->program);
        return;
    }
    if (outcome->failure.reason == FAILURE_ISOLATE_CONDEMNED)
        return; /* another one's doing */
    ck_assert_msg(outcome->failure.reason == s->kind->reason &&
                      outcome->failure.limit == s->kind->limit,
                  "'%s' failed: %s", s->kind->program, outcome->failure.message);
}

static void run(unsigned seed, unsigned lanes)
{
    struct submitter submitters[SUBMITTERS];
    struct limits limits = limits_default();
    unsigned answered = 0;

    limits.cpu_us = 15 * 1000;
    limits.startup_us = 60 * 1000 * 1000; /* a busy machine takes its time */
    fixture_init(&f);
    f.config.lanes = lanes;
    f.config.isolates = lanes * 2;
    f.config.isolates_per_worker = 1; /* or they would have no order */
    f.config.queue = 100000;
    f.crew_config.adopt_after_ms = 2;
    f.crew_config.cancel_grace_ms = 5;
    fixture_open(&f, &pool_pinned);
    for (unsigned i = 0; i < WORKERS; i++) {
        char name[16];

        snprintf(name, sizeof(name), "w%u", i);
        workers[i] = fixture_worker("t", name, "sleep:1 load", &limits);
    }
    for (unsigned i = 0; i < SUBMITTERS; i++) {
        submitters[i] =
            (struct submitter){.seed = seed + i,
                               .first_worker = i * (WORKERS / SUBMITTERS),
                               .submissions = xcalloc(CALLS, sizeof(struct submission))};
        pthread_create(&submitters[i].thread, NULL, submit_all, &submitters[i]);
    }
    for (unsigned i = 0; i < SUBMITTERS; i++) {
        pthread_join(submitters[i].thread, NULL);
        for (unsigned k = 0; k < CALLS; k++) {
            struct submission *s = &submitters[i].submissions[k];

            ck_assert(!s->is_refused);
            call_wait(&s->call);
            check_outcome(s);
            answered += s->call.task.outcome.kind == OUTCOME_ANSWERED;
            call_release(&s->call);
        }
        free(submitters[i].submissions);
    }
    ck_assert_uint_ge(answered, CALLS * SUBMITTERS * 8 / 10);

    struct pool_stats stats;

    pool_stats(f.pool, &stats);
    ck_assert_uint_ge(stats.adoptions, 10);
    ck_assert_uint_ge(stats.terminations, 10);
    ck_assert_uint_ge(stats.condemned, 10);
    ck_assert_uint_eq(stats.in_flight, 0);
    ck_assert_uint_eq(stats.answered + stats.failed + stats.limit_exceeded + stats.cancelled +
                          stats.condemned_tasks,
                      CALLS * SUBMITTERS);
    pool_stats_release(&stats);
    fixture_close(&f);
    for (unsigned i = 0; i < WORKERS; i++)
        script_unref(workers[i]);
}

START_TEST(pool_submit_random_tasks_one_lane_match_model)
{
    run(1, 1);
}
END_TEST

START_TEST(pool_submit_random_tasks_two_lanes_match_model)
{
    run(100, 2);
}
END_TEST

START_TEST(pool_submit_random_tasks_eight_lanes_match_model)
{
    run(200, 8);
}
END_TEST

UNIT_MAIN("pool_stress", pool_submit_random_tasks_one_lane_match_model,
          pool_submit_random_tasks_two_lanes_match_model,
          pool_submit_random_tasks_eight_lanes_match_model)
