/*
 * What a few measurements of the same thing say about it: the median, the extremes, and an interval
 * that covers the median with a probability of at least 95 %.
 *
 * The interval is that of the sign test: of n independent measurements the k-th smallest and the
 * k-th largest, k as large as the binomial distribution allows. It assumes no distribution, and
 * measurements that went wrong move it little. Below six measurements even the extremes do not
 * cover 95 %, and there is none. (W. J. Conover, Practical Nonparametric Statistics, 3rd ed.,
 * section 3.2.)
 */
#ifndef ISOYARD_SAMPLE_H
#define ISOYARD_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>

struct sample {
    size_t count;
    double median, min, max; /* 0 where count is 0 */
    bool has_interval;
    double low, high;
};

/* Sorts the values. */
struct sample sample_of(double *values, size_t count);

/* Of so many measurements, which ones (counted from 1, from either end) bound the interval; 0:
 * there is none. */
size_t sample_interval_rank(size_t count);

#endif
