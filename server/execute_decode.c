/* ExecuteRequest, by hand. The field numbers are those of execution.proto. */
#include "server/execute_codec.h"

#include "api/script.h"
#include "api/utf8.h"
#include "api/wire.h"
#include "server/http_check.h"

#include <stdio.h>
#include <strings.h>

#define TRACE_PARENT "traceparent"
#define TRACE_STATE "tracestate"

#define URL_HEAD "https://"
#define URL_TAIL ".isoyard.internal"

static int malformed(struct error *error)
{
    return error_set(error, E_INVALID, NULL,
                     "this is no well-formed message of type isoyard.v1.ExecuteRequest");
}

/* The field must hold bytes; with another wire type it is unknown, and skipped, as protobuf says.
 */
static void read_bytes(const struct wire_field *field, struct bytes *ret)
{
    if (field->type == WIRE_BYTES)
        *ret = field->bytes;
}

static void read_http_field(const struct wire_field *field, struct execute_request *ret)
{
    if (field->type != WIRE_BYTES)
        return;
    switch (field->number) {
    case 1:
        ret->method = field->bytes;
        break;
    case 2:
        ret->url = field->bytes;
        break;
    case 4:
    case 5:
        ret->body = field->bytes;
        ret->has_body = true;
        ret->is_body_text = field->number == 5;
        break;
    default:
        break;
    }
}

static int read_http_request(struct bytes message, struct execute_request *ret, struct error *error)
{
    struct wire_reader reader = wire_reader_of(message);
    struct wire_field field;
    enum wire_result result;

    while ((result = wire_next(&reader, &field)) == WIRE_FIELD)
        read_http_field(&field, ret);
    return result == WIRE_END ? 0 : malformed(error);
}

static void read_timestamp_field(const struct wire_field *field, struct execute_request *ret)
{
    if (field->type == WIRE_VARINT && field->number == 1)
        ret->time_s = (int64_t)field->value;
    else if (field->type == WIRE_VARINT && field->number == 2)
        ret->time_ns = (int32_t)field->value;
}

static int read_timestamp(struct bytes message, struct execute_request *ret, struct error *error)
{
    struct wire_reader reader = wire_reader_of(message);
    struct wire_field field;
    enum wire_result result;

    ret->has_time = true;
    while ((result = wire_next(&reader, &field)) == WIRE_FIELD)
        read_timestamp_field(&field, ret);
    return result == WIRE_END ? 0 : malformed(error);
}

static int read_scheduled(struct bytes message, struct execute_request *ret, struct error *error)
{
    struct wire_reader reader = wire_reader_of(message);
    struct wire_field field;
    enum wire_result result;
    int err = 0;

    while (!err && (result = wire_next(&reader, &field)) == WIRE_FIELD) {
        if (field.number == 1 && field.type == WIRE_BYTES)
            err = read_timestamp(field.bytes, ret, error);
        else if (field.number == 2)
            read_bytes(&field, &ret->cron);
    }
    return err ? err : result == WIRE_END ? 0 : malformed(error);
}

static int read_task(struct bytes message, struct execute_request *ret, struct error *error)
{
    struct wire_reader reader = wire_reader_of(message);
    struct wire_field field;
    enum wire_result result;

    while ((result = wire_next(&reader, &field)) == WIRE_FIELD) {
        if (field.number == 1)
            read_bytes(&field, &ret->body);
        else if (field.number == 2 && field.type == WIRE_VARINT)
            ret->attempt = (uint32_t)field.value;
    }
    return result == WIRE_END ? 0 : malformed(error);
}

/* What another member of the oneof has left. The same member again is merged, as protobuf says. */
static void forget_event(struct execute_request *request, enum request_kind kind)
{
    if (!request->has_event || request->kind == kind)
        return;
    *request = (struct execute_request){.message = request->message,
                                        .tenant = request->tenant,
                                        .worker = request->worker,
                                        .cron = {"", 0}};
}

/* The last event of the oneof counts. */
static int read_event(const struct wire_field *field, struct execute_request *ret,
                      struct error *error)
{
    if (field->type != WIRE_BYTES)
        return 0;
    switch (field->number) {
    case 3:
        forget_event(ret, REQUEST_FETCH);
        ret->kind = REQUEST_FETCH;
        ret->has_event = true;
        return read_http_request(field->bytes, ret, error);
    case 4:
        forget_event(ret, REQUEST_SCHEDULED);
        ret->kind = REQUEST_SCHEDULED;
        ret->has_event = true;
        return read_scheduled(field->bytes, ret, error);
    default:
        forget_event(ret, REQUEST_TASK);
        ret->kind = REQUEST_TASK;
        ret->has_event = true;
        return read_task(field->bytes, ret, error);
    }
}

static int read_field(const struct wire_field *field, struct execute_request *ret,
                      struct error *error)
{
    switch (field->number) {
    case 1:
        read_bytes(field, &ret->tenant);
        return 0;
    case 2:
        read_bytes(field, &ret->worker);
        return 0;
    case 3:
    case 4:
    case 5:
        return read_event(field, ret, error);
    case 6:
        ret->wants_spans = field->type == WIRE_VARINT && field->value != 0;
        return 0;
    default:
        return 0;
    }
}

static int read_request(struct execute_request *ret, struct error *error)
{
    struct wire_reader reader = wire_reader_of(ret->message);
    struct wire_field field;
    enum wire_result result;

    while ((result = wire_next(&reader, &field)) == WIRE_FIELD) {
        int err = read_field(&field, ret, error);

        if (err)
            return err;
    }
    return result == WIRE_END ? 0 : malformed(error);
}

struct header {
    struct bytes name, value;
};

static int read_header(struct bytes message, struct header *ret, struct error *error)
{
    struct wire_reader reader = wire_reader_of(message);
    struct wire_field field;
    enum wire_result result;

    *ret = (struct header){{"", 0}, {"", 0}};
    while ((result = wire_next(&reader, &field)) == WIRE_FIELD) {
        if (field.number == 1)
            read_bytes(&field, &ret->name);
        else if (field.number == 2)
            read_bytes(&field, &ret->value);
    }
    ret->value = http_trim(ret->value);
    return result == WIRE_END ? 0 : malformed(error);
}

/* Goes through the headers of a message whose outer fields are known to be well-formed. */
struct header_walk {
    struct wire_reader outer, inner;
    unsigned index;
};

static struct header_walk header_walk_of(struct bytes message)
{
    return (struct header_walk){wire_reader_of(message), wire_reader_of((struct bytes){"", 0}), 0};
}

/* The next HttpHeader message; false at the end. */
static bool header_walk_next(struct header_walk *walk, struct bytes *ret)
{
    struct wire_field field;

    for (;;) {
        while (wire_next(&walk->inner, &field) == WIRE_FIELD) {
            if (field.number != 3 || field.type != WIRE_BYTES)
                continue;
            *ret = field.bytes;
            walk->index++;
            return true;
        }
        if (wire_next(&walk->outer, &field) != WIRE_FIELD)
            return false;
        if (field.number == 3 && field.type == WIRE_BYTES)
            walk->inner = wire_reader_of(field.bytes);
    }
}

static int header_fault(unsigned index, const char *part, const char *what, struct error *error)
{
    char field[64];

    snprintf(field, sizeof(field), "fetch.headers[%u].%s", index, part);
    return error_set(error, E_INVALID, field, "%s", what);
}

static int check_header(const struct header *header, unsigned index, struct error *error)
{
    if (!http_is_token(header->name))
        return header_fault(
            index, "name", "a header's name is made of letters, digits and !#$%&'*+-.^_`|~", error);
    if (!http_is_header_value(header->value))
        return header_fault(index, "value",
                            "a header's value has no line break, no NUL and no character above "
                            "U+00FF",
                            error);
    return 0;
}

static int check_headers(struct execute_request *request, struct error *error)
{
    struct header_walk walk = header_walk_of(request->message);
    struct bytes message;

    while (header_walk_next(&walk, &message)) {
        struct header header;
        int err = read_header(message, &header, error);

        if (!err)
            err = check_header(&header, walk.index - 1, error);
        if (err)
            return err;
        request->header_bytes += header.name.len + header.value.len + 2;
    }
    if (request->header_bytes > EXECUTE_HEADERS_MAX)
        return error_set(error, E_INVALID, "fetch.headers",
                         "the headers have %zu bytes; at most %zu are allowed",
                         request->header_bytes, EXECUTE_HEADERS_MAX);
    return 0;
}

static bool is_path(const struct execute_request *request)
{
    return request->url.data[0] == '/';
}

static int check_url(const struct execute_request *request, struct error *error)
{
    const char *fault;

    if (request->url.len > EXECUTE_URL_MAX)
        return error_set(error, E_INVALID, "fetch.url",
                         "the URL has %zu bytes; at most %zu are allowed", request->url.len,
                         EXECUTE_URL_MAX);
    fault = is_path(request) ? http_path_fault(request->url) : http_url_fault(request->url);
    return fault ? error_set(error, E_INVALID, "fetch.url", "%s", fault) : 0;
}

static int check_body(const struct execute_request *request, size_t body_max, struct error *error)
{
    const char *field = request->is_body_text ? "fetch.body_text" : "fetch.body_bytes";

    if (!request->has_body)
        return 0;
    if (bytes_equal(request->method, bytes_of("GET")) ||
        bytes_equal(request->method, bytes_of("HEAD")))
        return error_set(error, E_INVALID, field, "a request of method %.4s has no body",
                         request->method.data);
    if (request->body.len > body_max)
        return error_set(error, E_INVALID, field, "the body has %zu bytes; at most %zu are allowed",
                         request->body.len, body_max);
    if (request->is_body_text && !utf8_is_valid(request->body.data, request->body.len))
        return error_set(error, E_INVALID, field, "the text is not UTF-8");
    return 0;
}

static int check_fetch(struct execute_request *request, size_t body_max, struct error *error)
{
    int err;

    if (!http_is_method(request->method))
        return error_set(error, E_INVALID, "fetch.method",
                         "this is no method of HTTP that a worker can be asked with");
    request->method = http_normal_method(request->method);
    err = check_url(request, error);
    if (!err)
        err = check_headers(request, error);
    if (!err)
        err = check_body(request, body_max, error);
    return err;
}

static int check_scheduled(const struct execute_request *request, struct error *error)
{
    /* google.protobuf.Timestamp: the years 1 to 9999. */
    if (request->time_s < INT64_C(-62135596800) || request->time_s > INT64_C(253402300799) ||
        request->time_ns < 0 || request->time_ns > 999999999)
        return error_set(error, E_INVALID, "scheduled.time",
                         "this is no time of the years 1 to 9999");
    if (request->cron.len > EXECUTE_CRON_MAX)
        return error_set(error, E_INVALID, "scheduled.cron",
                         "the text has %zu bytes; at most %zu are allowed", request->cron.len,
                         EXECUTE_CRON_MAX);
    if (!utf8_is_valid(request->cron.data, request->cron.len))
        return error_set(error, E_INVALID, "scheduled.cron", "the text is not UTF-8");
    return 0;
}

static int check_task(const struct execute_request *request, size_t body_max, struct error *error)
{
    if (request->body.len > body_max)
        return error_set(error, E_INVALID, "task.payload_json",
                         "the payload has %zu bytes; at most %zu are allowed", request->body.len,
                         body_max);
    if (!utf8_is_valid(request->body.data, request->body.len))
        return error_set(error, E_INVALID, "task.payload_json", "the text is not UTF-8");
    return 0;
}

static int check_event(struct execute_request *request, size_t body_max, struct error *error)
{
    if (!request->has_event)
        return error_set(error, E_INVALID, "event",
                         "the request has no event; set fetch, scheduled or task");
    switch (request->kind) {
    case REQUEST_FETCH:
        return check_fetch(request, body_max, error);
    case REQUEST_SCHEDULED:
        return check_scheduled(request, error);
    case REQUEST_TASK:
        return check_task(request, body_max, error);
    }
    return 0;
}

static void set_defaults(struct execute_request *request)
{
    if (request->tenant.len == 0)
        request->tenant = bytes_of("default");
    if (request->method.len == 0)
        request->method = bytes_of("GET");
    if (request->url.len == 0)
        request->url = bytes_of("/");
    if (request->kind == REQUEST_TASK && request->body.len == 0)
        request->body = bytes_of("null");
    if (request->attempt == 0)
        request->attempt = 1;
}

int execute_decode(struct bytes message, size_t body_max, struct execute_request *ret,
                   struct error *error)
{
    int err;

    *ret = (struct execute_request){.message = message, .worker = {"", 0}, .cron = {"", 0}};
    err = read_request(ret, error);
    if (err)
        return err;
    set_defaults(ret);
    return check_event(ret, body_max, error);
}

static int check_name(struct bytes name, const char *field, struct error *error)
{
    char text[SCRIPT_NAME_MAX + 2];
    size_t len = name.len < sizeof(text) ? name.len : sizeof(text) - 1;

    memcpy(text, name.data, len);
    text[len] = '\0';
    /* A name with a NUL in it is shorter here than it was. */
    if (strlen(text) != len)
        text[0] = '\0';
    return script_check_name(text, field, error);
}

int execute_check_names(const struct execute_request *request, struct error *error)
{
    int err = check_name(request->tenant, "tenant", error);

    return err ? err : check_name(request->worker, "worker", error);
}

size_t execute_room(const struct execute_request *request)
{
    size_t room = request->header_bytes;

    if (trace_is_set(&request->trace))
        room += strlen(TRACE_PARENT) + TRACE_PARENT_LEN + strlen(TRACE_STATE) +
                request->tracestate.len + 4;
    if (is_path(request))
        room += strlen(URL_HEAD) + request->worker.len + 1 + request->tenant.len +
                strlen(URL_TAIL) + request->url.len;
    return room;
}

static char *put(char *at, struct bytes b)
{
    memcpy(at, b.data, b.len);
    return at + b.len;
}

static char *put_lower(char *at, struct bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.data[i];

        *at++ = c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
    }
    return at;
}

/* A line of the block. */
static char *put_header(char *at, const char *name, struct bytes value)
{
    at = put(at, bytes_of(name));
    *at++ = '\n';
    at = put(at, value);
    *at++ = '\n';
    return at;
}

/* The worker is told that its part is the execution's span. */
static char *put_trace(char *at, const struct execute_request *request)
{
    char parent[TRACE_PARENT_LEN + 1];

    trace_format(&request->trace, request->trace.span, parent);
    at = put_header(at, TRACE_PARENT, (struct bytes){parent, TRACE_PARENT_LEN});
    if (request->tracestate.len > 0)
        at = put_header(at, TRACE_STATE, request->tracestate);
    return at;
}

static bool is_named(struct bytes name, const char *expected)
{
    return name.len == strlen(expected) && strncasecmp(name.data, expected, name.len) == 0;
}

static char *put_headers(char *at, const struct execute_request *request)
{
    bool has_trace = !trace_is_set(&request->trace);
    struct header_walk walk = header_walk_of(request->message);
    struct bytes message;

    while (header_walk_next(&walk, &message)) {
        struct header header;

        read_header(message, &header, NULL);
        has_trace |= is_named(header.name, TRACE_PARENT);
        at = put_lower(at, header.name);
        *at++ = '\n';
        at = put(at, header.value);
        *at++ = '\n';
    }
    return has_trace ? at : put_trace(at, request);
}

static char *put_url(char *at, const struct execute_request *request)
{
    at = put(at, bytes_of(URL_HEAD));
    at = put(at, request->worker);
    *at++ = '.';
    at = put(at, request->tenant);
    at = put(at, bytes_of(URL_TAIL));
    return put(at, request->url);
}

void execute_build(const struct execute_request *request, char *room, struct request *ret)
{
    char *end = put_headers(room, request);

    ret->method = request->method;
    ret->headers = (struct bytes){room, (size_t)(end - room)};
    ret->url = request->url;
    if (is_path(request))
        ret->url = (struct bytes){end, (size_t)(put_url(end, request) - end)};
    ret->kind = request->kind;
    ret->body = request->body;
    ret->has_body = request->has_body || request->kind == REQUEST_TASK;
    ret->is_body_text = request->is_body_text || request->kind == REQUEST_TASK;
    ret->cron = request->cron;
    ret->scheduled_ms = request->time_s * 1000 + request->time_ns / 1000000;
    ret->attempt = request->attempt;
}
