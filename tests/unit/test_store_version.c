/* store/version: what is stored, its number, and the lists. */
#include "store/store.h"

#include "api/clock.h"
#include "store_fixture.h"

#include <signal.h>
#include <sys/resource.h>

static int put_message(struct store *store, const char *message, struct error *error)
{
    struct script *s = new_script("acme", "hello", "1");
    struct version_info version;
    int err = store_put_version(store, s, message, true, &version, error);

    if (!err) {
        ck_assert_str_eq(version.message, message);
        version_info_release(&version);
    }
    script_unref(s);
    return err;
}

/* The numbers of a page of versions, the newest first, and a '*' after the active one. */
static void expect_list(struct store *store, uint32_t before, size_t limit, const char *numbers,
                        bool has_more)
{
    struct buffer found = {0};
    struct version_info *versions;
    struct error error;
    size_t count;
    bool more;

    if (store_list_versions(store, "acme", "hello", before, limit, &versions, &count, &more,
                            &error))
        ck_abort_msg("store_list_versions: %s", error.message);
    for (size_t i = 0; i < count; i++)
        buffer_append_format(&found, "%s%u%s", i > 0 ? " " : "", versions[i].number,
                             versions[i].is_active ? "*" : "");
    buffer_append(&found, "", 1);
    ck_assert_str_eq(found.data, numbers);
    ck_assert_int_eq(more, has_more);
    buffer_release(&found);
    version_list_free(versions, count);
}

static void expect_refused(struct script *s, const char *field)
{
    struct store *store = new_store();
    struct version_info version;
    struct error error = {0};

    ck_assert_int_eq(store_put_version(store, s, "", true, &version, &error), E_INVALID);
    ck_assert_str_eq(error.field, field);
    script_unref(s);
    store_close(store);
    ck_assert_int_eq(query_sql(DB, "SELECT count(*) FROM workers"), 0);
}

START_TEST(store_put_version_first_one_is_described)
{
    struct store *store = new_store();
    int64_t before_us = (int64_t)(clock_read_ns(CLOCK_REALTIME) / NS_PER_US);
    struct script *s = new_bundle(2);
    struct version_info version;

    ck_assert_int_eq(store_put_version(store, s, "first", true, &version, NULL), 0);
    ck_assert_uint_eq(version.number, 1);
    ck_assert_mem_eq(version.sha256, s->sha256, SCRIPT_SHA256_BYTES);
    ck_assert_uint_eq(version.size_bytes, s->size_bytes);
    ck_assert_int_ge(version.created_us, before_us);
    ck_assert_int_lt(version.created_us, before_us + 60 * 1000 * 1000);
    ck_assert(version.is_active);
    ck_assert_str_eq(version.message, "first");
    ck_assert_uint_eq(version.file_count, 2);
    ck_assert_str_eq(version.file_names[0], "lib/0.js");
    ck_assert_str_eq(version.file_names[1], "lib/1.js");
    version_info_release(&version);
    script_unref(s);
    store_close(store);
}
END_TEST

START_TEST(store_put_version_each_worker_counts_for_itself)
{
    struct store *store = new_store();

    ck_assert_uint_eq(put_version(store, "one", "a", "1", true), 1);
    ck_assert_uint_eq(put_version(store, "one", "a", "1", true), 2);
    ck_assert_uint_eq(put_version(store, "one", "b", "1", true), 1);
    ck_assert_uint_eq(put_version(store, "two", "a", "two's", true), 1);
    ck_assert_uint_eq(put_version(store, "one", "a", "1", true), 3);
    expect_text(store, "one", "a", 1, "1");
    expect_text(store, "two", "a", 1, "two's");
    store_close(store);
}
END_TEST

START_TEST(store_put_version_not_activated_leaves_the_active_one)
{
    struct store *store = new_store();
    struct script *s = new_script("acme", "hello", "2");
    struct version_info version;

    put_version(store, "acme", "hello", "1", true);
    ck_assert_int_eq(store_put_version(store, s, "", false, &version, NULL), 0);
    ck_assert_uint_eq(version.number, 2);
    ck_assert(!version.is_active);
    expect_list(store, 0, 10, "2 1*", false);
    version_info_release(&version);
    script_unref(s);
    store_close(store);
}
END_TEST

START_TEST(store_put_version_after_a_deleted_one_takes_a_new_number)
{
    struct store *store = store_with_versions(3);

    store_close(store);
    run_sql(DB,
            "PRAGMA foreign_keys = ON; UPDATE workers SET active_version = 1;"
            "DELETE FROM versions WHERE number > 1",
            false);
    store = open_store(DB);
    ck_assert_uint_eq(put_version(store, "acme", "hello", "1", true), 4);
    expect_list(store, 0, 10, "4* 1", false);
    store_close(store);
}
END_TEST

START_TEST(store_put_version_numbers_used_up_is_refused)
{
    struct store *store = store_with_versions(1);
    struct error error;

    store_close(store);
    run_sql(DB, "UPDATE workers SET latest_version = 4294967294", false);
    store = open_store(DB);
    ck_assert_uint_eq(put_version(store, "acme", "hello", "1", true), UINT32_MAX);
    ck_assert_int_eq(put_message(store, "", &error), E_CONDITION);
    expect_list(store, 0, 10, "4294967295* 1", false);
    expect_list(store, UINT32_MAX, 10, "1", false);
    store_close(store);
}
END_TEST

START_TEST(store_put_version_bad_names_are_refused)
{
    expect_refused(new_script("", "hello", "1"), "tenant");
    expect_refused(new_script("Acme", "hello", "1"), "tenant");
    expect_refused(new_script("acme", "", "1"), "worker");
    expect_refused(new_script("acme", "a_b", "1"), "worker");
}
END_TEST

START_TEST(store_put_version_longest_message_is_kept)
{
    struct store *store = new_store();
    char message[SCRIPT_MESSAGE_MAX + 1];
    struct version_info *versions;
    size_t count;
    bool more;

    memset(message, 'x', SCRIPT_MESSAGE_MAX);
    message[SCRIPT_MESSAGE_MAX] = '\0';
    ck_assert_int_eq(put_message(store, message, NULL), 0);
    ck_assert_int_eq(
        store_list_versions(store, "acme", "hello", 0, 1, &versions, &count, &more, NULL), 0);
    ck_assert_str_eq(versions[0].message, message);
    version_list_free(versions, count);
    store_close(store);
}
END_TEST

START_TEST(store_put_version_message_with_quotes_is_kept)
{
    struct store *store = new_store();

    ck_assert_int_eq(put_message(store, "'); DROP TABLE files; -- \"\n ü", NULL), 0);
    expect_text(store, "acme", "hello", 1, "1");
    store_close(store);
}
END_TEST

START_TEST(store_put_version_bad_message_is_refused)
{
    struct store *store = new_store();
    char message[SCRIPT_MESSAGE_MAX + 2];
    struct error error;

    memset(message, 'x', SCRIPT_MESSAGE_MAX + 1);
    message[SCRIPT_MESSAGE_MAX + 1] = '\0';
    ck_assert_int_eq(put_message(store, message, &error), E_INVALID);
    ck_assert_str_eq(error.field, "message");
    ck_assert_int_eq(put_message(store, "gr\xfc\xdf", &error), E_INVALID);
    ck_assert_str_eq(error.field, "message");
    store_close(store);
}
END_TEST

START_TEST(store_put_version_full_disk_changes_nothing)
{
    struct rlimit limit = {1 << 20, RLIM_INFINITY};
    struct store *store = store_with_versions(1);
    struct script *s;
    struct version_info version;
    struct error error;
    char *text = xcalloc(1, (4 << 20) + 1);

    memset(text, ' ', 4 << 20);
    s = new_script("acme", "hello", text);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(store_put_version(store, s, "", true, &version, &error), E_IO);
    ck_assert_str_ne(error.message, "");
    expect_list(store, 0, 10, "1*", false);
    limit.rlim_cur = RLIM_INFINITY;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_uint_eq(put_script(store, s), 2);
    store_close(store);
    store = open_store(DB);
    expect_text(store, "acme", "hello", 2, text);
    store_close(store);
    free(text);
}
END_TEST

START_TEST(store_list_versions_all_are_newest_first)
{
    struct store *store = store_with_versions(12);

    expect_list(store, 0, 100, "12* 11 10 9 8 7 6 5 4 3 2 1", false);
    store_close(store);
}
END_TEST

START_TEST(store_list_versions_page_by_page_gives_all)
{
    struct store *store = store_with_versions(5);

    expect_list(store, 0, 2, "5* 4", true);
    expect_list(store, 4, 2, "3 2", true);
    expect_list(store, 2, 2, "1", false);
    expect_list(store, 1, 2, "", false);
    expect_list(store, 0, 5, "5* 4 3 2 1", false);
    expect_list(store, 0, 0, "", true);
    store_close(store);
}
END_TEST

START_TEST(store_list_versions_limit_beyond_a_page_gives_a_page)
{
    struct version_info *versions;
    struct store *store = store_with_versions(1);
    size_t count;
    bool more;

    store_close(store);
    run_sql(DB,
            "WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 1001)"
            " INSERT INTO versions (worker, number, sha256, size_bytes, created_us, message)"
            " SELECT 1, i, zeroblob(32), 0, 0, '' FROM n",
            false);
    store = open_store(DB);
    ck_assert_int_eq(
        store_list_versions(store, "acme", "hello", 0, SIZE_MAX, &versions, &count, &more, NULL),
        0);
    ck_assert_uint_eq(count, STORE_PAGE_MAX);
    ck_assert(more);
    ck_assert_uint_eq(versions[STORE_PAGE_MAX - 1].number, 2);
    version_list_free(versions, count);
    store_close(store);
}
END_TEST

START_TEST(store_list_versions_each_is_described)
{
    struct store *store = new_store();
    struct script *s = new_bundle(12);
    struct version_info put_one, *versions;
    size_t count;
    bool more;

    ck_assert_int_eq(store_put_version(store, s, "text", true, &put_one, NULL), 0);
    ck_assert_int_eq(
        store_list_versions(store, "acme", "hello", 0, 10, &versions, &count, &more, NULL), 0);
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(versions[0].number, put_one.number);
    ck_assert_mem_eq(versions[0].sha256, put_one.sha256, SCRIPT_SHA256_BYTES);
    ck_assert_uint_eq(versions[0].size_bytes, put_one.size_bytes);
    ck_assert_int_eq(versions[0].created_us, put_one.created_us);
    ck_assert_str_eq(versions[0].message, "text");
    ck_assert_uint_eq(versions[0].file_count, 12);
    for (size_t i = 0; i < 12; i++)
        ck_assert_str_eq(versions[0].file_names[i], s->files[i].name);
    version_info_release(&put_one);
    version_list_free(versions, count);
    script_unref(s);
    store_close(store);
}
END_TEST

START_TEST(store_list_versions_missing_worker_is_not_found)
{
    struct store *store = store_with_versions(1);
    struct version_info *versions;
    struct error error;
    size_t count;
    bool more;

    ck_assert_int_eq(
        store_list_versions(store, "acme", "other", 0, 10, &versions, &count, &more, &error),
        E_NOT_FOUND);
    ck_assert_str_eq(error.field, "worker");
    ck_assert_int_eq(
        store_list_versions(store, "other", "hello", 0, 10, &versions, &count, &more, &error),
        E_NOT_FOUND);
    store_close(store);
}
END_TEST

START_TEST(version_info_release_twice_is_fine)
{
    struct version_info version = {0};

    version.message = xstrdup("text");
    version_info_release(&version);
    ck_assert_ptr_null(version.message);
    version_info_release(&version);
}
END_TEST

UNIT_MAIN("store_version", store_put_version_first_one_is_described,
          store_put_version_each_worker_counts_for_itself,
          store_put_version_not_activated_leaves_the_active_one,
          store_put_version_after_a_deleted_one_takes_a_new_number,
          store_put_version_numbers_used_up_is_refused, store_put_version_bad_names_are_refused,
          store_put_version_longest_message_is_kept, store_put_version_message_with_quotes_is_kept,
          store_put_version_bad_message_is_refused, store_put_version_full_disk_changes_nothing,
          store_list_versions_all_are_newest_first, store_list_versions_page_by_page_gives_all,
          store_list_versions_limit_beyond_a_page_gives_a_page,
          store_list_versions_each_is_described, store_list_versions_missing_worker_is_not_found,
          version_info_release_twice_is_fine)
