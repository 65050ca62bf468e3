/* GetStats; other files have the rest. */
#include "server/pool_service.h"

#include "server/compare_service.h"
#include "server/comparison_service.h"
#include "server/proto_check.h"
#include "server/stats_point.h"
#include "server/watch_stats.h"

#define SMALL_MESSAGE_BYTES ((size_t)64 << 10)

static void reply_stats(struct call *call)
{
    const struct pool_service *service = call_service(call);
    struct stats_point *now = stats_point_new(service->dispatcher);
    struct stats_message message;

    stats_message_init_since(&message, service, NULL, now);
    call_reply_message(call, &message.response.base);
    stats_message_release(&message);
    stats_point_free(now);
}

static void handle_get_stats(struct call *call)
{
    struct error error = {0};
    int err = proto_check(&isoyard__v1__get_stats_request__descriptor, call->message, &error);

    if (err)
        call_fail_error(call, err, &error);
    else
        reply_stats(call);
}

void pool_service_register(struct pool_service *service, struct rpc_server *server)
{
    const struct method get_stats = {
        .name = "/isoyard.v1.PoolService/GetStats",
        .call_size = sizeof(struct call),
        .message_bytes = SMALL_MESSAGE_BYTES,
        .service = service,
        .handle = handle_get_stats,
    };

    rpc_server_register(server, &get_stats);
    switch_register(service, server);
    watch_stats_register(service, server);
    compare_register(service, server);
    comparison_register(service, server);
}
