/* Figures of locks as protobuf-c has them. */
#include "server/lock_message.h"

#include "api/bytes.h"
#include "api/clock.h"

#include <stdlib.h>

void distribution_message_init(Isoyard__V1__Distribution *m, const struct histogram *h)
{
    isoyard__v1__distribution__init(m);
    m->count = histogram_count(h);
    m->sum_us = h->sum;
    m->p50_us = histogram_percentile(h, 0.5);
    m->p90_us = histogram_percentile(h, 0.9);
    m->p99_us = histogram_percentile(h, 0.99);
    m->p999_us = histogram_percentile(h, 0.999);
    m->max_us = h->max;
}

static uint64_t us_up(uint64_t ns)
{
    return ns / NS_PER_US + (ns % NS_PER_US != 0);
}

/* Of nanoseconds; rounded up, so that percentiles stay upper ends. */
static void set_distribution_of_ns(Isoyard__V1__Distribution *m, const struct histogram *h)
{
    distribution_message_init(m, h);
    m->sum_us = m->sum_us / NS_PER_US;
    m->p50_us = us_up(m->p50_us);
    m->p90_us = us_up(m->p90_us);
    m->p99_us = us_up(m->p99_us);
    m->p999_us = us_up(m->p999_us);
    m->max_us = us_up(m->max_us);
}

void lock_message_init(struct lock_message *m, const char *name, const struct lock_stats *lock)
{
    isoyard__v1__lock_stats__init(&m->lock);
    m->lock.name = (char *)name;
    m->lock.acquisitions = lock->acquisitions;
    m->lock.contended = lock->contended;
    m->lock.waiters = lock->waiters;
    m->lock.wait = &m->wait;
    m->lock.hold = &m->hold;
    m->lock.hold_p50_ns = histogram_percentile(&lock->hold_ns, 0.5);
    m->lock.hold_p99_ns = histogram_percentile(&lock->hold_ns, 0.99);
    distribution_message_init(&m->wait, &lock->wait_us);
    set_distribution_of_ns(&m->hold, &lock->hold_ns);
}

static void add_lock(struct locks_message *m, enum lock_kind kind, const struct lock_stats *lock)
{
    struct lock_message *of = &m->of[m->count];

    lock_message_init(of, lock_kind_name(kind), lock);
    m->pointers[m->count++] = &of->lock;
}

void locks_message_init(struct locks_message *m, const struct lock_stats now[LOCK_KINDS],
                        const struct lock_stats before[LOCK_KINDS])
{
    struct lock_stats *since = xcalloc(1, sizeof(*since));

    m->count = 0;
    for (enum lock_kind kind = 0; kind < LOCK_KINDS; kind++) {
        *since = now[kind];
        if (before)
            lock_stats_subtract(since, &before[kind]);
        if (since->acquisitions > 0)
            add_lock(m, kind, since);
    }
    free(since);
}
