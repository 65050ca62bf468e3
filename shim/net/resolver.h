/*
 * Names to addresses, without ever blocking the loop: c-ares on its sockets and one timer.
 *
 * Names are absolute: the search list of the machine is not tried, for a tenant's names are the
 * world's. /etc/hosts counts; "localhost" and what lies under it are the loopback addresses and
 * leave the machine never (RFC 6761, 6.3). Environment variables do not count.
 *
 * The loop's thread only.
 */
#ifndef ISOYARD_NET_RESOLVER_H
#define ISOYARD_NET_RESOLVER_H

#include "api/err.h"
#include "shim/net/addresses.h"
#include "shim/net/egress.h"

#include <uv.h>

struct resolver;

enum resolved {
    RESOLVED,            /* there are addresses, though perhaps none that is allowed */
    RESOLVED_NO_NAME,    /* the name does not exist */
    RESOLVED_NO_ADDRESS, /* it exists, and has no address */
    RESOLVED_NO_ANSWER,  /* no server could tell */
};

/* found is the resolver's, and valid during the call; NULL but for RESOLVED. */
typedef void (*resolver_done_f)(void *arg, enum resolved resolved, const struct addresses *found);

struct resolver_config {
    uv_loop_t *loop;
    const struct egress *egress; /* outlives the resolver */
    const char *dns_server;      /* "ADDR:PORT"; NULL: the system's servers */
    void (*after)(void *arg);    /* called last in each of the loop's events, after any dones */
    void *arg;
};

/* E_INVALID where dns_server is not well-formed, E_NOMEM. Before start: one thread at a time. */
int resolver_open(const struct resolver_config *config, struct resolver **ret, struct error *error);

/* Begins to close; ends what is in progress with RESOLVED_NO_ANSWER at once. The memory is freed
 * when the loop runs. */
void resolver_close(struct resolver *r);

/*
 * Looks a host up: a name, or an address as text. done comes exactly once, perhaps during the call,
 * and at the latest when all servers had their time (some seconds). It cannot be taken back: one
 * who has lost interest lets it come. host is copied.
 */
void resolver_start(struct resolver *r, const char *host, resolver_done_f done, void *arg);

#endif
