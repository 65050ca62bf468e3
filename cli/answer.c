/* Printing an ExecuteResponse. */
#include "cli/answer.h"

#include "api/wire.h"
#include "cli/json.h"
#include "cli/problem.h"
#include "cli/text.h"

#include <inttypes.h>
#include <stdlib.h>

/* The last field of the number, which holds bytes; empty where there is none. The message is known
 * to be well-formed, for protobuf-c has read it. */
static struct bytes find_field(struct bytes message, uint32_t number)
{
    struct wire_reader reader = wire_reader_of(message);
    struct wire_field field;
    struct bytes found = {"", 0};

    while (wire_next(&reader, &field) == WIRE_FIELD) {
        if (field.number == number && field.type == WIRE_BYTES)
            found = field.bytes;
    }
    return found;
}

struct body answer_body(const struct reply *reply)
{
    const Isoyard__V1__ExecuteResponse *message =
        (const Isoyard__V1__ExecuteResponse *)reply->response;
    const Isoyard__V1__HttpResponse *response = message->response;
    struct bytes packed = {reply->packed.data, reply->packed.len};

    if (response->body_case == ISOYARD__V1__HTTP_RESPONSE__BODY_BODY_BYTES)
        return (struct body){{(const char *)response->body_bytes.data, response->body_bytes.len},
                             false};
    return (struct body){find_field(find_field(packed, 1), 4), true};
}

struct bytes answer_result(const struct reply *reply)
{
    struct bytes packed = {reply->packed.data, reply->packed.len};

    return find_field(find_field(packed, 5), 1);
}

/* As JSON where it is, which it should be. */
static json_t *json_of_result(struct bytes text)
{
    json_t *value = json_loadb(text.data, text.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

    return value ? value : json_of_text(text.data, text.len);
}

bool answer_is_success(const struct reply *reply)
{
    json_t *result = json_of_result(answer_result(reply));
    bool is_success = json_is_true(json_object_get(result, "success"));

    json_decref(result);
    return is_success;
}

void answer_print_failing_status(uint32_t status)
{
    problem_usage("the worker answered with status %" PRIu32, status);
}

void answer_print_head(const Isoyard__V1__HttpResponse *response)
{
    fprintf(stderr, "HTTP %" PRIu32 "\n", response->status);
    for (size_t i = 0; i < response->n_headers; i++) {
        text_print(stderr, response->headers[i]->name);
        fputs(": ", stderr);
        text_print(stderr, response->headers[i]->value);
        fputc('\n', stderr);
    }
    fputc('\n', stderr);
}

static const char *enum_word(const ProtobufCEnumDescriptor *type, int value, const char *prefix)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(type, value);

    return known ? known->name + strlen(prefix) : "?";
}

void answer_print_report(const Isoyard__V1__ExecutionReport *report)
{
    if (!report)
        return;
    if (report->execution_id[0])
        fprintf(stderr, "execution %s, ", report->execution_id);
    if (report->trace_id[0])
        fprintf(stderr, "trace %s, ", report->trace_id);
    fprintf(stderr, "version %" PRIu32 ", %s, lane %" PRIu32 ", %s\n", report->version,
            enum_word(&isoyard__v1__architecture__descriptor, (int)report->architecture,
                      "ARCHITECTURE_"),
            report->lane,
            enum_word(&isoyard__v1__start_kind__descriptor, (int)report->start, "START_KIND_"));
    fprintf(stderr, "queue %s, lock wait %s, start-up %s, CPU %s, ", text_us(report->queue_us),
            text_us(report->lock_wait_us), text_us(report->startup_us), text_us(report->cpu_us));
    fprintf(stderr, "wall %s, heap %s\n", text_us(report->wall_us), text_bytes(report->heap_bytes));
    if (report->subrequests > 0)
        fprintf(stderr, "%" PRIu32 " subrequests, %s, %s sent, %s received\n", report->subrequests,
                text_us(report->subrequest_us), text_bytes(report->subrequest_sent_bytes),
                text_bytes(report->subrequest_received_bytes));
}

static void print_fetch_end(const Isoyard__V1__Span *span)
{
    if (span->status)
        fprintf(stderr, " %" PRIu32, span->status);
    if (span->unfinished)
        fputs(" unfinished", stderr);
    else if (!span->status)
        fputs(" failed", stderr);
}

/* "    3.1 ms     20.4 ms  fetch GET https://h/ 200": from when on, for how long, what. */
void answer_print_spans(const Isoyard__V1__ExecutionReport *report)
{
    for (size_t i = 0; report && i < report->n_spans; i++) {
        const Isoyard__V1__Span *span = report->spans[i];

        fprintf(stderr, "%10s  %10s  ", text_us(span->start_us), text_us(span->duration_us));
        text_print(stderr, span->name);
        if (span->detail[0]) {
            fputc(' ', stderr);
            text_print(stderr, span->detail);
        }
        if (span->detail[0])
            print_fetch_end(span);
        fputc('\n', stderr);
    }
    if (report && report->spans_omitted > 0)
        fprintf(stderr, "%" PRIu32 " more fetches\n", report->spans_omitted);
}

static void add_response(json_t *object, const struct reply *reply)
{
    const Isoyard__V1__HttpResponse *response =
        ((const Isoyard__V1__ExecuteResponse *)reply->response)->response;
    struct body body = answer_body(reply);
    json_t *headers = json_array();

    for (size_t i = 0; i < response->n_headers; i++) {
        const Isoyard__V1__HttpHeader *header = response->headers[i];
        json_t *pair = json_array();

        json_array_append_new(pair, json_of_text(header->name, strlen(header->name)));
        json_array_append_new(pair, json_of_text(header->value, strlen(header->value)));
        json_array_append_new(headers, pair);
    }
    json_object_set_new(object, "status", json_integer(response->status));
    json_object_set_new(object, "headers", headers);
    if (body.is_text)
        json_object_set_new(object, "body", json_of_text(body.bytes.data, body.bytes.len));
    else
        json_object_set_new(object, "body_base64", json_of_base64(body.bytes));
}

void answer_print_json(const struct reply *reply)
{
    const Isoyard__V1__ExecuteResponse *message =
        (const Isoyard__V1__ExecuteResponse *)reply->response;
    json_t *object = json_object();

    if (message->outcome_case == ISOYARD__V1__EXECUTE_RESPONSE__OUTCOME_RESPONSE)
        add_response(object, reply);
    else if (message->outcome_case == ISOYARD__V1__EXECUTE_RESPONSE__OUTCOME_TASK)
        json_object_set_new(object, "result", json_of_result(answer_result(reply)));
    else if (message->outcome_case == ISOYARD__V1__EXECUTE_RESPONSE__OUTCOME_FAILURE)
        json_object_set_new(object, "failure", json_of_message(&message->failure->base));
    if (message->report)
        json_object_set_new(object, "report", json_of_message(&message->report->base));
    json_print(stdout, object);
}
