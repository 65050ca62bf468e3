/*
 * Log-linear histograms of whole numbers (here: microseconds), as in HdrHistogram: every power of
 * two is cut into 32 buckets of equal width, so that a bucket's upper end is at most 1/32 (3.2 %)
 * above any value in it. Anybody may read.
 */
#ifndef ISOYARD_HISTOGRAM_H
#define ISOYARD_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#define HISTOGRAM_SUB_BITS 5
#define HISTOGRAM_SUB (1u << HISTOGRAM_SUB_BITS)
#define HISTOGRAM_MAX_BITS                                                                         \
    40 /* values from 2^40 (12 days of microseconds) on share the last bucket */
#define HISTOGRAM_BUCKETS ((HISTOGRAM_MAX_BITS - HISTOGRAM_SUB_BITS + 1) * HISTOGRAM_SUB)

/* All zeroes is an empty one. */
struct histogram {
    _Atomic uint64_t sum;
    _Atomic uint64_t max;
    _Atomic uint64_t counts[HISTOGRAM_BUCKETS];
};

/* The one writer's thread. About 5 ns. */
void histogram_record(struct histogram *h, uint64_t value);

/* The same, for a histogram with several writers, which all use this. Any thread. */
void histogram_record_shared(struct histogram *h, uint64_t value);

/* Adds what src holds to dest, which nobody else sees. */
void histogram_merge(struct histogram *dest, const struct histogram *src);

/* Takes what src held off dest, which grew from it and which nobody else sees. The largest value
 * since then cannot be known: max becomes the upper end of the highest bucket that has any, or
 * dest's where that is lower. */
void histogram_subtract(struct histogram *dest, const struct histogram *src);

uint64_t histogram_count(const struct histogram *h);

/* How many values are below 2^bits, for all bits from 0 to HISTOGRAM_MAX_BITS - 1 (exact: these are
 * ends of buckets). Returns how many there are at all. */
uint64_t histogram_below_powers(const struct histogram *h, uint64_t ret[HISTOGRAM_MAX_BITS]);

/* The upper end of the bucket in which the given share (0 to 1) of the values is reached; never
 * above the largest value. 0 where there are none. */
uint64_t histogram_percentile(const struct histogram *h, double share);

#endif
