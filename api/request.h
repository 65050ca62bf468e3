/*
 * What a worker is asked, as its isolate takes it: flat, immutable, reference-counted. An HTTP
 * request, a point in time that it was waiting for, or a task.
 *
 * A task holds a reference until its end. A turn holds one for each request it delivers, and the
 * isolate one until the body was read: a turn that is stuck may outlive the task that it works for.
 */
#ifndef ISOYARD_REQUEST_H
#define ISOYARD_REQUEST_H

#include "api/atomic.h"
#include "api/bytes.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pipe;

enum request_kind {
    REQUEST_FETCH,     /* method, url, headers, body */
    REQUEST_SCHEDULED, /* scheduled_ms, cron */
    REQUEST_TASK,      /* body: JSON text, attempt */
};

struct request {
    atomic_uint refs;
    enum request_kind kind;
    struct bytes method;  /* a token (RFC 9110, 5.6.2) */
    struct bytes url;     /* absolute, ASCII */
    struct bytes headers; /* "name\nvalue\n" for each, UTF-8; names in lower case, values without
                             '\n', '\r', NUL */
    struct bytes body;
    bool has_body;
    bool is_body_text;    /* body is known to be well-formed UTF-8 */
    struct pipe *stream;  /* REQUEST_FETCH: the body comes here instead, where has_body; else NULL.
                             Whoever frees the request gives the reference up */
    bool takes_stream;    /* REQUEST_FETCH: the answer's body may be a stream */
    struct bytes cron;    /* the schedule as its owner wrote it, UTF-8; may be empty */
    int64_t scheduled_ms; /* since 1970 */
    uint32_t attempt;     /* counted from 1 */
    void (*free)(
        struct request *r); /* called with the last reference, on whichever thread drops it */
    void *owner;            /* for free */
};

/* Any thread. */
static inline struct request *request_ref(struct request *r)
{
    /* Relaxed: whoever takes a reference already has one. */
    atomic_fetch_add_explicit(&r->refs, 1, memory_order_relaxed);
    return r;
}

/* Any thread. NULL is fine. */
static inline void request_unref(struct request *r)
{
    /* Release: what this holder read comes before the freeing. Acquire: the freeing comes after all
     * of that. */
    if (r && atomic_fetch_sub_explicit(&r->refs, 1, memory_order_acq_rel) == 1)
        r->free(r);
}

/*
 * Makes a request with one reference that owns copies of what it is given (bodies included;
 * body.data NULL: none), for callers that have no message to keep alive instead. Any thread.
 */
struct request *request_new(struct bytes method, struct bytes url, struct bytes headers,
                            struct bytes body);

#ifdef __cplusplus
}
#endif

#endif
