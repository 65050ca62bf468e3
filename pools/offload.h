/*
 * Threads for work that takes long and runs no JavaScript, so that lanes need not wait for it.
 *
 * Work that waits does so by its owner, a tenant: owners take turns, and within an owner the first
 * to come is the first to go. So one who asks for much delays the others by one piece of work a
 * thread at the most. What may wait is bounded by who submits: what it holds is counted as its
 * isolate's memory.
 */
#ifndef ISOYARD_OFFLOAD_H
#define ISOYARD_OFFLOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

struct offload;
struct queue_figures;

/* Embedded in what it is about. */
struct offload_work {
    /* Set before it is submitted. On one of the threads: does it, and tells whoever waits; the
     * memory is not touched any more after this. */
    void (*run)(struct offload_work *work);
    uint64_t owner;

    /* The offload's. */
    bool is_waiting;
    uint64_t submitted_ns;
    struct offload_work *prev, *next;
};

struct offload_figures {
    unsigned waiting; /* pieces of work */
    unsigned running;
};

/* Starts the threads; NULL where they cannot be had. */
struct offload *offload_open(unsigned threads);

/* Ends the threads; nothing waits or runs. NULL is fine. */
void offload_close(struct offload *offload);

/* Any thread. */
void offload_submit(struct offload *offload, struct offload_work *work);

/* Takes back what still waits; false where it has begun, or is over. Any thread, while the work's
 * memory is there. */
bool offload_withdraw(struct offload *offload, struct offload_work *work);

/* What waits, and how long it did. Any thread, as long as the offload is there. */
const struct queue_figures *offload_queue(const struct offload *offload);

/* Any thread. */
struct offload_figures offload_figures(struct offload *offload);

#endif
