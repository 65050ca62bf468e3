/* server/log_feed: who follows gets what is meant for it, and loses what it does not take. */
#include "server/log_feed.h"

#include "log_fixture.h"
#include "unit.h"

static unsigned held, told;

static void hold(struct log_feed *feed)
{
    (void)feed;
    held++;
}

static void ready(struct log_feed *feed)
{
    (void)feed;
    told++;
}

static struct log_feed *new_feed(const char *worker)
{
    struct log_feed *feed = xcalloc(1, sizeof(*feed));

    feed->hold = hold;
    feed->ready = ready;
    strcpy(feed->filter.tenant, "acme");
    strcpy(feed->filter.worker, worker);
    return feed;
}

static void deliver(struct log_feeds *feeds, const char *worker, const char *text)
{
    struct log_record *record = new_record(worker, text);

    record->next = NULL;
    log_feeds_deliver(feeds, record);
    log_record_unref(record);
}

/* Takes all there is: how many. */
static size_t take(struct log_feeds *feeds, struct log_feed *feed, uint64_t *ret_dropped)
{
    struct log_record *records[LOG_FEED_TAKE];
    size_t count = log_feed_take(feeds, feed, records, ret_dropped);

    for (size_t i = 0; i < count; i++)
        log_record_unref(records[i]);
    return count;
}

START_TEST(deliver_goes_to_whom_it_is_for)
{
    struct log_feeds *feeds = log_feeds_new();
    struct log_feed *a = new_feed("a"), *all = new_feed("");
    uint64_t dropped;

    ck_assert(log_feeds_add(feeds, a));
    ck_assert(log_feeds_add(feeds, all));
    deliver(feeds, "a", "1");
    deliver(feeds, "b", "2");
    ck_assert_uint_eq(told, 3);
    ck_assert_uint_eq(held, told);
    ck_assert_uint_eq(take(feeds, a, &dropped), 1);
    ck_assert_uint_eq(take(feeds, all, &dropped), 2);
    ck_assert_uint_eq(dropped, 0);
    log_feeds_remove(feeds, a);
    deliver(feeds, "a", "3");
    ck_assert_uint_eq(take(feeds, a, &dropped), 0);
    log_feeds_remove(feeds, all);
    log_feeds_free(feeds);
    free(a);
    free(all);
}
END_TEST

START_TEST(deliver_what_is_not_taken_is_lost_and_counted)
{
    struct log_feeds *feeds = log_feeds_new();
    struct log_feed *slow = new_feed("");
    uint64_t dropped;
    size_t count = 0;

    ck_assert(log_feeds_add(feeds, slow));
    for (unsigned i = 0; i < LOG_FEED_RECORDS + 5; i++)
        deliver(feeds, "a", "x");
    count = take(feeds, slow, &dropped);
    ck_assert_uint_eq(count, LOG_FEED_TAKE);
    ck_assert_uint_eq(dropped, 5);
    while (count < LOG_FEED_RECORDS)
        count += take(feeds, slow, &dropped);
    ck_assert_uint_eq(dropped, 0);
    deliver(feeds, "a", "x");
    ck_assert_uint_eq(take(feeds, slow, &dropped), 1);
    log_feeds_remove(feeds, slow);
    log_feeds_free(feeds);
    free(slow);
}
END_TEST

START_TEST(deliver_bytes_are_bounded)
{
    struct log_feeds *feeds = log_feeds_new();
    struct log_feed *slow = new_feed("");
    struct log_record *record = record_of_bytes(LOG_FEED_BYTES / 2);
    uint64_t dropped;

    record->next = NULL;
    ck_assert(log_feeds_add(feeds, slow));
    for (int i = 0; i < 3; i++)
        log_feeds_deliver(feeds, record);
    log_record_unref(record);
    ck_assert_uint_eq(take(feeds, slow, &dropped),
                      1); /* each of them is more than is taken at once */
    ck_assert_uint_eq(dropped, 1);
    log_feeds_remove(feeds, slow); /* with one that nobody took */
    log_feeds_free(feeds);
    free(slow);
}
END_TEST

START_TEST(add_closed_one_is_refused)
{
    struct log_feeds *feeds = log_feeds_new();
    struct log_feed *gone = new_feed("");
    struct log_record *record = new_record("a", "x");

    log_feeds_remove(feeds, gone);
    log_feed_give(feeds, gone, record);
    ck_assert(!log_feeds_add(feeds, gone));
    ck_assert_uint_eq(gone->count, 0);
    log_record_unref(record);
    log_feeds_free(feeds);
    free(gone);
}
END_TEST

UNIT_MAIN("log_feed", deliver_goes_to_whom_it_is_for, deliver_what_is_not_taken_is_lost_and_counted,
          deliver_bytes_are_bounded, add_closed_one_is_refused)
