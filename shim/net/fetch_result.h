/*
 * What has become of a fetch: an answer, or why there is none. One holder at a time; it may travel
 * to another thread.
 */
#ifndef ISOYARD_NET_FETCH_RESULT_H
#define ISOYARD_NET_FETCH_RESULT_H

#include "api/bytes.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pipe;

enum fetch_error {
    FETCH_OK = 0,
    FETCH_BAD_REQUEST,     /* the request cannot be sent as it is */
    FETCH_REFUSED_ADDRESS, /* workers may not reach any of the host's addresses */
    FETCH_REFUSED_PORT,    /* nor this port */
    FETCH_BUSY,            /* the tenant has as many fetches in progress as it may have */
    FETCH_DNS,             /* the host's name leads to no address */
    FETCH_CONNECT,         /* no address of the host took the connection */
    FETCH_TLS,             /* the handshake failed, the check of the certificate included */
    FETCH_TIMEOUT,         /* of the connection, or of the whole */
    FETCH_CUT_OFF,         /* the connection ended before the answer did */
    FETCH_BAD_RESPONSE,    /* the answer is not well-formed */
    FETCH_TOO_LARGE,       /* its header block, or its decoded body, passes the bound */
    FETCH_REDIRECT,        /* one that may not, or cannot, be followed */
    FETCH_INTERNAL,        /* memory or descriptors are used up */
};

struct fetch_result {
    enum fetch_error error; /* FETCH_OK: an answer */
    char *message;          /* one sentence, ASCII, that names the host; NULL with an answer */

    /* The rest is of the answer. Its bytes are the result's, allocated one by one. */
    unsigned status;
    char *status_text; /* UTF-8; "" where the answer has none */
    struct bytes
        moved_to; /* the URL of the last hop, with its fragment; empty where it was the first */
    struct bytes headers; /* "name\nvalue\n" for each, UTF-8; names in lower case */
    struct bytes body;    /* decoded */
    struct pipe *stream;  /* it comes here instead: a reference; NULL: it is whole */

    /* What went over the connections, in all hops; TLS not counted. */
    uint64_t sent_bytes;
    uint64_t received_bytes;
    uint64_t duration_us; /* since fetcher_start */
};

/* NULL is fine. Any thread. */
void fetch_result_free(struct fetch_result *result);

/* "REFUSED_ADDRESS". Any thread. */
const char *fetch_error_name(enum fetch_error error);

#ifdef __cplusplus
}
#endif

#endif
