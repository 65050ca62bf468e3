/* server/log_message: filters as requests name them, records as messages. */
#include "server/log_message.h"

#include "api/hex.h"
#include "log_fixture.h"
#include "unit.h"

static struct log_question question(void)
{
    return (struct log_question){.tenant = "", .worker = "", .execution_id = "", .text = ""};
}

static void expect_refused(struct log_question q, const char *field)
{
    struct log_filter filter;
    struct error error;

    ck_assert_int_eq(log_filter_read(&q, &filter, &error), E_INVALID);
    ck_assert_str_eq(error.field, field);
}

START_TEST(filter_read_empty_means_all_of_default)
{
    struct log_question q = question();
    struct log_filter filter;

    ck_assert_int_eq(log_filter_read(&q, &filter, NULL), 0);
    ck_assert_str_eq(filter.tenant, "default");
    ck_assert_str_eq(filter.worker, "");
    ck_assert_int_eq(filter.level, LOG_DEBUG);
    ck_assert_uint_eq(filter.outcomes, 0);
    ck_assert_int_eq(filter.from_us, 0);
    ck_assert_int_eq(filter.until_us, 0);
}
END_TEST

START_TEST(filter_read_takes_all)
{
    const Isoyard__V1__LogOutcome outcomes[] = {ISOYARD__V1__LOG_OUTCOME__LOG_OUTCOME_FAILED,
                                                ISOYARD__V1__LOG_OUTCOME__LOG_OUTCOME_SERVER};
    const Google__Protobuf__Timestamp start = {.seconds = 1, .nanos = 1},
                                      end = {.seconds = 2, .nanos = 999999999};
    struct log_question q = {.tenant = "acme",
                             .worker = "hello",
                             .execution_id = "00f067aa0ba902b7",
                             .text = "t",
                             .version = 3,
                             .level = ISOYARD__V1__LOG_LEVEL__LOG_LEVEL_WARN,
                             .outcomes = outcomes,
                             .outcome_count = 2,
                             .start = &start,
                             .end = &end};
    struct log_filter filter;

    ck_assert_int_eq(log_filter_read(&q, &filter, NULL), 0);
    ck_assert_str_eq(filter.tenant, "acme");
    ck_assert_str_eq(filter.worker, "hello");
    ck_assert_uint_eq(filter.version, 3);
    ck_assert_int_eq(filter.level, LOG_WARN);
    ck_assert_uint_eq(filter.outcomes, 1u << RECORD_FAILED | 1u << RECORD_SERVER);
    ck_assert_uint_eq(filter.execution, UINT64_C(0x00f067aa0ba902b7));
    ck_assert_int_eq(filter.from_us, 1000001);
    ck_assert_int_eq(filter.until_us, 3000000);
}
END_TEST

START_TEST(filter_read_end_before_1970_is_no_open_end)
{
    const Google__Protobuf__Timestamp end = {.seconds = -5};
    struct log_question q = question();
    struct log_filter filter;

    q.end = &end;
    ck_assert_int_eq(log_filter_read(&q, &filter, NULL), 0);
    ck_assert_int_eq(filter.until_us, 1);
}
END_TEST

START_TEST(filter_read_refuses)
{
    const Isoyard__V1__LogOutcome outcome = (Isoyard__V1__LogOutcome)6;
    const Google__Protobuf__Timestamp late = {.seconds = INT64_C(253402300800)};
    char text[LOG_FILTER_TEXT_MAX + 2];
    struct log_question q = question();
    struct log_filter filter;

    q.tenant = "Bad";
    expect_refused(q, "tenant");
    q = question();
    q.worker = "-";
    expect_refused(q, "worker");
    q = question();
    q.level = (Isoyard__V1__LogLevel)5;
    expect_refused(q, "level");
    q = question();
    q.outcomes = &outcome;
    q.outcome_count = 1;
    expect_refused(q, "outcomes");
    q = question();
    q.execution_id = "00F067AA0BA902B7";
    expect_refused(q, "execution_id");
    q.execution_id = "00f067aa0ba902b70";
    expect_refused(q, "execution_id");
    q = question();
    q.start = &late;
    expect_refused(q, "start_time");
    q = question();
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    q.text = text;
    expect_refused(q, "text");
    text[sizeof(text) - 2] = '\0';
    ck_assert_int_eq(log_filter_read(&q, &filter, NULL), 0);
}
END_TEST

START_TEST(messages_say_what_records_do)
{
    struct log_record *record = new_record("hello", "text");
    struct log_messages messages;
    const Isoyard__V1__LogRecord *m;

    record->id = 1800000000000000;
    record->time_us = 1700000000123456;
    log_messages_init(&messages, &record, 1);
    m = messages.pointers[0];
    ck_assert_uint_eq(m->id, 1800000000000000);
    ck_assert_int_eq(m->time->seconds, 1700000000);
    ck_assert_int_eq(m->time->nanos, 123456000);
    ck_assert_str_eq(m->tenant, "acme");
    ck_assert_str_eq(m->worker, "hello");
    ck_assert_uint_eq(m->version, 3);
    ck_assert_int_eq(m->kind, ISOYARD__V1__LOG_KIND__LOG_KIND_CONSOLE);
    ck_assert_int_eq(m->level, ISOYARD__V1__LOG_LEVEL__LOG_LEVEL_INFO);
    ck_assert_str_eq(m->execution_id, "0000000000000007");
    ck_assert_str_eq(m->text, "text");
    ck_assert_ptr_null(m->end);
    log_messages_release(&messages);
    log_record_unref(record);
}
END_TEST

UNIT_MAIN("log_message", filter_read_empty_means_all_of_default, filter_read_takes_all,
          filter_read_end_before_1970_is_no_open_end, filter_read_refuses,
          messages_say_what_records_do)
