/*
 * Header blocks as the worker's side has them ("name\nvalue\n" for each, UTF-8), and their values
 * as the wire has them. A header's value is bytes; JavaScript has each as the character of that
 * number (WebIDL's ByteString), so that the block has them as UTF-8 of U+0000 to U+00FF.
 */
#ifndef ISOYARD_NET_HEADER_BLOCK_H
#define ISOYARD_NET_HEADER_BLOCK_H

#include "api/bytes.h"

struct header {
    struct bytes name;
    struct bytes value;
};

/* Takes the next header from a block. False at its end; what is then left of it is not well-formed.
 */
bool header_next(struct bytes *block, struct header *ret);

/* The first header of that name (in lower case) from here on in the block. */
bool header_find(struct bytes *block, const char *name, struct header *ret);

bool header_is(struct bytes name, const char *wanted); /* in any case */

/* A token (RFC 9110, 5.6.2): what methods and names are made of. */
bool header_is_token(struct bytes text);

/* Appends the value's bytes. False where its characters are no bytes, or one is NUL, CR or LF: such
 * a value could end the header and begin another. */
bool header_append_wire(struct buffer *b, struct bytes value);

/* Appends wire bytes as the characters of the same numbers. */
void header_append_text(struct buffer *b, struct bytes wire);

/* Without the blanks and tabs around it. */
struct bytes header_trim(struct bytes text);

#endif
