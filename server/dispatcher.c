/* One pool, for now. */
#include "server/dispatcher.h"

#include "api/bytes.h"

#include <stdlib.h>

#define SUBMITTED 1u
#define CANCELLED 2u

struct dispatcher {
    struct pool *pool; /* immutable until pools can be switched */
};

struct dispatcher *dispatcher_new(struct pool *pool)
{
    struct dispatcher *dispatcher = xcalloc(1, sizeof(*dispatcher));

    dispatcher->pool = pool;
    return dispatcher;
}

void dispatcher_free(struct dispatcher *dispatcher)
{
    free(dispatcher);
}

/* Acquire and release: whoever is second sees what the first one wrote. */
static unsigned add_state(struct dispatch *dispatch, unsigned state)
{
    return atomic_fetch_or_explicit(&dispatch->state, state, memory_order_acq_rel);
}

int dispatcher_submit(struct dispatcher *dispatcher, struct dispatch *dispatch)
{
    struct pool *pool = dispatcher->pool;
    int err;

    if (atomic_load_explicit(&dispatch->state, memory_order_relaxed) & CANCELLED)
        return E_CANCELLED;
    dispatch->pool = pool;
    err = pool_submit(pool, &dispatch->task);
    if (err)
        return err;
    if (add_state(dispatch, SUBMITTED) & CANCELLED)
        pool_cancel(pool, &dispatch->task);
    return 0;
}

void dispatcher_cancel(struct dispatch *dispatch)
{
    if (add_state(dispatch, CANCELLED) & SUBMITTED)
        pool_cancel(dispatch->pool, &dispatch->task);
}

void dispatcher_stats(struct dispatcher *dispatcher, struct pool_stats *ret,
                      enum architecture *ret_architecture)
{
    *ret_architecture = pool_architecture(dispatcher->pool);
    pool_stats(dispatcher->pool, ret);
}
