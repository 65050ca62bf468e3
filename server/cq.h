/*
 * A completion queue of gRPC and the threads that poll it.
 *
 * What completes is a tag: a function and its argument, one for each batch under way, embedded in
 * what the batch is about. The polling threads do gRPC's input and output as well: tags must not
 * block.
 *
 * Most batches that another thread begins complete before grpc_call_start_batch returns. Waking a
 * polling thread for each of them costs more than all that it then does: between cq_catch and
 * cq_release the thread that began the batch takes the completion itself.
 */
#ifndef ISOYARD_CQ_H
#define ISOYARD_CQ_H

#include "api/err.h"

#include <grpc/grpc.h>
#include <stdbool.h>
#include <stdint.h>

/* ok: whether the operation came about. */
struct tag {
    void (*fn)(void *arg, bool ok);
    void *arg;
    grpc_call **rpc; /* NULL: fn may run on any thread. Else it runs on a queue's threads only, and
                        this is the call that came, by which it can be sent there */
};

/* Something to be done a little later, on one of the queue's threads. */
struct later {
    struct later *next;
    uint64_t due_ns;
    void (*fn)(struct later *later);
};

/* How much later, at least. */
#define CQ_LATER_MS 2

struct cq;

enum cq_kind {
    CQ_POLLS, /* its threads do gRPC's input and output */
    CQ_WAITS, /* they wait until others, who do that, have completed something */
};

/* Makes a queue that at most max_threads threads will look after. gRPC must be initialised. */
struct cq *cq_open(enum cq_kind kind, unsigned max_threads);

/* Starts the polling threads, once. E_NOMEM where one cannot be had. */
int cq_start(struct cq *cq, struct error *error);

grpc_completion_queue *cq_queue(struct cq *cq);

/* Has later->fn called in CQ_LATER_MS, or when the queue closes; the caller sees to it that it
 * lives. On a queue's thread; it is that queue. */
void cq_later(struct later *later);

/* Around grpc_call_start_batch: what completes meanwhile on this thread is run by cq_release. Any
 * thread; not nested. */
void cq_catch(struct cq *cq);
void cq_release(struct cq *cq);

/* Delivers what is under way, ends the threads and frees the queue. Nothing new may be begun. NULL
 * is fine. Not on a thread of the queue. */
void cq_close(struct cq *cq);

#endif
