/*
 * The least that a gRPC C-core server costs: a unary call whose answer is the bytes of its request,
 * with the settings of isoyardd's server and its way through gRPC (a registered method, one queue,
 * one polling thread, one batch for the answer), and nothing besides.
 *
 * It says "port N" when it listens at 127.0.0.1:N, and "answered N", its calls that ended OK, at
 * each SIGUSR1 and when SIGTERM ends it.
 *
 * usage: bench_echo
 */
#include "api/bytes.h"

#include <assert.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define METHOD "/isoyard.bench.Echo/Echo"

/* As isoyardd has them by default, and to be kept so. */
#define LISTENING_CALLS 64
#define STREAMS_PER_CONNECTION_MAX 1024
#define MESSAGE_BYTES_MAX (17 << 20)
#define BUFFER_BYTES ((size_t)256 << 20)
#define KEEPALIVE_MS (60 * 1000)
#define KEEPALIVE_TIMEOUT_MS (20 * 1000)

struct echo {
    grpc_server *server;
    grpc_completion_queue *queue;
    grpc_resource_quota *quota;
    void *method;
    _Atomic uint64_t answered; /* polling thread; read by main, relaxed: a figure of its own */
};

/* A call is the tag of its own arrival, and then of its answer. */
struct call {
    grpc_call *rpc;
    gpr_timespec deadline;
    grpc_metadata_array metadata;
    grpc_byte_buffer *message;
    int was_cancelled;
    bool is_answering;
};

static void die(const char *what)
{
    fprintf(stderr, "bench_echo: %s\n", what);
    exit(1);
}

/* Calls. Polling thread, but for the first ones. */

static void listen_for_call(struct echo *echo)
{
    struct call *call = xcalloc(1, sizeof(*call));
    grpc_call_error error;

    grpc_metadata_array_init(&call->metadata);
    error = grpc_server_request_registered_call(echo->server, echo->method, &call->rpc,
                                                &call->deadline, &call->metadata, &call->message,
                                                echo->queue, echo->queue, call);
    assert(error == GRPC_CALL_OK);
    (void)error;
}

static void call_free(struct call *call)
{
    grpc_metadata_array_destroy(&call->metadata);
    grpc_byte_buffer_destroy(call->message);
    if (call->rpc)
        grpc_call_unref(call->rpc);
    free(call);
}

static void answer(struct call *call)
{
    grpc_slice text = grpc_empty_slice();
    grpc_op ops[4] = {
        {.op = GRPC_OP_SEND_INITIAL_METADATA},
        {.op = GRPC_OP_SEND_STATUS_FROM_SERVER},
        {.op = GRPC_OP_RECV_CLOSE_ON_SERVER},
        {.op = GRPC_OP_SEND_MESSAGE},
    };
    grpc_call_error error;

    ops[1].data.send_status_from_server.status =
        call->message ? GRPC_STATUS_OK : GRPC_STATUS_INVALID_ARGUMENT;
    ops[1].data.send_status_from_server.status_details = &text;
    ops[2].data.recv_close_on_server.cancelled = &call->was_cancelled;
    ops[3].data.send_message.send_message = call->message;
    call->is_answering = true;
    error = grpc_call_start_batch(call->rpc, ops, call->message ? 4 : 3, call, NULL);
    assert(error == GRPC_CALL_OK);
    (void)error;
}

static void on_tag(struct echo *echo, struct call *call, bool ok)
{
    if (call->is_answering) {
        if (ok && call->message && !call->was_cancelled)
            atomic_fetch_add_explicit(&echo->answered, 1, memory_order_relaxed);
        call_free(call);
    } else if (ok) {
        listen_for_call(echo);
        answer(call);
    } else {
        call_free(call); /* the server stops; no call came */
    }
}

static void *poll_queue(void *arg)
{
    const gpr_timespec never = gpr_inf_future(GPR_CLOCK_MONOTONIC);
    struct echo *echo = arg;

    for (;;) {
        grpc_event event = grpc_completion_queue_next(echo->queue, never, NULL);

        if (event.type == GRPC_QUEUE_SHUTDOWN)
            return NULL;
        /* The end of the server itself has no tag. */
        if (event.tag)
            on_tag(echo, event.tag, event.success);
        else
            grpc_completion_queue_shutdown(echo->queue);
    }
}

/* The server. */

static grpc_arg number_arg(const char *key, int value)
{
    return (grpc_arg){.type = GRPC_ARG_INTEGER, .key = (char *)key, .value = {.integer = value}};
}

static grpc_arg quota_arg(grpc_resource_quota *quota)
{
    return (grpc_arg){.type = GRPC_ARG_POINTER,
                      .key = (char *)GRPC_ARG_RESOURCE_QUOTA,
                      .value = {.pointer = {quota, grpc_resource_quota_arg_vtable()}}};
}

static grpc_server *create_server(grpc_resource_quota *quota)
{
    grpc_arg args[] = {
        quota_arg(quota),
        number_arg(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, MESSAGE_BYTES_MAX),
        number_arg(GRPC_ARG_MAX_CONCURRENT_STREAMS, STREAMS_PER_CONNECTION_MAX),
        number_arg(GRPC_ARG_ALLOW_REUSEPORT, 0),
        number_arg(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1 << GRPC_COMPRESS_NONE),
        number_arg(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0),
        number_arg(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0),
        number_arg(GRPC_ARG_ENABLE_CHANNELZ, 0),
        number_arg(GRPC_ARG_KEEPALIVE_TIME_MS, KEEPALIVE_MS),
        number_arg(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, KEEPALIVE_TIMEOUT_MS),
        number_arg(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1),
    };
    const grpc_channel_args list = {sizeof(args) / sizeof(args[0]), args};

    return grpc_server_create(&list, NULL);
}

static int bind_port(grpc_server *server)
{
    grpc_server_credentials *plain = grpc_insecure_server_credentials_create();
    int port = grpc_server_add_http2_port(server, "127.0.0.1:0", plain);

    grpc_server_credentials_release(plain);
    if (port <= 0)
        die("cannot listen at 127.0.0.1");
    return port;
}

/* Returns the port. */
static int echo_open(struct echo *echo)
{
    int port;

    echo->quota = grpc_resource_quota_create("bench_echo");
    grpc_resource_quota_resize(echo->quota, BUFFER_BYTES);
    echo->queue = grpc_completion_queue_create_for_next(NULL);
    echo->server = create_server(echo->quota);
    if (!echo->server)
        die("gRPC makes no server");
    grpc_server_register_completion_queue(echo->server, echo->queue, NULL);
    echo->method = grpc_server_register_method(echo->server, METHOD, NULL,
                                               GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER, 0);
    assert(echo->method);
    port = bind_port(echo->server);
    grpc_server_start(echo->server);
    for (int i = 0; i < LISTENING_CALLS; i++)
        listen_for_call(echo);
    return port;
}

static void echo_close(struct echo *echo, pthread_t thread)
{
    grpc_server_shutdown_and_notify(echo->server, echo->queue, NULL);
    grpc_server_cancel_all_calls(echo->server);
    pthread_join(thread, NULL);
    grpc_server_destroy(echo->server);
    grpc_completion_queue_destroy(echo->queue);
    grpc_resource_quota_unref(echo->quota);
}

static void print_answered(struct echo *echo)
{
    printf("answered %" PRIu64 "\n", atomic_load_explicit(&echo->answered, memory_order_relaxed));
    fflush(stdout);
}

static void answer_signals(struct echo *echo, const sigset_t *signals)
{
    int signal;

    while (sigwait(signals, &signal) == 0 && signal == SIGUSR1)
        print_answered(echo);
}

static sigset_t block_signals(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    /* Threads inherit the mask: only main ever sees the signals, where it asks for them. */
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return set;
}

int main(void)
{
    sigset_t signals = block_signals();
    struct echo echo = {0};
    pthread_t thread;

    grpc_init();
    printf("port %d\n", echo_open(&echo));
    fflush(stdout);
    if (pthread_create(&thread, NULL, poll_queue, &echo) != 0)
        die("cannot start a thread");
    answer_signals(&echo, &signals);
    echo_close(&echo, thread);
    print_answered(&echo);
    grpc_shutdown();
    return 0;
}
