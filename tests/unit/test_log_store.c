/* store/log_store: what is written is read back, by filter, and the oldest goes. */
#include "store/log_store.h"

#include "log_fixture.h"
#include "store_fixture.h"

#define LOG "logs.db"

static struct log_store *open_log(void)
{
    struct log_store *store;
    struct error error;

    if (log_store_open(LOG, &store, &error))
        ck_abort_msg("log_store_open: %s", error.message);
    return store;
}

static struct log_store *new_log(void)
{
    fixture_enter();
    return open_log();
}

/* Takes the record, which came at another time than its id says. */
static void put_at(struct log_store *store, int64_t id, int64_t time_us, struct log_record *record)
{
    struct error error;

    record->id = id;
    record->time_us = time_us;
    record->next = NULL;
    if (log_store_append(store, record, &error))
        ck_abort_msg("log_store_append: %s", error.message);
    log_record_unref(record);
}

/* Takes the record. */
static void put(struct log_store *store, int64_t id, struct log_record *record)
{
    put_at(store, id, id, record);
}

static bool trim(struct log_store *store, int64_t now_us, int64_t from_us, uint64_t max_bytes)
{
    const struct log_bounds bounds = {now_us, from_us, max_bytes};
    struct error error;
    bool has_more = true;

    ck_assert_int_eq(log_store_trim(store, &bounds, &has_more, &error), 0);
    return has_more;
}

static struct log_read read_all(void)
{
    return (struct log_read){
        .filter = {.tenant = "acme"}, .limit = 100, .bytes_max = 1 << 20, .looked_max = 1000};
}

/* Expects texts, "one two ", in the order of reading; gives the page. */
static struct log_page expect(struct log_store *store, struct log_read read, const char *expected)
{
    struct buffer found = {0};
    struct log_page page;
    struct error error;

    if (log_store_read(store, &read, &page, &error))
        ck_abort_msg("log_store_read: %s", error.message);
    for (size_t i = 0; i < page.count; i++)
        buffer_append_format(&found, "%s ", page.records[i]->data);
    buffer_append(&found, "", 1);
    ck_assert_str_eq(found.data, expected);
    buffer_release(&found);
    return page;
}

static void expect_whole(struct log_store *store, struct log_read read, const char *expected)
{
    struct log_page page = expect(store, read, expected);

    ck_assert(!page.has_more);
    log_page_release(&page);
}

START_TEST(append_record_is_read_back_as_it_was)
{
    const struct record_head head = {.tenant = "acme",
                                     .worker = "hello",
                                     .version = 4000000000u,
                                     .kind = RECORD_EXECUTION,
                                     .level = LOG_ERROR,
                                     .outcome = RECORD_LIMIT,
                                     .execution = UINT64_C(0xfedcba9876543210)};
    struct log_store *store = new_log();
    struct log_page page;
    const struct log_record *found;

    put(store, 1700000000000000,
        log_record_new(&head, bytes_of("a\xc3\xa9"), (struct bytes){"d\0e", 3}));
    log_store_close(store);
    store = open_log();
    ck_assert_int_eq(log_store_last_id(store), 1700000000000000);
    page = expect(store, read_all(), "a\xc3\xa9 ");
    found = page.records[0];
    ck_assert_int_eq(found->id, 1700000000000000);
    ck_assert_str_eq(found->tenant, "acme");
    ck_assert_str_eq(found->worker, "hello");
    ck_assert_uint_eq(found->version, 4000000000u);
    ck_assert_uint_eq(found->kind, RECORD_EXECUTION);
    ck_assert_uint_eq(found->level, LOG_ERROR);
    ck_assert_uint_eq(found->outcome, RECORD_LIMIT);
    ck_assert_uint_eq(found->execution, UINT64_C(0xfedcba9876543210));
    ck_assert(bytes_equal(log_record_detail(found), (struct bytes){"d\0e", 3}));
    log_page_release(&page);
    log_store_close(store);
}
END_TEST

START_TEST(new_nul_in_text_becomes_sub)
{
    struct log_record *record = new_record("w", "");

    log_record_unref(record);
    record = log_record_new(&(struct record_head){.tenant = "t", .worker = "w"},
                            (struct bytes){"a\0b", 3}, (struct bytes){0});
    ck_assert_str_eq(record->data, "a\x1a"
                                   "b");
    log_record_unref(record);
}
END_TEST

START_TEST(read_orders_and_pages)
{
    struct log_store *store = new_log();
    struct log_read read = read_all();
    struct log_page page;

    put(store, 10, new_record("a", "one"));
    put(store, 20, new_record("b", "two"));
    put(store, 30, new_record("a", "three"));
    put(store, 40, new_record("a", "four"));
    expect_whole(store, read, "four three two one ");
    read.is_oldest_first = true;
    expect_whole(store, read, "one two three four ");
    read.limit = 2;
    page = expect(store, read, "one two ");
    ck_assert(page.has_more);
    read.after = page.last;
    log_page_release(&page);
    expect_whole(store, read, "three four ");
    read = read_all();
    read.limit = 3;
    page = expect(store, read, "four three two ");
    ck_assert(page.has_more);
    ck_assert_int_eq(page.last, 20);
    log_page_release(&page);
    log_store_close(store);
}
END_TEST

START_TEST(read_bounds_what_is_looked_at)
{
    struct log_store *store = new_log();
    struct log_read read = read_all();
    struct log_page page;

    for (int i = 1; i <= 10; i++)
        put(store, i, new_record("a", i == 1 ? "needle" : "hay"));
    read.filter.text = bytes_of("needle");
    read.looked_max = 5;
    page = expect(store, read, "");
    ck_assert(page.has_more);
    ck_assert_int_eq(page.last, 6);
    read.before = page.last;
    log_page_release(&page);
    expect_whole(store, read, "needle ");
    read = read_all();
    read.bytes_max = sizeof(struct log_record) + strlen("hay") + 2; /* one, and a byte */
    page = expect(store, read, "hay hay ");
    ck_assert(page.has_more);
    log_page_release(&page);
    log_store_close(store);
}
END_TEST

static struct log_record *record_with(const char *tenant, const char *worker, uint32_t version,
                                      enum log_level level, enum record_outcome outcome,
                                      uint64_t execution, const char *text)
{
    const struct record_head head = {
        tenant, worker,  version,  outcome ? RECORD_EXECUTION : RECORD_CONSOLE,
        level,  outcome, execution};

    return log_record_new(&head, bytes_of(text), (struct bytes){0});
}

START_TEST(read_filters)
{
    struct log_store *store = new_log();
    struct log_read read = read_all();

    put(store, 1, record_with("acme", "a", 1, LOG_DEBUG, 0, 1, "one"));
    put(store, 2, record_with("acme", "b", 2, LOG_WARN, 0, 2, "two"));
    put(store, 3, record_with("other", "a", 2, LOG_ERROR, RECORD_FAILED, 3, "three"));
    put(store, 4, record_with("acme", "a", 2, LOG_ERROR, RECORD_LIMIT, 1, "four"));
    expect_whole(store, read, "four two one ");
    strcpy(read.filter.worker, "a");
    expect_whole(store, read, "four one ");
    strcpy(read.filter.worker, "nobody");
    expect_whole(store, read, "");
    read = read_all();
    read.filter.version = 2;
    expect_whole(store, read, "four two ");
    read = read_all();
    read.filter.level = LOG_WARN;
    expect_whole(store, read, "four two ");
    read = read_all();
    read.filter.outcomes = 1u << RECORD_LIMIT | 1u << RECORD_FAILED;
    expect_whole(store, read, "four ");
    read = read_all();
    read.filter.execution = 1;
    expect_whole(store, read, "four one ");
    read = read_all();
    read.filter.from_us = 2;
    read.filter.until_us = 4;
    expect_whole(store, read, "two ");
    read = read_all();
    read.filter.text = bytes_of("o");
    expect_whole(store, read, "four two one ");
    read.filter.text = bytes_of("w");
    expect_whole(store, read, "two ");
    log_store_close(store);
}
END_TEST

START_TEST(trim_removes_the_old)
{
    struct log_store *store = new_log();

    for (int i = 1; i <= 5; i++)
        put(store, i, new_record("a", (const char *[]){"", "1", "2", "3", "4", "5"}[i]));
    ck_assert(!trim(store, 5, 4, UINT64_MAX));
    expect_whole(store, read_all(), "5 4 ");
    log_store_close(store);
}
END_TEST

START_TEST(trim_keeps_the_size)
{
    const uint64_t max_bytes = 1 << 20;
    struct log_store *store = new_log();
    struct log_read read = read_all();
    struct error error;
    struct log_page page;

    for (int64_t id = 1; id <= 4000; id++) {
        put(store, id, record_of_bytes(1200));
        if (id % 200 == 0)
            trim(store, id, 0, max_bytes);
    }
    ck_assert_uint_le(log_store_bytes(store), max_bytes);
    ck_assert_uint_ge(log_store_bytes(store), max_bytes / 2);
    read.limit = 1;
    ck_assert_int_eq(log_store_read(store, &read, &page, &error), 0);
    ck_assert_int_eq(page.records[0]->id, 4000);
    log_page_release(&page);
    log_store_close(store);
    ck_assert_int_le(query_sql(LOG, "SELECT count(*) FROM records"), 1000);
    ck_assert_int_ge(query_sql(LOG, "SELECT count(*) FROM records"), 300);
}
END_TEST

/* Hours, in microseconds. */
#define HOURS(count) ((count)*INT64_C(3600000000))
#define NOW HOURS(400000)

/* The clock was five hours ahead for a while, three hours ago. */
static struct log_store *log_of_a_clock_that_was_ahead(void)
{
    struct log_store *store = new_log();

    put(store, NOW - HOURS(4), new_record("a", "before"));
    put(store, NOW + HOURS(2), new_record("a", "ahead"));
    put_at(store, NOW + HOURS(2) + 1, NOW - HOURS(2), new_record("b", "two"));
    put_at(store, NOW + HOURS(2) + 2, NOW - HOURS(1), new_record("a", "one"));
    return store;
}

START_TEST(read_after_a_clock_that_was_ahead_has_order_and_times)
{
    struct log_store *store = log_of_a_clock_that_was_ahead();
    struct log_read read = read_all();
    struct log_page page = expect(store, read, "one two ahead before ");

    ck_assert_int_eq(page.records[0]->time_us, NOW - HOURS(1));
    ck_assert_int_eq(page.records[2]->time_us, NOW + HOURS(2));
    ck_assert_int_eq(page.records[3]->time_us, NOW - HOURS(4));
    log_page_release(&page);
    read.filter.from_us = NOW - HOURS(2);
    expect_whole(store, read, "one two ahead ");
    read.filter.from_us++;
    expect_whole(store, read, "one ahead ");
    read.filter.until_us = NOW;
    expect_whole(store, read, "one ");
    strcpy(read.filter.worker, "b");
    read.filter.from_us = 0;
    expect_whole(store, read, "two ");
    read = read_all();
    read.filter.until_us = NOW - HOURS(1);
    expect_whole(store, read, "two before ");
    read.is_oldest_first = true;
    expect_whole(store, read, "before two ");
    read.limit = 1;
    page = expect(store, read, "before ");
    read.after = page.last;
    log_page_release(&page);
    expect_whole(store, read, "two ");
    log_store_close(store);
}
END_TEST

START_TEST(trim_after_a_clock_that_was_ahead_goes_by_times)
{
    struct log_store *store = log_of_a_clock_that_was_ahead();

    trim(store, NOW, NOW - HOURS(3), UINT64_MAX);
    expect_whole(store, read_all(), "one two ahead ");
    trim(store, NOW, NOW - HOURS(2), UINT64_MAX);
    expect_whole(store, read_all(), "one two ahead ");
    trim(store, NOW, NOW - HOURS(2) + 1, UINT64_MAX); /* what came before it is older still */
    expect_whole(store, read_all(), "one ");
    log_store_close(store);
}
END_TEST

START_TEST(trim_with_a_clock_that_is_behind_removes_nothing)
{
    struct log_store *store = new_log();

    put(store, NOW, new_record("a", "right"));
    put_at(store, NOW + 1, HOURS(1), new_record("a", "1970"));
    trim(store, HOURS(2), HOURS(2) - HOURS(168), UINT64_MAX);
    expect_whole(store, read_all(), "1970 right ");
    trim(store, NOW + HOURS(1), NOW - HOURS(167), UINT64_MAX); /* once it is right again */
    expect_whole(store, read_all(), "1970 right ");
    log_store_close(store);
}
END_TEST

START_TEST(open_first_version_is_brought_up_to_date)
{
    struct log_store *store = new_log();

    put(store, NOW, new_record("a", "old"));
    log_store_close(store);
    run_sql(LOG,
            "DROP INDEX records_by_time; ALTER TABLE records DROP COLUMN time;"
            "PRAGMA user_version = 1",
            false);
    store = open_log();
    put_at(store, NOW + HOURS(1), NOW + 1, new_record("a", "new"));
    log_store_close(store);
    store = open_log();
    ck_assert_int_eq(log_store_last_id(store), NOW + HOURS(1));
    expect_whole(store, read_all(), "new old ");
    trim(store, NOW + 2, NOW + 1, UINT64_MAX);
    expect_whole(store, read_all(), "new ");
    log_store_close(store);
    run_sql(LOG, "DROP TABLE records; PRAGMA user_version = 1", false);
    ck_assert_int_eq(log_store_open(LOG, &store, &(struct error){0}), E_CORRUPT);
}
END_TEST

START_TEST(open_ends_with_the_process_and_nothing_is_lost)
{
    struct log_store *store = new_log();

    put(store, 1, new_record("a", "kept"));
    /* As a kill leaves it: nothing is closed. The lock went with the process; here the file is
     * copied, with its log. */
    ck_assert_int_eq(system("mkdir copy && cp " LOG " " LOG "-wal copy"), 0);
    log_store_close(store);
    ck_assert_int_eq(chdir("copy"), 0);
    store = open_log();
    expect_whole(store, read_all(), "kept ");
    log_store_close(store);
    ck_assert_int_eq(chdir(".."), 0);
}
END_TEST

START_TEST(open_refuses_what_is_no_log)
{
    struct log_store *store;
    struct error error;

    fixture_enter();
    run_sql(LOG, "CREATE TABLE t (x)", false);
    ck_assert_int_eq(log_store_open(LOG, &store, &error), E_INVALID);
    run_sql("newer.db", "PRAGMA application_id = 0x49736c67; PRAGMA user_version = 99", false);
    ck_assert_int_eq(log_store_open("newer.db", &store, &error), E_CONDITION);
    ck_assert_int_eq(system("echo this is no database, and long enough to be looked at > bad.db"),
                     0);
    ck_assert_int_eq(log_store_open("bad.db", &store, &error), E_CORRUPT);
    ck_assert_int_eq(log_store_open("no/folder.db", &store, &error), E_INVALID);
}
END_TEST

START_TEST(open_second_is_refused)
{
    struct log_store *store = new_log(), *second;
    struct error error;

    put(store, 1, new_record("a", "x"));
    ck_assert_int_eq(log_store_open(LOG, &second, &error), E_CONDITION);
    log_store_close(store);
}
END_TEST

UNIT_MAIN("log_store", append_record_is_read_back_as_it_was, new_nul_in_text_becomes_sub,
          read_orders_and_pages, read_bounds_what_is_looked_at, read_filters, trim_removes_the_old,
          trim_keeps_the_size, read_after_a_clock_that_was_ahead_has_order_and_times,
          trim_after_a_clock_that_was_ahead_goes_by_times,
          trim_with_a_clock_that_is_behind_removes_nothing,
          open_first_version_is_brought_up_to_date, open_ends_with_the_process_and_nothing_is_lost,
          open_refuses_what_is_no_log, open_second_is_refused)
