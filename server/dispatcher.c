/* Two seats, and who is inside. */
#include "server/dispatcher.h"

#include "api/bytes.h"
#include "api/clock.h"

#include <assert.h>
#include <stdlib.h>

#define SUBMITTED 1u
#define CANCELLED 2u

/* Those who enter a seat stay for about a microsecond. */
#define LEAVE_POLL_NS (50 * NS_PER_US)

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

struct dispatcher {
    struct seat seats[2];
    atomic_uint serving; /* the seat */
    _Atomic uint64_t switches;
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
    return dispatcher;
}

void dispatcher_free(struct dispatcher *dispatcher)
{
    if (!dispatcher)
        return;
    for (int i = 0; i < 2; i++)
        pool_close(pool_in(&dispatcher->seats[i]));
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

int dispatcher_submit(struct dispatcher *dispatcher, struct dispatch *dispatch)
{
    struct seat *seat;
    int err;

    if (atomic_load_explicit(&dispatch->state, memory_order_relaxed) & CANCELLED)
        return E_CANCELLED;
    seat = enter_serving(dispatcher);
    err = submit(seat, dispatch);
    leave(seat);
    return err;
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

/* A pool in the other seat is one that served before, or one that is about to. */
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

static uint64_t left_ms(uint64_t until_ns)
{
    uint64_t now_ns = clock_now_ns();

    return until_ns > now_ns ? (until_ns - now_ns) / NS_PER_MS : 0;
}

size_t dispatcher_drain(struct dispatcher *dispatcher, uint64_t timeout_ms)
{
    uint64_t until_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
    size_t left = 0;

    for (int i = 0; i < 2; i++) {
        struct seat *seat = &dispatcher->seats[i];
        struct pool *pool;

        enter(seat);
        pool = pool_in(seat);
        if (pool)
            left += pool_drain(pool, left_ms(until_ns));
        leave(seat);
    }
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

    assert(pool_in(after));
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

void dispatcher_unseat(struct dispatcher *dispatcher)
{
    struct seat *seat = other_seat(dispatcher);
    struct pool *pool = pool_in(seat);

    atomic_store_explicit(&seat->pool, NULL, memory_order_seq_cst);
    await_nobody(seat);
    pool_close(pool);
}
