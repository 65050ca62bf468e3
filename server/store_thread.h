/*
 * The store thread: the one that every call of the store runs on, in the order of posting. What a
 * job changes in the registry it changes there too, so that registry and store agree on the order.
 */
#ifndef ISOYARD_STORE_THREAD_H
#define ISOYARD_STORE_THREAD_H

#include "api/err.h"
#include "store/store.h"

struct store_thread;

/* Embedded in what it is about; the poster sees to it that it lives until run. */
struct store_job {
    struct store_job *next;
    void (*run)(struct store_job *job, struct store *store);
};

/* Starts the thread, which takes over the open store and closes it in the end. E_NOMEM where no
 * thread can be had; the caller still owns the store then. */
int store_thread_start(struct store *store, struct store_thread **ret, struct error *error);

/* Runs the job soon. E_BUSY: the queue is full; E_CLOSED: the thread stops. Any thread. */
int store_thread_post(struct store_thread *thread, struct store_job *job);

/*
 * Runs a function on the store's thread, waits for it, and returns what it did. `what` begins the
 * message where it cannot be run ("the choice could not be saved"): E_BUSY, E_CLOSED. On a thread
 * that may wait: not the store's, a lane's, or a completion queue's.
 */
int store_thread_call(struct store_thread *thread,
                      int (*run)(void *arg, struct store *store, struct error *error), void *arg,
                      const char *what, struct error *error);

/* Runs what is queued, closes the store, ends the thread. Once. NULL is fine. */
void store_thread_stop(struct store_thread *thread);

#endif
