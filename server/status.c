/* The one table of errors and failures, and the packing of details. */
#include "server/status.h"

#include "api/bytes.h"
#include "server/cut.h"
#include "server/message.h"
#include "server/span_message.h"

#include <assert.h>
#include <google/protobuf/any.pb-c.h>
#include <google/rpc/error_details.pb-c.h>
#include <google/rpc/status.pb-c.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUSY_DELAY_MS 100
#define CONDEMNED_DELAY_MS 20
#define DRAINING_DELAY_MS 1000

/* Together with the status's own message, twice, these stay below STATUS_DETAILS_MAX. */
#define DETAIL_MESSAGE_MAX 700
#define DETAIL_STACK_MAX 1100
#define DETAIL_FILE_MAX 255

struct row {
    int key;
    grpc_status_code code;
    const char *reason;
    uint32_t retry_delay_ms;
};

static const struct row error_rows[] = {
    {E_NOMEM, GRPC_STATUS_RESOURCE_EXHAUSTED, "OUT_OF_MEMORY", 0},
    {E_INVALID, GRPC_STATUS_INVALID_ARGUMENT, "INVALID", 0},
    {E_NOT_FOUND, GRPC_STATUS_NOT_FOUND, "NOT_FOUND", 0},
    {E_CONDITION, GRPC_STATUS_FAILED_PRECONDITION, "PRECONDITION", 0},
    {E_BUSY, GRPC_STATUS_RESOURCE_EXHAUSTED, "QUEUE_FULL", BUSY_DELAY_MS},
    {E_CLOSED, GRPC_STATUS_UNAVAILABLE, "DRAINING", DRAINING_DELAY_MS},
    {E_LIMIT, GRPC_STATUS_RESOURCE_EXHAUSTED, "LIMIT_EXCEEDED", 0},
    {E_DEADLINE, GRPC_STATUS_DEADLINE_EXCEEDED, "DEADLINE", 0},
    {E_CANCELLED, GRPC_STATUS_CANCELLED, "CANCELLED", 0},
    {E_CONDEMNED, GRPC_STATUS_UNAVAILABLE, "ISOLATE_CONDEMNED", CONDEMNED_DELAY_MS},
    {E_WORKER, GRPC_STATUS_INVALID_ARGUMENT, "EXCEPTION", 0},
    {E_CORRUPT, GRPC_STATUS_DATA_LOSS, "CORRUPT", 0},
    {E_IO, GRPC_STATUS_INTERNAL, "IO", 0},
    {E_UNREACHABLE, GRPC_STATUS_UNAVAILABLE, "UNREACHABLE", 0},
    {E_INTERNAL, GRPC_STATUS_INTERNAL, "INTERNAL", 0},
};

/* The worker's own failures are here for Deploy, which refuses a worker that has one; Execute
 * reports them in its reply. */
static const struct row failure_rows[] = {
    {FAILURE_EXCEPTION, GRPC_STATUS_INVALID_ARGUMENT, NULL, 0},
    {FAILURE_LIMIT_EXCEEDED, GRPC_STATUS_RESOURCE_EXHAUSTED, NULL, 0},
    {FAILURE_NEVER_SETTLES, GRPC_STATUS_INVALID_ARGUMENT, NULL, 0},
    {FAILURE_INVALID_RESPONSE, GRPC_STATUS_INVALID_ARGUMENT, NULL, 0},
    {FAILURE_NO_HANDLER, GRPC_STATUS_INVALID_ARGUMENT, NULL, 0},
    {FAILURE_SYNTAX, GRPC_STATUS_INVALID_ARGUMENT, NULL, 0},
    {FAILURE_UNRESOLVED_IMPORT, GRPC_STATUS_INVALID_ARGUMENT, NULL, 0},
    {FAILURE_CANCELLED, GRPC_STATUS_CANCELLED, NULL, 0},
    {FAILURE_ISOLATE_CONDEMNED, GRPC_STATUS_UNAVAILABLE, NULL, CONDEMNED_DELAY_MS},
    {FAILURE_QUEUE_FULL, GRPC_STATUS_RESOURCE_EXHAUSTED, NULL, BUSY_DELAY_MS},
    {FAILURE_DRAINING, GRPC_STATUS_UNAVAILABLE, NULL, DRAINING_DELAY_MS},
    {FAILURE_INTERNAL, GRPC_STATUS_INTERNAL, NULL, 0},
    {FAILURE_INVALID_PAYLOAD, GRPC_STATUS_INVALID_ARGUMENT, NULL, 0},
};

static const struct row *find_row(const struct row *rows, size_t count, int key)
{
    static const struct row unknown = {0, GRPC_STATUS_INTERNAL, "INTERNAL", 0};

    for (size_t i = 0; i < count; i++) {
        if (rows[i].key == key)
            return &rows[i];
    }
    return &unknown;
}

#define FIND_ROW(rows, key) find_row(rows, sizeof(rows) / sizeof(rows[0]), (int)(key))

void status_set(struct status *ret, grpc_status_code code, const char *message)
{
    *ret = (struct status){.code = code};
    status_set_message(ret, message);
}

void status_set_message(struct status *status, const char *message)
{
    cut_copy(status->message, sizeof(status->message), message);
}

static const char *err_sentence(int err)
{
    switch (err) {
    case E_NOMEM:
        return "the server has no memory for this";
    case E_BUSY:
        return "the queue is full; try again a little later";
    case E_CLOSED:
        return "the server is shutting down; try another one, or again later";
    case E_CANCELLED:
        return "the caller went away";
    default:
        return "the server failed; its log says more";
    }
}

void status_of_error(int err, const struct error *error, struct status *ret)
{
    const struct row *row = FIND_ROW(error_rows, err);
    bool is_told = error && error->message[0];

    status_set(ret, row->code, is_told ? error->message : err_sentence(err));
    ret->reason = row->reason;
    ret->retry_delay_ms = row->retry_delay_ms;
    if (err == E_INVALID && error && error->field[0])
        ret->field = error->field;
}

static grpc_status_code failure_code(const struct row *row, const struct failure *failure,
                                     bool is_late)
{
    bool is_wall = failure->reason == FAILURE_LIMIT_EXCEEDED &&
                   (failure->limit == LIMIT_WALL || failure->limit == LIMIT_BODY_IDLE);

    if (is_wall || (failure->reason == FAILURE_CANCELLED && is_late))
        return GRPC_STATUS_DEADLINE_EXCEEDED;
    return row->code;
}

void status_of_failure(const struct failure *failure, const struct report *report, bool is_late,
                       struct status *ret)
{
    const struct row *row = FIND_ROW(failure_rows, failure->reason);

    status_set(ret, failure_code(row, failure, is_late),
               failure->message ? failure->message : failure_reason_name(failure->reason));
    ret->reason = failure_reason_name(failure->reason);
    ret->retry_delay_ms = row->retry_delay_ms;
    ret->failure = failure;
    ret->report = report;
    if (failure->reason == FAILURE_INVALID_PAYLOAD)
        ret->field = "task.payload_json";
}

bool failure_is_workers(const struct failure *failure)
{
    switch (failure->reason) {
    case FAILURE_EXCEPTION:
    case FAILURE_NEVER_SETTLES:
    case FAILURE_INVALID_RESPONSE:
    case FAILURE_NO_HANDLER:
    case FAILURE_SYNTAX:
    case FAILURE_UNRESOLVED_IMPORT:
        return true;
    default:
        return false;
    }
}

#define DETAILS_MAX 6

/* The details of one status while it is packed. Owns the packed values and the type URLs. */
struct details {
    size_t count;
    Google__Protobuf__Any any[DETAILS_MAX];
    Google__Protobuf__Any *pointers[DETAILS_MAX];
};

static void details_add(struct details *d, const ProtobufCMessage *message)
{
    Google__Protobuf__Any *any = &d->any[d->count];
    char *url;

    assert(d->count < DETAILS_MAX);
    google__protobuf__any__init(any);
    if (asprintf(&url, "type.googleapis.com/%s", message->descriptor->name) < 0)
        abort();
    any->type_url = url;
    any->value.len = protobuf_c_message_get_packed_size(message);
    any->value.data = xmalloc(any->value.len + 1);
    protobuf_c_message_pack(message, any->value.data);
    d->pointers[d->count++] = any;
}

static void details_drop_last(struct details *d)
{
    d->count--;
    free(d->any[d->count].type_url);
    free(d->any[d->count].value.data);
}

static void details_release(struct details *d)
{
    while (d->count > 0)
        details_drop_last(d);
}

static void add_error_info(struct details *d, const struct status *s)
{
    Google__Rpc__ErrorInfo info = GOOGLE__RPC__ERROR_INFO__INIT;

    info.reason = (char *)s->reason;
    info.domain = (char *)"isoyard";
    details_add(d, &info.base);
}

static void add_bad_request(struct details *d, const struct status *s)
{
    Google__Rpc__BadRequest request = GOOGLE__RPC__BAD_REQUEST__INIT;
    Google__Rpc__BadRequest__FieldViolation violation =
        GOOGLE__RPC__BAD_REQUEST__FIELD_VIOLATION__INIT;
    Google__Rpc__BadRequest__FieldViolation *violations[] = {&violation};

    violation.field = (char *)s->field;
    violation.description = (char *)s->message;
    request.n_field_violations = 1;
    request.field_violations = violations;
    details_add(d, &request.base);
}

static void add_retry_info(struct details *d, const struct status *s)
{
    Google__Rpc__RetryInfo info = GOOGLE__RPC__RETRY_INFO__INIT;
    Google__Protobuf__Duration delay = GOOGLE__PROTOBUF__DURATION__INIT;

    delay.seconds = s->retry_delay_ms / 1000;
    delay.nanos = (int32_t)(s->retry_delay_ms % 1000) * 1000000;
    info.retry_delay = &delay;
    details_add(d, &info.base);
}

static void add_limit(struct details *d, const struct status *s)
{
    Isoyard__V1__LimitExceeded limit;

    limit_message_init(&limit, s->failure);
    details_add(d, &limit.base);
}

static void add_failure(struct details *d, const struct status *s)
{
    const struct failure_bounds bounds = {
        .message = DETAIL_MESSAGE_MAX, .stack = DETAIL_STACK_MAX, .file = DETAIL_FILE_MAX};
    struct failure_message message;

    failure_message_init(&message, s->failure, &bounds);
    details_add(d, &message.failure.base);
    failure_message_release(&message);
}

/* What lengths around the spans may grow by: of the report, its Any, that in the status. */
#define SPANS_SURROUNDINGS 8

static size_t packed_size(const struct details *d, const struct status *s,
                          Google__Rpc__Status *message)
{
    message->code = (int32_t)s->code;
    message->message = (char *)s->message;
    message->n_details = d->count;
    message->details = (Google__Protobuf__Any **)d->pointers;
    return google__rpc__status__get_packed_size(message);
}

/* The last one: with as many spans as the others have left room for. */
static void add_report(struct details *d, const struct status *s)
{
    Google__Rpc__Status message = GOOGLE__RPC__STATUS__INIT;
    Isoyard__V1__ExecutionReport report;
    size_t used;

    report_message_init(&report, s->report);
    details_add(d, &report.base);
    if (!s->spans)
        return;
    used = packed_size(d, s, &message) + SPANS_SURROUNDINGS;
    span_messages_cut(s->spans, used < STATUS_DETAILS_MAX ? STATUS_DETAILS_MAX - used : 0);
    span_messages_set(s->spans, &report);
    details_drop_last(d);
    details_add(d, &report.base);
}

static void collect_details(struct details *d, const struct status *s)
{
    add_error_info(d, s);
    if (s->field)
        add_bad_request(d, s);
    if (s->retry_delay_ms > 0)
        add_retry_info(d, s);
    if (s->failure && s->failure->limit != LIMIT_NONE)
        add_limit(d, s);
    if (s->failure)
        add_failure(d, s);
    if (s->report)
        add_report(d, s);
}

grpc_slice status_pack(const struct status *s)
{
    Google__Rpc__Status message = GOOGLE__RPC__STATUS__INIT;
    struct details details = {0};
    grpc_slice packed;
    size_t size;

    collect_details(&details, s);
    size = packed_size(&details, s, &message);
    assert(size <= STATUS_DETAILS_MAX);
    packed = grpc_slice_malloc(size);
    google__rpc__status__pack(&message, GRPC_SLICE_START_PTR(packed));
    details_release(&details);
    return packed;
}

size_t status_trailing(const struct status *s, grpc_metadata ret[])
{
    size_t count = 0;
    char delay[16];

    if (s->reason)
        ret[count++] =
            (grpc_metadata){.key = grpc_slice_from_static_string("grpc-status-details-bin"),
                            .value = status_pack(s)};
    if (s->retry_delay_ms > 0) {
        snprintf(delay, sizeof(delay), "%" PRIu32, s->retry_delay_ms);
        ret[count++] =
            (grpc_metadata){.key = grpc_slice_from_static_string("grpc-retry-pushback-ms"),
                            .value = grpc_slice_from_copied_string(delay)};
    }
    return count;
}
