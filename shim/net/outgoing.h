/*
 * What one hop of a fetch sends: the worker's request at first, and what the redirects have made of
 * it afterwards.
 */
#ifndef ISOYARD_NET_OUTGOING_H
#define ISOYARD_NET_OUTGOING_H

#include "api/bytes.h"
#include "shim/net/fault.h"
#include "shim/net/target.h"

struct outgoing {
    struct target target;
    char *method;
    struct buffer headers; /* "name\nvalue\n" for each, the values as they go over the wire */
    struct bytes body;     /* somebody else's */
    bool has_body;
    bool is_stream; /* has_body, and it comes from elsewhere */
};

/*
 * Fills in *ret, all zeroes before, from a request: its method, its URL, its headers in the form of
 * api/request.h. False and a fault where it cannot be sent: what is not well-formed, the headers
 * that frame a message or belong to the connection, a body where Fetch allows none. *ret is to be
 * released in either case. The body is borrowed.
 */
bool outgoing_init(struct outgoing *ret, struct bytes method, struct bytes url,
                   struct bytes headers, struct bytes body, bool has_body, struct fault *fault);

void outgoing_release(struct outgoing *o);

bool outgoing_has_header(const struct outgoing *o, const char *name);

/* The statuses that HTTP-redirect fetch follows. */
bool redirect_is_status(unsigned status);

/*
 * HTTP-redirect fetch (https://fetch.spec.whatwg.org/#http-redirect-fetch): goes on to the target,
 * which it takes. The method becomes GET, and the body with its headers goes, after
 * 301 and 302 for POST, after 303 for all but GET and HEAD. Across origins authorization and
 * cookie go as well.
 */
void outgoing_redirect(struct outgoing *o, unsigned status, struct target *target);

#endif
