/* A list with shares. */
#include "server/log_queue.h"

void log_queue_init(struct log_queue *queue, size_t max_bytes, int64_t last_id)
{
    *queue = (struct log_queue){.max_bytes = max_bytes, .last_id = last_id};
    queue->end = &queue->first;
}

void log_queue_release(struct log_queue *queue)
{
    struct log_record *record = log_queue_take(queue);

    while (record) {
        struct log_record *next = record->next;

        log_record_unref(record);
        record = next;
    }
}

bool log_queue_push(struct log_queue *queue, struct log_record *record, uint64_t tenant_key,
                    int64_t now_us)
{
    size_t *share = &queue->shares[tenant_key % LOG_QUEUE_SHARES];
    size_t bytes = log_record_bytes(record);

    if (queue->bytes + bytes > queue->max_bytes || *share + bytes > queue->max_bytes / 2) {
        queue->dropped++;
        log_record_unref(record);
        return false;
    }
    queue->last_id = now_us > queue->last_id ? now_us : queue->last_id + 1;
    record->id = queue->last_id;
    record->time_us = record->id - now_us > LOG_AHEAD_US ? now_us : record->id;
    record->next = NULL;
    *queue->end = record;
    queue->end = &record->next;
    queue->bytes += bytes;
    *share += bytes;
    return true;
}

struct log_record *log_queue_take(struct log_queue *queue)
{
    struct log_record *first = queue->first;

    queue->first = NULL;
    queue->end = &queue->first;
    queue->bytes = 0;
    memset(queue->shares, 0, sizeof(queue->shares));
    return first;
}
