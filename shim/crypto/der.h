/*
 * Distinguished Encoding Rules (X.690) as far as keys need them: lengths in their shortest form,
 * tags of one byte, and nothing that is indefinite. Reading borrows; writing goes from the end of a
 * piece of memory to its front, so that what is inside is there when it is wrapped.
 */
#ifndef ISOYARD_CRYPTO_DER_H
#define ISOYARD_CRYPTO_DER_H

#include "api/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    DER_INTEGER = 0x02,
    DER_BIT_STRING = 0x03,
    DER_OCTET_STRING = 0x04,
    DER_NULL = 0x05,
    DER_OID = 0x06,
    DER_SEQUENCE = 0x30,
    DER_CONTEXT_0 = 0xa0, /* [0], constructed */
    DER_CONTEXT_1 = 0xa1, /* [1], constructed */
    DER_CONTEXT_1_PRIMITIVE = 0x81,
};

/* Takes an element with the tag off the front of *from; false where there is none, and *from is as
 * it was. */
bool der_take(struct bytes *from, unsigned tag, struct bytes *ret);

/* Whether the next element has the tag. */
bool der_has(struct bytes from, unsigned tag);

/* A non-negative integer's magnitude, without leading zeroes (but for 0, which is empty). */
bool der_take_unsigned(struct bytes *from, struct bytes *ret);

/* A small one: of a version. */
bool der_take_number(struct bytes *from, unsigned *ret);

/* A bit string of whole bytes. */
bool der_take_bits(struct bytes *from, struct bytes *ret);

struct der_writer {
    unsigned char *memory;
    size_t size;
    size_t at; /* the first byte that is written; from there to the end it is done */
    bool is_full;
};

/* Of memory that is the caller's. */
void der_writer_init(struct der_writer *writer, unsigned char *memory, size_t size);

/* What is written so far, as a mark for der_wrap. */
size_t der_mark(const struct der_writer *writer);

void der_put(struct der_writer *writer, const void *data, size_t len);
void der_put_byte(struct der_writer *writer, unsigned byte);

/* Makes what was written since the mark an element. */
void der_wrap(struct der_writer *writer, unsigned tag, size_t mark);

/* An integer of a magnitude, big-endian. */
void der_put_unsigned(struct der_writer *writer, struct bytes magnitude);

#endif
