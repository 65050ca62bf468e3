/* One call on a completion queue of its own. */
#include "cli/client.h"

#include "cli/exit_status.h"
#include "cli/problem.h"

#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc_security.h>
#include <grpc/support/log.h>
#include <grpc/support/time.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#define TIMEOUT_MS 60000
#define LOOK_MS 1000

/* The server has a limit of its own for a body that does not move. */
#define TALK_TIMEOUT_MS 120000

/* Larger than any server is set up to answer; the user chose the server. */
#define RESPONSE_BYTES_MAX (300 << 20)

struct exchange {
    grpc_completion_queue *queue;
    grpc_channel *channel;
    grpc_call *call;
    grpc_byte_buffer *request, *response;
    grpc_metadata_array initial, trailing;
    grpc_status_code code;
    grpc_slice message;
    bool (*poll)(void *arg); /* NULL: none */
    void *poll_arg;
    bool is_ended; /* by it */
};

static void ignore_log(gpr_log_func_args *args)
{
    (void)args;
}

static grpc_channel *connect_to(const char *address)
{
    /* A proxy of the environment is for the web, not for a server next door. */
    grpc_arg args[] = {
        {.type = GRPC_ARG_INTEGER,
         .key = (char *)GRPC_ARG_ENABLE_HTTP_PROXY,
         .value = {.integer = 0}},
        {.type = GRPC_ARG_INTEGER,
         .key = (char *)GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH,
         .value = {.integer = RESPONSE_BYTES_MAX}},
    };
    const grpc_channel_args list = {sizeof(args) / sizeof(args[0]), args};
    grpc_channel_credentials *plain = grpc_insecure_credentials_create();
    grpc_channel *channel = grpc_channel_create(address, plain, &list);

    grpc_channel_credentials_release(plain);
    return channel;
}

static grpc_byte_buffer *pack(const ProtobufCMessage *message)
{
    grpc_slice packed = grpc_slice_malloc(protobuf_c_message_get_packed_size(message));
    grpc_byte_buffer *buffer;

    protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(packed));
    buffer = grpc_raw_byte_buffer_create(&packed, 1);
    grpc_slice_unref(packed);
    return buffer;
}

static gpr_timespec in_ms(uint64_t ms)
{
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                        gpr_time_from_millis((int64_t)ms, GPR_TIMESPAN));
}

static void begin(struct exchange *x, const char *address, const char *method,
                  const ProtobufCMessage *request, gpr_timespec deadline)
{
    grpc_slice name = grpc_slice_from_copied_string(method);

    x->queue = grpc_completion_queue_create_for_pluck(NULL);
    x->channel = connect_to(address);
    x->call = grpc_channel_create_call(x->channel, NULL, GRPC_PROPAGATE_DEFAULTS, x->queue, name,
                                       NULL, deadline, NULL);
    x->request = pack(request);
    grpc_metadata_array_init(&x->initial);
    grpc_metadata_array_init(&x->trailing);
    grpc_slice_unref(name);
}

/* Until the batch is done: the call's own deadline bounds this. */
static void await(struct exchange *x, const struct client_wait *wait)
{
    for (;;) {
        gpr_timespec look_at =
            gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(LOOK_MS, GPR_TIMESPAN));
        bool is_watched = wait && wait->look;
        grpc_event event = grpc_completion_queue_pluck(
            x->queue, x, is_watched ? look_at : gpr_inf_future(GPR_CLOCK_REALTIME), NULL);

        if (event.type == GRPC_OP_COMPLETE)
            return;
        wait->look(wait->arg);
    }
}

static void exchange_run(struct exchange *x, const struct client_wait *wait)
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
    await(x, wait);
}

/* Streams: four batches and more, since each message is one of its own. Tags are addresses of
 * members. */

static void start(struct exchange *x, const grpc_op *ops, size_t count, void *tag)
{
    if (grpc_call_start_batch(x->call, ops, count, tag, NULL) != GRPC_CALL_OK)
        abort();
}

static void receive_ends(struct exchange *x)
{
    grpc_op initial = {.op = GRPC_OP_RECV_INITIAL_METADATA};
    grpc_op status = {.op = GRPC_OP_RECV_STATUS_ON_CLIENT};

    initial.data.recv_initial_metadata.recv_initial_metadata = &x->initial;
    status.data.recv_status_on_client.trailing_metadata = &x->trailing;
    status.data.recv_status_on_client.status = &x->code;
    status.data.recv_status_on_client.status_details = &x->message;
    start(x, &initial, 1, &x->initial);
    start(x, &status, 1, &x->code);
}

/* has_more: the request is not all that is sent. */
static void stream_begin(struct exchange *x, bool has_more)
{
    grpc_op head[3] = {{.op = GRPC_OP_SEND_INITIAL_METADATA},
                       {.op = GRPC_OP_SEND_MESSAGE},
                       {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT}};

    head[1].data.send_message.send_message = x->request;
    start(x, head, has_more ? 2 : 3, &x->request);
    receive_ends(x);
}

/* The first message is away; whether it was sent. */
static bool stream_await_begun(struct exchange *x)
{
    return grpc_completion_queue_pluck(x->queue, &x->request, gpr_inf_future(GPR_CLOCK_REALTIME),
                                       NULL)
        .success;
}

/* Signals that end the program. */

#define SIGNAL_LOOK_MS 100
#define POLL_MS 50

static volatile sig_atomic_t is_caught, end_signal;

/* A second one ends the program at once. */
static void note_signal(int number)
{
    if (end_signal) {
        signal(number, SIG_DFL);
        raise(number);
    }
    end_signal = number;
}

void client_catch_signals(void)
{
    const struct sigaction action = {.sa_handler = note_signal};
    struct sigaction before;

    is_caught = true;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(SIGHUP, &action, NULL);
}

int client_end_signal(void)
{
    return end_signal;
}

void client_end_by_signal(void)
{
    signal(end_signal, SIG_DFL);
    raise(end_signal);
}

/* How long to wait at once; 0: to the end. */
static uint64_t piece_ms(const struct exchange *x)
{
    if (x->poll)
        return POLL_MS;
    return is_caught ? SIGNAL_LOOK_MS : 0;
}

static void poll_once(struct exchange *x)
{
    if (!x->poll || x->is_ended || x->poll(x->poll_arg))
        return;
    grpc_call_cancel(x->call, NULL);
    x->is_ended = true;
}

/* Waits until a batch is done; where a signal comes first, cancels the call. gRPC's wait does
 * not end with a signal: it is cut into pieces. */
static grpc_event pluck(struct exchange *x, void *tag, uint64_t timeout_ms)
{
    gpr_timespec end = in_ms(timeout_ms);
    bool has_cancelled = false;
    grpc_event event;

    do {
        uint64_t piece = piece_ms(x);
        gpr_timespec look_at = in_ms(piece);

        if (end_signal && !has_cancelled) {
            grpc_call_cancel(x->call, NULL);
            has_cancelled = true;
        }
        event = grpc_completion_queue_pluck(
            x->queue, tag, piece > 0 && gpr_time_cmp(look_at, end) < 0 ? look_at : end, NULL);
        poll_once(x);
    } while (event.type == GRPC_QUEUE_TIMEOUT &&
             gpr_time_cmp(gpr_now(GPR_CLOCK_MONOTONIC), end) < 0);
    return event;
}

/* Waits for the next message; false where none comes any more. One that does not come in time ends
 * the call. */
static bool stream_next(struct exchange *x, uint64_t timeout_ms)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};
    grpc_event event;

    grpc_byte_buffer_destroy(x->response);
    x->response = NULL;
    op.data.recv_message.recv_message = &x->response;
    start(x, &op, 1, &x->response);
    event = pluck(x, &x->response, timeout_ms);
    if (event.type == GRPC_QUEUE_TIMEOUT) {
        grpc_call_cancel_with_status(x->call, GRPC_STATUS_DEADLINE_EXCEEDED, "no answer in time",
                                     NULL);
        grpc_completion_queue_pluck(x->queue, &x->response, gpr_inf_future(GPR_CLOCK_REALTIME),
                                    NULL);
        return false;
    }
    return x->response != NULL;
}

static void stream_end(struct exchange *x)
{
    grpc_call_cancel(x->call, NULL); /* does nothing where the call is over */
    grpc_completion_queue_pluck(x->queue, &x->initial, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
    grpc_completion_queue_pluck(x->queue, &x->code, gpr_inf_future(GPR_CLOCK_REALTIME), NULL);
}

static void end(struct exchange *x)
{
    grpc_metadata_array_destroy(&x->initial);
    grpc_metadata_array_destroy(&x->trailing);
    grpc_byte_buffer_destroy(x->request);
    grpc_byte_buffer_destroy(x->response);
    grpc_slice_unref(x->message);
    grpc_call_unref(x->call);
    grpc_channel_destroy(x->channel);
    grpc_completion_queue_shutdown(x->queue);
    grpc_completion_queue_destroy(x->queue);
}

static Google__Rpc__Status *find_details(const grpc_metadata_array *trailing)
{
    for (size_t i = 0; i < trailing->count; i++) {
        const grpc_metadata *entry = &trailing->metadata[i];

        if (grpc_slice_str_cmp(entry->key, "grpc-status-details-bin") == 0)
            return google__rpc__status__unpack(NULL, GRPC_SLICE_LENGTH(entry->value),
                                               GRPC_SLICE_START_PTR(entry->value));
    }
    return NULL;
}

static void read_all(grpc_byte_buffer *buffer, struct buffer *ret)
{
    grpc_byte_buffer_reader reader;
    grpc_slice slice;

    if (!buffer || !grpc_byte_buffer_reader_init(&reader, buffer))
        return;
    while (grpc_byte_buffer_reader_next(&reader, &slice)) {
        buffer_append(ret, GRPC_SLICE_START_PTR(slice), GRPC_SLICE_LENGTH(slice));
        grpc_slice_unref(slice);
    }
    grpc_byte_buffer_reader_destroy(&reader);
}

static void unpack(struct reply *reply, const ProtobufCMessageDescriptor *type)
{
    if (reply->code != GRPC_STATUS_OK)
        return;
    reply->response =
        protobuf_c_message_unpack(type, NULL, reply->packed.len, (uint8_t *)reply->packed.data);
    if (reply->response)
        return;
    reply->code = GRPC_STATUS_INTERNAL;
    free(reply->message);
    reply->message = xstrdup("the server's answer is not what it should be: is it an isoyardd of "
                             "this version?");
}

static char *copy_text(grpc_slice slice)
{
    char *text = xmalloc(GRPC_SLICE_LENGTH(slice) + 1);

    memcpy(text, GRPC_SLICE_START_PTR(slice), GRPC_SLICE_LENGTH(slice));
    text[GRPC_SLICE_LENGTH(slice)] = '\0';
    return text;
}

void client_call_watched(const struct options *options, const char *method,
                         const ProtobufCMessage *request,
                         const ProtobufCMessageDescriptor *response_type, uint64_t timeout_ms,
                         const struct client_wait *wait, struct reply *ret)
{
    struct exchange x = {.message = {0}};

    gpr_set_log_function(ignore_log);
    grpc_init();
    begin(&x, options->address, method, request,
          in_ms(options->timeout_ms > 0 ? options->timeout_ms : timeout_ms));
    exchange_run(&x, wait);
    *ret = (struct reply){.code = x.code, .message = copy_text(x.message)};
    ret->details = find_details(&x.trailing);
    read_all(x.response, &ret->packed);
    unpack(ret, response_type);
    end(&x);
    grpc_shutdown();
}

void client_call(const struct options *options, const char *method, const ProtobufCMessage *request,
                 const ProtobufCMessageDescriptor *response_type, uint64_t timeout_ms,
                 struct reply *ret)
{
    client_call_watched(options, method, request, response_type, timeout_ms, NULL, ret);
}

/* Hands a message over; whether more are wanted. One that is not of the type is an error in
 * *ret, which has none else. */
static bool deliver(struct exchange *x, const ProtobufCMessageDescriptor *type,
                    bool (*each)(void *arg, const ProtobufCMessage *message), void *arg,
                    struct reply *ret)
{
    struct reply one = {.code = GRPC_STATUS_OK};
    bool goes_on = false;

    read_all(x->response, &one.packed);
    unpack(&one, type);
    if (one.response) {
        goes_on = each(arg, one.response);
        reply_release(&one);
    } else {
        *ret = one;
    }
    return goes_on;
}

void client_watch(const struct options *options, const char *method,
                  const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
                  uint64_t interval_ms, bool (*each)(void *arg, const ProtobufCMessage *message),
                  void *arg, struct reply *ret)
{
    client_watch_polling(options, method, request, type, interval_ms, each, NULL, arg, ret);
}

struct client_stream {
    struct exchange x;
    uint64_t timeout_ms;
    bool is_over;       /* the server has ended it, or its answers are none */
    struct reply fault; /* code OK: none */
};

struct client_stream *client_stream_open(const struct options *options, const char *method,
                                         const ProtobufCMessage *request, uint64_t interval_ms,
                                         bool (*poll)(void *arg), void *arg)
{
    struct client_stream *s = xcalloc(1, sizeof(*s));

    s->timeout_ms = interval_ms + (options->timeout_ms > 0 ? options->timeout_ms : TIMEOUT_MS);
    s->x.poll = poll;
    s->x.poll_arg = arg;
    gpr_set_log_function(ignore_log);
    grpc_init();
    begin(&s->x, options->address, method, request, gpr_inf_future(GPR_CLOCK_MONOTONIC));
    stream_begin(&s->x, false);
    return s;
}

ProtobufCMessage *client_stream_next(struct client_stream *s,
                                     const ProtobufCMessageDescriptor *type)
{
    struct reply one = {.code = GRPC_STATUS_OK};
    ProtobufCMessage *message;

    s->is_over = s->is_over || !stream_next(&s->x, s->timeout_ms);
    if (s->is_over)
        return NULL;
    read_all(s->x.response, &one.packed);
    unpack(&one, type);
    if (!one.response) {
        s->is_over = true;
        s->fault = one;
        return NULL;
    }
    message = one.response;
    one.response = NULL;
    reply_release(&one);
    return message;
}

void client_stream_close(struct client_stream *s, struct reply *ret)
{
    stream_end(&s->x);
    (void)stream_await_begun(&s->x);
    if (s->fault.code != GRPC_STATUS_OK) {
        *ret = s->fault;
    } else if (s->is_over && !s->x.is_ended) {
        *ret = (struct reply){.code = s->x.code, .message = copy_text(s->x.message)};
        ret->details = find_details(&s->x.trailing);
    } else {
        *ret = (struct reply){.code = GRPC_STATUS_OK, .message = xstrdup("")};
    }
    end(&s->x);
    grpc_shutdown();
    free(s);
}

void client_watch_polling(const struct options *options, const char *method,
                          const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
                          uint64_t interval_ms,
                          bool (*each)(void *arg, const ProtobufCMessage *message),
                          bool (*poll)(void *arg), void *arg, struct reply *ret)
{
    struct client_stream *s = client_stream_open(options, method, request, interval_ms, poll, arg);
    bool goes_on = true;

    while (goes_on) {
        ProtobufCMessage *message = client_stream_next(s, type);

        goes_on = message && each(arg, message);
        if (message)
            protobuf_c_message_free_unpacked(message, NULL);
    }
    client_stream_close(s, ret);
}

/* Talking: a thread sends, this one receives. */

struct speaker {
    struct exchange *x;
    const struct client_source *source;
    atomic_bool is_over; /* relaxed: a hint to end soon */
};

/* Whether it was sent. */
static bool send_op(struct exchange *x, const grpc_op *op)
{
    grpc_event event;

    if (grpc_call_start_batch(x->call, op, 1, &x->request, NULL) != GRPC_CALL_OK)
        return false;
    event = grpc_completion_queue_pluck(x->queue, &x->request, gpr_inf_future(GPR_CLOCK_REALTIME),
                                        NULL);
    return event.success;
}

static bool send_message(struct exchange *x, const struct buffer *message)
{
    grpc_slice slice = grpc_slice_from_copied_buffer(message->data, message->len);
    grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);
    grpc_op op = {.op = GRPC_OP_SEND_MESSAGE};
    bool is_sent;

    op.data.send_message.send_message = buffer;
    is_sent = send_op(x, &op);
    grpc_byte_buffer_destroy(buffer);
    grpc_slice_unref(slice);
    return is_sent;
}

static void *speak(void *arg)
{
    struct speaker *s = arg;
    const grpc_op close = {.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT};
    struct buffer message = {0};
    bool is_open = stream_await_begun(s->x);

    while (is_open && !atomic_load_explicit(&s->is_over, memory_order_relaxed) &&
           s->source->next(s->source->arg, &s->is_over, &message)) {
        is_open = send_message(s->x, &message);
        message.len = 0;
    }
    buffer_release(&message);
    if (is_open)
        (void)send_op(s->x, &close);
    return NULL;
}

void client_talk(const struct options *options, const char *method, const ProtobufCMessage *first,
                 const struct client_source *source, const ProtobufCMessageDescriptor *type,
                 bool (*each)(void *arg, const ProtobufCMessage *message), void *arg,
                 struct reply *ret)
{
    uint64_t timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : TALK_TIMEOUT_MS;
    struct exchange x = {.message = {0}};
    struct speaker speaker = {.x = &x, .source = source};
    bool is_coming;
    pthread_t thread;

    gpr_set_log_function(ignore_log);
    grpc_init();
    begin(&x, options->address, method, first, gpr_inf_future(GPR_CLOCK_MONOTONIC));
    stream_begin(&x, true);
    *ret = (struct reply){.code = GRPC_STATUS_OK};
    if (pthread_create(&thread, NULL, speak, &speaker) != 0)
        abort();
    do
        is_coming = stream_next(&x, timeout_ms);
    while (is_coming && deliver(&x, type, each, arg, ret));
    atomic_store_explicit(&speaker.is_over, true, memory_order_relaxed);
    stream_end(&x);
    pthread_join(thread, NULL);
    if (!is_coming) {
        *ret = (struct reply){.code = x.code, .message = copy_text(x.message)};
        ret->details = find_details(&x.trailing);
    } else if (!ret->message) {
        ret->message = xstrdup("");
    }
    end(&x);
    grpc_shutdown();
}

int client_ask(const struct options *options, const char *method, const ProtobufCMessage *request,
               const ProtobufCMessageDescriptor *response_type, struct reply *ret)
{
    int status;

    client_call(options, method, request, response_type, TIMEOUT_MS, ret);
    if (ret->code == GRPC_STATUS_OK)
        return EXIT_FINE;
    status = problem_print(options, ret);
    reply_release(ret);
    return status;
}

void reply_release(struct reply *reply)
{
    free(reply->message);
    if (reply->details)
        google__rpc__status__free_unpacked(reply->details, NULL);
    if (reply->response)
        protobuf_c_message_free_unpacked(reply->response, NULL);
    buffer_release(&reply->packed);
    *reply = (struct reply){0};
}
