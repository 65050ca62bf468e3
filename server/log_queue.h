/*
 * Records on their way to the log's thread: a bounded list. A tenant may have half of it, so that
 * one who shouts does not silence the others. What does not fit is dropped, and counted.
 *
 * Whoever has the queue locks it.
 */
#ifndef ISOYARD_LOG_QUEUE_H
#define ISOYARD_LOG_QUEUE_H

#include "store/log_record.h"

/* Tenants that share one of these count together. */
#define LOG_QUEUE_SHARES 64u

/* Many records may come in a microsecond, but not so many. */
#define LOG_AHEAD_US 1000000

struct log_queue {
    struct log_record *first;
    struct log_record **end;
    size_t bytes, max_bytes;
    size_t shares[LOG_QUEUE_SHARES]; /* of the bytes, by tenant */
    int64_t last_id;
    uint64_t dropped;
};

/* An empty one; ids are greater than last_id. */
void log_queue_init(struct log_queue *queue, size_t max_bytes, int64_t last_id);
void log_queue_release(struct log_queue *queue);

/* Takes a record that nobody else has; tenant_key: script.tenant_key; now_us: since 1970. Its id
 * is that, or one more than that of the record before; and so is its time, unless that is
 * LOG_AHEAD_US ahead of the clock, which then has been set back. False: there was no room. */
bool log_queue_push(struct log_queue *queue, struct log_record *record, uint64_t tenant_key,
                    int64_t now_us);

/* All that is there, oldest first; the caller's. */
struct log_record *log_queue_take(struct log_queue *queue);

#endif
