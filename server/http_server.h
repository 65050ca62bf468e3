/*
 * The HTTP server: metrics, health, the dashboard. One thread of its own does it all, and each
 * second looks at the pools (history.h) and tells the dashboards that are open (events.h).
 */
#ifndef ISOYARD_HTTP_SERVER_H
#define ISOYARD_HTTP_SERVER_H

#include "server/admission.h"
#include "server/failures.h"
#include "server/pool_service.h"

#include <stdbool.h>

struct http_server;

/* What the others see to; outlives the server. */
struct http_config {
    const char *address; /* HOST:PORT */
    const struct pool_service *service;
    const struct admission *admission; /* closed: not ready any more */
    struct failures *failures;
    uint64_t patience_ms; /* with a client, see http_peers.h; 0: as limits.md says */
    bool is_observing;    /* keeps the history and has dashboards; else metrics and health only */
};

/* Binds, and starts the thread. E_INVALID, E_CONDITION (in use), E_IO, E_NOMEM. Main thread. */
int http_server_start(const struct http_config *config, struct http_server **ret,
                      struct error *error);

/* "127.0.0.1:7071"; the server's. */
const char *http_server_address(const struct http_server *server);

/* Ends the thread and all connections. Main thread; NULL is fine. */
void http_server_stop(struct http_server *server);

/* After http_server_stop, once switcher and comparer have stopped, too. NULL is fine. */
void http_server_free(struct http_server *server);

#endif
