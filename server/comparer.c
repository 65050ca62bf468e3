/* One thread, one order at a time. */
#include "server/comparer.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "api/log.h"
#include "server/container_of.h"
#include "server/switcher.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct comparer {
    struct switcher *switcher;
    struct crew *crew;
    pthread_t thread;

    pthread_mutex_t lock; /* a leaf; guards the rest */
    pthread_cond_t changed;
    struct compare_order *order; /* to be begun, or under way; NULL: none */
    bool is_stopping;
    uint64_t concluded; /* so far */

    /* What the switcher said of a live one. */
    bool is_live_done;
    int live_err;
    struct error live_error;
    struct comparison *live_result;
};

/* Synthetic ones. */

static void tell(void *arg, const struct compare_progress *progress)
{
    struct compare_order *order = arg;

    order->progress(order, progress);
}

static int run_synthetic(struct comparer *comparer, struct compare_order *order,
                         struct comparison **ret, struct error *error)
{
    const struct synthetic_watch watch = {&order->is_cancelled, tell, order};
    struct comparison *result = xcalloc(1, sizeof(*result));
    int err;

    order->synthetic.crew = comparer->crew;
    err = synthetic_run(&order->synthetic, &watch, result, error);
    if (err)
        free(result);
    else
        *ret = result;
    return err;
}

/* Live ones. */

static struct compare_order *order_of(struct live_order *live)
{
    return container_of(live, struct compare_order, live);
}

static void on_live_progress(struct live_order *live, const struct compare_progress *progress)
{
    struct compare_order *order = order_of(live);

    order->progress(order, progress);
}

static void on_live_done(struct live_order *live, int err, const struct error *error,
                         struct comparison *result)
{
    struct comparer *comparer = order_of(live)->comparer;

    pthread_mutex_lock(&comparer->lock);
    comparer->is_live_done = true;
    comparer->live_err = err;
    if (err)
        comparer->live_error = *error;
    comparer->live_result = result;
    pthread_cond_signal(&comparer->changed);
    pthread_mutex_unlock(&comparer->lock);
}

static int run_live(struct comparer *comparer, struct compare_order *order, struct comparison **ret,
                    struct error *error)
{
    int err;

    comparer->is_live_done = false; /* nobody else is at it yet */
    order->live.progress = on_live_progress;
    order->live.done = on_live_done;
    err = switcher_begin_live(comparer->switcher, &order->live, error);
    if (err)
        return err;
    pthread_mutex_lock(&comparer->lock);
    while (!comparer->is_live_done)
        pthread_cond_wait(&comparer->changed, &comparer->lock);
    pthread_mutex_unlock(&comparer->lock);
    *ret = comparer->live_result;
    if (comparer->live_err)
        *error = comparer->live_error;
    return comparer->live_err;
}

/* The thread. */

static bool is_stopping(struct comparer *comparer)
{
    bool is;

    pthread_mutex_lock(&comparer->lock);
    is = comparer->is_stopping;
    pthread_mutex_unlock(&comparer->lock);
    return is;
}

static void log_end(const struct compare_order *order, uint64_t began_ns, int err,
                    const struct error *error)
{
    log_info("a comparison has ended", log_text("kind", order->is_live ? "live" : "synthetic"),
             log_number("ms", (clock_now_ns() - began_ns) / NS_PER_MS),
             log_text("error", err ? error->message : NULL));
}

static void run(struct comparer *comparer, struct compare_order *order)
{
    uint64_t began_ns = clock_now_ns();
    struct comparison *result = NULL;
    struct error error = {0};
    int err = order->is_live ? run_live(comparer, order, &result, &error)
                             : run_synthetic(comparer, order, &result, &error);

    if (err == E_CANCELLED && is_stopping(comparer))
        err = error_set(&error, E_CLOSED, NULL,
                        "the server is shutting down: the comparison was ended");
    log_end(order, began_ns, err, &error);
    order->conclude(order, err, &error, result);
    pthread_mutex_lock(&comparer->lock);
    comparer->order = NULL;
    comparer->concluded++;
    pthread_mutex_unlock(&comparer->lock);
    order->answer(order);
}

static void *thread_main(void *arg)
{
    struct comparer *comparer = arg;

    pthread_mutex_lock(&comparer->lock);
    for (;;) {
        struct compare_order *order = comparer->order;

        if (order) {
            pthread_mutex_unlock(&comparer->lock);
            run(comparer, order);
            pthread_mutex_lock(&comparer->lock);
        } else if (comparer->is_stopping) {
            break;
        } else {
            pthread_cond_wait(&comparer->changed, &comparer->lock);
        }
    }
    pthread_mutex_unlock(&comparer->lock);
    return NULL;
}

/* Orders. */

int comparer_begin(struct comparer *comparer, struct compare_order *order, struct error *error)
{
    int err = 0;

    order->comparer = comparer;
    atomic_init(&order->is_cancelled, false);
    atomic_init(&order->live.is_cancelled, false);
    pthread_mutex_lock(&comparer->lock);
    if (comparer->is_stopping)
        err = error_set(error, E_CLOSED, NULL, "the server is shutting down");
    else if (comparer->order)
        err = error_set(error, E_CONDITION, NULL,
                        "another comparison is under way; try again when it has ended");
    else
        comparer->order = order;
    pthread_cond_broadcast(&comparer->changed);
    pthread_mutex_unlock(&comparer->lock);
    return err;
}

uint64_t comparer_concluded(struct comparer *comparer)
{
    uint64_t concluded;

    if (!comparer)
        return 0;
    pthread_mutex_lock(&comparer->lock);
    concluded = comparer->concluded;
    pthread_mutex_unlock(&comparer->lock);
    return concluded;
}

void comparer_cancel(struct compare_order *order)
{
    atomic_store_explicit(&order->is_cancelled, true, memory_order_relaxed);
    atomic_store_explicit(&order->live.is_cancelled, true, memory_order_relaxed);
}

/* Beginning and end. */

int comparer_start(struct switcher *switcher, struct crew *crew, struct comparer **ret,
                   struct error *error)
{
    struct comparer *comparer = xcalloc(1, sizeof(*comparer));
    int err;

    comparer->switcher = switcher;
    comparer->crew = crew;
    pthread_mutex_init(&comparer->lock, NULL);
    pthread_cond_init(&comparer->changed, NULL);
    err = pthread_create(&comparer->thread, NULL, thread_main, comparer);
    if (err) {
        pthread_cond_destroy(&comparer->changed);
        pthread_mutex_destroy(&comparer->lock);
        free(comparer);
        return error_set(error, E_NOMEM, NULL, "no thread for comparisons: %s", strerror(err));
    }
    pthread_setname_np(comparer->thread, "compare");
    *ret = comparer;
    return 0;
}

void comparer_hasten(struct comparer *comparer)
{
    if (!comparer)
        return;
    pthread_mutex_lock(&comparer->lock);
    comparer->is_stopping = true;
    if (comparer->order)
        comparer_cancel(comparer->order);
    pthread_cond_broadcast(&comparer->changed);
    pthread_mutex_unlock(&comparer->lock);
}

void comparer_stop(struct comparer *comparer)
{
    if (!comparer)
        return;
    comparer_hasten(comparer);
    pthread_join(comparer->thread, NULL);
    pthread_cond_destroy(&comparer->changed);
    pthread_mutex_destroy(&comparer->lock);
    free(comparer);
}
