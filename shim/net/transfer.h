/*
 * One request and its answer over one connection, by a curl easy handle.
 *
 * curl is told the addresses and nothing else: each handle has a cache of names of its own, in
 * which each transfer says anew that every host at its port has the checked addresses. It therefore
 * resolves nothing, which would take a thread that its removal waits for, and could reach what was
 * not checked.
 *
 * The loop's thread only.
 */
#ifndef ISOYARD_NET_TRANSFER_H
#define ISOYARD_NET_TRANSFER_H

#include "shim/net/addresses.h"
#include "shim/net/answer.h"
#include "shim/net/connections.h"
#include "shim/net/handles.h"
#include "shim/net/outgoing.h"
#include "shim/net/roots.h"

/* What it needs of others, all of which outlives it. */
struct transfer_context {
    const struct outgoing *outgoing;
    struct connections *connections;
    struct handles *handles; /* one is taken from there */
    struct roots *roots;     /* NULL: none */
    const unsigned *sockets; /* open now; with more than the next figure none is kept */
    unsigned sockets_max;
    uint64_t connect_ms; /* left for the connection */
    size_t header_bytes_max;
    size_t body_bytes_max;
    bool streams;        /* the body may be larger than its bound: transfer_stream will come */
    struct pipe *upload; /* the body of the request comes from there; NULL: it is whole */
    void (*headed)(void *arg);   /* the headers are there, perhaps the body, too */
    bool follows_redirects;      /* the body of one that is followed is read over */
    void (*finished)(void *arg); /* the answer is whole, or there is a fault */
    void *arg;
};

/* All zeroes is none. */
struct transfer {
    struct transfer_context context;
    struct handle *handle;
    struct curl_slist *headers;
    struct curl_slist *resolve;
    struct answer answer;
    struct decoder *decoder; /* of a body that is coded, once it has begun */
    struct buffer body;
    struct pipe *stream; /* it goes there instead; somebody else's reference; NULL: not yet */
    bool is_receiving_paused, is_sending_paused;
    size_t dropped; /* bytes of a body that is read over */
    struct fault fault;
    bool is_refused; /* the last look at an address refused it */
    char curl_error[CURL_ERROR_SIZE];
};

/* Begins. False and t->fault where it cannot; finished is not called then, nor during the call.
 * Afterwards in either case transfer_stop. */
bool transfer_start(struct transfer *t, const struct transfer_context *context,
                    const struct addresses *addresses);

/* The body goes into the pipe from now on, first what is there. */
void transfer_stream(struct transfer *t, struct pipe *stream);

/* Goes on with what has paused, as far as the pipes allow. */
void transfer_resume(struct transfer *t);

/* Ends it if it is not over, and frees what it has; nothing where there is none. */
void transfer_stop(struct transfer *t);

/* Bytes over the connection so far, added to *sent and *received. */
void transfer_count(const struct transfer *t, uint64_t *sent, uint64_t *received);

/* The `finished` of the connections. */
void transfer_finished(void *transfer, CURLcode code);

/* curl_fault.c: what a curl error means, in a sentence that names the host. */
void curl_fault(struct fault *fault, CURLcode code, const struct transfer *t);

#endif
