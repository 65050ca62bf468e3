/* The fair hand-off. */
#include "pools/fair_queue.h"

#include <assert.h>
#include <stddef.h>
#include <utlist.h>

bool fair_queue_add(struct fair_queue *queue, struct fair_entry *entry, uint64_t now_ns)
{
    if (entry->state != FAIR_IDLE)
        return false;
    entry->state = FAIR_QUEUED;
    entry->queued_ns = now_ns;
    DL_APPEND(queue->first, entry);
    return true;
}

struct fair_entry *fair_queue_first(const struct fair_queue *queue)
{
    return queue->first;
}

bool fair_queue_claim(struct fair_queue *queue, struct fair_entry *entry)
{
    bool was_queued = entry->state == FAIR_QUEUED;

    assert(entry->state != FAIR_CLAIMED);
    if (was_queued)
        DL_DELETE(queue->first, entry);
    entry->state = FAIR_CLAIMED;
    return was_queued;
}

void fair_queue_release(struct fair_entry *entry)
{
    assert(entry->state == FAIR_CLAIMED);
    entry->state = FAIR_IDLE;
}
