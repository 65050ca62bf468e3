/*
 * ComparePools: a stream of progress, then the report, which is stored.
 */
#ifndef ISOYARD_COMPARE_SERVICE_H
#define ISOYARD_COMPARE_SERVICE_H

#include "server/pool_service.h"

/* For pool_service.c: the part of PoolService that is here. */
void compare_register(struct pool_service *service, struct rpc_server *server);

/* The largest ComparePoolsRequest: it may have an ExecuteRequest. */
size_t compare_message_bytes(const struct config *config);

#endif
