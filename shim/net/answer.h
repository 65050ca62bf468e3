/*
 * The header block of an answer, taken line by line as it arrives, and checked: what a careless or
 * hostile server could hide between its lines is an error here.
 */
#ifndef ISOYARD_NET_ANSWER_H
#define ISOYARD_NET_ANSWER_H

#include "api/bytes.h"
#include "shim/net/coding.h"
#include "shim/net/fault.h"

#define ANSWER_LINES_MAX 512u

struct answer {
    size_t bytes_max; /* set before the first line */

    bool is_begun; /* the status line of a block has come, its empty line has not */
    unsigned status;
    struct buffer status_text; /* UTF-8 */
    struct buffer headers;     /* "name\nvalue\n" for each, UTF-8, names in lower case */
    bool is_complete;          /* the empty line has come; what follows are trailers, left out */
    bool has_length;
    uint64_t length; /* as Content-Length has it */
    bool has_transfer_encoding;
    bool has_coding;                  /* of the content */
    bool has_unknown_coding;          /* one that cannot be undone */
    enum coding codings[CODINGS_MAX]; /* the known ones, in the order in which they were applied */
    unsigned coding_count;
    bool has_location;

    bool is_framing; /* the last header: it says where the body ends, or how it is coded */
    size_t bytes;    /* of all lines, interim answers and trailers included */
    unsigned lines;
};

/*
 * Takes one line with its end. Interim answers (100 to 199) are read over. False, and a fault whose
 * sentence needs the host's name in front, where the block is too large or not well-formed.
 */
bool answer_take_line(struct answer *a, struct bytes line, struct fault *fault);

void answer_release(struct answer *a);

/* The Location of an answer that has_location, as it came over the wire. ret must be empty. */
void answer_location(const struct answer *a, struct buffer *ret);

#endif
