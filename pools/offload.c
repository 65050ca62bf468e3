/* Work that takes long: the queue, by owner, and its threads. */
#include "pools/offload.h"

#include "api/bytes.h"
#include "api/lock.h"
#include "api/queue_figures.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <utlist.h>

/* An owner of whom work waits. */
struct owner {
    uint64_t key;
    struct offload_work *work; /* utlist's DL; there is some */
    struct owner *prev, *next; /* whose turn it is */
    UT_hash_handle hh;
};

struct offload {
    struct lock lock; /* guards what follows; a leaf */
    pthread_cond_t changed;
    struct owner *owners; /* uthash, by key */
    struct owner *turns;  /* the same, in the order of their turns; utlist's DL */
    struct offload_figures figures;
    struct queue_figures queue; /* anybody may read it */
    bool is_stopping;

    unsigned thread_count; /* immutable, as is what follows */
    pthread_t threads[];
};

/* Under the lock. */
static struct owner *owner_of(struct offload *offload, uint64_t key)
{
    struct owner *owner;

    HASH_FIND(hh, offload->owners, &key, sizeof(key), owner);
    if (owner)
        return owner;
    owner = xcalloc(1, sizeof(*owner));
    owner->key = key;
    HASH_ADD(hh, offload->owners, key, sizeof(owner->key), owner);
    DL_APPEND(offload->turns, owner);
    return owner;
}

/* Under the lock. The owner may be gone afterwards: whether it is still there. */
static bool remove_work(struct offload *offload, struct owner *owner, struct offload_work *work)
{
    DL_DELETE(owner->work, work);
    work->is_waiting = false;
    queue_figures_leave(&offload->queue, work->submitted_ns, clock_now_ns());
    offload->figures.waiting--;
    if (owner->work)
        return true;
    DL_DELETE(offload->turns, owner);
    HASH_DEL(offload->owners, owner);
    free(owner);
    return false;
}

void offload_submit(struct offload *offload, struct offload_work *work)
{
    struct owner *owner;

    lock_take(&offload->lock);
    owner = owner_of(offload, work->owner);
    DL_APPEND(owner->work, work);
    work->is_waiting = true;
    work->submitted_ns = clock_now_ns();
    queue_figures_enter(&offload->queue);
    offload->figures.waiting++;
    pthread_cond_signal(&offload->changed);
    lock_release(&offload->lock);
}

bool offload_withdraw(struct offload *offload, struct offload_work *work)
{
    bool was_waiting;

    lock_take(&offload->lock);
    was_waiting = work->is_waiting;
    if (was_waiting)
        (void)remove_work(offload, owner_of(offload, work->owner), work);
    lock_release(&offload->lock);
    return was_waiting;
}

/* Under the lock; there is some. */
static struct offload_work *take_work(struct offload *offload)
{
    struct owner *owner = offload->turns;
    struct offload_work *work = owner->work;

    if (remove_work(offload, owner, work)) {
        DL_DELETE(offload->turns, owner);
        DL_APPEND(offload->turns, owner);
    }
    offload->figures.running++;
    return work;
}

/* The next piece of work, which runs from now on; NULL: it is over. */
static struct offload_work *next_work(struct offload *offload)
{
    struct offload_work *work = NULL;

    lock_take(&offload->lock);
    while (!offload->turns && !offload->is_stopping)
        lock_await(&offload->lock, &offload->changed);
    if (offload->turns)
        work = take_work(offload);
    lock_release(&offload->lock);
    return work;
}

static void *run_thread(void *arg)
{
    struct offload *offload = arg;
    struct offload_work *work;

    while ((work = next_work(offload))) {
        work->run(work);
        lock_take(&offload->lock);
        offload->figures.running--;
        lock_release(&offload->lock);
    }
    return NULL;
}

struct offload *offload_open(unsigned threads)
{
    struct offload *offload = xcalloc(1, sizeof(*offload) + threads * sizeof(pthread_t));

    lock_init(&offload->lock, LOCK_OFFLOAD);
    pthread_cond_init(&offload->changed, NULL);
    for (unsigned i = 0; i < threads; i++) {
        if (pthread_create(&offload->threads[i], NULL, run_thread, offload) != 0) {
            offload_close(offload);
            return NULL;
        }
        pthread_setname_np(offload->threads[i], "crypto");
        offload->thread_count++;
    }
    return offload;
}

void offload_close(struct offload *offload)
{
    if (!offload)
        return;
    lock_take(&offload->lock);
    assert(!offload->turns);
    offload->is_stopping = true;
    pthread_cond_broadcast(&offload->changed);
    lock_release(&offload->lock);
    for (unsigned i = 0; i < offload->thread_count; i++)
        pthread_join(offload->threads[i], NULL);
    pthread_cond_destroy(&offload->changed);
    lock_destroy(&offload->lock);
    free(offload);
}

const struct queue_figures *offload_queue(const struct offload *offload)
{
    return &offload->queue;
}

struct offload_figures offload_figures(struct offload *offload)
{
    struct offload_figures figures;

    lock_take(&offload->lock);
    figures = offload->figures;
    lock_release(&offload->lock);
    return figures;
}
