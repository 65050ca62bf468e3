/*
 * grpc.health.v1.Health: whether the server takes work (github.com/grpc/grpc/blob/master/doc/
 * health-checking.md). One state for the server as a whole (service name "") and for each of its
 * services.
 */
#ifndef ISOYARD_HEALTH_SERVICE_H
#define ISOYARD_HEALTH_SERVICE_H

#include "server/rpc_server.h"

/* Its state is that of the server's admission: closed means NOT_SERVING. */
void health_service_register(struct rpc_server *server);

#endif
