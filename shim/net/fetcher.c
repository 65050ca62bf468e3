/* Fetchers: opening and closing, slots, results on their way back. */
#include "shim/net/fetcher.h"

#include "shim/net/fetcher_private.h"

#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

static bool has_use_for_slot(const struct fetcher *f)
{
    return f->hungry && f->slots < f->config.connections;
}

static void give_slots(struct fetcher *f)
{
    while (has_use_for_slot(f)) {
        tenants_make_room(f);
        fetch_begin(f->hungry->waiting);
    }
}

/* Only those that have ended by now: done may start others that end at once. */
static void give_back(struct fetcher *f)
{
    unsigned count = f->ended_count;

    while (count-- > 0 && f->ended) {
        struct fetch *fetch = f->ended;
        struct fetch_result *result = fetch->result;

        fetch_leave(fetch);
        fetch->state = FETCH_GIVEN_BACK;
        fetch->result = NULL;
        fetch_stop_listening(fetch); /* whom they tell may be gone after done */
        fetch->done(fetch->arg, result);
        fetch_free(fetch);
    }
}

/* Those whose body has ended meanwhile are among the ended ones. */
static void give_heads(struct fetcher *f)
{
    while (f->headed)
        fetch_give_head(f->headed);
}

void fetcher_run(struct fetcher *f)
{
    give_slots(f);
    if (f->ended || f->headed)
        fetcher_wake(f);
}

static void on_checked(uv_check_t *give)
{
    struct fetcher *f = give->data;

    uv_check_stop(give);
    uv_idle_stop(&f->sleepless);
    give_heads(f);
    give_back(f);
    fetcher_run(f);
}

static void on_idle(uv_idle_t *sleepless)
{
    (void)sleepless; /* that it is there is all it does */
}

void fetcher_wake(struct fetcher *f)
{
    uv_check_start(&f->give, on_checked);
    uv_idle_start(&f->sleepless, on_idle);
}

struct fetch *fetcher_start(struct fetcher *f, const struct fetch_request *request,
                            void (*done)(void *arg, struct fetch_result *result), void *arg)
{
    struct fetch *fetch = fetch_new(f, request);
    struct fault fault;

    fetch->done = done;
    fetch->arg = arg;
    if (fetch->tenant->fetches > f->config.fetches_per_tenant) {
        fault_set(&fault, FETCH_BUSY, "%u fetches are in progress, which is as many as may be",
                  f->config.fetches_per_tenant);
        fetch_end(fetch, &fault);
    } else if (!fetch->data) {
        fault_set(&fault, FETCH_INTERNAL, "no memory for the request");
        fetch_end(fetch, &fault);
    }
    fetcher_wake(f);
    return fetch;
}

void fetch_cancel(struct fetch *fetch)
{
    struct fetcher *f = fetch->fetcher;

    if (fetch->state == FETCH_GIVEN_BACK)
        return;
    fetch_leave(fetch);
    fetch_free(fetch);
    if (has_use_for_slot(f))
        fetcher_wake(f);
}

static void after(void *arg)
{
    fetcher_run(arg);
}

static void open_handles(struct fetcher *f)
{
    uv_check_init(f->loop, &f->give);
    uv_idle_init(f->loop, &f->sleepless);
    uv_timer_init(f->loop, &f->sweep);
    f->give.data = f->sleepless.data = f->sweep.data = f;
}

int fetcher_open(uv_loop_t *loop, const struct fetcher_config *config, struct fetcher **ret,
                 struct error *error)
{
    struct fetcher *f;
    struct resolver_config resolver = {loop, config->egress, config->dns_server, after, NULL};
    int err;

    assert(config->connections && config->connections_per_tenant && config->fetches_per_tenant &&
           config->connect_timeout_ms);
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return error_set(error, E_NOMEM, "", "libcurl cannot be started");
    resolver.arg = f = xcalloc(1, sizeof(*f));
    f->loop = loop;
    f->config = *config;
    f->config.dns_server = NULL; /* used here only */
    err = resolver_open(&resolver, &f->resolver, error);
    if (err) {
        curl_global_cleanup();
        free(f);
        return err;
    }
    open_handles(f);
    *ret = f;
    return 0;
}

/* Handles are closed in an order that is libuv's, so the last one is closed after the others. */
static void on_sweep_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_idle_closed(uv_handle_t *handle)
{
    struct fetcher *f = handle->data;

    uv_close((uv_handle_t *)&f->sweep, on_sweep_closed);
}

static void on_check_closed(uv_handle_t *handle)
{
    struct fetcher *f = handle->data;

    uv_close((uv_handle_t *)&f->sleepless, on_idle_closed);
}

void fetcher_close(struct fetcher *f)
{
    if (!f)
        return;
    assert(!f->ended && !f->headed && !f->hungry);
    resolver_close(f->resolver); /* the lookups without a fetch give their slots back */
    tenants_close(f);
    curl_global_cleanup();
    uv_close((uv_handle_t *)&f->give, on_check_closed);
}
