/*
 * LogService: what is kept (log_service.c), and what comes (tail_service.c).
 */
#ifndef ISOYARD_LOG_SERVICE_H
#define ISOYARD_LOG_SERVICE_H

#include "server/log_thread.h"
#include "server/rpc_server.h"

#include <stdatomic.h>

/* Streams of Tail at once; further ones are refused. */
#define LOG_TAILS_MAX 64u

/* Records that come before the first new one. */
#define LOG_BACKLOG_MAX 1000u

/* Records that are looked at for one answer. */
#define LOG_LOOKED_MAX 20000u

/* Immutable once registered, but for tails; the caller's, who keeps it as long as the server. */
struct log_service {
    struct log_thread *thread; /* NULL: no log is kept */
    atomic_uint tails;         /* relaxed: a bound */
};

void log_service_register(struct log_service *service, struct rpc_server *server);

/* The part of it that is in tail_service.c. */
void tail_service_register(struct log_service *service, struct rpc_server *server);

/* E_CONDITION where no log is kept. */
int log_service_check(const struct log_service *service, struct error *error);

#endif
