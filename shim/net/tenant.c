/* Who has connections, who waits for a slot, who is idle. */
#include "shim/net/tenant.h"

#include "api/clock.h"
#include "shim/net/fetcher_private.h"

#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

/* Tenants whose connections are kept although they have no fetch, and for how long. */
#define IDLE_MAX 64u
#define IDLE_NS (30 * NS_PER_S)
#define SWEEP_MS 5000

struct tenant *tenant_of(struct fetcher *f, const char *name)
{
    struct tenant *t;
    size_t len = strlen(name);

    HASH_FIND(hh, f->tenants, name, len, t);
    if (t)
        return t;
    t = xcalloc(1, sizeof(*t) + len + 1);
    t->fetcher = f;
    memcpy(t->name, name, len + 1);
    HASH_ADD_KEYPTR(hh, f->tenants, t->name, len, t);
    return t;
}

static void leave_idle(struct tenant *t)
{
    DL_DELETE(t->fetcher->idle, t);
    t->fetcher->idle_count--;
    t->is_idle = false;
}

/* An idle one. */
static void tenant_free(struct tenant *t)
{
    assert(t->fetches == 0 && t->slots == 0);
    if (t->is_idle)
        leave_idle(t);
    handles_release(&t->handles);
    if (t->connections)
        connections_close(t->connections);
    HASH_DEL(t->fetcher->tenants, t);
    free(t);
}

static void on_sweep(uv_timer_t *timer)
{
    struct fetcher *f = timer->data;
    uint64_t now_ns = clock_now_ns();

    while (f->idle && now_ns - f->idle->idle_since_ns >= IDLE_NS)
        tenant_free(f->idle);
    if (!f->idle)
        uv_timer_stop(timer);
}

/* Without connections there is nothing to keep, and the tenant is gone. */
static void become_idle(struct tenant *t)
{
    struct fetcher *f = t->fetcher;

    if (!t->connections) {
        tenant_free(t);
        return;
    }
    t->is_idle = true;
    t->idle_since_ns = clock_now_ns();
    DL_APPEND(f->idle, t);
    if (++f->idle_count > IDLE_MAX)
        tenant_free(f->idle);
    if (!uv_is_active((uv_handle_t *)&f->sweep))
        uv_timer_start(&f->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
}

static void become_hungry(struct tenant *t, bool is_hungry)
{
    if (is_hungry)
        DL_APPEND(t->fetcher->hungry, t);
    else
        DL_DELETE(t->fetcher->hungry, t);
    t->is_hungry = is_hungry;
}

void tenant_settle(struct tenant *t)
{
    bool is_busy = t->fetches > 0 || t->slots > 0;
    bool is_hungry = t->waiting && t->slots < t->fetcher->config.connections_per_tenant;

    /* Out of one list before it goes into the other. */
    if (is_busy && t->is_idle)
        leave_idle(t);
    if (is_hungry != t->is_hungry)
        become_hungry(t, is_hungry);
    if (!is_busy && !t->is_idle)
        become_idle(t);
}

void tenant_take_slot(struct tenant *t)
{
    t->slots++;
    t->fetcher->slots++;
    /* To the end of the list, should it want another: the others come first. */
    if (t->is_hungry)
        become_hungry(t, false);
    tenant_settle(t);
}

void tenant_give_slot(struct tenant *t)
{
    t->slots--;
    t->fetcher->slots--;
    tenant_settle(t);
}

static void after(void *arg)
{
    fetcher_run(arg);
}

bool tenant_connect(struct tenant *t)
{
    struct fetcher *f = t->fetcher;
    struct connections_config config = {
        .loop = f->loop,
        .egress = f->config.egress,
        .max = f->config.connections_per_tenant,
        .sockets = &f->sockets,
        .finished = transfer_finished,
        .after = after,
        .arg = f,
    };

    if (!t->connections)
        t->connections = connections_open(&config);
    return t->connections != NULL;
}

void tenants_make_room(struct fetcher *f)
{
    while (f->idle && f->sockets >= f->config.connections)
        tenant_free(f->idle);
}

void tenants_close(struct fetcher *f)
{
    struct tenant *t, *next;

    HASH_ITER(hh, f->tenants, t, next)
    tenant_free(t);
}
