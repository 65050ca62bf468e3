/* The end of a task: what only lanes and pools call. */
#ifndef ISOYARD_TASK_END_H
#define ISOYARD_TASK_END_H

#include "pools/task.h"

#include <stdbool.h>

/* Before the task is sent to a lane. */
void task_init_fate(struct task *task);

/* Whether the caller may, and then must, send task->cancel_message to the task's lane. Any thread.
 */
bool task_claim_cancel(struct task *task);

/* The task has its outcome and its report: done is called now, or when its cancellation has
 * arrived. Whether it was called. Lane thread. */
bool task_end(struct task *task);

/* Its cancellation has arrived: whether the task is still to be ended; if not, done was called.
 * Lane thread. */
bool task_receive_cancel(struct task *task);

#endif
