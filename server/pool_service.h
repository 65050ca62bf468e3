/*
 * PoolService: what the pool counts, once (pool_service.c) and again and again (watch_stats.c).
 */
#ifndef ISOYARD_POOL_SERVICE_H
#define ISOYARD_POOL_SERVICE_H

#include "server/dispatcher.h"
#include "server/registry.h"
#include "server/rpc_server.h"

#include <stdatomic.h>
#include <stdint.h>

struct ticker;

/* Immutable once registered, but for watchers; the caller's, who keeps it as long as the server. */
struct pool_service {
    struct dispatcher *dispatcher;
    struct registry *registry;
    struct pool_config pool_config; /* what the pool was opened with */
    uint64_t started_ns;
    struct ticker *ticker;
    atomic_uint watchers; /* streams of WatchStats; relaxed: a bound */
};

void pool_service_register(struct pool_service *service, struct rpc_server *server);

#endif
