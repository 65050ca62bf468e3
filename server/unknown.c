/* Calls of unknown methods. */
#include "server/unknown.h"

#include "api/bytes.h"
#include "server/cq.h"
#include "server/rpc_server.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

struct unknown_call {
    struct rpc_server *server;
    grpc_call *rpc;
    grpc_call_details details;
    grpc_metadata_array metadata;
    int was_cancelled;
    struct tag begun, answered;
};

static void unknown_free(struct unknown_call *call)
{
    grpc_call_details_destroy(&call->details);
    grpc_metadata_array_destroy(&call->metadata);
    if (call->rpc)
        grpc_call_unref(call->rpc);
    free(call);
}

static void on_answered(void *arg, bool ok)
{
    (void)ok;
    unknown_free(arg);
}

static void answer(struct unknown_call *call)
{
    grpc_op ops[3] = {{.op = GRPC_OP_SEND_INITIAL_METADATA},
                      {.op = GRPC_OP_SEND_STATUS_FROM_SERVER},
                      {.op = GRPC_OP_RECV_CLOSE_ON_SERVER}};
    char message[160];
    grpc_slice text;
    grpc_call_error error;

    snprintf(message, sizeof(message), "this server has no method %.*s",
             (int)(GRPC_SLICE_LENGTH(call->details.method) < 100
                       ? GRPC_SLICE_LENGTH(call->details.method)
                       : 100),
             (const char *)GRPC_SLICE_START_PTR(call->details.method));
    text = grpc_slice_from_copied_string(message);
    ops[1].data.send_status_from_server.status = GRPC_STATUS_UNIMPLEMENTED;
    ops[1].data.send_status_from_server.status_details = &text;
    ops[2].data.recv_close_on_server.cancelled = &call->was_cancelled;
    error = grpc_call_start_batch(call->rpc, ops, 3, &call->answered, NULL);
    assert(error == GRPC_CALL_OK);
    (void)error;
    grpc_slice_unref(text);
}

static void on_begun(void *arg, bool ok)
{
    struct unknown_call *call = arg;

    if (!ok) {
        unknown_free(call);
        return;
    }
    unknown_listen(call->server);
    answer(call);
}

void unknown_listen(struct rpc_server *server)
{
    struct unknown_call *call = xcalloc(1, sizeof(*call));
    grpc_completion_queue *queue = rpc_server_queue(server);
    grpc_call_error error;

    call->server = server;
    call->begun = (struct tag){on_begun, call, &call->rpc};
    call->answered = (struct tag){on_answered, call, NULL};
    grpc_call_details_init(&call->details);
    grpc_metadata_array_init(&call->metadata);
    error = grpc_server_request_call(rpc_server_grpc(server), &call->rpc, &call->details,
                                     &call->metadata, queue, queue, &call->begun);
    assert(error == GRPC_CALL_OK);
    (void)error;
}
