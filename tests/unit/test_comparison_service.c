/* server/comparison_service: saving a report. */
#include "server/comparison_service.h"

#include "store/comparison.h"
#include "store_fixture.h"

static struct store_thread *start_thread(void)
{
    struct store_thread *thread;
    struct error error;

    ck_assert_int_eq(store_thread_start(new_store(), &thread, &error), 0);
    return thread;
}

static Isoyard__V1__Comparison titled(const char *title)
{
    Isoyard__V1__Comparison report = ISOYARD__V1__COMPARISON__INIT;

    report.title = (char *)title;
    report.verdict = "None is better.";
    report.is_decided = true;
    report.processors = 3;
    return report;
}

/* What is in the file, once the thread has closed it. */
static struct stored_comparison read_back(uint64_t id)
{
    struct store *store = open_store(DB);
    struct stored_comparison found;

    ck_assert_int_eq(store_get_comparison(store, id, &found, NULL), 0);
    store_close(store);
    return found;
}

START_TEST(comparison_save_stores_the_report_without_id_and_time)
{
    struct store_thread *thread = start_thread();
    Isoyard__V1__Comparison report = titled("synthetic, cpu"), *read;
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    struct stored_comparison found;
    struct error error;
    int64_t created_us = 0;
    uint64_t id = 0;

    report.id = 4711;
    report.create_time = &time;
    ck_assert_int_eq(comparison_save(thread, &report, &id, &created_us, &error), 0);
    ck_assert_int_eq(comparison_save(thread, &report, &id, &created_us, &error), 0);
    ck_assert_uint_eq(id, 2);
    ck_assert_uint_eq(report.id, 4711);
    store_thread_stop(thread);
    found = read_back(2);
    ck_assert_str_eq(found.title, "synthetic, cpu");
    ck_assert_str_eq(found.verdict, "None is better.");
    ck_assert(found.is_decided);
    ck_assert_int_eq(found.created_us, created_us);
    read = isoyard__v1__comparison__unpack(NULL, found.report.len, (uint8_t *)found.report.data);
    ck_assert_uint_eq(read->id, 0);
    ck_assert_ptr_null(read->create_time);
    ck_assert_uint_eq(read->processors, 3);
    isoyard__v1__comparison__free_unpacked(read, NULL);
    stored_comparison_release(&found);
}
END_TEST

START_TEST(comparison_save_too_large_is_invalid)
{
    struct store_thread *thread = start_thread();
    char *large = xmalloc(STORE_REPORT_BYTES_MAX + 1);
    Isoyard__V1__Comparison report = titled("large");
    struct error error;
    int64_t created_us;
    uint64_t id = 0;

    memset(large, 'x', STORE_REPORT_BYTES_MAX);
    large[STORE_REPORT_BYTES_MAX] = '\0';
    report.server_version = large;
    ck_assert_int_eq(comparison_save(thread, &report, &id, &created_us, &error), E_INVALID);
    ck_assert_ptr_nonnull(strstr(error.message, "bytes"));
    ck_assert_uint_eq(id, 0);
    store_thread_stop(thread);
    free(large);
}
END_TEST

UNIT_MAIN("comparison_service", comparison_save_stores_the_report_without_id_and_time,
          comparison_save_too_large_is_invalid)
