/*
 * Plain HTTP in front of a worker: each request becomes a call of ExecuteStream, whose answer goes
 * back as it comes. libmicrohttpd serves; each connection has a thread of its own.
 */
#ifndef ISOYARD_CLI_DEV_HTTP_H
#define ISOYARD_CLI_DEV_HTTP_H

#include "api/err.h"
#include "cli/options.h"

#include <stdint.h>

struct dev_http;

/* Serves at 127.0.0.1 and the port (0: one that is free). `options` say where the worker's server
 * is, and stay. E_IO: the port is in use, or may not be had. */
int dev_http_start(struct dev_http **ret, const struct options *options, const char *worker,
                   uint16_t port, struct error *error);

/* Requests that begin from now on are for this worker. Any thread. */
void dev_http_set_worker(struct dev_http *http, const char *worker);

uint16_t dev_http_port(const struct dev_http *http);

/* Ends the requests under way. NULL is fine. */
void dev_http_stop(struct dev_http *http);

#endif
