/*
 * ExecutionService: delivers an event to a worker and returns its answer.
 *
 *     cq thread: decode, find the version, submit        lane thread: encode, send, in task.done
 */
#ifndef ISOYARD_EXECUTION_SERVICE_H
#define ISOYARD_EXECUTION_SERVICE_H

#include "server/dispatcher.h"
#include "server/registry.h"
#include "server/rpc_server.h"

#include <stddef.h>

/* Immutable once registered; the caller's, who keeps it as long as the server. */
struct execution_service {
    struct dispatcher *dispatcher;
    struct registry *registry;
    size_t body_bytes;               /* the largest body of a request */
    struct pipe_budget *pipe_budget; /* for bodies that stream; NULL: unbounded */
};

/* Bytes of the largest ExecuteRequest. */
size_t execution_service_message_bytes(const struct execution_service *service);

void execution_service_register(struct execution_service *service, struct rpc_server *server);

#endif
