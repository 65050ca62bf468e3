/* Reading protobuf's wire format. */
#include "api/wire.h"

#include <stdbool.h>

#define VARINT_BYTES_MAX 10

static bool read_varint(struct wire_reader *reader, uint64_t *ret)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < VARINT_BYTES_MAX && reader->at < reader->end; i++) {
        uint8_t byte = *reader->at++;

        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte < 0x80) {
            *ret = value;
            return true;
        }
    }
    return false;
}

static bool read_fixed(struct wire_reader *reader, size_t size, uint64_t *ret)
{
    uint64_t value = 0;

    if ((size_t)(reader->end - reader->at) < size)
        return false;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)reader->at[i] << (8 * i);
    reader->at += size;
    *ret = value;
    return true;
}

static bool read_bytes(struct wire_reader *reader, struct bytes *ret)
{
    uint64_t len;

    if (!read_varint(reader, &len) || len > (uint64_t)(reader->end - reader->at))
        return false;
    *ret = (struct bytes){(const char *)reader->at, (size_t)len};
    reader->at += len;
    return true;
}

static bool read_content(struct wire_reader *reader, struct wire_field *field)
{
    switch (field->type) {
    case WIRE_VARINT:
        return read_varint(reader, &field->value);
    case WIRE_FIXED64:
        return read_fixed(reader, 8, &field->value);
    case WIRE_FIXED32:
        return read_fixed(reader, 4, &field->value);
    case WIRE_BYTES:
        return read_bytes(reader, &field->bytes);
    }
    return false;
}

enum wire_result wire_next(struct wire_reader *reader, struct wire_field *ret)
{
    struct wire_field field = {0};
    uint64_t key;

    if (reader->at == reader->end)
        return WIRE_END;
    if (!read_varint(reader, &key) || key >> 3 == 0 || key > UINT32_MAX)
        return WIRE_MALFORMED;
    field.number = (uint32_t)(key >> 3);
    field.type = (enum wire_type)(key & 7);
    if (!read_content(reader, &field))
        return WIRE_MALFORMED;
    *ret = field;
    return WIRE_FIELD;
}
