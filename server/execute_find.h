/*
 * What an ExecuteRequest leaves to the server: which version it is for, and the time.
 */
#ifndef ISOYARD_EXECUTE_FIND_H
#define ISOYARD_EXECUTE_FIND_H

#include "api/err.h"
#include "server/execute_codec.h"
#include "server/registry.h"

/* The active version of the worker, with a reference for the caller. E_INVALID where a name is
 * none, E_NOT_FOUND, E_CONDITION as registry_find. Any thread. */
int execute_find(struct registry *registry, const struct execute_request *request,
                 struct script **ret, struct error *error);

/* A scheduled event without a time is due now. */
void execute_set_time(struct execute_request *request);

#endif
