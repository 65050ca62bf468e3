/*
 * PoolService: what the pool counts, and switching it.
 */
#ifndef ISOYARD_POOL_SERVICE_H
#define ISOYARD_POOL_SERVICE_H

#include "server/config.h"
#include "server/dispatcher.h"
#include "server/registry.h"
#include "server/rpc_server.h"
#include "server/store_thread.h"
#include "server/switcher.h"

#include <stdint.h>

/* Immutable once registered; the caller's, who keeps it as long as the server. */
struct pool_service {
    struct dispatcher *dispatcher;
    struct registry *registry;
    struct store_thread *store_thread;
    struct switcher *switcher;
    const struct config *config; /* what the server was started with */
    uint64_t started_ns;
};

void pool_service_register(struct pool_service *service, struct rpc_server *server);

/* The part of it that is in switch_service.c. */
void switch_register(struct pool_service *service, struct rpc_server *server);

#endif
