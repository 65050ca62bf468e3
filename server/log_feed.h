/*
 * Those who follow the log: each has a filter and a bounded buffer of records that it has not taken
 * yet. One that is slow loses records, and is told how many; nobody waits for it.
 */
#ifndef ISOYARD_LOG_FEED_H
#define ISOYARD_LOG_FEED_H

#include "store/log_record.h"

#include <pthread.h>

#define LOG_FEED_RECORDS 1024u
#define LOG_FEED_BYTES ((size_t)1 << 20)

/* Records that log_feed_take gives at once, and the bytes after which it gives no more. */
#define LOG_FEED_TAKE 256u
#define LOG_FEED_TAKE_BYTES ((size_t)256 << 10)

struct log_feeds;

/* Embedded in what follows. The first three are set by its owner before log_feeds_add. */
struct log_feed {
    struct log_filter filter;
    void (*hold)(struct log_feed *feed);  /* sees to it that it lives until ready has been called */
    void (*ready)(struct log_feed *feed); /* there is something to take; the log's thread */

    /* Guarded by the lock of the feeds. */
    struct log_feed *next;
    struct log_record *ring[LOG_FEED_RECORDS];
    size_t first, count, bytes;
    uint64_t dropped; /* and not told of yet */
    bool is_listed, is_closed;
};

struct log_feeds *log_feeds_new(void);
void log_feeds_free(struct log_feeds *feeds); /* nobody follows; NULL is fine */

/* From now on the feed gets what log_feeds_deliver has for it. False: it was closed before. The
 * log's thread. */
bool log_feeds_add(struct log_feeds *feeds, struct log_feed *feed);

/* Gives a record to one feed, whatever its filter. The log's thread, before log_feeds_add. */
void log_feed_give(struct log_feeds *feeds, struct log_feed *feed, struct log_record *record);

/* Offers a list of records to all. The log's thread. */
void log_feeds_deliver(struct log_feeds *feeds, struct log_record *first);

/* Takes the oldest records, with a reference each; *ret_dropped: how many were lost since the last
 * time. Any thread. */
size_t log_feed_take(struct log_feeds *feeds, struct log_feed *feed,
                     struct log_record *ret[LOG_FEED_TAKE], uint64_t *ret_dropped);

/* Nothing comes any more; what it has not taken is let go. More than once is fine. Any thread. */
void log_feeds_remove(struct log_feeds *feeds, struct log_feed *feed);

#endif
