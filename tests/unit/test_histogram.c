/* Histograms against sorted values. */
#include "api/histogram.h"

#include "unit.h"

static struct histogram h, other;

START_TEST(histogram_percentile_empty_is_zero)
{
    ck_assert_uint_eq(histogram_percentile(&h, 0.5), 0);
    ck_assert_uint_eq(histogram_count(&h), 0);
}
END_TEST

START_TEST(histogram_percentile_small_values_are_exact)
{
    for (uint64_t value = 1; value <= 50; value++)
        histogram_record(&h, value);
    ck_assert_uint_eq(histogram_count(&h), 50);
    ck_assert_uint_eq(histogram_percentile(&h, 0.02), 1);
    ck_assert_uint_eq(histogram_percentile(&h, 0.5), 25);
    ck_assert_uint_eq(histogram_percentile(&h, 0.9), 45);
    ck_assert_uint_eq(histogram_percentile(&h, 1), 50);
    ck_assert_uint_eq(h.sum, 50 * 51 / 2);
}
END_TEST

/* Every value stands in a bucket whose upper end is not below it, and above it by 1/32 at the most.
 */
START_TEST(histogram_percentile_error_is_bounded)
{
    for (uint64_t value = 1; value < UINT64_C(1) << 39; value += value / 37 + 1) {
        uint64_t end;

        memset(&h, 0, sizeof(h));
        histogram_record(&h, value);
        histogram_record(&h, UINT64_C(1) << 39);
        end = histogram_percentile(&h, 0.5);
        ck_assert_uint_ge(end, value);
        ck_assert_uint_le(end - value, value / 32);
    }
}
END_TEST

START_TEST(histogram_record_huge_values_share_the_last_bucket)
{
    histogram_record(&h, UINT64_C(1) << 40);
    histogram_record(&h, UINT64_MAX);
    ck_assert_uint_eq(histogram_count(&h), 2);
    ck_assert_uint_eq(h.counts[HISTOGRAM_BUCKETS - 1], 2);
    ck_assert_uint_eq(h.max, UINT64_MAX);
}
END_TEST

START_TEST(histogram_percentile_is_never_above_the_largest)
{
    histogram_record(&h, 1000);
    ck_assert_uint_eq(histogram_percentile(&h, 0.5), 1000);
}
END_TEST

static int compare(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

START_TEST(histogram_percentile_random_values_match_sorted)
{
    static const double shares[] = {0.01, 0.25, 0.5, 0.9, 0.99, 0.999};
    static uint64_t values[10000];
    unsigned seed = 7;

    for (size_t i = 0; i < 10000; i++) {
        values[i] = (uint64_t)rand_r(&seed) % (1u << (rand_r(&seed) % 24));
        histogram_record(&h, values[i]);
    }
    qsort(values, 10000, sizeof(values[0]), compare);
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        uint64_t exact = values[(size_t)(shares[i] * 10000 + 0.999999) - 1];
        uint64_t estimate = histogram_percentile(&h, shares[i]);

        ck_assert_uint_ge(estimate, exact);
        ck_assert_uint_le(estimate - exact, exact / 32);
    }
}
END_TEST

START_TEST(histogram_merge_adds_up)
{
    for (uint64_t value = 0; value < 100; value++) {
        histogram_record(&h, value);
        histogram_record(&other, value + 1000);
    }
    histogram_merge(&h, &other);
    ck_assert_uint_eq(histogram_count(&h), 200);
    ck_assert_uint_eq(h.max, 1099);
    ck_assert_uint_eq(h.sum, 4950 + 104950);
    ck_assert_uint_ge(histogram_percentile(&h, 0.51), 1000);
    ck_assert_uint_eq(histogram_percentile(&h, 0.5), histogram_percentile(&h, 0.495));
}
END_TEST

START_TEST(histogram_subtract_leaves_what_came_since)
{
    for (uint64_t value = 0; value < 100; value++)
        histogram_record(&h, value + 100000);
    histogram_merge(&other, &h);
    for (uint64_t value = 1; value <= 50; value++)
        histogram_record(&h, value);
    histogram_subtract(&h, &other);
    ck_assert_uint_eq(histogram_count(&h), 50);
    ck_assert_uint_eq(h.sum, 50 * 51 / 2);
    ck_assert_uint_eq(histogram_percentile(&h, 0.9), 45);
    ck_assert_uint_eq(h.max, 50); /* small values have buckets of their own */
}
END_TEST

START_TEST(histogram_subtract_itself_is_empty)
{
    histogram_record(&h, 12345);
    histogram_merge(&other, &h);
    histogram_subtract(&h, &other);
    ck_assert_uint_eq(histogram_count(&h), 0);
    ck_assert_uint_eq(h.sum, 0);
    ck_assert_uint_eq(h.max, 0);
}
END_TEST

/* Not above the largest of all, nor below what came. */
START_TEST(histogram_subtract_max_is_the_upper_end_of_a_bucket)
{
    histogram_record(&h, 1000000);
    histogram_merge(&other, &h);
    histogram_record(&h, 2001);
    histogram_subtract(&h, &other);
    ck_assert_uint_ge(h.max, 2001);
    ck_assert_uint_le(h.max, 2001 + 2001 / 32);
    memset(&h, 0, sizeof(h));
    memset(&other, 0, sizeof(other));
    histogram_record(&h, 2001);
    histogram_subtract(&h, &other);
    ck_assert_uint_eq(h.max, 2001);
}
END_TEST

START_TEST(histogram_below_powers_are_exact)
{
    uint64_t below[HISTOGRAM_MAX_BITS];
    unsigned seed = 1;

    memset(&h, 0, sizeof(h));
    histogram_record(&h, 0);
    histogram_record(&h, UINT64_MAX);
    for (unsigned i = 0; i < 1000; i++)
        histogram_record(&h, (uint64_t)rand_r(&seed) >> (i % 31));
    seed = 1;
    ck_assert_uint_eq(histogram_below_powers(&h, below), 1002);
    for (unsigned bits = 0; bits < HISTOGRAM_MAX_BITS; bits++) {
        uint64_t count = 1;

        seed = 1;
        for (unsigned i = 0; i < 1000; i++)
            count += (uint64_t)rand_r(&seed) >> (i % 31) < UINT64_C(1) << bits;
        ck_assert_uint_eq(below[bits], count);
    }
}
END_TEST

UNIT_MAIN("histogram", histogram_below_powers_are_exact, histogram_percentile_empty_is_zero,
          histogram_percentile_small_values_are_exact, histogram_percentile_error_is_bounded,
          histogram_record_huge_values_share_the_last_bucket,
          histogram_percentile_is_never_above_the_largest,
          histogram_percentile_random_values_match_sorted, histogram_merge_adds_up,
          histogram_subtract_leaves_what_came_since, histogram_subtract_itself_is_empty,
          histogram_subtract_max_is_the_upper_end_of_a_bucket)
