/* Rings of records, under one lock. */
#include "server/log_feed.h"

#include <stdlib.h>

struct log_feeds {
    pthread_mutex_t lock; /* a leaf; guards the list, and what of the feeds says so */
    struct log_feed *first;
};

struct log_feeds *log_feeds_new(void)
{
    struct log_feeds *feeds = xcalloc(1, sizeof(*feeds));

    pthread_mutex_init(&feeds->lock, NULL);
    return feeds;
}

void log_feeds_free(struct log_feeds *feeds)
{
    if (!feeds)
        return;
    pthread_mutex_destroy(&feeds->lock);
    free(feeds);
}

/* With the lock. */
static void append(struct log_feed *feed, struct log_record *record)
{
    size_t bytes = log_record_bytes(record);

    if (feed->count == LOG_FEED_RECORDS || feed->bytes + bytes > LOG_FEED_BYTES) {
        feed->dropped++;
        return;
    }
    feed->ring[(feed->first + feed->count++) % LOG_FEED_RECORDS] = log_record_ref(record);
    feed->bytes += bytes;
}

/* With the lock. The feed has one. */
static struct log_record *take_one(struct log_feed *feed)
{
    struct log_record *record = feed->ring[feed->first];

    feed->first = (feed->first + 1) % LOG_FEED_RECORDS;
    feed->count--;
    feed->bytes -= log_record_bytes(record);
    return record;
}

bool log_feeds_add(struct log_feeds *feeds, struct log_feed *feed)
{
    bool is_open;

    pthread_mutex_lock(&feeds->lock);
    is_open = !feed->is_closed;
    if (is_open) {
        feed->next = feeds->first;
        feeds->first = feed;
        feed->is_listed = true;
    }
    pthread_mutex_unlock(&feeds->lock);
    return is_open;
}

void log_feed_give(struct log_feeds *feeds, struct log_feed *feed, struct log_record *record)
{
    pthread_mutex_lock(&feeds->lock);
    if (!feed->is_closed)
        append(feed, record);
    pthread_mutex_unlock(&feeds->lock);
}

/* With the lock. Whether there was anything for it. */
static bool offer(struct log_feed *feed, struct log_record *first)
{
    bool has_any = false;

    for (struct log_record *record = first; record; record = record->next) {
        if (!log_filter_matches(&feed->filter, record))
            continue;
        append(feed, record);
        has_any = true;
    }
    return has_any;
}

void log_feeds_deliver(struct log_feeds *feeds, struct log_record *first)
{
    struct log_feed **ready;
    size_t count = 0, ready_count = 0;

    pthread_mutex_lock(&feeds->lock);
    for (struct log_feed *feed = feeds->first; feed; feed = feed->next)
        count++;
    ready = xcalloc(count + 1, sizeof(ready[0]));
    for (struct log_feed *feed = feeds->first; feed; feed = feed->next) {
        if (!offer(feed, first))
            continue;
        feed->hold(feed);
        ready[ready_count++] = feed;
    }
    pthread_mutex_unlock(&feeds->lock);
    for (size_t i = 0; i < ready_count; i++)
        ready[i]->ready(ready[i]);
    free(ready);
}

size_t log_feed_take(struct log_feeds *feeds, struct log_feed *feed,
                     struct log_record *ret[LOG_FEED_TAKE], uint64_t *ret_dropped)
{
    size_t count = 0, bytes = 0;

    pthread_mutex_lock(&feeds->lock);
    while (feed->count > 0 && count < LOG_FEED_TAKE && bytes < LOG_FEED_TAKE_BYTES) {
        ret[count] = take_one(feed);
        bytes += log_record_bytes(ret[count++]);
    }
    *ret_dropped = feed->dropped;
    feed->dropped = 0;
    pthread_mutex_unlock(&feeds->lock);
    return count;
}

/* With the lock. */
static void unlist(struct log_feeds *feeds, struct log_feed *feed)
{
    struct log_feed **at = &feeds->first;

    while (*at != feed)
        at = &(*at)->next;
    *at = feed->next;
    feed->is_listed = false;
}

void log_feeds_remove(struct log_feeds *feeds, struct log_feed *feed)
{
    pthread_mutex_lock(&feeds->lock);
    if (feed->is_listed)
        unlist(feeds, feed);
    feed->is_closed = true;
    while (feed->count > 0)
        log_record_unref(take_one(feed));
    pthread_mutex_unlock(&feeds->lock);
}
