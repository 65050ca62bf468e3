/* Responses. */
#include "api/response.h"

#include "api/pipe.h"

#include <stdlib.h>

struct response *response_new(uint16_t status, size_t header_len, size_t body_len)
{
    struct response *r;

    if (header_len > SIZE_MAX / 4 || body_len > SIZE_MAX / 4)
        return NULL;
    r = malloc(sizeof(*r) + header_len + body_len);
    if (!r)
        return NULL;
    *r = (struct response){
        .status = status,
        .headers = {r->data, header_len},
        .body = {r->data + header_len, body_len},
    };
    return r;
}

void response_free(struct response *r)
{
    if (r)
        pipe_unref(r->stream);
    free(r);
}
