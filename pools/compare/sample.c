/* Order statistics. */
#include "pools/compare/sample.h"

#include <math.h>
#include <stdlib.h>

#define COVERED 0.95

/* 2 P(X < k) is the chance that the median lies outside, X of the binomial distribution. */
size_t sample_interval_rank(size_t count)
{
    double chance = pow(0.5, (double)count); /* of X = k */
    double below = chance;                   /* of X <= k */
    size_t k = 0;

    while (k < count / 2 && 2 * below <= 1 - COVERED) {
        k++;
        chance *= (double)(count - k + 1) / (double)k;
        below += chance;
    }
    return k;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

struct sample sample_of(double *values, size_t count)
{
    struct sample ret = {.count = count};
    size_t rank = sample_interval_rank(count);

    if (count == 0)
        return ret;
    qsort(values, count, sizeof(values[0]), compare);
    ret.median = (values[(count - 1) / 2] + values[count / 2]) / 2;
    ret.min = values[0];
    ret.max = values[count - 1];
    ret.has_interval = rank > 0;
    ret.low = rank > 0 ? values[rank - 1] : 0;
    ret.high = rank > 0 ? values[count - rank] : 0;
    return ret;
}
