/*
 * Protobuf's wire format (protobuf.dev/programming-guides/encoding): fields read as views of the
 * message, and written into memory of the right size.
 *
 * protobuf-c does this for most messages. What it cannot do is why this exists: it copies every
 * field, gives strings as C strings (a NUL in one cuts it off) and does not check UTF-8. So the two
 * messages of the hot path are coded with it (server/execute_codec.h), all strings are checked with
 * it (server/proto_check.c), and the CLI finds texts with it that may hold a NUL.
 */
#ifndef ISOYARD_WIRE_H
#define ISOYARD_WIRE_H

#include "api/bytes.h"

#include <stdint.h>

enum wire_type {
    WIRE_VARINT = 0,
    WIRE_FIXED64 = 1,
    WIRE_BYTES = 2, /* strings, bytes, messages, packed numbers */
    WIRE_FIXED32 = 5,
};

struct wire_field {
    uint32_t number;
    enum wire_type type;
    uint64_t value;     /* of a number */
    struct bytes bytes; /* WIRE_BYTES: into the message */
};

/* What of a message is still to be read. */
struct wire_reader {
    const uint8_t *at;
    const uint8_t *end;
};

enum wire_result {
    WIRE_END,
    WIRE_FIELD,
    WIRE_MALFORMED, /* groups, which proto3 does not have, included */
};

static inline struct wire_reader wire_reader_of(struct bytes message)
{
    const uint8_t *start = (const uint8_t *)message.data;

    return (struct wire_reader){start, start + message.len};
}

/* Reads one field; *ret is written only where the result is WIRE_FIELD. Any thread. */
enum wire_result wire_next(struct wire_reader *reader, struct wire_field *ret);

/* Bytes that a number takes. */
static inline size_t wire_varint_size(uint64_t value)
{
    unsigned bits = 64 - (unsigned)__builtin_clzll(value | 1);

    return (bits + 6) / 7;
}

/* Bytes of a field: of a number (none where it is 0, as proto3 has it), of a run of bytes. */
static inline size_t wire_number_size(uint32_t field, uint64_t value)
{
    return value == 0 ? 0 : wire_varint_size((uint64_t)field << 3) + wire_varint_size(value);
}

static inline size_t wire_bytes_size(uint32_t field, size_t len)
{
    return wire_varint_size((uint64_t)field << 3) + wire_varint_size(len) + len;
}

/* Each writes at `at` and returns where the next goes. The caller has seen to the room. */
static inline uint8_t *wire_put_varint(uint8_t *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

static inline uint8_t *wire_put_number(uint8_t *at, uint32_t field, uint64_t value)
{
    if (value == 0)
        return at;
    at = wire_put_varint(at, (uint64_t)field << 3 | WIRE_VARINT);
    return wire_put_varint(at, value);
}

/* What comes before a run of len bytes: the field's key and the length. */
static inline uint8_t *wire_put_head(uint8_t *at, uint32_t field, size_t len)
{
    at = wire_put_varint(at, (uint64_t)field << 3 | WIRE_BYTES);
    return wire_put_varint(at, len);
}

static inline uint8_t *wire_put_bytes(uint8_t *at, uint32_t field, struct bytes b)
{
    at = wire_put_head(at, field, b.len);
    if (b.len > 0)
        memcpy(at, b.data, b.len);
    return at + b.len;
}

#endif
