/* PoolService.WatchStats: figures at every interval, until the client or the server goes away. */
#ifndef ISOYARD_WATCH_STATS_H
#define ISOYARD_WATCH_STATS_H

#include "server/pool_service.h"

/* Streams at once; further ones are refused. */
#define WATCHERS_MAX 16u

/* Between two messages. */
#define WATCH_INTERVAL_MIN_MS 100u
#define WATCH_INTERVAL_MAX_MS (3600u * 1000)
#define WATCH_INTERVAL_DEFAULT_MS 1000u

void watch_stats_register(struct pool_service *service, struct rpc_server *server);

#endif
