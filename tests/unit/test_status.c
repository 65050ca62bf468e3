/* server/status: what errors and failures become. */
#include "server/status.h"

#include "api/bytes.h"
#include "api/utf8.h"
#include "server/span_message.h"
#include "unit.h"

#include <google/rpc/error_details.pb-c.h>
#include <google/rpc/status.pb-c.h>
#include <isoyard/v1/execution.pb-c.h>
#include <isoyard/v1/failure.pb-c.h>
#include <stdio.h>

static Google__Rpc__Status *pack_and_read(const struct status *status)
{
    grpc_slice packed = status_pack(status);
    Google__Rpc__Status *read =
        google__rpc__status__unpack(NULL, GRPC_SLICE_LENGTH(packed), GRPC_SLICE_START_PTR(packed));

    ck_assert_uint_le(GRPC_SLICE_LENGTH(packed), STATUS_DETAILS_MAX);
    ck_assert_ptr_nonnull(read);
    grpc_slice_unref(packed);
    return read;
}

static const Google__Protobuf__Any *find(const Google__Rpc__Status *status, const char *type)
{
    for (size_t i = 0; i < status->n_details; i++) {
        const char *slash = strrchr(status->details[i]->type_url, '/');

        if (slash && strcmp(slash + 1, type) == 0)
            return status->details[i];
    }
    return NULL;
}

START_TEST(status_of_error_every_error_has_a_code)
{
    for (int err = E_INTERNAL; err < 0; err++) {
        struct status status;

        status_of_error(err, NULL, &status);
        ck_assert_int_ne(status.code, GRPC_STATUS_OK);
        ck_assert_ptr_nonnull(status.reason);
        ck_assert_uint_gt(strlen(status.message), 0);
    }
}
END_TEST

START_TEST(status_of_error_field_becomes_a_violation)
{
    const struct error error = {E_INVALID, "files[0].name", "wrong"};
    Google__Rpc__Status *read;
    Google__Rpc__BadRequest *request;
    const Google__Protobuf__Any *any;
    struct status status;

    status_of_error(E_INVALID, &error, &status);
    ck_assert_int_eq(status.code, GRPC_STATUS_INVALID_ARGUMENT);
    read = pack_and_read(&status);
    any = find(read, "google.rpc.BadRequest");
    ck_assert_ptr_nonnull(any);
    request = google__rpc__bad_request__unpack(NULL, any->value.len, any->value.data);
    ck_assert_str_eq(request->field_violations[0]->field, "files[0].name");
    google__rpc__bad_request__free_unpacked(request, NULL);
    google__rpc__status__free_unpacked(read, NULL);
}
END_TEST

START_TEST(status_of_error_busy_has_a_retry_delay)
{
    Google__Rpc__Status *read;
    struct status status;

    status_of_error(E_BUSY, NULL, &status);
    ck_assert_int_eq(status.code, GRPC_STATUS_RESOURCE_EXHAUSTED);
    ck_assert_uint_gt(status.retry_delay_ms, 0);
    read = pack_and_read(&status);
    ck_assert_ptr_nonnull(find(read, "google.rpc.RetryInfo"));
    google__rpc__status__free_unpacked(read, NULL);
}
END_TEST

static grpc_status_code code_of(enum failure_reason reason, enum limit limit, bool is_late)
{
    const struct failure failure = {.reason = reason, .limit = limit};
    struct status status;

    status_of_failure(&failure, NULL, is_late, &status);
    return status.code;
}

START_TEST(status_of_failure_codes)
{
    ck_assert_int_eq(code_of(FAILURE_LIMIT_EXCEEDED, LIMIT_CPU, false),
                     GRPC_STATUS_RESOURCE_EXHAUSTED);
    ck_assert_int_eq(code_of(FAILURE_LIMIT_EXCEEDED, LIMIT_WALL, false),
                     GRPC_STATUS_DEADLINE_EXCEEDED);
    ck_assert_int_eq(code_of(FAILURE_CANCELLED, LIMIT_NONE, false), GRPC_STATUS_CANCELLED);
    ck_assert_int_eq(code_of(FAILURE_CANCELLED, LIMIT_NONE, true), GRPC_STATUS_DEADLINE_EXCEEDED);
    ck_assert_int_eq(code_of(FAILURE_ISOLATE_CONDEMNED, LIMIT_NONE, false),
                     GRPC_STATUS_UNAVAILABLE);
    ck_assert_int_eq(code_of(FAILURE_QUEUE_FULL, LIMIT_NONE, false),
                     GRPC_STATUS_RESOURCE_EXHAUSTED);
    ck_assert_int_eq(code_of(FAILURE_DRAINING, LIMIT_NONE, false), GRPC_STATUS_UNAVAILABLE);
    ck_assert_int_eq(code_of(FAILURE_INTERNAL, LIMIT_NONE, false), GRPC_STATUS_INTERNAL);
    ck_assert_int_eq(code_of(FAILURE_SYNTAX, LIMIT_NONE, false), GRPC_STATUS_INVALID_ARGUMENT);
}
END_TEST

START_TEST(failure_is_workers_six_are)
{
    unsigned count = 0;

    for (int reason = FAILURE_EXCEPTION; reason <= FAILURE_INVALID_PAYLOAD; reason++)
        count += failure_is_workers(&(struct failure){.reason = (enum failure_reason)reason});
    ck_assert_uint_eq(count, 6);
    ck_assert(!failure_is_workers(&(struct failure){.reason = FAILURE_LIMIT_EXCEEDED}));
}
END_TEST

static char *repeat(const char *text, size_t times)
{
    struct buffer repeated = {0};

    for (size_t i = 0; i < times; i++)
        buffer_append_text(&repeated, text);
    buffer_append(&repeated, "", 1);
    return repeated.data;
}

/* All that a report may have, at its longest. */
static struct report longest_report(void)
{
    struct report report = {.version = UINT32_MAX,
                            .architecture = ARCHITECTURE_PINNED,
                            .lane = UINT32_MAX,
                            .queue_us = UINT64_MAX,
                            .lock_wait_us = UINT64_MAX,
                            .startup_us = UINT64_MAX,
                            .cpu_us = UINT64_MAX,
                            .wall_us = UINT64_MAX,
                            .heap_bytes = UINT64_MAX,
                            .subrequests = UINT32_MAX,
                            .subrequest_us = UINT64_MAX,
                            .subrequest_sent_bytes = UINT64_MAX,
                            .subrequest_received_bytes = UINT64_MAX};

    memset(report.execution, 'e', HEX_ID_LEN);
    memset(report.trace, 't', TRACE_ID_LEN);
    return report;
}

/* Fetches whose texts are of the length; the first ones are the longest, the last is under way. */
static struct span_list *fetches(size_t count, size_t what_len)
{
    struct span_list *list = xcalloc(1, sizeof(*list));

    list->count = count;
    for (size_t i = 0; i < count; i++) {
        struct span *span = &list->spans[i];

        span->id = UINT64_MAX - i;
        span->start_us = UINT64_MAX;
        span->duration_us = 1000 - i;
        span->status = 200;
        span->is_unfinished = i == count - 1;
        memset(span->what, 'w', what_len);
    }
    return list;
}

/* The report among the details of a failure with such spans. */
static Isoyard__V1__ExecutionReport *report_of_failure(const struct failure *failure,
                                                       const struct report *report,
                                                       const struct span_list *list)
{
    Isoyard__V1__ExecutionReport *unpacked;
    const Google__Protobuf__Any *any;
    Google__Rpc__Status *read;
    struct status status;

    status_of_failure(failure, report, false, &status);
    status.spans = span_messages_new(report, list);
    read = pack_and_read(&status);
    span_messages_free(status.spans);
    any = find(read, "isoyard.v1.ExecutionReport");
    unpacked = isoyard__v1__execution_report__unpack(NULL, any->value.len, any->value.data);
    ck_assert_ptr_nonnull(unpacked);
    google__rpc__status__free_unpacked(read, NULL);
    return unpacked;
}

START_TEST(status_pack_spans_that_fit_are_all_there)
{
    const struct failure failure = {.reason = FAILURE_LIMIT_EXCEEDED, .limit = LIMIT_WALL};
    const struct report report = {.queue_us = 10, .startup_us = 20, .wall_us = 100};
    struct span_list *list = fetches(3, 20);
    Isoyard__V1__ExecutionReport *read;

    list->omitted = 5;
    read = report_of_failure(&failure, &report, list);
    ck_assert_uint_eq(read->n_spans, 6);
    ck_assert_str_eq(read->spans[0]->name, "queue");
    ck_assert_str_eq(read->spans[2]->name, "handler");
    ck_assert_uint_eq(read->spans[2]->duration_us, 70);
    for (size_t i = 3; i < 6; i++)
        ck_assert_uint_eq(read->spans[i]->duration_us, 1000 - (i - 3));
    ck_assert(!read->spans[4]->unfinished && read->spans[5]->unfinished);
    ck_assert_uint_eq(read->spans_omitted, 5);
    isoyard__v1__execution_report__free_unpacked(read, NULL);
    free(list);
}
END_TEST

/* In each the details stay in their bound, and what is left out says least. */
START_TEST(status_pack_spans_that_do_not_fit_are_left_out)
{
    const struct report report = longest_report();
    struct span_list *list = fetches(SPANS_MAX, SPAN_WHAT_MAX);

    for (size_t stack_len = 0; stack_len < 2000; stack_len += 7) {
        struct failure failure = {.reason = FAILURE_LIMIT_EXCEEDED, .limit = LIMIT_WALL};
        Isoyard__V1__ExecutionReport *read;
        size_t kept;

        failure.stack = repeat("s", stack_len);
        read = report_of_failure(&failure, &report, list);
        kept = read->n_spans - 4;
        ck_assert_uint_gt(kept, 5);
        ck_assert_uint_eq(kept + read->spans_omitted, SPANS_MAX);
        for (size_t i = 0; i < kept - 1; i++)
            ck_assert_uint_eq(read->spans[4 + i]->duration_us, 1000 - i);
        ck_assert(read->spans[read->n_spans - 1]->unfinished);
        isoyard__v1__execution_report__free_unpacked(read, NULL);
        failure_release(&failure);
    }
    free(list);
}
END_TEST

START_TEST(status_pack_longest_details_fit_and_are_utf8)
{
    static const char *const letters[] = {"a", "\xc3\xa9", "\xe6\x97\xa5", "\xf0\x9f\x98\x80",
                                          "\xff"};

    for (size_t i = 0; i < 5 * 8; i++) {
        /* A prefix of each length moves the place of the cut through the letter. */
        char *text = repeat(letters[i / 8], 100000);
        struct failure failure = {.reason = FAILURE_EXCEPTION,
                                  .limit = LIMIT_CPU,
                                  .used = UINT64_MAX,
                                  .allowed = UINT64_MAX,
                                  .line = UINT32_MAX,
                                  .column = UINT32_MAX};
        const struct report report = longest_report();
        struct span_list *list = fetches(SPANS_MAX, SPAN_WHAT_MAX);
        Google__Rpc__Status *read;
        Isoyard__V1__Failure *inside;
        const Google__Protobuf__Any *any;
        struct status status;

        ck_assert_int_gt(asprintf(&failure.message, "%.*s%s", (int)(i % 8), "01234567", text), 0);
        ck_assert_int_gt(asprintf(&failure.stack, "%.*s%s", (int)(i % 8), "01234567", text), 0);
        failure.file = repeat(letters[i / 8], 100000);
        status_of_failure(&failure, &report, false, &status);
        status.field = "files";
        status.retry_delay_ms = 1;
        status.spans = i % 2 ? span_messages_new(&report, list) : NULL;
        read = pack_and_read(&status);
        span_messages_free(status.spans);
        free(list);
        any = find(read, "isoyard.v1.Failure");
        inside = isoyard__v1__failure__unpack(NULL, any->value.len, any->value.data);
        ck_assert(utf8_is_valid(read->message, strlen(read->message)));
        ck_assert(utf8_is_valid(inside->message, strlen(inside->message)));
        ck_assert(utf8_is_valid(inside->stack, strlen(inside->stack)));
        ck_assert_uint_gt(strlen(read->message), 400);
        isoyard__v1__failure__free_unpacked(inside, NULL);
        google__rpc__status__free_unpacked(read, NULL);
        failure_release(&failure);
        free(text);
    }
}
END_TEST

UNIT_MAIN("status", status_of_error_every_error_has_a_code,
          status_of_error_field_becomes_a_violation, status_of_error_busy_has_a_retry_delay,
          status_of_failure_codes, failure_is_workers_six_are,
          status_pack_spans_that_fit_are_all_there, status_pack_spans_that_do_not_fit_are_left_out,
          status_pack_longest_details_fit_and_are_utf8)
