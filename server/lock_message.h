/*
 * Figures of locks, as messages. They point into themselves: each stays where it is.
 */
#ifndef ISOYARD_LOCK_MESSAGE_H
#define ISOYARD_LOCK_MESSAGE_H

#include "api/lock.h"
#include "api/lock_stats.h"

#include <isoyard/v1/pool.pb-c.h>
#include <stddef.h>

/* Of a shared pool's lock, and of isolates that lanes block for. */
#define LOCK_NAME_POOL "pool"
#define LOCK_NAME_ISOLATE "isolate"

struct lock_message {
    Isoyard__V1__LockStats lock;
    Isoyard__V1__Distribution wait, hold;
};

/* The server's, by kind: those that have been taken. */
struct locks_message {
    size_t count;
    Isoyard__V1__LockStats *pointers[LOCK_KINDS];
    struct lock_message of[LOCK_KINDS];
};

/* The name is not copied. Any thread, as the other. */
void lock_message_init(struct lock_message *ret, const char *name, const struct lock_stats *lock);

/* before: what they had counted earlier; NULL: nothing. */
void locks_message_init(struct locks_message *ret, const struct lock_stats now[LOCK_KINDS],
                        const struct lock_stats before[LOCK_KINDS]);

/* A histogram of microseconds. */
void distribution_message_init(Isoyard__V1__Distribution *ret, const struct histogram *h);

#endif
