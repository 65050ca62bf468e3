/* Requests that own their bytes. */
#include "api/request.h"

#include "api/pipe.h"

#include <stdlib.h>

static void request_free(struct request *r)
{
    pipe_unref(r->stream);
    free(r);
}

static struct bytes place(char **at, struct bytes b)
{
    struct bytes placed = {*at, b.len};

    if (b.len > 0)
        memcpy(*at, b.data, b.len);
    *at += b.len;
    return placed;
}

struct request *request_new(struct bytes method, struct bytes url, struct bytes headers,
                            struct bytes body)
{
    struct request *r = xcalloc(1, sizeof(*r) + method.len + url.len + headers.len + body.len);
    char *at = (char *)(r + 1);

    atomic_init(&r->refs, 1);
    r->free = request_free;
    r->method = place(&at, method);
    r->url = place(&at, url);
    r->headers = place(&at, headers);
    r->body = place(&at, body);
    r->has_body = body.data != NULL;
    return r;
}
