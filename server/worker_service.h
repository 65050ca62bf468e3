/*
 * WorkerService: workers and their versions. Every method ends as a job of the store thread, which
 * answers; Deploy (deploy.c) checks the script in a pool first.
 */
#ifndef ISOYARD_WORKER_SERVICE_H
#define ISOYARD_WORKER_SERVICE_H

#include "api/limits.h"
#include "server/dispatcher.h"
#include "server/registry.h"
#include "server/rpc_server.h"
#include "server/store_thread.h"

#include <stdatomic.h>
#include <stddef.h>

/* But for the count immutable once registered; the caller's, who keeps it as long as the server. */
struct worker_service {
    struct dispatcher *dispatcher;
    struct registry *registry;
    struct store_thread *store_thread;
    struct limits limits; /* of every worker */
    size_t bundle_bytes;  /* the largest sum of the files' sizes */
    atomic_uint deploying;
};

/* Bytes of the largest DeployRequest. */
size_t worker_service_message_bytes(const struct worker_service *service);

void worker_service_register(struct worker_service *service, struct rpc_server *server);

/* For deploy.c: Deploy's part of it. */
void deploy_register(struct worker_service *service, struct rpc_server *server);

/* "default" where empty; checks both. E_INVALID with the field. */
int worker_check_names(char **tenant, const char *worker, struct error *error);

#endif
