/*
 * The HTTP client behind a worker's fetch(): HTTP/1.1 over TCP and TLS, on a libuv loop.
 *
 * One fetcher belongs to one loop. All calls are of the thread that at the moment holds the loop,
 * which may be another one after each uv_run, but not during it. Nothing here is the thread's:
 * whoever holds the loop next goes on where the last one stopped.
 *
 * Tenants share nothing but the egress policy, the roots of TLS and the resolver: each has its own
 * connections, bounded and in its own order; where the connections of all are used up, the tenants
 * that wait take turns.
 *
 * Every address is checked against the egress policy after its name was resolved, anew for each
 * fetch and each hop of a redirect, and once more when the socket is made. A kept connection was
 * checked in the same way when it was made.
 *
 * Limits that are not configured: 16 addresses of a name, 20 redirects, 512 header lines of an
 * answer with 100 KB each and 256 KiB in all, 64 KiB of a URL, 64 tenants whose connections are
 * kept although they have no fetch, and 30 s for these; 300 s for the life of a connection; 5
 * content codings of an answer, of zstd with a window of 8 MiB.
 *
 * The process must ignore SIGPIPE.
 */
#ifndef ISOYARD_NET_FETCHER_H
#define ISOYARD_NET_FETCHER_H

#include "api/bytes.h"
#include "api/err.h"
#include "shim/net/fetch_result.h"

#include <uv.h>

#ifdef __cplusplus
extern "C" {
#endif

struct egress;
struct pipe;
struct pipe_budget;
struct roots;
struct queue_figures;
struct fetcher;
struct fetch;

struct fetcher_config {
    const struct egress *egress; /* outlives the fetcher */
    const char *dns_server;      /* "ADDR:PORT", used in fetcher_open only; NULL: the system's */
    struct roots *roots;         /* that TLS trusts; outlive the fetcher. NULL: none */
    /* Fetches under way at once; others wait in order. Kept connections take room that these leave:
     * a tenant never has more connections than its bound; all together have at most as many idle
     * ones as the bound besides those in use. */
    unsigned connections_per_tenant;
    unsigned connections;
    unsigned fetches_per_tenant; /* under way and waiting; one more fails with FETCH_BUSY */
    uint64_t connect_timeout_ms; /* of each hop: name, connection, TLS; at least 1 */
    /* Of fetches that wait to be under way; written by the loop's thread, and outlives the fetcher.
     * NULL: nobody counts. */
    struct queue_figures *queue;
};

/*
 * Before start: one thread at a time. E_INVALID names the field of the configuration; E_NOMEM.
 * After a failure the loop may have a handle that is closing.
 */
int fetcher_open(uv_loop_t *loop, const struct fetcher_config *config, struct fetcher **ret,
                 struct error *error);

/* No fetch may be in progress. Begins to close the handles, of which one keeps the loop alive until
 * then; the memory is freed when the loop has run their callbacks. NULL is fine. */
void fetcher_close(struct fetcher *f);

enum fetch_redirect {
    FETCH_REDIRECT_FOLLOW,
    FETCH_REDIRECT_ERROR,  /* fails */
    FETCH_REDIRECT_MANUAL, /* is the answer, with its status and Location */
};

/*
 * Names that frame a message or belong to a connection are refused in headers: connection,
 * content-length, expect, host, http2-settings, keep-alive, te, trailer, transfer-encoding,
 * upgrade, and all that begin with proxy-. Where there are none, these are added: accept,
 * accept-encoding, user-agent; and a content-length always where there is a body, or the method is
 * POST or PUT.
 */
struct fetch_request {
    struct bytes method;  /* in the case that Fetch gives it; not CONNECT, TRACE, TRACK */
    struct bytes url;     /* absolute, http or https, as the URL standard serialises it */
    struct bytes headers; /* "name\nvalue\n" for each, UTF-8, as in api/request.h */
    struct bytes body;
    bool has_body;
    bool has_stream;     /* has_body, and the body streams, by `upload` */
    struct pipe *upload; /* a reference, which fetcher_start takes; or NULL. Its reader is the
                            fetch, which wants fetch_resume where it is told */
    enum fetch_redirect redirect;
    size_t header_bytes_max; /* of a response, interim answers and trailers counted */
    size_t body_bytes_max;   /* of a response, decoded */
    const char *tenant;      /* who shares connections with whom */
    uint64_t timeout_ms;     /* of the whole, waiting included; 0: none */

    /* Where it is set, an answer whose body is not there with its headers is handed out before, in
     * the same places as done: result->stream brings the body, of which body_bytes_max is then only
     * what may wait to be read. done comes later, once the body has ended or broken off, with the
     * figures. The pipe's writer is the fetch, which wants fetch_resume where it is told; with the
     * fetch it is told no more. */
    void (*head)(void *arg, struct fetch_result *result);
    struct pipe_budget *pipe_budget; /* of these pipes; NULL: unbounded */
};

/*
 * Starts a fetch. The request is copied, body included.
 *
 * done comes exactly once, from within uv_run, unless the fetch is cancelled before; the result is
 * then the callee's, to be freed with fetch_result_free. Within done anything of this header may be
 * called but fetcher_close. A loop that runs once (UV_RUN_ONCE) returns after it.
 *
 * The body of the result is decoded (gzip, deflate, br, zstd), whoever asked for the coding; a body
 * in another coding is handed out as it is. The header block stays as it came, as in browsers:
 * content-encoding is there, and content-length says how long the coded body was.
 */
struct fetch *fetcher_start(struct fetcher *f, const struct fetch_request *request,
                            void (*done)(void *arg, struct fetch_result *result), void *arg);

/* There is something to read from `upload`, or room in the pipe of the answer's body, or nobody
 * wants that any more. Before done. */
void fetch_resume(struct fetch *fetch);

/* done does not come any more. At any time before done, in which it does nothing; afterwards the
 * fetch is gone. Waits for nobody. */
void fetch_cancel(struct fetch *fetch);

#ifdef __cplusplus
}
#endif

#endif
