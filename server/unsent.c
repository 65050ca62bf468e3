/* A count, and a table of the connections that have large answers under way. */
#include "server/unsent.h"

#include "api/bytes.h"

#include <stdlib.h>
#include <uthash.h>

/* A connection's part of the bound. */
#define PARTS 4

struct unsent_connection {
    UT_hash_handle hh;
    size_t bytes;
    char peer[];
};

void unsent_init(struct unsent *u, size_t bound)
{
    *u = (struct unsent){.bound = bound};
    lock_init(&u->lock, LOCK_ANSWERS);
}

void unsent_release(struct unsent *u)
{
    lock_destroy(&u->lock);
}

/* The lock is held, as in the next two. */
static struct unsent_connection *find_or_add(struct unsent *u, const char *peer)
{
    struct unsent_connection *c;
    size_t size = strlen(peer) + 1;

    HASH_FIND_STR(u->connections, peer, c);
    if (c)
        return c;
    c = xcalloc(1, sizeof(*c) + size);
    memcpy(c->peer, peer, size);
    HASH_ADD_STR(u->connections, peer, c);
    return c;
}

static void forget_idle(struct unsent *u, struct unsent_connection *c)
{
    if (c->bytes > 0)
        return;
    HASH_DEL(u->connections, c);
    free(c);
}

/* gRPC has one name for all connections of a Unix socket: they share the whole bound. */
static bool is_one_connection(const char *peer)
{
    return strncmp(peer, "unix", 4) != 0;
}

/* A single answer is always allowed, however large the bound makes it: it is bounded by itself. */
static bool fits(const struct unsent *u, const struct unsent_connection *c, size_t bytes)
{
    size_t part = is_one_connection(c->peer) ? u->bound / PARTS : u->bound;
    bool fits_part = c->bytes == 0 || c->bytes + bytes <= part;
    bool fits_all = u->large == 0 || u->large + bytes <= u->bound;

    return fits_part && fits_all;
}

static bool add_large(struct unsent *u, size_t bytes, const char *peer,
                      struct unsent_connection **ret)
{
    struct unsent_connection *c;
    bool is_allowed;

    lock_take(&u->lock);
    c = find_or_add(u, peer);
    is_allowed = fits(u, c, bytes);
    if (is_allowed) {
        c->bytes += bytes;
        u->large += bytes;
        *ret = c;
    } else {
        forget_idle(u, c);
    }
    lock_release(&u->lock);
    return is_allowed;
}

bool unsent_add(struct unsent *u, size_t bytes, const char *peer,
                struct unsent_connection **ret_connection)
{
    *ret_connection = NULL;
    if (bytes > UNSENT_SMALL_BYTES && !add_large(u, bytes, peer, ret_connection))
        return false;
    /* Relaxed: a count that orders nothing. */
    atomic_fetch_add_explicit(&u->total, bytes, memory_order_relaxed);
    return true;
}

void unsent_remove(struct unsent *u, size_t bytes, struct unsent_connection *connection)
{
    atomic_fetch_sub_explicit(&u->total, bytes, memory_order_relaxed);
    if (!connection)
        return;
    lock_take(&u->lock);
    connection->bytes -= bytes;
    u->large -= bytes;
    forget_idle(u, connection);
    lock_release(&u->lock);
}

size_t unsent_total(const struct unsent *u)
{
    return atomic_load_explicit(&u->total, memory_order_relaxed);
}
