/*
 * Server reflection, v1 and v1alpha, whose messages are the same but for their package: clients
 * without our protos learn them here (github.com/grpc/grpc/blob/master/doc/server-reflection.md).
 */
#ifndef ISOYARD_REFLECTION_SERVICE_H
#define ISOYARD_REFLECTION_SERVICE_H

#include "server/descriptors.h"
#include "server/rpc_server.h"

/* The descriptors must outlive the server. */
void reflection_service_register(const struct descriptors *descriptors, struct rpc_server *server);

#endif
