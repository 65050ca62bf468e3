/*
 * A tenant in a fetcher: its connections, and its fetches in order.
 *
 * A fetch under way has a slot, of the tenant's and of all; so has a lookup of a name that lost its
 * fetch, for as long as c-ares works on it. A tenant that starts and cancels fetches of names that
 * are never answered therefore fills its own slots, and nothing else.
 *
 * The loop's thread only.
 */
#ifndef ISOYARD_NET_TENANT_H
#define ISOYARD_NET_TENANT_H

#include "api/bytes.h"
#include "shim/net/connections.h"
#include "shim/net/handles.h"

#include <uthash.h>

struct fetch;
struct fetcher;

struct tenant {
    UT_hash_handle hh;
    struct fetcher *fetcher;
    struct connections *connections; /* NULL until they are needed */
    struct handles handles;          /* for its transfers */
    struct fetch *waiting;           /* utlist's DL */
    unsigned fetches;                /* not given back: waiting, under way, or ended */
    unsigned slots;                  /* taken */
    bool is_hungry;                  /* in the list of those that have a use for a slot */
    bool is_idle;                    /* in the list of those that have nothing to do */
    uint64_t idle_since_ns;
    struct tenant *prev, *next; /* in one of the two lists */
    char name[];
};

/* Finds or makes it. */
struct tenant *tenant_of(struct fetcher *f, const char *name);

/* After anything of it has changed: sees to it that it is in the list where it belongs. */
void tenant_settle(struct tenant *t);

void tenant_take_slot(struct tenant *t);
void tenant_give_slot(struct tenant *t); /* settles it */

/* Makes the connections where there are none. False where memory or descriptors are used up. */
bool tenant_connect(struct tenant *t);

/* Closes connections of idle tenants, the longest idle first, while more sockets are open than may
 * be. */
void tenants_make_room(struct fetcher *f);

/* Closes the connections of all. There are no fetches. */
void tenants_close(struct fetcher *f);

#endif
