/*
 * Answers on their way to clients: how many bytes wait to be taken, in all and by connection, so
 * that clients that do not read cannot fill the server's memory.
 *
 * Small answers are only counted, since what one connection can have of them is bounded by its
 * number of streams. Large ones are refused above a bound, of which one connection has a part: a
 * single client that does not read takes nothing from the others.
 */
#ifndef ISOYARD_UNSENT_H
#define ISOYARD_UNSENT_H

#include "api/lock.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#define UNSENT_SMALL_BYTES ((size_t)64 << 10)

struct unsent_connection;

struct unsent {
    size_t bound;
    atomic_size_t total;
    struct lock lock; /* a leaf; guards the rest */
    struct unsent_connection *connections;
    size_t large; /* bytes of large answers */
};

void unsent_init(struct unsent *u, size_t bound);
void unsent_release(struct unsent *u);

/*
 * Counts an answer until unsent_remove. peer names the connection, and is looked at for large
 * answers only. False where the bounds do not allow the answer; *ret_connection is what
 * unsent_remove wants. Any thread.
 */
bool unsent_add(struct unsent *u, size_t bytes, const char *peer,
                struct unsent_connection **ret_connection);

void unsent_remove(struct unsent *u, size_t bytes, struct unsent_connection *connection);

/* Bytes of all answers on their way. Any thread. */
size_t unsent_total(const struct unsent *u);

#endif
