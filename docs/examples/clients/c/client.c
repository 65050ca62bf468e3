/*
 * Calls a worker: client ADDRESS WORKER PATH DEADLINE_MS [CANCEL_AFTER_MS]
 *
 * gRPC's C core and protobuf-c's code of the protos; docs/clients.md says how to build it.
 */
#include <google/rpc/error_details.pb-c.h>
#include <google/rpc/status.pb-c.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <grpc/support/time.h>
#include <inttypes.h>
#include <isoyard/v1/execution.pb-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* UNAVAILABLE means that nothing of the call has run. gRPC tries again, and waits for as long as
 * the server asks it to with "grpc-retry-pushback-ms", or else for these times. */
static const char service_config[] = "{\"methodConfig\": [{"
                                     "  \"name\": [{\"service\": \"isoyard.v1.ExecutionService\"}],"
                                     "  \"retryPolicy\": {"
                                     "    \"maxAttempts\": 5,"
                                     "    \"initialBackoff\": \"0.1s\","
                                     "    \"maxBackoff\": \"2s\","
                                     "    \"backoffMultiplier\": 2,"
                                     "    \"retryableStatusCodes\": [\"UNAVAILABLE\"]"
                                     "  }"
                                     "}]}";

static grpc_channel *connect_to(const char *address)
{
    grpc_arg args[] = {
        {.type = GRPC_ARG_STRING,
         .key = (char *)GRPC_ARG_SERVICE_CONFIG,
         .value = {.string = (char *)service_config}},
        {.type = GRPC_ARG_INTEGER,
         .key = (char *)GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH,
         .value = {.integer = 64 << 20}},
    };
    const grpc_channel_args list = {2, args};
    grpc_channel_credentials *plain = grpc_insecure_credentials_create();
    grpc_channel *channel = grpc_channel_create(address, plain, &list);

    grpc_channel_credentials_release(plain);
    return channel;
}

static grpc_byte_buffer *pack_request(const char *worker, const char *path)
{
    Isoyard__V1__ExecuteRequest request = ISOYARD__V1__EXECUTE_REQUEST__INIT;
    Isoyard__V1__HttpRequest fetch = ISOYARD__V1__HTTP_REQUEST__INIT;
    grpc_byte_buffer *buffer;
    grpc_slice packed;

    fetch.url = (char *)path;
    request.worker = (char *)worker;
    request.event_case = ISOYARD__V1__EXECUTE_REQUEST__EVENT_FETCH;
    request.fetch = &fetch;
    packed = grpc_slice_malloc(isoyard__v1__execute_request__get_packed_size(&request));
    isoyard__v1__execute_request__pack(&request, GRPC_SLICE_START_PTR(packed));
    buffer = grpc_raw_byte_buffer_create(&packed, 1);
    grpc_slice_unref(packed);
    return buffer;
}

static gpr_timespec in_ms(long ms)
{
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(ms, GPR_TIMESPAN));
}

/* The call, and what came. */
struct exchange {
    grpc_completion_queue *queue;
    grpc_call *call;
    grpc_byte_buffer *request, *response;
    grpc_metadata_array initial, trailing;
    grpc_status_code code;
    grpc_slice message;
};

static void start(struct exchange *x)
{
    grpc_op ops[6] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA},  {.op = GRPC_OP_SEND_MESSAGE},
        {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT}, {.op = GRPC_OP_RECV_INITIAL_METADATA},
        {.op = GRPC_OP_RECV_MESSAGE},           {.op = GRPC_OP_RECV_STATUS_ON_CLIENT}};

    ops[1].data.send_message.send_message = x->request;
    ops[3].data.recv_initial_metadata.recv_initial_metadata = &x->initial;
    ops[4].data.recv_message.recv_message = &x->response;
    ops[5].data.recv_status_on_client.trailing_metadata = &x->trailing;
    ops[5].data.recv_status_on_client.status = &x->code;
    ops[5].data.recv_status_on_client.status_details = &x->message;
    if (grpc_call_start_batch(x->call, ops, 6, x, NULL) != GRPC_CALL_OK)
        abort();
}

/* cancel_after_ms: 0: never. The call's deadline bounds the wait. */
static void await(struct exchange *x, long cancel_after_ms)
{
    gpr_timespec first =
        cancel_after_ms > 0 ? in_ms(cancel_after_ms) : gpr_inf_future(GPR_CLOCK_MONOTONIC);

    if (grpc_completion_queue_pluck(x->queue, x, first, NULL).type == GRPC_OP_COMPLETE)
        return;
    /* The worker's signal is aborted, and its execution ends. */
    grpc_call_cancel(x->call, NULL);
    grpc_completion_queue_pluck(x->queue, x, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
}

static void print_report(const Isoyard__V1__ExecutionReport *report)
{
    printf("report version=%" PRIu32 " cpu_us=%" PRIu64 " wall_us=%" PRIu64 "\n", report->version,
           report->cpu_us, report->wall_us);
}

static void print_answer(grpc_byte_buffer *buffer)
{
    Isoyard__V1__ExecuteResponse *answer;
    grpc_byte_buffer_reader reader;
    grpc_slice bytes;

    grpc_byte_buffer_reader_init(&reader, buffer);
    bytes = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    answer = isoyard__v1__execute_response__unpack(NULL, GRPC_SLICE_LENGTH(bytes),
                                                   GRPC_SLICE_START_PTR(bytes));
    grpc_slice_unref(bytes);
    if (!answer) {
        puts("not an answer");
        return;
    }
    puts("status OK");
    if (answer->outcome_case == ISOYARD__V1__EXECUTE_RESPONSE__OUTCOME_FAILURE) {
        printf("failure %s\n", answer->failure->message);
    } else {
        printf("http %" PRIu32 "\n", answer->response->status);
        printf("body %s\n", answer->response->body_text);
    }
    print_report(answer->report);
    isoyard__v1__execute_response__free_unpacked(answer, NULL);
}

static void print_limit(const Isoyard__V1__LimitExceeded *limit)
{
    const ProtobufCEnumValue *name =
        protobuf_c_enum_descriptor_get_value(&isoyard__v1__limit__descriptor, (int)limit->limit);

    printf("limit %s used=%" PRIu64 " allowed=%" PRIu64 "\n", name ? name->name : "?", limit->used,
           limit->allowed);
}

/* The detail as a message of the type; NULL where it is of another one. */
static void *unpack_as(const ProtobufCMessageDescriptor *type, const Google__Protobuf__Any *any)
{
    const char *slash = strrchr(any->type_url, '/');

    if (!slash || strcmp(slash + 1, type->name) != 0)
        return NULL;
    return protobuf_c_message_unpack(type, NULL, any->value.len, any->value.data);
}

static void print_detail(const Google__Protobuf__Any *any)
{
    Google__Rpc__ErrorInfo *info = unpack_as(&google__rpc__error_info__descriptor, any);
    Isoyard__V1__LimitExceeded *limit = unpack_as(&isoyard__v1__limit_exceeded__descriptor, any);
    Isoyard__V1__ExecutionReport *report =
        unpack_as(&isoyard__v1__execution_report__descriptor, any);

    if (info) {
        printf("reason %s\n", info->reason);
        google__rpc__error_info__free_unpacked(info, NULL);
    }
    if (limit) {
        print_limit(limit);
        isoyard__v1__limit_exceeded__free_unpacked(limit, NULL);
    }
    if (report) {
        print_report(report);
        isoyard__v1__execution_report__free_unpacked(report, NULL);
    }
}

static const char *code_name(grpc_status_code code)
{
    switch (code) {
    case GRPC_STATUS_CANCELLED:
        return "CANCELLED";
    case GRPC_STATUS_DEADLINE_EXCEEDED:
        return "DEADLINE_EXCEEDED";
    case GRPC_STATUS_NOT_FOUND:
        return "NOT_FOUND";
    case GRPC_STATUS_RESOURCE_EXHAUSTED:
        return "RESOURCE_EXHAUSTED";
    case GRPC_STATUS_UNAVAILABLE:
        return "UNAVAILABLE";
    default:
        return "another one";
    }
}

static void print_error(const struct exchange *x)
{
    printf("status %s\n", code_name(x->code));
    for (size_t i = 0; i < x->trailing.count; i++) {
        const grpc_metadata *entry = &x->trailing.metadata[i];
        Google__Rpc__Status *status;

        if (grpc_slice_str_cmp(entry->key, "grpc-status-details-bin") != 0)
            continue;
        status = google__rpc__status__unpack(NULL, GRPC_SLICE_LENGTH(entry->value),
                                             GRPC_SLICE_START_PTR(entry->value));
        for (size_t j = 0; status && j < status->n_details; j++)
            print_detail(status->details[j]);
        if (status)
            google__rpc__status__free_unpacked(status, NULL);
    }
}

static void end(struct exchange *x)
{
    grpc_byte_buffer_destroy(x->request);
    grpc_byte_buffer_destroy(x->response);
    grpc_metadata_array_destroy(&x->initial);
    grpc_metadata_array_destroy(&x->trailing);
    grpc_slice_unref(x->message);
    grpc_call_unref(x->call);
    grpc_completion_queue_shutdown(x->queue);
    grpc_completion_queue_destroy(x->queue);
}

int main(int argc, char **argv)
{
    struct exchange x = {.response = NULL};
    grpc_channel *channel;
    grpc_slice method;

    if (argc < 5) {
        fputs("usage: client ADDRESS WORKER PATH DEADLINE_MS [CANCEL_AFTER_MS]\n", stderr);
        return 2;
    }
    grpc_init();
    /* One channel for the whole program: it keeps its connection, and connects anew where that is
     * lost. */
    channel = connect_to(argv[1]);
    method = grpc_slice_from_static_string("/isoyard.v1.ExecutionService/Execute");
    x.queue = grpc_completion_queue_create_for_pluck(NULL);
    x.request = pack_request(argv[2], argv[3]);
    x.call = grpc_channel_create_call(channel, NULL, GRPC_PROPAGATE_DEFAULTS, x.queue, method, NULL,
                                      in_ms(atol(argv[4])), NULL);
    grpc_metadata_array_init(&x.initial);
    grpc_metadata_array_init(&x.trailing);
    start(&x);
    await(&x, argc > 5 ? atol(argv[5]) : 0);
    if (x.code == GRPC_STATUS_OK)
        print_answer(x.response);
    else
        print_error(&x);
    end(&x);
    grpc_channel_destroy(channel);
    grpc_shutdown();
    return 0;
}
