/* Log-linear histograms. */
#include "api/histogram.h"

#include "api/counter.h"

#include <stddef.h>

/* Values below 2^(SUB_BITS + 1) have buckets of their own; above, the highest SUB_BITS + 1 bits
 * choose the bucket. */
static unsigned bucket_of(uint64_t value)
{
    unsigned exponent;

    if (value >= UINT64_C(1) << HISTOGRAM_MAX_BITS)
        return HISTOGRAM_BUCKETS - 1;
    if (value < HISTOGRAM_SUB)
        return (unsigned)value;
    exponent = 63u - (unsigned)__builtin_clzll(value) - HISTOGRAM_SUB_BITS;
    return (exponent + 1) * HISTOGRAM_SUB + (unsigned)(value >> exponent) - HISTOGRAM_SUB;
}

/* The largest value of a bucket. */
static uint64_t bucket_end(unsigned bucket)
{
    unsigned exponent;

    if (bucket < HISTOGRAM_SUB)
        return bucket;
    exponent = bucket / HISTOGRAM_SUB - 1;
    return ((uint64_t)(bucket % HISTOGRAM_SUB + HISTOGRAM_SUB + 1) << exponent) - 1;
}

/* There is one writer, so a load and a store do; readers may see a value a moment late. */
static void add(_Atomic uint64_t *counter, uint64_t amount)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + amount,
                          memory_order_relaxed);
}

static uint64_t get(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void histogram_record(struct histogram *h, uint64_t value)
{
    add(&h->counts[bucket_of(value)], 1);
    add(&h->sum, value);
    if (value > get(&h->max))
        atomic_store_explicit(&h->max, value, memory_order_relaxed);
}

void histogram_record_shared(struct histogram *h, uint64_t value)
{
    uint64_t max = get(&h->max);

    atomic_fetch_add_explicit(&h->counts[bucket_of(value)], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&h->sum, value, memory_order_relaxed);
    while (value > max && !atomic_compare_exchange_weak_explicit(
                              &h->max, &max, value, memory_order_relaxed, memory_order_relaxed))
        ;
}

void histogram_merge(struct histogram *dest, const struct histogram *src)
{
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        add(&dest->counts[i], get(&src->counts[i]));
    add(&dest->sum, get(&src->sum));
    if (get(&src->max) > get(&dest->max))
        atomic_store_explicit(&dest->max, get(&src->max), memory_order_relaxed);
}

void histogram_subtract(struct histogram *dest, const struct histogram *src)
{
    uint64_t max = 0;

    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        uint64_t count = counter_grown(get(&src->counts[i]), get(&dest->counts[i]));

        atomic_store_explicit(&dest->counts[i], count, memory_order_relaxed);
        if (count > 0)
            max = i == HISTOGRAM_BUCKETS - 1 ? UINT64_MAX : bucket_end(i);
    }
    atomic_store_explicit(&dest->sum, counter_grown(get(&src->sum), get(&dest->sum)),
                          memory_order_relaxed);
    if (max < get(&dest->max))
        atomic_store_explicit(&dest->max, max, memory_order_relaxed);
}

uint64_t histogram_count(const struct histogram *h)
{
    uint64_t count = 0;

    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        count += get(&h->counts[i]);
    return count;
}

uint64_t histogram_below_powers(const struct histogram *h, uint64_t ret[HISTOGRAM_MAX_BITS])
{
    uint64_t count = 0;
    unsigned next = 0;

    for (unsigned bits = 0; bits < HISTOGRAM_MAX_BITS; bits++) {
        for (unsigned end = bucket_of(UINT64_C(1) << bits); next < end; next++)
            count += get(&h->counts[next]);
        ret[bits] = count;
    }
    for (; next < HISTOGRAM_BUCKETS; next++)
        count += get(&h->counts[next]);
    return count;
}

uint64_t histogram_percentile(const struct histogram *h, double share)
{
    uint64_t count = histogram_count(h);
    uint64_t rank = (uint64_t)(share * (double)count + 0.999999);
    uint64_t seen = 0;
    uint64_t max = get(&h->max);

    if (count == 0)
        return 0;
    for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += get(&h->counts[i]);
        if (seen >= rank && seen > 0)
            return bucket_end(i) < max ? bucket_end(i) : max;
    }
    return max;
}
