/*
 * Who may ask the HTTP server for what. There is no authentication; what stands in for it:
 *
 * - DNS rebinding: Host must be an IP address, "localhost", or the name that --http was given. A
 *   page of somebody else's that has its own name point here sends that name.
 * - Other sites' pages: what a browser says comes from another site is refused, whatever it asks
 *   for, but for the links that people follow (GET /).
 * - Changing anything (POST) takes, besides, a peer that is the machine itself and no proxy before
 *   it, an Origin that is this server's own, JSON, and the token that only a page of this server
 *   can read.
 */
#ifndef ISOYARD_HTTP_GUARD_H
#define ISOYARD_HTTP_GUARD_H

#include <stdbool.h>
#include <sys/socket.h>

/* Of the server; immutable. */
struct http_guard {
    const char *name;  /* the host of --http */
    const char *token; /* that a POST has to send */
};

/* What a request says of itself; a header that is not there is NULL. */
struct http_claims {
    bool is_change; /* POST */
    bool is_page;   /* a link may lead there */
    const struct sockaddr *peer;
    const char *host, *origin, *token, *content_type;
    const char *fetch_site; /* Sec-Fetch-Site */
    const char *forwarded;  /* Forwarded, X-Forwarded-For, Via */
};

/* Why a request is refused, for a person; NULL: it is not. Any thread. */
const char *http_guard_fault(const struct http_guard *guard, const struct http_claims *claims);

#endif
