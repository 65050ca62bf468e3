/*
 * What an ExecuteRequest leaves to the server: which version it is for, the time, and the trace
 * that it is part of.
 */
#ifndef ISOYARD_EXECUTE_FIND_H
#define ISOYARD_EXECUTE_FIND_H

#include "api/err.h"
#include "server/execute_codec.h"
#include "server/registry.h"

#include <grpc/grpc.h>

/* The active version of the worker, with a reference for the caller. E_INVALID where a name is
 * none, E_NOT_FOUND, E_CONDITION as registry_find. Any thread. */
int execute_find(struct registry *registry, const struct execute_request *request,
                 struct script **ret, struct error *error);

/* A scheduled event without a time is due now. */
void execute_set_time(struct execute_request *request);

/* Where the call's metadata has a traceparent the execution is a new span of that trace. What is
 * set points into the metadata. */
void execute_join_trace(struct execute_request *request, const grpc_metadata_array *metadata);

#endif
