/* What measurements say, against a count of all cases; ratios and verdicts; sums of figures. */
#include "pools/compare/comparison.h"

#include "unit.h"

#include <math.h>
#include <stdio.h>

/* Samples. */

/* The probability that the interval of the k-th smallest and the k-th largest of n values covers
 * the median: neither fewer than k of them lie below it, nor above. */
static double coverage(unsigned n, unsigned k)
{
    double missed = 0;

    for (unsigned i = 0; i < k; i++)
        missed += exp(lgamma(n + 1.0) - lgamma(i + 1.0) - lgamma(n - i + 1.0) - n * log(2.0));
    return 1 - 2 * missed;
}

START_TEST(interval_is_the_narrowest_that_covers_95_percent)
{
    for (unsigned n = 1; n <= COMPARISON_ROUNDS_MAX; n++) {
        unsigned k = (unsigned)sample_interval_rank(n);

        if (k == 0) {
            ck_assert_double_lt(coverage(n, 1), 0.95);
            continue;
        }
        ck_assert_double_ge(coverage(n, k), 0.95);
        ck_assert(2 * (k + 1) > n || coverage(n, k + 1) < 0.95);
    }
    ck_assert_uint_eq(sample_interval_rank(5), 0);
    ck_assert_uint_eq(sample_interval_rank(6), 1);
    ck_assert_uint_eq(sample_interval_rank(11), 2);
}
END_TEST

START_TEST(sample_of_values_in_any_order)
{
    double values[] = {7, 1, 9, 3, 5, 2, 8, 4, 6, 11, 10};
    struct sample sample = sample_of(values, 11);

    ck_assert_double_eq(sample.median, 6);
    ck_assert_double_eq(sample.min, 1);
    ck_assert_double_eq(sample.max, 11);
    ck_assert(sample.has_interval);
    ck_assert_double_eq(sample.low, 2);
    ck_assert_double_eq(sample.high, 10);
}
END_TEST

START_TEST(sample_of_few_has_no_interval)
{
    double values[] = {4, 2};
    struct sample sample = sample_of(values, 2);

    ck_assert_double_eq(sample.median, 3);
    ck_assert(!sample.has_interval);
    ck_assert_uint_eq(sample_of(values, 0).count, 0);
    ck_assert_double_eq(sample_of(values, 0).median, 0);
}
END_TEST

/* Verdicts. */

static struct comparison comparison;

static void init(unsigned arm_count, unsigned rounds)
{
    struct pool_config config = pool_config_default();
    struct arm arms[3];

    arm_init(&arms[0], &pool_pinned, &config);
    arm_init(&arms[1], &pool_shared, &config);
    arm_init(&arms[2], &pool_legacy, &config);
    comparison_init(&comparison, arms, arm_count);
    comparison.round_count = rounds;
}

static void set_round(unsigned arm, unsigned round, double per_s)
{
    comparison.figures[arm].rounds[round] = (struct round_figures){
        .tasks = 100,
        .per_s = per_s,
        .p50_us = (uint64_t)(1e6 / per_s),
        .p99_us = (uint64_t)(2e6 / per_s),
        .cpu_us = 10,
    };
}

START_TEST(clear_lead_is_decided)
{
    init(2, 7);
    for (unsigned i = 0; i < 7; i++) {
        set_round(0, i, 1000 + 10 * i);
        set_round(1, i, (1000 + 10 * i) / 2.0);
    }
    comparison_conclude(&comparison, METRIC_THROUGHPUT);
    ck_assert(comparison.is_decided);
    ck_assert_str_eq(comparison.verdict, "pinned has 2.00 times the throughput of shared fifo "
                                         "(2.00 to 2.00 at 95 %, 7 rounds).");
    ck_assert_uint_eq(comparison.ratio_count, METRIC_COUNT);
    ck_assert_double_eq_tol(comparison.ratios[0].sample.median, 0.5, 1e-9);
    comparison_release(&comparison);
}
END_TEST

START_TEST(lead_that_comes_and_goes_is_not_decided)
{
    init(2, 7);
    for (unsigned i = 0; i < 7; i++) {
        set_round(0, i, 1000);
        set_round(1, i, i % 2 == 0 ? 900 : 1100);
    }
    comparison_conclude(&comparison, METRIC_THROUGHPUT);
    ck_assert(!comparison.is_decided);
    ck_assert_ptr_nonnull(strstr(comparison.verdict, "do not decide"));
    ck_assert_ptr_nonnull(strstr(comparison.verdict, "includes 1"));
    comparison_release(&comparison);
}
END_TEST

/* Drift that hits both alike is in no ratio. */
START_TEST(drift_does_not_hide_a_lead)
{
    init(2, 7);
    for (unsigned i = 0; i < 7; i++) {
        set_round(0, i, 1000 * (i + 1));
        set_round(1, i, 900 * (i + 1));
    }
    comparison_conclude(&comparison, METRIC_THROUGHPUT);
    ck_assert(comparison.is_decided);
    comparison_release(&comparison);
}
END_TEST

START_TEST(few_rounds_are_not_decided)
{
    init(2, 5);
    for (unsigned i = 0; i < 5; i++) {
        set_round(0, i, 1000);
        set_round(1, i, 10);
    }
    comparison_conclude(&comparison, METRIC_THROUGHPUT);
    ck_assert(!comparison.is_decided);
    ck_assert_ptr_nonnull(strstr(comparison.verdict, "5 rounds are too few"));
    comparison_release(&comparison);
}
END_TEST

START_TEST(failed_tasks_are_not_decided)
{
    init(2, 7);
    for (unsigned i = 0; i < 7; i++) {
        set_round(0, i, 1000);
        set_round(1, i, 10);
    }
    comparison.figures[0].tally.failed = 1;
    comparison_conclude(&comparison, METRIC_THROUGHPUT);
    ck_assert(!comparison.is_decided);
    ck_assert_ptr_nonnull(strstr(comparison.verdict, "1 task of pinned and shared fifo failed"));
    comparison_release(&comparison);
}
END_TEST

START_TEST(failures_up_to_the_tolerated_share_do_not_count)
{
    init(2, 7);
    for (unsigned i = 0; i < 7; i++) {
        set_round(0, i, 1000);
        set_round(1, i, 10);
    }
    comparison.tolerated_failures = 0.01;
    comparison.figures[1].tally.answered = 99;
    comparison.figures[1].tally.failed = 1;
    comparison_conclude(&comparison, METRIC_THROUGHPUT);
    ck_assert(comparison.is_decided);
    comparison.figures[1].tally.failed = 2;
    comparison_conclude(&comparison, METRIC_THROUGHPUT);
    ck_assert(!comparison.is_decided);
    comparison_release(&comparison);
}
END_TEST

START_TEST(arm_without_answers_loses)
{
    init(2, 7);
    for (unsigned i = 0; i < 7; i++)
        set_round(1, i, 10);
    comparison_conclude(&comparison, METRIC_P99);
    ck_assert(!comparison.is_decided);
    ck_assert_ptr_nonnull(strstr(comparison.verdict, "no round"));
    comparison_release(&comparison);
}
END_TEST

START_TEST(latency_is_better_where_it_is_less)
{
    init(3, 7);
    for (unsigned i = 0; i < 7; i++) {
        set_round(0, i, 500);
        set_round(1, i, 1000);
        set_round(2, i, 100);
    }
    comparison_conclude(&comparison, METRIC_P99);
    ck_assert(comparison.is_decided);
    ck_assert_str_eq(comparison.verdict,
                     "shared fifo has 0.50 times the p99 of pinned (0.50 to 0.50 at 95 %, 7 "
                     "rounds), the next best.");
    comparison_release(&comparison);
}
END_TEST

START_TEST(notes_beyond_the_bound_are_lost)
{
    init(2, 0);
    for (unsigned i = 0; i < COMPARISON_NOTES_MAX + 2; i++)
        comparison_note(&comparison, "%u", i);
    ck_assert_uint_eq(comparison.note_count, COMPARISON_NOTES_MAX);
    ck_assert_str_eq(comparison.notes[COMPARISON_NOTES_MAX - 1], "7");
    comparison_release(&comparison);
}
END_TEST

/* Tallies. */

START_TEST(tally_adds_what_came_since)
{
    static struct pool_stats before, after;
    static struct tally tally, sum;

    before.answered = 5;
    before.lock.acquisitions = 10;
    histogram_record(&before.cpu_us, 1000);
    after = before;
    after.answered = 8;
    after.refused = 1;
    after.limit_exceeded = 2;
    after.lock.acquisitions = 17;
    after.lock.contended = 3;
    after.evicted = 4;
    histogram_record(&after.cpu_us, 20);
    histogram_record(&after.cpu_us, 30);
    tally_add(&tally, &after, &before);
    ck_assert_uint_eq(tally.answered, 3);
    ck_assert_uint_eq(tally.failed, 3);
    ck_assert_uint_eq(tally.lock.acquisitions, 7);
    ck_assert_uint_eq(tally.lock.contended, 3);
    ck_assert_uint_eq(tally.isolates_evicted, 4);
    ck_assert_uint_eq(histogram_count(&tally.cpu_us), 2);
    ck_assert_double_eq(tally_cpu_us(&tally), 25);
    tally_add(&tally, &after, NULL);
    ck_assert_uint_eq(tally.answered, 11);
    tally_merge(&sum, &tally);
    tally_merge(&sum, &tally);
    ck_assert_uint_eq(sum.answered, 22);
    ck_assert_uint_eq(histogram_count(&sum.cpu_us), 10);
}
END_TEST

UNIT_MAIN("comparison", interval_is_the_narrowest_that_covers_95_percent,
          sample_of_values_in_any_order, sample_of_few_has_no_interval, clear_lead_is_decided,
          lead_that_comes_and_goes_is_not_decided, drift_does_not_hide_a_lead,
          few_rounds_are_not_decided, failed_tasks_are_not_decided,
          failures_up_to_the_tolerated_share_do_not_count, arm_without_answers_loses,
          latency_is_better_where_it_is_less, notes_beyond_the_bound_are_lost,
          tally_adds_what_came_since)
