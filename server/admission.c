/* A gate and a count in one word, so that entering is one atomic step. */
#include "server/admission.h"

#include "api/clock.h"

#include <time.h>

#define CLOSED ((size_t)1)
#define ONE ((size_t)2)

void admission_init(struct admission *a)
{
    pthread_condattr_t clock;

    atomic_init(&a->state, 0);
    pthread_mutex_init(&a->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&a->changed, &clock);
    pthread_condattr_destroy(&clock);
}

void admission_release(struct admission *a)
{
    pthread_cond_destroy(&a->changed);
    pthread_mutex_destroy(&a->lock);
}

bool admission_enter(struct admission *a)
{
    /* Relaxed: the count orders nothing but itself until somebody waits for it to fall. */
    size_t before = atomic_fetch_add_explicit(&a->state, ONE, memory_order_relaxed);

    if (!(before & CLOSED))
        return true;
    admission_leave(a);
    return false;
}

void admission_leave(struct admission *a)
{
    /* Release: what was done inside comes before the waiter's going on. */
    size_t before = atomic_fetch_sub_explicit(&a->state, ONE, memory_order_release);

    if (before != (ONE | CLOSED))
        return;
    pthread_mutex_lock(&a->lock);
    pthread_cond_broadcast(&a->changed);
    pthread_mutex_unlock(&a->lock);
}

void admission_close(struct admission *a)
{
    atomic_fetch_or_explicit(&a->state, CLOSED, memory_order_relaxed);
}

bool admission_is_closed(const struct admission *a)
{
    return atomic_load_explicit(&a->state, memory_order_relaxed) & CLOSED;
}

size_t admission_count(const struct admission *a)
{
    return atomic_load_explicit(&a->state, memory_order_acquire) / ONE;
}

size_t admission_wait(struct admission *a, uint64_t timeout_ms)
{
    uint64_t until_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
    struct timespec until = {(time_t)(until_ns / NS_PER_S), (long)(until_ns % NS_PER_S)};
    int timed_out = 0;
    size_t count;

    pthread_mutex_lock(&a->lock);
    while ((count = admission_count(a)) > 0 && !timed_out)
        timed_out = pthread_cond_timedwait(&a->changed, &a->lock, &until);
    pthread_mutex_unlock(&a->lock);
    /* Not counted anew: who is just being refused is inside for a moment. */
    return count;
}
