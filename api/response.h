/*
 * A worker's HTTP response, flat: one allocation, owned by one holder at a time.
 */
#ifndef ISOYARD_RESPONSE_H
#define ISOYARD_RESPONSE_H

#include "api/bytes.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct pipe;

struct response {
    uint16_t status; /* 200 to 599 */
    bool has_body;
    struct pipe *stream;  /* has_body, and it comes here instead: a reference; else NULL */
    bool is_body_text;    /* the body is well-formed UTF-8, given as a string */
    struct bytes headers; /* "name\nvalue\n" for each, UTF-8; names in lower case, values without
                             '\n', '\r', NUL */
    struct bytes body;
    char data[]; /* what headers and body point into */
};

/*
 * Makes a response with room for its bytes, which the caller writes through ret->data: headers
 * first, then the body. NULL where there is no memory. Free with response_free. Any thread.
 */
struct response *response_new(uint16_t status, size_t header_len, size_t body_len);

void response_free(struct response *r); /* NULL is fine */

#ifdef __cplusplus
}
#endif

#endif
