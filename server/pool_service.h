/*
 * PoolService: what the pool counts, once (pool_service.c) and again and again (watch_stats.c), and
 * switching it (switch_service.c); comparing architectures (compare_service.c), and the reports of
 * that (comparison_service.c).
 */
#ifndef ISOYARD_POOL_SERVICE_H
#define ISOYARD_POOL_SERVICE_H

#include "server/config.h"
#include "server/dispatcher.h"
#include "server/registry.h"
#include "server/rpc_server.h"
#include "server/store_thread.h"
#include "server/switcher.h"

#include <stdatomic.h>
#include <stdint.h>

struct code_thread;
struct comparer;
struct log_thread;
struct ticker;

/* Immutable once registered, but for watchers; the caller's, who keeps it as long as the server. */
struct pool_service {
    struct dispatcher *dispatcher;
    struct registry *registry;
    struct store_thread *store_thread;
    struct switcher *switcher;
    struct comparer *comparer;
    const struct config *config; /* what the server was started with */
    uint64_t started_ns;
    struct ticker *ticker;
    struct log_thread *log_thread;   /* NULL: no log is kept */
    struct code_thread *code_thread; /* NULL: no compiled code is kept on disk */
    atomic_uint watchers;            /* streams of WatchStats; relaxed: a bound */
};

void pool_service_register(struct pool_service *service, struct rpc_server *server);

/* The part of it that is in switch_service.c. */
void switch_register(struct pool_service *service, struct rpc_server *server);

#endif
