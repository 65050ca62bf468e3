/*
 * The inside of fetchers and fetches, for the files that share it.
 *
 * fetcher.c   opening, closing, starting; slots; giving results back
 * fetch.c     the way of one fetch: name, transfer, redirects, end
 * tenant.c    who has connections
 */
#ifndef ISOYARD_NET_FETCHER_PRIVATE_H
#define ISOYARD_NET_FETCHER_PRIVATE_H

#include "shim/net/fetcher.h"
#include "shim/net/outgoing.h"
#include "shim/net/resolver.h"
#include "shim/net/tenant.h"
#include "shim/net/transfer.h"

struct fetcher {
    uv_loop_t *loop;
    struct fetcher_config config;
    struct resolver *resolver;
    uv_check_t give;     /* results are given back from here, and from nowhere else */
    uv_idle_t sleepless; /* while that is to come, the loop does not sleep before */
    uv_timer_t sweep;    /* runs while there are idle tenants */

    struct tenant *tenants; /* uthash, by name */
    struct tenant *hungry;  /* that have a use for a slot, in turn; utlist's DL */
    struct tenant *idle;    /* the longest idle first */
    unsigned idle_count;
    unsigned slots;   /* taken, of all tenants */
    unsigned sockets; /* open, of all tenants */

    struct fetch *headed; /* whose head is to be handed out, in order; utlist's DL */
    struct fetch *ended;  /* to be given back, in order; utlist's DL */
    unsigned ended_count;
};

enum fetch_state {
    FETCH_WAITS,     /* for a slot */
    FETCH_RESOLVES,  /* has a lookup */
    FETCH_TRANSFERS, /* has a transfer */
    FETCH_ENDED,     /* has a result */
    FETCH_GIVEN_BACK,
};

/* A question to the resolver. It cannot be taken back, so that it may outlive its fetch. */
struct lookup {
    struct tenant *tenant;
    struct fetch *fetch; /* NULL: nobody is interested any more, and the slot is the lookup's */
};

struct fetch {
    struct fetcher *fetcher;
    struct tenant *tenant;
    enum fetch_state state;
    struct fetch *prev, *next; /* in the tenant's waiting list, or in one of the fetcher's */
    bool is_headed;            /* in that list */
    struct pipe *stream;       /* of the answer's body, once its head was handed out */

    struct fetch_request request; /* points into data */
    char *data;
    void (*done)(void *arg, struct fetch_result *result);
    void *arg;
    struct fetch_result *result;

    uv_timer_t timer;
    uint64_t started_ns;
    uint64_t deadline_ns;     /* UINT64_MAX: none */
    uint64_t hop_deadline_ns; /* until then the hop has its connection */

    struct outgoing outgoing;
    unsigned redirects;
    struct lookup *lookup;
    struct transfer transfer;
    uint64_t sent_bytes, received_bytes; /* of the hops before */
};

/* fetcher.c */

/* Gives away the slots that there are, and sees to it that results are given back. Last in each of
 * the loop's events. */
void fetcher_run(struct fetcher *f);

/* The loop runs fetcher_run, and gives results back, when it has next looked for events. From there
 * done finds nobody half-way through anything, and a loop that runs once does not sleep after it.
 */
void fetcher_wake(struct fetcher *f);

/* fetch.c */

/* Copies the request. It waits; where there was no memory for the copy, data is NULL. */
struct fetch *fetch_new(struct fetcher *f, const struct fetch_request *request);

/* It has a slot. */
void fetch_begin(struct fetch *fetch);

/* Hands the head of its answer out; or ends it. */
void fetch_give_head(struct fetch *fetch);

/* Ends it: gives its slot back, and puts it into the list of those to be given back. */
void fetch_end(struct fetch *fetch, struct fault *fault);

/* Its pipes tell nobody at its end any more. */
void fetch_stop_listening(struct fetch *fetch);

/* Frees it. It is in no list, and has no slot. */
void fetch_free(struct fetch *fetch);

/* Leaves what it is at. It has no slot afterwards. */
void fetch_leave(struct fetch *fetch);

#endif
