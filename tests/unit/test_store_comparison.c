/* store/comparison: what comparisons found. */
#include "store/comparison.h"

#include "store/schema.h"
#include "store_fixture.h"

#include <inttypes.h>
#include <sys/syscall.h>

/* Syncs since the test began. SQLite's calls find these two before the C library's. */
static int sync_count;

__attribute__((visibility("default"))) int fdatasync(int fd)
{
    sync_count++;
    return (int)syscall(SYS_fdatasync, fd);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
    sync_count++;
    return (int)syscall(SYS_fsync, fd);
}

static struct comparison_entry entry_of(const char *title)
{
    return (struct comparison_entry){
        .title = title, .verdict = "None is better.", .report = bytes_of("report")};
}

static uint64_t put(struct store *store, const char *title)
{
    const struct comparison_entry entry = entry_of(title);
    struct error error;
    int64_t created_us;
    uint64_t id;

    if (store_put_comparison(store, &entry, &id, &created_us, &error))
        ck_abort_msg("store_put_comparison: %s", error.message);
    return id;
}

/* Expects a page of titles, newest first, "one two " and whether there are more. */
static void expect_page(struct store *store, uint64_t before, size_t limit, const char *expected,
                        bool expected_more)
{
    struct stored_comparison *list;
    struct buffer found = {0};
    struct error error;
    size_t count;
    bool more;

    if (store_list_comparisons(store, before, limit, &list, &count, &more, &error))
        ck_abort_msg("store_list_comparisons: %s", error.message);
    for (size_t i = 0; i < count; i++) {
        buffer_append_format(&found, "%s ", list[i].title);
        ck_assert_uint_eq(list[i].report.len, 0);
    }
    buffer_append(&found, "", 1);
    ck_assert_str_eq(found.data, expected);
    ck_assert(more == expected_more);
    buffer_release(&found);
    stored_comparison_list_free(list, count);
}

static void expect_missing(struct store *store, uint64_t id)
{
    struct stored_comparison found;
    struct error error;

    ck_assert_int_eq(store_get_comparison(store, id, &found, &error), E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(error.message, "no comparison"));
}

START_TEST(store_get_comparison_gives_what_was_put_and_survives)
{
    static const char report[] = "bytes\0with a NUL";
    const struct comparison_entry entry = {.title = "synthetic, cpu",
                                           .verdict = "caf\xc3\xa9 wins.",
                                           .is_decided = true,
                                           .report = {report, sizeof(report)}};
    struct store *store = new_store();
    struct stored_comparison found;
    struct error error;
    int64_t created_us;
    uint64_t id;

    ck_assert_int_eq(store_put_comparison(store, &entry, &id, &created_us, &error), 0);
    ck_assert_uint_eq(id, 1);
    store_close(store);
    store = open_store(DB);
    ck_assert_int_eq(store_get_comparison(store, id, &found, &error), 0);
    ck_assert_uint_eq(found.id, 1);
    ck_assert_int_eq(found.created_us, created_us);
    ck_assert_int_gt(created_us, INT64_C(1600000000000000));
    ck_assert_str_eq(found.title, entry.title);
    ck_assert_str_eq(found.verdict, entry.verdict);
    ck_assert(found.is_decided);
    ck_assert(bytes_equal((struct bytes){found.report.data, found.report.len}, entry.report));
    stored_comparison_release(&found);
    store_close(store);
}
END_TEST

START_TEST(store_get_comparison_that_is_not_there_is_not_found)
{
    struct store *store = new_store();

    put(store, "one");
    expect_missing(store, 0);
    expect_missing(store, 2);
    expect_missing(store, (uint64_t)INT64_MAX + 1);
    expect_missing(store, UINT64_MAX);
    store_close(store);
}
END_TEST

START_TEST(store_list_comparisons_pages_from_the_newest)
{
    struct store *store = new_store();

    expect_page(store, 0, 10, "", false);
    put(store, "one");
    put(store, "two");
    put(store, "three");
    expect_page(store, 0, 10, "three two one ", false);
    expect_page(store, 0, 3, "three two one ", false);
    expect_page(store, 0, 2, "three two ", true);
    expect_page(store, 2, 2, "one ", false);
    expect_page(store, 1, 2, "", false);
    expect_page(store, UINT64_MAX, 1, "three ", true);
    store_close(store);
}
END_TEST

static int put_entry(struct store *store, const struct comparison_entry *entry, struct error *error)
{
    int64_t created_us;
    uint64_t id;

    return store_put_comparison(store, entry, &id, &created_us, error);
}

static void expect_refused(struct store *store, const struct comparison_entry *entry,
                           const char *field)
{
    struct error error;

    ck_assert_int_eq(put_entry(store, entry, &error), E_INVALID);
    ck_assert_str_eq(error.field, field);
}

static char *text_of(size_t len)
{
    char *text = xcalloc(len + 1, 1);

    memset(text, 'x', len);
    return text;
}

START_TEST(store_put_comparison_bounds_its_parts)
{
    char *large = text_of(STORE_REPORT_BYTES_MAX + 1);
    char *title = text_of(STORE_TITLE_BYTES_MAX + 1);
    char *verdict = text_of(STORE_VERDICT_BYTES_MAX + 1);
    struct comparison_entry most = {
        .title = title + 1, .verdict = verdict + 1, .report = {large, STORE_REPORT_BYTES_MAX}};
    struct comparison_entry entry = most;
    struct store *store = new_store();

    ck_assert_int_eq(put_entry(store, &most, NULL), 0);
    entry.title = title;
    expect_refused(store, &entry, "title");
    entry.title = "\xff";
    expect_refused(store, &entry, "title");
    entry = most;
    entry.verdict = verdict;
    expect_refused(store, &entry, "verdict");
    entry = most;
    entry.report.len = STORE_REPORT_BYTES_MAX + 1;
    expect_refused(store, &entry, "report");
    entry.report.len = 0;
    expect_refused(store, &entry, "report");
    ck_assert_uint_eq(put(store, "next"), 2);
    store_close(store);
    free(large);
    free(title);
    free(verdict);
}
END_TEST

/* A closed database with so many comparisons, titled by their ids. */
static void fill(unsigned count)
{
    char sql[512];

    store_close(new_store());
    snprintf(sql, sizeof(sql),
             "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %u)"
             " INSERT INTO comparisons (created_us, title, verdict, is_decided, report)"
             " SELECT i, CAST(i AS TEXT), '', 0, x'00' FROM n",
             count);
    run_sql(DB, sql, false);
}

START_TEST(store_put_comparison_removes_the_oldest_beyond_the_bound)
{
    struct stored_comparison found;
    struct store *store;

    fill(STORE_COMPARISONS_MAX - 1);
    store = open_store(DB);
    ck_assert_uint_eq(put(store, "the last with room"), STORE_COMPARISONS_MAX);
    ck_assert_int_eq(store_get_comparison(store, 1, &found, NULL), 0);
    stored_comparison_release(&found);
    ck_assert_uint_eq(put(store, "one more"), STORE_COMPARISONS_MAX + 1);
    expect_missing(store, 1);
    ck_assert_int_eq(store_get_comparison(store, 2, &found, NULL), 0);
    stored_comparison_release(&found);
    store_close(store);
    ck_assert_int_eq(query_sql(DB, "SELECT count(*) FROM comparisons"), STORE_COMPARISONS_MAX);
}
END_TEST

START_TEST(store_put_comparison_makes_room_where_there_are_far_too_many)
{
    struct store *store;

    fill(STORE_COMPARISONS_MAX + 500);
    store = open_store(DB);
    ck_assert_uint_eq(put(store, "new"), STORE_COMPARISONS_MAX + 501);
    expect_missing(store, 501);
    store_close(store);
    ck_assert_int_eq(query_sql(DB, "SELECT min(id) FROM comparisons"), 502);
}
END_TEST

START_TEST(store_list_comparisons_gives_a_page_of_all_that_can_be)
{
    struct stored_comparison *list;
    struct store *store;
    size_t count;
    bool more;

    fill(STORE_PAGE_MAX + 1);
    store = open_store(DB);
    ck_assert_int_eq(store_list_comparisons(store, 0, SIZE_MAX, &list, &count, &more, NULL), 0);
    ck_assert_uint_eq(count, STORE_PAGE_MAX);
    ck_assert(more);
    ck_assert_uint_eq(list[0].id, STORE_PAGE_MAX + 1);
    stored_comparison_list_free(list, count);
    store_close(store);
}
END_TEST

START_TEST(store_put_comparison_never_gives_an_id_twice)
{
    struct store *store = new_store();

    put(store, "one");
    put(store, "two");
    store_close(store);
    run_sql(DB, "DELETE FROM comparisons", false);
    store = open_store(DB);
    ck_assert_uint_eq(put(store, "three"), 3);
    store_close(store);
}
END_TEST

START_TEST(store_put_comparison_that_fails_removes_nothing)
{
    const struct comparison_entry entry = entry_of("never");
    struct store *store;
    struct error error;

    fill(STORE_COMPARISONS_MAX);
    /* Ids have come to their end, which SQLite says of a full disk, too. */
    run_sql(DB, "UPDATE sqlite_sequence SET seq = 9223372036854775807", false);
    store = open_store(DB);
    ck_assert_int_ne(put_entry(store, &entry, &error), 0);
    store_close(store);
    ck_assert_int_eq(query_sql(DB, "SELECT count(*) FROM comparisons"), STORE_COMPARISONS_MAX);
}
END_TEST

START_TEST(store_put_comparison_returned_has_synced)
{
    struct store *store = new_store();

    for (int i = 0; i < 5; i++) {
        sync_count = 0;
        put(store, "one");
        ck_assert_int_gt(sync_count, 0);
    }
    store_close(store);
}
END_TEST

START_TEST(store_open_database_without_comparisons_is_brought_up_to_date)
{
    const struct pool_choice choice = {1, {{"pool", "legacy"}}};
    struct pool_choice found;
    struct store *store = new_store();

    put_version(store, "default", "hello", "1", true);
    ck_assert_int_eq(store_put_pool_choice(store, &choice, NULL), 0);
    store_close(store);
    undo_migrations(3);
    store = open_store(DB);
    expect_text(store, "default", "hello", 1, "1");
    ck_assert_int_eq(store_get_pool_choice(store, &found, NULL), 0);
    ck_assert_uint_eq(found.count, 1);
    ck_assert_uint_eq(put(store, "one"), 1);
    store_close(store);
    ck_assert_int_eq(query_sql(DB, "PRAGMA user_version"), schema_latest());
}
END_TEST

UNIT_MAIN("store_comparison", store_get_comparison_gives_what_was_put_and_survives,
          store_get_comparison_that_is_not_there_is_not_found,
          store_list_comparisons_pages_from_the_newest, store_put_comparison_bounds_its_parts,
          store_put_comparison_removes_the_oldest_beyond_the_bound,
          store_put_comparison_makes_room_where_there_are_far_too_many,
          store_list_comparisons_gives_a_page_of_all_that_can_be,
          store_put_comparison_never_gives_an_id_twice,
          store_put_comparison_that_fails_removes_nothing, store_put_comparison_returned_has_synced,
          store_open_database_without_comparisons_is_brought_up_to_date)
