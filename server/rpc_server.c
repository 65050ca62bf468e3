/* The gRPC server and its end. */
#include "server/rpc_server.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "api/log.h"
#include "server/listen.h"
#include "server/unknown.h"

#include <assert.h>
#include <grpc/grpc_security.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Calls of one method that may have come and wait for the polling thread. */
#define LISTENING_CALLS 64
#define LISTENING_STREAMS 8

/* With more calls that wait, further ones are in the second queue. */
#define CROWD_CALLS 512u

#define METHODS_MAX 32
#define STREAMS_PER_CONNECTION_MAX 1024

/* A connection whose peer is silent for so long is asked whether it lives, and closed where no
 * answer comes. */
#define KEEPALIVE_MS (60 * 1000)
#define KEEPALIVE_TIMEOUT_MS (20 * 1000)

struct rpc_server {
    struct rpc_server_config config;
    struct admission *admission;
    struct cq *cq;
    struct cq *crowd;    /* of calls, while many wait */
    atomic_uint waiting; /* calls */
    grpc_server *grpc;
    grpc_resource_quota *quota;
    char *address;

    size_t method_count, stream_method_count;
    struct method methods[METHODS_MAX];
    struct stream_method stream_methods[METHODS_MAX];

    struct unsent unsent;

    pthread_mutex_t lock; /* a leaf; guards streams */
    struct stream *streams;

    struct tag stopped_tag;
    pthread_mutex_t stop_lock; /* a leaf; guards is_stopped */
    pthread_cond_t stop_changed;
    bool is_stopped;
    bool is_stopping; /* main thread only */
};

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

static int message_limit(const struct rpc_server *server)
{
    assert(server->config.message_bytes <= INT_MAX);
    return (int)server->config.message_bytes;
}

static grpc_server *create_grpc(struct rpc_server *server)
{
    grpc_arg args[] = {
        quota_arg(server->quota),
        number_arg(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, message_limit(server)),
        number_arg(GRPC_ARG_MAX_CONCURRENT_STREAMS, STREAMS_PER_CONNECTION_MAX),
        /* By default a second server would get half of the connections of the first. */
        number_arg(GRPC_ARG_ALLOW_REUSEPORT, 0),
        /* Identity only: nobody can send what grows when it is unpacked. */
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

static void on_stopped(void *arg, bool ok)
{
    struct rpc_server *server = arg;

    (void)ok;
    pthread_mutex_lock(&server->stop_lock);
    server->is_stopped = true;
    pthread_cond_broadcast(&server->stop_changed);
    pthread_mutex_unlock(&server->stop_lock);
}

static void init_locks(struct rpc_server *server)
{
    pthread_condattr_t clock;

    pthread_mutex_init(&server->lock, NULL);
    pthread_mutex_init(&server->stop_lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&server->stop_changed, &clock);
    pthread_condattr_destroy(&clock);
}

struct rpc_server *rpc_server_open(const struct rpc_server_config *config,
                                   struct admission *admission)
{
    struct rpc_server *server = xcalloc(1, sizeof(*server));

    server->config = *config;
    server->admission = admission;
    server->stopped_tag = (struct tag){on_stopped, server, NULL};
    unsent_init(&server->unsent, config->buffer_bytes);
    init_locks(server);
    server->quota = grpc_resource_quota_create("isoyardd");
    grpc_resource_quota_resize(server->quota, config->buffer_bytes);
    server->cq = cq_open(CQ_POLLS, config->cq_threads);
    server->crowd = cq_open(CQ_WAITS, 1);
    atomic_init(&server->waiting, 0);
    server->grpc = create_grpc(server);
    if (!server->grpc)
        abort();
    grpc_server_register_completion_queue(server->grpc, cq_queue(server->cq), NULL);
    return server;
}

void rpc_server_register(struct rpc_server *server, const struct method *method)
{
    struct method *copy = &server->methods[server->method_count++];

    assert(server->method_count <= METHODS_MAX);
    assert(method->message_bytes <= server->config.message_bytes);
    *copy = *method;
    copy->registered = grpc_server_register_method(server->grpc, method->name, NULL,
                                                   GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER, 0);
    assert(copy->registered);
}

void rpc_server_register_stream(struct rpc_server *server, const struct stream_method *method)
{
    struct stream_method *copy = &server->stream_methods[server->stream_method_count++];

    assert(server->stream_method_count <= METHODS_MAX);
    *copy = *method;
    copy->registered =
        grpc_server_register_method(server->grpc, method->name, NULL, GRPC_SRM_PAYLOAD_NONE, 0);
    assert(copy->registered);
}

/* Binds one address that was found free; a port, or 1 for a Unix socket, in *ret_port. */
static int bind_address(struct rpc_server *server, const char *address, int *ret_port,
                        struct error *error)
{
    grpc_server_credentials *plain = grpc_insecure_server_credentials_create();

    *ret_port = grpc_server_add_http2_port(server->grpc, address, plain);
    grpc_server_credentials_release(plain);
    if (*ret_port > 0)
        return 0;
    return error_set(error, E_IO, NULL, "gRPC cannot listen at %s", address);
}

static int bind_tcp(struct rpc_server *server, struct error *error)
{
    const char *listen = server->config.listen;
    int port, err;

    if (!listen)
        return 0;
    err = listen_check_tcp(listen, error);
    if (!err)
        err = bind_address(server, listen, &port, error);
    if (!err && asprintf(&server->address, "%.*s:%d", (int)(strrchr(listen, ':') - listen), listen,
                         port) < 0)
        abort();
    return err;
}

static int bind_unix(struct rpc_server *server, struct error *error)
{
    const char *path = server->config.unix_path;
    char *uri;
    int ignored, err;

    if (!path)
        return 0;
    err = listen_check_unix(path, error);
    if (err)
        return err;
    if (asprintf(&uri, "unix:%s", path) < 0)
        abort();
    err = bind_address(server, uri, &ignored, error);
    free(uri);
    return err;
}

static void listen_to_all(struct rpc_server *server)
{
    for (int i = 0; i < LISTENING_CALLS; i++) {
        for (size_t m = 0; m < server->method_count; m++)
            call_listen(server, &server->methods[m]);
    }
    for (int i = 0; i < LISTENING_STREAMS; i++) {
        for (size_t m = 0; m < server->stream_method_count; m++)
            stream_listen(server, &server->stream_methods[m]);
        unknown_listen(server);
    }
}

int rpc_server_start(struct rpc_server *server, struct error *error)
{
    int err = bind_tcp(server, error);

    if (!err)
        err = bind_unix(server, error);
    if (err)
        return err;
    grpc_server_start(server->grpc);
    listen_to_all(server);
    err = cq_start(server->crowd, error);
    return err ? err : cq_start(server->cq, error);
}

const char *rpc_server_address(const struct rpc_server *server)
{
    return server->address;
}

grpc_server *rpc_server_grpc(struct rpc_server *server)
{
    return server->grpc;
}

grpc_completion_queue *rpc_server_queue(struct rpc_server *server)
{
    return cq_queue(server->cq);
}

struct cq *rpc_server_call_cq(struct rpc_server *server)
{
    /* Relaxed: it need not be exact. */
    bool is_crowded = atomic_load_explicit(&server->waiting, memory_order_relaxed) >= CROWD_CALLS;

    return is_crowded ? server->crowd : server->cq;
}

void rpc_server_count_waiting(struct rpc_server *server, int change)
{
    atomic_fetch_add_explicit(&server->waiting, (unsigned)change, memory_order_relaxed);
}

struct admission *rpc_server_admission(struct rpc_server *server)
{
    return server->admission;
}

struct unsent *rpc_server_unsent(struct rpc_server *server)
{
    return &server->unsent;
}

bool rpc_server_has_unsent(const struct rpc_server *server)
{
    return unsent_total(&server->unsent) > 0;
}

void rpc_server_add_stream(struct rpc_server *server, struct stream *stream)
{
    pthread_mutex_lock(&server->lock);
    stream->next = server->streams;
    if (stream->next)
        stream->next->prev = stream;
    server->streams = stream;
    pthread_mutex_unlock(&server->lock);
}

void rpc_server_remove_stream(struct rpc_server *server, struct stream *stream)
{
    pthread_mutex_lock(&server->lock);
    if (stream->next)
        stream->next->prev = stream->prev;
    if (stream->prev)
        stream->prev->next = stream->next;
    else
        server->streams = stream->next;
    pthread_mutex_unlock(&server->lock);
}

/* The open streams, each with a reference, in an array of the caller's. */
static size_t take_streams(struct rpc_server *server, struct stream ***ret)
{
    struct stream **taken;
    size_t count = 0;

    pthread_mutex_lock(&server->lock);
    for (struct stream *s = server->streams; s; s = s->next)
        count++;
    taken = xmalloc((count + 1) * sizeof(taken[0]));
    count = 0;
    for (struct stream *s = server->streams; s; s = s->next) {
        stream_ref(s);
        taken[count++] = s;
    }
    pthread_mutex_unlock(&server->lock);
    *ret = taken;
    return count;
}

void rpc_server_poke_streams(struct rpc_server *server)
{
    struct stream **streams;
    size_t count = take_streams(server, &streams);

    for (size_t i = 0; i < count; i++) {
        stream_poke(streams[i]);
        stream_unref(streams[i]);
    }
    free(streams);
}

bool rpc_server_wait(struct rpc_server *server, uint64_t timeout_ms)
{
    uint64_t until_ns = clock_now_ns() + timeout_ms * NS_PER_MS;
    struct timespec until = {(time_t)(until_ns / NS_PER_S), (long)(until_ns % NS_PER_S)};
    int timed_out = 0;
    bool is_stopped;

    pthread_mutex_lock(&server->stop_lock);
    while (!server->is_stopped && !timed_out)
        timed_out = pthread_cond_timedwait(&server->stop_changed, &server->stop_lock, &until);
    is_stopped = server->is_stopped;
    pthread_mutex_unlock(&server->stop_lock);
    return is_stopped;
}

void rpc_server_stop(struct rpc_server *server)
{
    server->is_stopping = true;
    grpc_server_shutdown_and_notify(server->grpc, cq_queue(server->cq), &server->stopped_tag);
}

void rpc_server_cancel_calls(struct rpc_server *server)
{
    grpc_server_cancel_all_calls(server->grpc);
}

/* gRPC wants even a server that never started to be shut down, and somebody to poll for that. */
static void stop_unstarted(struct rpc_server *server)
{
    struct error error;

    if (cq_start(server->cq, &error))
        abort();
    rpc_server_stop(server);
    rpc_server_cancel_calls(server);
}

void rpc_server_close(struct rpc_server *server)
{
    if (!server)
        return;
    if (!server->is_stopping)
        stop_unstarted(server);
    while (!rpc_server_wait(server, 1000))
        log_warn("waiting for calls to end");
    grpc_server_destroy(server->grpc);
    cq_close(server->crowd);
    cq_close(server->cq);
    grpc_resource_quota_unref(server->quota);
    unsent_release(&server->unsent);
    pthread_cond_destroy(&server->stop_changed);
    pthread_mutex_destroy(&server->stop_lock);
    pthread_mutex_destroy(&server->lock);
    free(server->address);
    free(server);
}
