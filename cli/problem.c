/* Errors for people and for scripts. */
#include "cli/problem.h"

#include "cli/answer.h"
#include "cli/code_frame.h"
#include "cli/color.h"
#include "cli/exit_status.h"
#include "cli/json.h"
#include "cli/near_worker.h"
#include "cli/reach.h"
#include "cli/text.h"

#include <google/rpc/error_details.pb-c.h>
#include <inttypes.h>
#include <isoyard/v1/execution.pb-c.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* What a server may send, in the order in which JSON has it. */
enum detail {
    DETAIL_INFO,
    DETAIL_BAD_REQUEST,
    DETAIL_RETRY,
    DETAIL_LIMIT,
    DETAIL_FAILURE,
    DETAIL_REPORT,
    DETAIL_COUNT,
};

static const ProtobufCMessageDescriptor *const detail_types[DETAIL_COUNT] = {
    [DETAIL_INFO] = &google__rpc__error_info__descriptor,
    [DETAIL_BAD_REQUEST] = &google__rpc__bad_request__descriptor,
    [DETAIL_RETRY] = &google__rpc__retry_info__descriptor,
    [DETAIL_LIMIT] = &isoyard__v1__limit_exceeded__descriptor,
    [DETAIL_FAILURE] = &isoyard__v1__failure__descriptor,
    [DETAIL_REPORT] = &isoyard__v1__execution_report__descriptor,
};

/* The details, unpacked; NULL where one did not come. */
struct details {
    ProtobufCMessage *messages[DETAIL_COUNT];
};

static bool has(const struct details *d, enum detail detail)
{
    return d->messages[detail] != NULL;
}

static void unpack_detail(struct details *d, const Google__Protobuf__Any *any)
{
    const char *slash = strrchr(any->type_url, '/');

    for (int i = 0; slash && i < DETAIL_COUNT; i++) {
        if (strcmp(slash + 1, detail_types[i]->name) == 0 && !d->messages[i])
            d->messages[i] =
                protobuf_c_message_unpack(detail_types[i], NULL, any->value.len, any->value.data);
    }
}

static void details_init(struct details *ret, const struct reply *reply)
{
    *ret = (struct details){0};
    for (size_t i = 0; reply->details && i < reply->details->n_details; i++)
        unpack_detail(ret, reply->details->details[i]);
}

static void details_release(struct details *d)
{
    for (int i = 0; i < DETAIL_COUNT; i++) {
        if (d->messages[i])
            protobuf_c_message_free_unpacked(d->messages[i], NULL);
    }
}

/* Exit status */

static const char *code_name(grpc_status_code code)
{
    static const char *const names[] = {
        "OK",
        "CANCELLED",
        "UNKNOWN",
        "INVALID_ARGUMENT",
        "DEADLINE_EXCEEDED",
        "NOT_FOUND",
        "ALREADY_EXISTS",
        "PERMISSION_DENIED",
        "RESOURCE_EXHAUSTED",
        "FAILED_PRECONDITION",
        "ABORTED",
        "OUT_OF_RANGE",
        "UNIMPLEMENTED",
        "INTERNAL",
        "UNAVAILABLE",
        "DATA_LOSS",
        "UNAUTHENTICATED",
    };

    return (size_t)code < sizeof(names) / sizeof(names[0]) ? names[code] : "UNKNOWN";
}

static int status_of(grpc_status_code code, const struct details *d)
{
    switch (code) {
    case GRPC_STATUS_OK:
        return EXIT_FINE;
    case GRPC_STATUS_UNAVAILABLE:
        return has(d, DETAIL_INFO) ? EXIT_BUSY : EXIT_UNREACHABLE;
    case GRPC_STATUS_RESOURCE_EXHAUSTED:
        if (has(d, DETAIL_LIMIT))
            return EXIT_WORKER;
        return has(d, DETAIL_RETRY) ? EXIT_BUSY : EXIT_REFUSED;
    case GRPC_STATUS_DEADLINE_EXCEEDED:
        return has(d, DETAIL_LIMIT) ? EXIT_WORKER : EXIT_TIMEOUT;
    case GRPC_STATUS_CANCELLED:
        return EXIT_TIMEOUT;
    case GRPC_STATUS_INTERNAL:
    case GRPC_STATUS_DATA_LOSS:
    case GRPC_STATUS_UNKNOWN:
        return EXIT_SERVER;
    default:
        return EXIT_REFUSED;
    }
}

/* For people */

/* "isoyard: ", which begins what went wrong. */
static void print_prefix(void)
{
    fprintf(stderr, "%s%sisoyard:%s ", color(stderr, COLOR_BOLD), color(stderr, COLOR_RED),
            color(stderr, COLOR_PLAIN));
}

static void print_escaped(const char *format, const char *text)
{
    char *escaped = text_escape(text, false);

    fprintf(stderr, format, escaped);
    free(escaped);
}

/* The stack, indented; its first line repeats the message, and is left out. */
static void print_stack(const char *stack, const char *message)
{
    char *escaped = text_escape(stack, true);
    char *rest = escaped;

    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n")) {
        line += strspn(line, " ");
        if (line[0] && !strstr(message, line))
            fprintf(stderr, "    %s\n", line);
    }
    free(escaped);
}

static void print_limit(const Isoyard__V1__LimitExceeded *limit)
{
    bool is_time = limit->limit == ISOYARD__V1__LIMIT__LIMIT_CPU ||
                   limit->limit == ISOYARD__V1__LIMIT__LIMIT_WALL ||
                   limit->limit == ISOYARD__V1__LIMIT__LIMIT_STARTUP ||
                   limit->limit == ISOYARD__V1__LIMIT__LIMIT_BODY_IDLE;
    const ProtobufCEnumValue *name =
        protobuf_c_enum_descriptor_get_value(&isoyard__v1__limit__descriptor, (int)limit->limit);

    fprintf(stderr, "  limit: %s, used %s, allowed %s\n",
            name ? name->name + strlen("LIMIT_") : "unknown",
            is_time ? text_us(limit->used) : text_bytes(limit->used),
            is_time ? text_us(limit->allowed) : text_bytes(limit->allowed));
}

static void print_position(const Isoyard__V1__SourcePosition *position)
{
    print_escaped("  at %s", position->file);
    fprintf(stderr, ":%" PRIu32 ":%" PRIu32 "\n", position->line, position->column);
}

/* Who comes from Node.js tries it first. */
static bool wants_common_js(const char *message)
{
    static const char *const names[] = {"require", "module", "exports"};
    char text[64];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(text, sizeof(text), "ReferenceError: %s is not defined", names[i]);
        if (strcmp(message, text) == 0)
            return true;
    }
    return false;
}

/* What a failure has beside its message. */
static void print_failure_details(const Isoyard__V1__Failure *failure, const char *source_folder)
{
    const Isoyard__V1__SourcePosition *position = failure->position;

    if (position)
        print_position(position);
    if (position && source_folder)
        code_frame_print(source_folder, position->file, position->line, position->column);
    if (wants_common_js(failure->message))
        fputs(
            "  there is no CommonJS: write import and export, or have it bundled: 'isoyard deploy "
            "--bundle'\n",
            stderr);
    if (failure->limit)
        print_limit(failure->limit);
    if (failure->stack[0])
        print_stack(failure->stack, failure->message);
}

void problem_print_failure(const Isoyard__V1__Failure *failure)
{
    print_prefix();
    print_escaped("the worker failed: %s\n", failure->message);
    print_failure_details(failure, NULL);
}

static void print_fields(const Google__Rpc__BadRequest *request)
{
    for (size_t i = 0; i < request->n_field_violations; i++) {
        const char *field = request->field_violations[i]->field;

        print_escaped("  field: %s\n", field);
        if (strcmp(field, "task.payload_json") == 0)
            fputs("  --data must be JSON here, as '{\"n\": 1}', or '\"text\"' with its quotes\n",
                  stderr);
    }
}

/* What to do about it; NULL: the message says all. */
static const char *advice(int status, const char *message)
{
    switch (status) {
    case EXIT_TIMEOUT:
        return "allow more time with --timeout";
    case EXIT_BUSY:
        return strstr(message, "try ") ? NULL : "try again a little later";
    case EXIT_SERVER:
        return "the server's log says more";
    default:
        return NULL;
    }
}

/* What is not there may be the worker, or one of its versions. */
static void print_near(const struct options *options, const char *worker)
{
    if (near_worker_print(options, worker))
        print_escaped("  'isoyard workers versions %s' lists its versions\n", worker);
}

static void print_problem(const struct options *options, const struct reply *reply,
                          const struct details *d, int status)
{
    print_prefix();
    if (status == EXIT_UNREACHABLE)
        reach_print(options->address, reply->message);
    else if (status == EXIT_TIMEOUT && !has(d, DETAIL_INFO))
        fprintf(stderr, "the server at %s did not answer in time", options->address);
    else
        print_escaped("%s", reply->message);
    if (advice(status, reply->message))
        fprintf(stderr, "; %s", advice(status, reply->message));
    fputc('\n', stderr);
    if (status == EXIT_UNREACHABLE && !reach_is_refusal(reply->message))
        print_escaped("  gRPC says: %s\n", reply->message);
    if (has(d, DETAIL_BAD_REQUEST))
        print_fields((const Google__Rpc__BadRequest *)d->messages[DETAIL_BAD_REQUEST]);
    if (reply->code == GRPC_STATUS_NOT_FOUND && options->worker)
        print_near(options, options->worker);
    if (has(d, DETAIL_FAILURE))
        print_failure_details((const Isoyard__V1__Failure *)d->messages[DETAIL_FAILURE],
                              options->source_folder);
    else if (has(d, DETAIL_LIMIT))
        print_limit((const Isoyard__V1__LimitExceeded *)d->messages[DETAIL_LIMIT]);
    answer_print_spans((const Isoyard__V1__ExecutionReport *)d->messages[DETAIL_REPORT]);
}

/* For scripts */

static json_t *json_of_details(const struct details *d)
{
    json_t *list = json_array();

    for (int i = 0; i < DETAIL_COUNT; i++) {
        json_t *object;

        if (!d->messages[i])
            continue;
        object = json_of_message(d->messages[i]);
        json_object_set_new(object, "@type", json_string(detail_types[i]->name));
        json_array_append_new(list, object);
    }
    return list;
}

static void print_problem_json(const struct reply *reply, const struct details *d)
{
    json_t *error = json_object();
    json_t *object = json_object();

    json_object_set_new(error, "code", json_string(code_name(reply->code)));
    json_object_set_new(error, "message", json_of_text(reply->message, strlen(reply->message)));
    json_object_set_new(error, "details", json_of_details(d));
    json_object_set_new(object, "error", error);
    json_print(stderr, object);
}

int problem_print(const struct options *options, const struct reply *reply)
{
    struct details details;
    int status;

    details_init(&details, reply);
    status = status_of(reply->code, &details);
    if (options->is_json)
        print_problem_json(reply, &details);
    else
        print_problem(options, reply, &details, status);
    details_release(&details);
    return status;
}

int problem_usage(const char *format, ...)
{
    va_list args;

    print_prefix();
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    return EXIT_USAGE;
}
