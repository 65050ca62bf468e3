/* Figures of queues. */
#include "pools/queues.h"

#include "api/clock.h"
#include "pools/task.h"

const char *queue_name(enum queue queue)
{
    static const char *const names[QUEUES] = {"none", "mailbox", "lane",  "isolate",
                                              "turn", "ready",   "fetch", "computation"};

    return names[queue];
}

/* There is one writer, so a load and a store do. */
static void add(_Atomic uint64_t *counter, uint64_t amount)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + amount,
                          memory_order_relaxed);
}

void queues_enter(struct queues *queues, enum queue queue)
{
    add(&queues->entered[queue], 1);
}

void queues_leave(struct queues *queues, enum queue queue, uint64_t since_ns, uint64_t now_ns)
{
    /* What has come since the reader last looked at the clock has not waited. */
    uint64_t waited_ns = now_ns > since_ns ? now_ns - since_ns : 0;

    histogram_record(&queues->wait_us[queue], waited_ns / NS_PER_US);
}

void queues_move(struct queues *queues, struct task *task, enum queue to, uint64_t now_ns)
{
    if (task->queue != QUEUE_NONE)
        queues_leave(queues, task->queue, task->queued_ns, now_ns);
    if (to != QUEUE_NONE)
        queues_enter(queues, to);
    task->queue = to;
    task->queued_ns = now_ns;
}

void queues_merge(struct queues *dest, const struct queues *src)
{
    for (enum queue q = QUEUE_NONE + 1; q < QUEUES; q++) {
        add(&dest->entered[q], atomic_load_explicit(&src->entered[q], memory_order_relaxed));
        histogram_merge(&dest->wait_us[q], &src->wait_us[q]);
    }
}

void queues_merge_one(struct queues *dest, enum queue queue, const struct queue_figures *src)
{
    add(&dest->entered[queue], atomic_load_explicit(&src->entered, memory_order_relaxed));
    histogram_merge(&dest->wait_us[queue], &src->wait_us);
}

uint64_t queues_depth(const struct queues *queues, enum queue queue)
{
    uint64_t entered = atomic_load_explicit(&queues->entered[queue], memory_order_relaxed);
    uint64_t left = histogram_count(&queues->wait_us[queue]);

    return entered > left ? entered - left : 0;
}
