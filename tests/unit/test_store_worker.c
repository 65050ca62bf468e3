/* store/worker: finding, listing, activating, deleting. */
#include "store/store.h"

#include "api/clock.h"
#include "store_fixture.h"

static int64_t now_us(void)
{
    return (int64_t)(clock_read_ns(CLOCK_REALTIME) / NS_PER_US);
}

static struct worker_info get(struct store *store, const char *tenant, const char *worker)
{
    struct worker_info info;
    struct error error;

    if (store_get_worker(store, tenant, worker, &info, &error))
        ck_abort_msg("store_get_worker: %s", error.message);
    return info;
}

static void expect_missing(struct store *store, const char *tenant, const char *worker)
{
    struct worker_info info;
    struct error error = {0};

    ck_assert_int_eq(store_get_worker(store, tenant, worker, &info, &error), E_NOT_FOUND);
    ck_assert_int_eq(error.code, E_NOT_FOUND);
    ck_assert_str_eq(error.field, "worker");
}

/* Lists, and expects these names, separated by blanks. */
static void expect_list(struct store *store, const char *tenant, const char *after, size_t limit,
                        const char *names, bool has_more)
{
    struct buffer found = {0};
    struct worker_info *workers;
    struct error error;
    size_t count;
    bool more;

    if (store_list_workers(store, tenant, after, limit, &workers, &count, &more, &error))
        ck_abort_msg("store_list_workers: %s", error.message);
    for (size_t i = 0; i < count; i++) {
        ck_assert_str_eq(workers[i].tenant, tenant);
        buffer_append_format(&found, "%s%s", i > 0 ? " " : "", workers[i].name);
    }
    buffer_append(&found, "", 1);
    ck_assert_str_eq(found.data, names);
    ck_assert_int_eq(more, has_more);
    buffer_release(&found);
    free(workers);
}

/* a, b, c of one tenant, and b, d of another. */
static struct store *store_with_workers(void)
{
    struct store *store = new_store();

    put_version(store, "one", "c", "1", true);
    put_version(store, "one", "a", "1", true);
    put_version(store, "two", "d", "1", true);
    put_version(store, "one", "b", "1", true);
    put_version(store, "two", "b", "1", true);
    return store;
}

START_TEST(store_get_worker_deployed_is_whole)
{
    struct store *store = new_store();
    int64_t before_us = now_us();
    struct worker_info info;

    put_version(store, "acme", "hello", "1", true);
    put_version(store, "acme", "hello", "2", true);
    info = get(store, "acme", "hello");
    ck_assert_str_eq(info.tenant, "acme");
    ck_assert_str_eq(info.name, "hello");
    ck_assert_uint_eq(info.active_version, 2);
    ck_assert_uint_eq(info.latest_version, 2);
    ck_assert_int_ge(info.created_us, before_us);
    ck_assert_int_gt(info.updated_us, info.created_us);
    ck_assert_int_le(info.updated_us, now_us());
    store_close(store);
}
END_TEST

START_TEST(store_get_worker_never_activated_has_no_active_version)
{
    struct store *store = new_store();

    put_version(store, "acme", "hello", "1", false);
    ck_assert_uint_eq(get(store, "acme", "hello").active_version, 0);
    ck_assert_uint_eq(get(store, "acme", "hello").latest_version, 1);
    store_close(store);
}
END_TEST

START_TEST(store_get_worker_longest_names_are_whole)
{
    struct store *store = new_store();
    char tenant[SCRIPT_NAME_MAX + 1], worker[SCRIPT_NAME_MAX + 1];
    struct worker_info info;

    memset(tenant, 't', SCRIPT_NAME_MAX);
    memset(worker, 'w', SCRIPT_NAME_MAX);
    tenant[SCRIPT_NAME_MAX] = worker[SCRIPT_NAME_MAX] = '\0';
    put_version(store, tenant, worker, "1", true);
    info = get(store, tenant, worker);
    ck_assert_str_eq(info.tenant, tenant);
    ck_assert_str_eq(info.name, worker);
    store_close(store);
}
END_TEST

START_TEST(store_get_worker_other_name_is_not_found)
{
    struct store *store = store_with_workers();

    expect_missing(store, "one", "d");
    expect_missing(store, "two", "a");
    expect_missing(store, "three", "a");
    expect_missing(store, "", "");
    expect_missing(store, "one", "A");
    expect_missing(store, "one", "a' OR '1'='1");
    expect_missing(store, "one", "%");
    store_close(store);
}
END_TEST

START_TEST(store_list_workers_of_a_tenant_are_ordered_by_name)
{
    struct store *store = store_with_workers();

    expect_list(store, "one", "", 10, "a b c", false);
    expect_list(store, "two", "", 10, "b d", false);
    store_close(store);
}
END_TEST

START_TEST(store_list_workers_unknown_tenant_is_empty)
{
    struct store *store = store_with_workers();

    expect_list(store, "three", "", 10, "", false);
    expect_list(store, "one' OR '1'='1", "", 10, "", false);
    store_close(store);
}
END_TEST

START_TEST(store_list_workers_page_by_page_gives_all)
{
    struct store *store = store_with_workers();

    expect_list(store, "one", "", 2, "a b", true);
    expect_list(store, "one", "b", 2, "c", false);
    expect_list(store, "one", "c", 2, "", false);
    expect_list(store, "one", "", 3, "a b c", false);
    store_close(store);
}
END_TEST

START_TEST(store_list_workers_after_a_name_that_is_gone_goes_on)
{
    struct store *store = store_with_workers();

    expect_list(store, "one", "aa", 10, "b c", false);
    expect_list(store, "one", "' --", 10, "a b c", false);
    store_close(store);
}
END_TEST

START_TEST(store_list_workers_limit_zero_says_whether_there_are_any)
{
    struct store *store = store_with_workers();

    expect_list(store, "one", "", 0, "", true);
    expect_list(store, "three", "", 0, "", false);
    store_close(store);
}
END_TEST

START_TEST(store_list_workers_limit_beyond_a_page_gives_a_page)
{
    struct worker_info *workers;
    struct store *store;
    size_t count;
    bool more;

    store_close(new_store());
    run_sql(DB,
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1001)"
            " INSERT INTO workers (tenant, name, latest_version, created_us, updated_us)"
            " SELECT 'one', printf('w%04d', i), 0, 0, 0 FROM n",
            false);
    store = open_store(DB);
    ck_assert_int_eq(store_list_workers(store, "one", "", SIZE_MAX, &workers, &count, &more, NULL),
                     0);
    ck_assert_uint_eq(count, STORE_PAGE_MAX);
    ck_assert(more);
    ck_assert_str_eq(workers[STORE_PAGE_MAX - 1].name, "w1000");
    free(workers);
    store_close(store);
}
END_TEST

START_TEST(store_activate_older_version_is_a_rollback)
{
    struct store *store = new_store();
    struct worker_info info;
    uint32_t previous;

    put_version(store, "one", "a", "1", true);
    put_version(store, "one", "a", "2", true);
    ck_assert_int_eq(store_activate(store, "one", "a", 1, &info, &previous, NULL), 0);
    ck_assert_uint_eq(previous, 2);
    ck_assert_uint_eq(info.active_version, 1);
    ck_assert_uint_eq(info.latest_version, 2);
    ck_assert_uint_eq(get(store, "one", "a").active_version, 1);
    ck_assert_uint_eq(put_version(store, "one", "a", "3", false), 3);
    ck_assert_uint_eq(get(store, "one", "a").active_version, 1);
    store_close(store);
}
END_TEST

START_TEST(store_activate_first_time_had_none_before)
{
    struct store *store = new_store();
    struct worker_info info;
    uint32_t previous = 99;

    put_version(store, "one", "a", "1", false);
    ck_assert_int_eq(store_activate(store, "one", "a", 1, &info, &previous, NULL), 0);
    ck_assert_uint_eq(previous, 0);
    ck_assert_uint_eq(info.active_version, 1);
    store_close(store);
}
END_TEST

START_TEST(store_activate_active_version_stays)
{
    struct store *store = store_with_workers();
    struct worker_info info;
    uint32_t previous;

    ck_assert_int_eq(store_activate(store, "one", "a", 1, &info, &previous, NULL), 0);
    ck_assert_uint_eq(previous, 1);
    ck_assert_uint_eq(info.active_version, 1);
    store_close(store);
}
END_TEST

START_TEST(store_activate_any_version_updates_the_time)
{
    struct store *store = store_with_workers();
    int64_t before_us = get(store, "one", "a").updated_us;
    struct worker_info info;
    uint32_t previous;

    ck_assert_int_eq(store_activate(store, "one", "a", 1, &info, &previous, NULL), 0);
    ck_assert_int_gt(info.updated_us, before_us);
    ck_assert_int_eq(get(store, "one", "a").updated_us, info.updated_us);
    ck_assert_int_eq(get(store, "one", "a").created_us, info.created_us);
    store_close(store);
}
END_TEST

START_TEST(store_activate_missing_version_is_not_found)
{
    static const uint32_t versions[] = {0, 2, UINT32_MAX};
    struct store *store = store_with_workers();

    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        struct worker_info info;
        struct error error;
        uint32_t previous;

        ck_assert_int_eq(store_activate(store, "one", "a", versions[i], &info, &previous, &error),
                         E_NOT_FOUND);
        ck_assert_str_eq(error.field, "version");
    }
    ck_assert_uint_eq(get(store, "one", "a").active_version, 1);
    store_close(store);
}
END_TEST

START_TEST(store_activate_missing_worker_is_not_found)
{
    struct store *store = store_with_workers();
    struct worker_info info;
    struct error error;
    uint32_t previous;

    ck_assert_int_eq(store_activate(store, "two", "a", 1, &info, &previous, &error), E_NOT_FOUND);
    ck_assert_str_eq(error.field, "worker");
    put_version(store, "two", "a", "1", true); /* no transaction was left open */
    store_close(store);
}
END_TEST

START_TEST(store_activate_done_is_there_after_a_restart)
{
    struct store *store = new_store();
    struct worker_info info;
    uint32_t previous;

    put_version(store, "one", "a", "1", true);
    put_version(store, "one", "a", "2", true);
    ck_assert_int_eq(store_activate(store, "one", "a", 1, &info, &previous, NULL), 0);
    store_close(store);
    store = open_store(DB);
    ck_assert_uint_eq(get(store, "one", "a").active_version, 1);
    store_close(store);
}
END_TEST

START_TEST(store_delete_worker_takes_its_versions_and_files)
{
    struct store *store = new_store();
    uint32_t versions = 0;

    for (int i = 0; i < 3; i++)
        put_version(store, "one", "a", "1", true);
    ck_assert_int_eq(store_delete_worker(store, "one", "a", &versions, NULL), 0);
    ck_assert_uint_eq(versions, 3);
    expect_missing(store, "one", "a");
    store_close(store);
    ck_assert_int_eq(query_sql(DB, "SELECT count(*) FROM versions"), 0);
    ck_assert_int_eq(query_sql(DB, "SELECT count(*) FROM files"), 0);
}
END_TEST

START_TEST(store_delete_worker_leaves_the_others)
{
    struct store *store = store_with_workers();
    uint32_t versions;

    ck_assert_int_eq(store_delete_worker(store, "one", "b", &versions, NULL), 0);
    expect_list(store, "one", "", 10, "a c", false);
    expect_list(store, "two", "", 10, "b d", false);
    expect_text(store, "two", "b", 1, "1");
    store_close(store);
}
END_TEST

START_TEST(store_delete_worker_missing_is_not_found)
{
    struct store *store = store_with_workers();
    uint32_t versions = 99;
    struct error error;

    ck_assert_int_eq(store_delete_worker(store, "two", "a", &versions, &error), E_NOT_FOUND);
    ck_assert_str_eq(error.field, "worker");
    ck_assert_uint_eq(versions, 99);
    ck_assert_int_eq(store_delete_worker(store, "one", "a", &versions, NULL), 0);
    ck_assert_int_eq(store_delete_worker(store, "one", "a", &versions, NULL), E_NOT_FOUND);
    store_close(store);
}
END_TEST

START_TEST(store_delete_worker_made_again_starts_anew)
{
    struct store *store = new_store();
    uint32_t versions;

    put_version(store, "one", "a", "old", true);
    put_version(store, "one", "a", "old", true);
    ck_assert_int_eq(store_delete_worker(store, "one", "a", &versions, NULL), 0);
    ck_assert_uint_eq(put_version(store, "one", "a", "new", false), 1);
    ck_assert_uint_eq(get(store, "one", "a").active_version, 0);
    expect_text(store, "one", "a", 1, "new");
    store_close(store);
}
END_TEST

UNIT_MAIN("store_worker", store_get_worker_deployed_is_whole,
          store_get_worker_never_activated_has_no_active_version,
          store_get_worker_longest_names_are_whole, store_get_worker_other_name_is_not_found,
          store_list_workers_of_a_tenant_are_ordered_by_name,
          store_list_workers_unknown_tenant_is_empty, store_list_workers_page_by_page_gives_all,
          store_list_workers_after_a_name_that_is_gone_goes_on,
          store_list_workers_limit_zero_says_whether_there_are_any,
          store_list_workers_limit_beyond_a_page_gives_a_page,
          store_activate_older_version_is_a_rollback, store_activate_first_time_had_none_before,
          store_activate_active_version_stays, store_activate_any_version_updates_the_time,
          store_activate_missing_version_is_not_found, store_activate_missing_worker_is_not_found,
          store_activate_done_is_there_after_a_restart,
          store_delete_worker_takes_its_versions_and_files, store_delete_worker_leaves_the_others,
          store_delete_worker_missing_is_not_found, store_delete_worker_made_again_starts_anew)
