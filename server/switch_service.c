/* SwitchArchitecture. */
#include "server/container_of.h"
#include "server/pool_service.h"
#include "server/proto_check.h"
#include "server/switch_request.h"

#include <assert.h>
#include <stdlib.h>

#define SMALL_MESSAGE_BYTES ((size_t)64 << 10)

struct switch_call {
    struct call call;
    struct switch_request request;
};

static void on_done(struct switch_order *order, int err, const struct error *error,
                    const struct switch_report *report)
{
    struct switch_call *c = container_of(order, struct switch_call, request.order);
    Isoyard__V1__SwitchArchitectureResponse m;
    Isoyard__V1__PoolConfig config;
    struct error named;

    if (err) {
        named = switch_request_error(err, error);
        call_fail_error(&c->call, err, &named);
        return;
    }
    switch_response_init(&m, &config, report);
    call_reply_message(&c->call, &m.base);
}

static int read_request(struct switch_call *c, struct error *error)
{
    ProtobufCMessage *request;
    int err = proto_decode(&isoyard__v1__switch_architecture_request__descriptor, c->call.message,
                           &request, error);

    if (err)
        return err;
    err = switch_request_read(call_service(&c->call),
                              (const Isoyard__V1__SwitchArchitectureRequest *)request, &c->request,
                              error);
    protobuf_c_message_free_unpacked(request, NULL);
    return err;
}

static void handle(struct call *call)
{
    struct switch_call *c = container_of(call, struct switch_call, call);
    const struct pool_service *service = call_service(call);
    struct error error = {0};
    int err = read_request(c, &error);

    c->request.order.done = on_done;
    if (!err)
        err = switcher_begin(service->switcher, &c->request.order, &error);
    if (err)
        call_fail_error(call, err, &error);
}

void switch_register(struct pool_service *service, struct rpc_server *server)
{
    /* Without cancel: the caller's going away does not undo a switch. */
    const struct method switch_architecture = {
        .name = "/isoyard.v1.PoolService/SwitchArchitecture",
        .call_size = sizeof(struct switch_call),
        .message_bytes = SMALL_MESSAGE_BYTES,
        .is_admitted = true,
        .service = service,
        .handle = handle,
    };

    static_assert(offsetof(struct switch_call, call) == 0,
                  "a method's structure begins with its call");
    rpc_server_register(server, &switch_architecture);
}
