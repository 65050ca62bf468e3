/*
 * One HTTP request: whether it may be answered, and with what. The http thread.
 */
#ifndef ISOYARD_HTTP_REQUEST_H
#define ISOYARD_HTTP_REQUEST_H

#include "server/admission.h"
#include "server/control.h"
#include "server/events.h"
#include "server/http_guard.h"
#include "server/http_peers.h"
#include "server/observer.h"

#include <microhttpd.h>

/* What answers are made of. */
struct http_context {
    const struct http_guard *guard;
    const struct pool_service *service;
    const struct admission *admission;
    struct control *control;
    struct events *events;
    struct observer *observer; /* NULL: there is no dashboard */
    uint64_t requests;         /* so far */
    struct http_peers *peers;
    struct http_peer *peer; /* who asks */
};

/* A request whose body comes in pieces. */
struct http_request;

/* libmicrohttpd's access handler; *state is the request, NULL at first, for http_request_free. */
enum MHD_Result http_request_receive(const struct http_context *context,
                                     struct MHD_Connection *connection, const char *url,
                                     const char *method, const char *data, size_t *data_len,
                                     struct http_request **state);

void http_request_free(struct http_request *request); /* NULL is fine */

#endif
