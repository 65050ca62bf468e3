/* Polling threads of a completion queue. */
#include "server/cq.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "api/lock.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct cq {
    grpc_completion_queue *queue;
    struct lock lock;    /* a leaf; guards the next two */
    struct later *first; /* in the order of their due times, since all wait equally long */
    struct later **end;
    enum cq_kind kind;
    unsigned max_threads;
    unsigned thread_count;
    pthread_t threads[];
};

/* The queue whose thread this is. */
static _Thread_local struct cq *own;

/* Takes the first one where it is due. *ret_due_ns is when the next will be; 0: there is none. */
static struct later *take_due(struct cq *cq, uint64_t now_ns, uint64_t *ret_due_ns)
{
    struct later *taken = NULL;

    lock_take(&cq->lock);
    if (cq->first && cq->first->due_ns <= now_ns) {
        taken = cq->first;
        cq->first = taken->next;
        if (!cq->first)
            cq->end = &cq->first;
    }
    *ret_due_ns = cq->first ? cq->first->due_ns : 0;
    lock_release(&cq->lock);
    return taken;
}

/* Does what is due by then; when the next is due, or 0. */
static uint64_t run_due(struct cq *cq, uint64_t now_ns)
{
    struct later *later;
    uint64_t due_ns;

    while ((later = take_due(cq, now_ns, &due_ns)) != NULL)
        later->fn(later);
    return due_ns;
}

static gpr_timespec wait_end(uint64_t due_ns)
{
    if (due_ns == 0)
        return gpr_inf_future(GPR_CLOCK_MONOTONIC);
    return (gpr_timespec){.tv_sec = (int64_t)(due_ns / NS_PER_S),
                          .tv_nsec = (int32_t)(due_ns % NS_PER_S),
                          .clock_type = GPR_CLOCK_MONOTONIC};
}

static void *poll_queue(void *arg)
{
    struct cq *cq = arg;
    uint64_t due_ns = 0;

    own = cq;
    for (;;) {
        grpc_event event = grpc_completion_queue_next(cq->queue, wait_end(due_ns), NULL);

        if (event.type == GRPC_QUEUE_SHUTDOWN)
            return NULL;
        if (event.type == GRPC_OP_COMPLETE) {
            struct tag *tag = event.tag;

            tag->fn(tag->arg, event.success);
        }
        due_ns = run_due(cq, clock_now_ns());
    }
}

void cq_later(struct later *later)
{
    struct cq *cq = own;

    assert(cq);
    later->next = NULL;
    later->due_ns = clock_now_ns() + CQ_LATER_MS * NS_PER_MS;
    lock_take(&cq->lock);
    *cq->end = later;
    cq->end = &later->next;
    lock_release(&cq->lock);
}

void cq_catch(struct cq *cq)
{
    grpc_completion_queue_thread_local_cache_init(cq->queue);
}

/* A call that came while this thread did gRPC's work goes to the queue's threads: they may decode
 * and dispatch, and there is no end to how many come. */
static void send_back(struct tag *tag)
{
    grpc_call_error error = grpc_call_start_batch(*tag->rpc, NULL, 0, tag, NULL);

    assert(error == GRPC_CALL_OK);
    (void)error;
}

void cq_release(struct cq *cq)
{
    struct tag *tag;
    void *caught;
    int ok;

    if (!grpc_completion_queue_thread_local_cache_flush(cq->queue, &caught, &ok))
        return;
    tag = caught;
    if (ok && tag->rpc)
        send_back(tag);
    else
        tag->fn(tag->arg, ok);
}

static int start_thread(struct cq *cq, struct error *error)
{
    pthread_t *thread = &cq->threads[cq->thread_count];
    char name[16];
    int err = pthread_create(thread, NULL, poll_queue, cq);

    if (err)
        return error_set(error, E_NOMEM, NULL, "cannot start a thread for gRPC: %s", strerror(err));
    snprintf(name, sizeof(name), "%s%u", cq->kind == CQ_POLLS ? "cq" : "crowd", cq->thread_count);
    pthread_setname_np(*thread, name);
    cq->thread_count++;
    return 0;
}

static grpc_completion_queue *create_queue(enum cq_kind kind)
{
    grpc_completion_queue_attributes attributes = {
        .version = GRPC_CQ_CURRENT_VERSION,
        .cq_completion_type = GRPC_CQ_NEXT,
        .cq_polling_type = kind == CQ_POLLS ? GRPC_CQ_DEFAULT_POLLING : GRPC_CQ_NON_POLLING};

    return grpc_completion_queue_create(grpc_completion_queue_factory_lookup(&attributes),
                                        &attributes, NULL);
}

struct cq *cq_open(enum cq_kind kind, unsigned max_threads)
{
    struct cq *cq = xcalloc(1, sizeof(*cq) + max_threads * sizeof(cq->threads[0]));

    cq->kind = kind;
    cq->max_threads = max_threads;
    cq->end = &cq->first;
    lock_init(&cq->lock, LOCK_CALLS);
    cq->queue = create_queue(kind);
    return cq;
}

int cq_start(struct cq *cq, struct error *error)
{
    while (cq->thread_count < cq->max_threads) {
        int err = start_thread(cq, error);

        if (err)
            return err;
    }
    return 0;
}

grpc_completion_queue *cq_queue(struct cq *cq)
{
    return cq->queue;
}

void cq_close(struct cq *cq)
{
    if (!cq)
        return;
    grpc_completion_queue_shutdown(cq->queue);
    for (unsigned i = 0; i < cq->thread_count; i++)
        pthread_join(cq->threads[i], NULL);
    /* Where no thread was ever started, what is under way is delivered here. */
    if (cq->thread_count == 0)
        poll_queue(cq);
    run_due(cq, UINT64_MAX);
    grpc_completion_queue_destroy(cq->queue);
    lock_destroy(&cq->lock);
    free(cq);
}
