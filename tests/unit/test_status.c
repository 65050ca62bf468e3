/* server/status: what errors and failures become. */
#include "server/status.h"

#include "api/bytes.h"
#include "api/utf8.h"
#include "unit.h"

#include <google/rpc/error_details.pb-c.h>
#include <google/rpc/status.pb-c.h>
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
        const struct report report = {.version = UINT32_MAX,
                                      .queue_us = UINT64_MAX,
                                      .lock_wait_us = UINT64_MAX,
                                      .startup_us = UINT64_MAX,
                                      .cpu_us = UINT64_MAX,
                                      .wall_us = UINT64_MAX,
                                      .heap_bytes = UINT64_MAX};
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
        read = pack_and_read(&status);
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
          status_pack_longest_details_fit_and_are_utf8)
