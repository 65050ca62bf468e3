/* Tasks: their end, exactly once, and its race with their cancellation. */
#include "pools/task.h"

#include "pools/task_end.h"

#include <stdlib.h>

/*
 * A cancellation is a message that stands in the task itself, so a task must not be given back
 * while that message is in a mailbox. Whoever comes first decides: FATE_FINISHED, and no message is
 * sent any more; or FATE_CANCELLING, and a task that ends is kept until the message has arrived.
 */
enum fate {
    FATE_LIVE = 0,
    FATE_CANCELLING,
    FATE_FINISHED,
};

void outcome_release(struct outcome *outcome)
{
    response_free(outcome->response);
    free(outcome->result);
    failure_release(&outcome->failure);
    *outcome = (struct outcome){0};
}

void task_init_fate(struct task *task)
{
    atomic_init(&task->fate, FATE_LIVE);
    task->is_ended = false;
    task->is_cancel_received = false;
}

bool task_claim_cancel(struct task *task)
{
    int live = FATE_LIVE;

    /* Relaxed: the message that follows carries the order. */
    return atomic_compare_exchange_strong_explicit(&task->fate, &live, FATE_CANCELLING,
                                                   memory_order_relaxed, memory_order_relaxed);
}

bool task_end(struct task *task)
{
    int live = FATE_LIVE;

    task->is_ended = true;
    /* Relaxed: nobody else looks at the task from here on, but for a canceller, who only looks at
     * fate. */
    if (!task->is_cancel_received &&
        !atomic_compare_exchange_strong_explicit(&task->fate, &live, FATE_FINISHED,
                                                 memory_order_relaxed, memory_order_relaxed))
        return false;
    task->done(task);
    return true;
}

bool task_receive_cancel(struct task *task)
{
    task->is_cancel_received = true;
    if (!task->is_ended)
        return true;
    task->done(task);
    return false;
}
