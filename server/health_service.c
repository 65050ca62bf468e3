/* Check and Watch. */
#include "server/health_service.h"

#include "server/container_of.h"
#include "server/proto_check.h"

#include <grpc/health/v1/health.pb-c.h>
#include <stdlib.h>

#define SMALL_MESSAGE_BYTES ((size_t)4 << 10)

#define SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING
#define NOT_SERVING GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__NOT_SERVING
#define SERVICE_UNKNOWN GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVICE_UNKNOWN

static bool is_known(const char *service)
{
    static const char *const known[] = {
        "",
        "isoyard.v1.WorkerService",
        "isoyard.v1.ExecutionService",
        "isoyard.v1.PoolService",
        "isoyard.v1.LogService",
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(service, known[i]) == 0)
            return true;
    }
    return false;
}

static unsigned status_now(struct rpc_server *server)
{
    return admission_is_closed(rpc_server_admission(server)) ? NOT_SERVING : SERVING;
}

static int decode(struct bytes message, Grpc__Health__V1__HealthCheckRequest **ret,
                  struct error *error)
{
    ProtobufCMessage *request;
    int err =
        proto_decode(&grpc__health__v1__health_check_request__descriptor, message, &request, error);

    if (!err)
        *ret = (Grpc__Health__V1__HealthCheckRequest *)request;
    return err;
}

/* Check */

static void reply(struct call *call, const char *service)
{
    Grpc__Health__V1__HealthCheckResponse response = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
    struct error error;

    if (!is_known(service)) {
        error_set(&error, E_NOT_FOUND, NULL, "there is no service '%.100s' here", service);
        call_fail_error(call, E_NOT_FOUND, &error);
        return;
    }
    response.status = status_now(call->server);
    call_reply_message(call, &response.base);
}

static void handle_check(struct call *call)
{
    Grpc__Health__V1__HealthCheckRequest *request;
    struct error error = {0};
    int err = decode(call->message, &request, &error);

    if (err) {
        call_fail_error(call, err, &error);
        return;
    }
    reply(call, request->service);
    grpc__health__v1__health_check_request__free_unpacked(request, NULL);
}

/* Watch: says the status at once and whenever it changes. A server that stops serving never begins
 * again, so the stream ends with that. */

struct watch {
    struct stream stream;
    bool is_begun; /* the request has come */
    bool is_known;
    bool has_said; /* `said` is what the client knows */
    unsigned said;
};

static struct watch *watch_of(struct stream *stream)
{
    return container_of(stream, struct watch, stream);
}

static unsigned watched_status(const struct watch *w)
{
    return w->is_known ? status_now(w->stream.server) : SERVICE_UNKNOWN;
}

static void finish_stopping(struct stream *stream)
{
    struct status status;

    status_set(&status, GRPC_STATUS_UNAVAILABLE, "the server is shutting down");
    stream_finish(stream, &status);
}

/* Brings the client up to date, unless a message is on its way to it: then sent comes back here. */
static void tell(struct stream *stream)
{
    Grpc__Health__V1__HealthCheckResponse response = GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__INIT;
    struct watch *w = watch_of(stream);

    if (!w->is_begun || stream_is_writing(stream))
        return;
    response.status = watched_status(w);
    if (!w->has_said || w->said != response.status) {
        w->has_said = true;
        w->said = response.status;
        stream_write(stream, &response.base);
    } else if (status_now(stream->server) == NOT_SERVING) {
        finish_stopping(stream);
    }
}

static void finish_error(struct stream *stream, const struct error *error)
{
    struct status status;

    status_of_error(E_INVALID, error, &status);
    stream_finish(stream, &status);
}

static void receive_watch(struct stream *stream, const struct bytes *message)
{
    Grpc__Health__V1__HealthCheckRequest *request;
    struct error error = {0};

    if (!message) {
        error_set(&error, E_INVALID, NULL, "the call came without a message");
        finish_error(stream, &error);
        return;
    }
    if (decode(*message, &request, &error)) {
        finish_error(stream, &error);
        return;
    }
    watch_of(stream)->is_known = is_known(request->service);
    watch_of(stream)->is_begun = true;
    grpc__health__v1__health_check_request__free_unpacked(request, NULL);
    tell(stream);
}

void health_service_register(struct rpc_server *server)
{
    const struct method check = {
        .name = "/grpc.health.v1.Health/Check",
        .call_size = sizeof(struct call),
        .message_bytes = SMALL_MESSAGE_BYTES,
        .handle = handle_check,
    };
    const struct stream_method watch = {
        .name = "/grpc.health.v1.Health/Watch",
        .stream_size = sizeof(struct watch),
        .message_bytes = SMALL_MESSAGE_BYTES,
        .open = stream_read,
        .receive = receive_watch,
        .sent = tell,
        .poke = tell,
    };

    rpc_server_register(server, &check);
    rpc_server_register_stream(server, &watch);
}
