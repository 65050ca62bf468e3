/* DER: elements. */
#include "shim/crypto/der.h"

static unsigned byte_at(struct bytes from, size_t i)
{
    return (unsigned char)from.data[i];
}

/* The length behind the tag: how many bytes it takes itself, or 0 where it is malformed. */
static size_t read_length(struct bytes from, size_t *ret)
{
    size_t count, length = 0;

    if (from.len < 2)
        return 0;
    if (byte_at(from, 1) < 0x80) {
        *ret = byte_at(from, 1);
        return 1;
    }
    count = byte_at(from, 1) & 0x7f;
    if (count == 0 || count > 4 || from.len < 2 + count || byte_at(from, 2) == 0)
        return 0;
    for (size_t i = 0; i < count; i++)
        length = length << 8 | byte_at(from, 2 + i);
    if (length < 0x80)
        return 0;
    *ret = length;
    return 1 + count;
}

bool der_has(struct bytes from, unsigned tag)
{
    return from.len > 0 && byte_at(from, 0) == tag;
}

bool der_take(struct bytes *from, unsigned tag, struct bytes *ret)
{
    size_t length, header;

    if (!der_has(*from, tag))
        return false;
    header = read_length(*from, &length);
    if (header == 0 || length > from->len - 1 - header)
        return false;
    *ret = (struct bytes){from->data + 1 + header, length};
    from->data += 1 + header + length;
    from->len -= 1 + header + length;
    return true;
}

bool der_take_unsigned(struct bytes *from, struct bytes *ret)
{
    struct bytes content;

    if (!der_take(from, DER_INTEGER, &content) || content.len == 0 || byte_at(content, 0) >= 0x80)
        return false;
    if (byte_at(content, 0) == 0) {
        if (content.len > 1 && byte_at(content, 1) < 0x80)
            return false; /* not in its shortest form */
        content.data++;
        content.len--;
    }
    *ret = content;
    return true;
}

bool der_take_number(struct bytes *from, unsigned *ret)
{
    struct bytes magnitude;

    if (!der_take_unsigned(from, &magnitude) || magnitude.len > 1)
        return false;
    *ret = magnitude.len > 0 ? byte_at(magnitude, 0) : 0;
    return true;
}

bool der_take_bits(struct bytes *from, struct bytes *ret)
{
    struct bytes content;

    if (!der_take(from, DER_BIT_STRING, &content) || content.len == 0 || byte_at(content, 0) != 0)
        return false;
    *ret = (struct bytes){content.data + 1, content.len - 1};
    return true;
}

void der_writer_init(struct der_writer *writer, unsigned char *memory, size_t size)
{
    *writer = (struct der_writer){.memory = memory, .size = size, .at = size};
}

size_t der_mark(const struct der_writer *writer)
{
    return writer->size - writer->at;
}

void der_put(struct der_writer *writer, const void *data, size_t len)
{
    if (writer->is_full || len > writer->at) {
        writer->is_full = true;
        return;
    }
    writer->at -= len;
    if (len > 0)
        memcpy(writer->memory + writer->at, data, len);
}

void der_put_byte(struct der_writer *writer, unsigned byte)
{
    unsigned char one = (unsigned char)byte;

    der_put(writer, &one, 1);
}

void der_wrap(struct der_writer *writer, unsigned tag, size_t mark)
{
    size_t length = der_mark(writer) - mark;
    unsigned count = 0;

    if (length < 0x80) {
        der_put_byte(writer, (unsigned)length);
    } else {
        for (; length > 0; length >>= 8, count++)
            der_put_byte(writer, (unsigned)(length & 0xff));
        der_put_byte(writer, 0x80 | count);
    }
    der_put_byte(writer, tag);
}

void der_put_unsigned(struct der_writer *writer, struct bytes magnitude)
{
    size_t mark = der_mark(writer);

    while (magnitude.len > 0 && magnitude.data[0] == 0) {
        magnitude.data++;
        magnitude.len--;
    }
    der_put(writer, magnitude.data, magnitude.len);
    /* Where the first bit is set, or there is none, a zero keeps it from being negative, or empty.
     */
    if (magnitude.len == 0 || (unsigned char)magnitude.data[0] >= 0x80)
        der_put_byte(writer, 0);
    der_wrap(writer, DER_INTEGER, mark);
}
