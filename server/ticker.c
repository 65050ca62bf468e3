/* Points in time, in their order. */
#include "server/ticker.h"

#include "api/bytes.h"
#include "api/clock.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct ticker {
    pthread_t thread;
    pthread_mutex_t lock; /* a leaf; guards the rest, and the ticks that are set */
    pthread_cond_t changed;
    struct tick *first; /* those that are set, by due time: they are few */
    bool is_stopping;
};

static void insert(struct ticker *ticker, struct tick *tick)
{
    struct tick **at = &ticker->first;

    while (*at && (*at)->due_ns <= tick->due_ns)
        at = &(*at)->next;
    tick->next = *at;
    *at = tick;
    tick->is_set = true;
}

static void take_out(struct ticker *ticker, struct tick *tick)
{
    struct tick **at = &ticker->first;

    while (*at != tick)
        at = &(*at)->next;
    *at = tick->next;
    tick->is_set = false;
}

static void wait_until(struct ticker *ticker, uint64_t due_ns)
{
    const struct timespec due = {(time_t)(due_ns / NS_PER_S), (long)(due_ns % NS_PER_S)};

    pthread_cond_timedwait(&ticker->changed, &ticker->lock, &due);
}

/* Waits for the next one that is due and takes it; NULL: the thread is to end. */
static struct tick *take_due(struct ticker *ticker)
{
    struct tick *tick = NULL;

    pthread_mutex_lock(&ticker->lock);
    while (!ticker->is_stopping && !tick) {
        if (!ticker->first)
            pthread_cond_wait(&ticker->changed, &ticker->lock);
        else if (ticker->first->due_ns > clock_now_ns())
            wait_until(ticker, ticker->first->due_ns);
        else
            take_out(ticker, tick = ticker->first);
    }
    pthread_mutex_unlock(&ticker->lock);
    return tick;
}

static void *run_ticks(void *arg)
{
    struct tick *tick;

    while ((tick = take_due(arg)) != NULL)
        tick->fn(tick);
    return NULL;
}

static void init_lock(struct ticker *ticker)
{
    pthread_condattr_t clock;

    pthread_mutex_init(&ticker->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&ticker->changed, &clock);
    pthread_condattr_destroy(&clock);
}

int ticker_start(struct ticker **ret, struct error *error)
{
    struct ticker *ticker = xcalloc(1, sizeof(*ticker));
    int err;

    init_lock(ticker);
    err = pthread_create(&ticker->thread, NULL, run_ticks, ticker);
    if (err) {
        ticker_free(ticker);
        return error_set(error, E_NOMEM, NULL, "cannot start the ticker's thread: %s",
                         strerror(err));
    }
    pthread_setname_np(ticker->thread, "ticker");
    *ret = ticker;
    return 0;
}

bool ticker_set(struct ticker *ticker, struct tick *tick, uint64_t due_ns)
{
    bool was_set;

    pthread_mutex_lock(&ticker->lock);
    was_set = tick->is_set;
    if (was_set)
        take_out(ticker, tick);
    tick->due_ns = due_ns;
    insert(ticker, tick);
    pthread_cond_signal(&ticker->changed);
    pthread_mutex_unlock(&ticker->lock);
    return !was_set;
}

bool ticker_clear(struct ticker *ticker, struct tick *tick)
{
    bool was_set;

    pthread_mutex_lock(&ticker->lock);
    was_set = tick->is_set;
    if (was_set)
        take_out(ticker, tick);
    pthread_mutex_unlock(&ticker->lock);
    return was_set;
}

void ticker_stop(struct ticker *ticker)
{
    if (!ticker)
        return;
    pthread_mutex_lock(&ticker->lock);
    ticker->is_stopping = true;
    pthread_cond_signal(&ticker->changed);
    pthread_mutex_unlock(&ticker->lock);
    pthread_join(ticker->thread, NULL);
}

void ticker_free(struct ticker *ticker)
{
    if (!ticker)
        return;
    assert(!ticker->first);
    pthread_cond_destroy(&ticker->changed);
    pthread_mutex_destroy(&ticker->lock);
    free(ticker);
}
