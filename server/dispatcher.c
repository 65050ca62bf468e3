/* Two seats, who is inside, and who goes to which. */
#include "server/dispatcher.h"

#include "api/bytes.h"
#include "api/clock.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#define SUBMITTED 1u
#define CANCELLED 2u

/* Those who enter a seat stay for about a microsecond. */
#define LEAVE_POLL_NS (50 * NS_PER_US)

/* dispatcher_drain looks this often. */
#define DRAIN_POLL_NS (1 * NS_PER_MS)

/* Of the processor's cache. */
#define LINE_BYTES 64

/*
 * `pool`, `inside` and `dispatcher.serving` are sequentially consistent where they are used against
 * each other: who enters adds to `inside` and then looks what is there; who takes away does so and
 * then looks at `inside`. One of the two sees the other.
 */
struct seat {
    _Alignas(LINE_BYTES) atomic_uint inside; /* who may call the pool right now */
    _Atomic(struct pool *) pool;             /* NULL: free */
    _Atomic uint64_t first_ns;               /* the first task since it serves; 0: none yet */
};

/*
 * How the tenants are divided. Immutable, but for the flag, which is relaxed: either side is right
 * for a task that comes while sides are swapped, and the pointer to this carries the rest.
 *
 * It is read only inside of the rival's seat. So dispatcher.split is one more of those that are
 * sequentially consistent: who enters adds to `inside` and then looks whether there is a split; who
 * takes it away does so and then waits until nobody is inside.
 */
struct split {
    atomic_bool is_swapped;
    size_t count;
    uint64_t keys[]; /* sorted */
};

struct dispatcher {
    struct seat seats[2];
    atomic_uint serving;           /* the seat; changes only while nothing is split */
    _Atomic(struct split *) split; /* NULL: all tasks go to the seat that serves */
    _Atomic uint64_t switches;

    pthread_mutex_t totals_lock; /* guards what follows, and a pool's leaving its seat for good */
    struct tally *closed;        /* what pools that are closed did, by architecture - 1 */
};

/* Entering and leaving. */

static void enter(struct seat *seat)
{
    atomic_fetch_add_explicit(&seat->inside, 1, memory_order_seq_cst);
}

static void leave(struct seat *seat)
{
    /* Release: what was done inside comes before the closing. */
    atomic_fetch_sub_explicit(&seat->inside, 1, memory_order_release);
}

static struct pool *pool_in(struct seat *seat)
{
    return atomic_load_explicit(&seat->pool, memory_order_seq_cst);
}

static struct seat *serving_seat(struct dispatcher *dispatcher)
{
    return &dispatcher->seats[atomic_load_explicit(&dispatcher->serving, memory_order_seq_cst)];
}

static struct seat *other_seat(struct dispatcher *dispatcher)
{
    return &dispatcher->seats[!atomic_load_explicit(&dispatcher->serving, memory_order_seq_cst)];
}

/* Enters the seat that serves: as long as nobody leaves it, the pool there gets tasks. */
static struct seat *enter_serving(struct dispatcher *dispatcher)
{
    for (;;) {
        struct seat *seat = serving_seat(dispatcher);

        enter(seat);
        if (seat == serving_seat(dispatcher))
            return seat;
        leave(seat);
    }
}

/*
 * Enters the seat of the rival: as long as nobody leaves it, the split is there, and the rival gets
 * tasks. NULL, and nothing is entered, where nothing is split.
 *
 * The split is looked at before the seat is looked at again: one that came after a switch would
 * have its rival in the other seat.
 */
static const struct split *enter_rivals(struct dispatcher *dispatcher, struct seat **ret)
{
    for (;;) {
        struct seat *seat = other_seat(dispatcher);
        const struct split *split;

        enter(seat);
        split = atomic_load_explicit(&dispatcher->split, memory_order_seq_cst);
        *ret = seat;
        if (split && seat == other_seat(dispatcher))
            return split;
        leave(seat);
        if (!split)
            return NULL;
    }
}

/* Until all who were inside have left. Those who enter meanwhile find what has changed. */
static void await_nobody(struct seat *seat)
{
    static const struct timespec pause = {.tv_nsec = LEAVE_POLL_NS};

    while (atomic_load_explicit(&seat->inside, memory_order_seq_cst) > 0)
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

/* Opening and closing. */

struct dispatcher *dispatcher_new(struct pool *pool)
{
    struct dispatcher *dispatcher = aligned_alloc(LINE_BYTES, sizeof(*dispatcher));

    if (!dispatcher)
        abort();
    memset(dispatcher, 0, sizeof(*dispatcher));
    atomic_store_explicit(&dispatcher->seats[0].pool, pool, memory_order_relaxed);
    pthread_mutex_init(&dispatcher->totals_lock, NULL);
    dispatcher->closed = xcalloc(ARCHITECTURES, sizeof(dispatcher->closed[0]));
    return dispatcher;
}

void dispatcher_free(struct dispatcher *dispatcher)
{
    if (!dispatcher)
        return;
    for (int i = 0; i < 2; i++)
        pool_close(pool_in(&dispatcher->seats[i]));
    free(atomic_load_explicit(&dispatcher->split, memory_order_relaxed));
    free(dispatcher->closed);
    pthread_mutex_destroy(&dispatcher->totals_lock);
    free(dispatcher);
}

/* Tasks. */

/* Acquire and release: whoever is second sees what the first one wrote. */
static unsigned add_state(struct dispatch *dispatch, unsigned state)
{
    return atomic_fetch_or_explicit(&dispatch->state, state, memory_order_acq_rel);
}

static void note_first(struct seat *seat)
{
    uint64_t none = 0;

    /* Relaxed: a figure. */
    if (atomic_load_explicit(&seat->first_ns, memory_order_relaxed) == 0)
        atomic_compare_exchange_strong_explicit(&seat->first_ns, &none, clock_now_ns(),
                                                memory_order_relaxed, memory_order_relaxed);
}

/* Inside the seat. */
static int submit(struct seat *seat, struct dispatch *dispatch)
{
    int err;

    dispatch->seat = seat;
    dispatch->pool = pool_in(seat);
    err = pool_submit(dispatch->pool, &dispatch->task);
    if (err)
        return err;
    note_first(seat);
    if (add_state(dispatch, SUBMITTED) & CANCELLED)
        pool_cancel(dispatch->pool, &dispatch->task);
    return 0;
}

/* How many keys are smaller. */
static size_t rank_of(const struct split *split, uint64_t key)
{
    size_t low = 0, high = split->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (split->keys[middle] < key)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_rivals(const struct split *split, const struct dispatch *dispatch)
{
    bool is_odd = rank_of(split, dispatch->task.script->tenant_key) % 2 == 1;

    return is_odd != atomic_load_explicit(&split->is_swapped, memory_order_relaxed);
}

/* Inside the seat, which this leaves. */
static int submit_and_leave(struct seat *seat, struct dispatch *dispatch)
{
    int err = submit(seat, dispatch);

    leave(seat);
    return err;
}

static int submit_split(struct dispatcher *dispatcher, struct dispatch *dispatch)
{
    struct seat *seat;
    const struct split *split = enter_rivals(dispatcher, &seat);

    if (split && is_rivals(split, dispatch))
        return submit_and_leave(seat, dispatch);
    if (split)
        leave(seat);
    return submit_and_leave(enter_serving(dispatcher), dispatch);
}

int dispatcher_submit(struct dispatcher *dispatcher, struct dispatch *dispatch)
{
    if (atomic_load_explicit(&dispatch->state, memory_order_relaxed) & CANCELLED)
        return E_CANCELLED;
    /* Relaxed: enter_rivals looks again. */
    if (atomic_load_explicit(&dispatcher->split, memory_order_relaxed))
        return submit_split(dispatcher, dispatch);
    return submit_and_leave(enter_serving(dispatcher), dispatch);
}

/*
 * The pool may be gone where the task's done has come; then pool_cancel does not touch it. Where
 * done has not come the pool is not empty, and so it is still in its seat; and once we are inside
 * it stays.
 */
void dispatcher_cancel(struct dispatch *dispatch)
{
    if (!(add_state(dispatch, CANCELLED) & SUBMITTED))
        return;
    enter(dispatch->seat);
    pool_cancel(dispatch->pool, &dispatch->task);
    leave(dispatch->seat);
}

/* Looking. */

static void read_serving(struct dispatcher *dispatcher, struct dispatcher_stats *ret)
{
    struct seat *seat = enter_serving(dispatcher);
    struct pool *pool = pool_in(seat);

    pool_stats(pool, &ret->pool);
    ret->architecture = pool_architecture(pool);
    ret->config = *pool_configuration(pool);
    leave(seat);
}

/* A pool in the other seat is one that served before, or one that is about to, or the rival of the
 * one that serves. */
static void read_other(struct dispatcher *dispatcher, struct dispatcher_stats *ret)
{
    struct seat *seat = other_seat(dispatcher);
    struct pool *pool;

    enter(seat);
    pool = pool_in(seat);
    if (pool && pool_is_draining(pool)) {
        ret->is_draining = true;
        ret->draining_architecture = pool_architecture(pool);
        ret->draining_executions = pool_live(pool);
    } else if (pool && atomic_load_explicit(&dispatcher->split, memory_order_relaxed)) {
        ret->is_split = true;
        ret->rival_architecture = pool_architecture(pool);
    }
    leave(seat);
}

void dispatcher_stats(struct dispatcher *dispatcher, struct dispatcher_stats *ret)
{
    *ret = (struct dispatcher_stats){
        .switches = atomic_load_explicit(&dispatcher->switches, memory_order_relaxed)};
    read_serving(dispatcher, ret);
    read_other(dispatcher, ret);
}

static void add_pool(struct pool *pool, struct tally totals[ARCHITECTURES])
{
    struct pool_stats *stats = xcalloc(1, sizeof(*stats));

    pool_stats(pool, stats);
    tally_add(&totals[pool_architecture(pool) - 1], stats, NULL);
    pool_stats_release(stats);
    free(stats);
}

/* With the lock held no pool is taken from its seat: it counts once, here or as a closed one. */
void dispatcher_totals(struct dispatcher *dispatcher, struct tally ret[ARCHITECTURES])
{
    pthread_mutex_lock(&dispatcher->totals_lock);
    memcpy(ret, dispatcher->closed, ARCHITECTURES * sizeof(ret[0]));
    for (int i = 0; i < 2; i++) {
        struct seat *seat = &dispatcher->seats[i];

        enter(seat);
        if (pool_in(seat))
            add_pool(pool_in(seat), ret);
        leave(seat);
    }
    pthread_mutex_unlock(&dispatcher->totals_lock);
}

/* Has both accept nothing more; how many executions run. */
static size_t drain_both(struct dispatcher *dispatcher)
{
    size_t left = 0;

    for (int i = 0; i < 2; i++) {
        struct seat *seat = &dispatcher->seats[i];
        struct pool *pool;

        enter(seat);
        pool = pool_in(seat);
        if (pool)
            left += pool_drain(pool, 0);
        leave(seat);
    }
    return left;
}

/* Nobody stays inside meanwhile: a switch or a live comparison that ends may have to wait for that.
 */
size_t dispatcher_drain(struct dispatcher *dispatcher, uint64_t timeout_ms)
{
    static const struct timespec pause = {.tv_nsec = DRAIN_POLL_NS};
    uint64_t until_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
    size_t left;

    while ((left = drain_both(dispatcher)) > 0 && clock_now_ns() < until_ns)
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
    return left;
}

/* Switching. */

struct pool *dispatcher_serving(struct dispatcher *dispatcher)
{
    return pool_in(serving_seat(dispatcher));
}

void dispatcher_seat(struct dispatcher *dispatcher, struct pool *pool)
{
    struct seat *seat = other_seat(dispatcher);

    assert(!pool_in(seat));
    atomic_store_explicit(&seat->first_ns, 0, memory_order_relaxed);
    atomic_store_explicit(&seat->pool, pool, memory_order_seq_cst);
}

struct pool *dispatcher_swap(struct dispatcher *dispatcher)
{
    struct seat *before = serving_seat(dispatcher);
    struct seat *after = other_seat(dispatcher);

    assert(pool_in(after) && !atomic_load_explicit(&dispatcher->split, memory_order_relaxed));
    atomic_store_explicit(&dispatcher->serving, (unsigned)(after - dispatcher->seats),
                          memory_order_seq_cst);
    atomic_fetch_add_explicit(&dispatcher->switches, 1, memory_order_relaxed);
    await_nobody(before);
    return pool_in(before);
}

uint64_t dispatcher_first_ns(struct dispatcher *dispatcher)
{
    return atomic_load_explicit(&serving_seat(dispatcher)->first_ns, memory_order_relaxed);
}

/* Dividing. */

static struct split *split_of(struct dispatcher *dispatcher)
{
    struct split *split = atomic_load_explicit(&dispatcher->split, memory_order_relaxed);

    assert(split); /* it is this thread that has split it */
    return split;
}

void dispatcher_split(struct dispatcher *dispatcher, const uint64_t *keys, size_t count)
{
    struct split *split = xcalloc(1, sizeof(*split) + count * sizeof(keys[0]));

    assert(!atomic_load_explicit(&dispatcher->split, memory_order_relaxed));
    assert(pool_in(other_seat(dispatcher)));
    split->count = count;
    if (count > 0)
        memcpy(split->keys, keys, count * sizeof(keys[0]));
    atomic_store_explicit(&dispatcher->split, split, memory_order_seq_cst);
}

void dispatcher_swap_sides(struct dispatcher *dispatcher)
{
    struct split *split = split_of(dispatcher);
    bool is_swapped = atomic_load_explicit(&split->is_swapped, memory_order_relaxed);

    atomic_store_explicit(&split->is_swapped, !is_swapped, memory_order_relaxed);
}

void dispatcher_unite(struct dispatcher *dispatcher)
{
    struct split *split = split_of(dispatcher);

    atomic_store_explicit(&dispatcher->split, NULL, memory_order_seq_cst);
    await_nobody(other_seat(dispatcher));
    free(split);
}

/* Closing. */

void dispatcher_unseat(struct dispatcher *dispatcher)
{
    struct seat *seat = other_seat(dispatcher);
    struct pool *pool = pool_in(seat);

    pthread_mutex_lock(&dispatcher->totals_lock);
    atomic_store_explicit(&seat->pool, NULL, memory_order_seq_cst);
    await_nobody(seat);
    add_pool(pool, dispatcher->closed);
    pthread_mutex_unlock(&dispatcher->totals_lock);
    pool_close(pool);
}
