/*
 * PoolService: what the pool counts.
 */
#ifndef ISOYARD_POOL_SERVICE_H
#define ISOYARD_POOL_SERVICE_H

#include "server/dispatcher.h"
#include "server/registry.h"
#include "server/rpc_server.h"

#include <stdint.h>

/* Immutable once registered; the caller's, who keeps it as long as the server. */
struct pool_service {
    struct dispatcher *dispatcher;
    struct registry *registry;
    uint64_t started_ns;
};

void pool_service_register(struct pool_service *service, struct rpc_server *server);

#endif
