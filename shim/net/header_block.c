/* Reading and writing header blocks. */
#include "shim/net/header_block.h"

#include <strings.h>

static bool take_line(struct bytes *block, struct bytes *ret)
{
    const char *end = block->len ? memchr(block->data, '\n', block->len) : NULL;

    if (!end)
        return false;
    *ret = (struct bytes){block->data, (size_t)(end - block->data)};
    block->data += ret->len + 1;
    block->len -= ret->len + 1;
    return true;
}

bool header_next(struct bytes *block, struct header *ret)
{
    struct bytes rest = *block;

    if (!take_line(&rest, &ret->name) || !take_line(&rest, &ret->value))
        return false;
    *block = rest;
    return true;
}

bool header_find(struct bytes *block, const char *name, struct header *ret)
{
    while (header_next(block, ret)) {
        if (bytes_equal(ret->name, bytes_of(name)))
            return true;
    }
    return false;
}

bool header_is(struct bytes name, const char *wanted)
{
    return name.len == strlen(wanted) && strncasecmp(name.data, wanted, name.len) == 0;
}

static bool is_token_character(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

bool header_is_token(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_token_character(text.data[i]))
            return false;
    }
    return text.len > 0;
}

bool header_append_wire(struct buffer *b, struct bytes value)
{
    const unsigned char *at = (const unsigned char *)value.data, *end = at + value.len;
    char *to = buffer_reserve(b, value.len);

    while (at < end) {
        unsigned char c = *at++;

        if (c == '\0' || c == '\r' || c == '\n')
            return false;
        if (c >= 0x80) {
            if ((c != 0xc2 && c != 0xc3) || at == end || (*at & 0xc0) != 0x80)
                return false;
            c = (unsigned char)(c << 6 | (*at++ & 0x3f));
        }
        *to++ = (char)c;
    }
    b->len = (size_t)(to - b->data);
    return true;
}

void header_append_text(struct buffer *b, struct bytes wire)
{
    char *to = buffer_reserve(b, 2 * wire.len);

    for (size_t i = 0; i < wire.len; i++) {
        unsigned char c = (unsigned char)wire.data[i];

        if (c >= 0x80) {
            *to++ = (char)(0xc0 | c >> 6);
            c = (unsigned char)(0x80 | (c & 0x3f));
        }
        *to++ = (char)c;
    }
    b->len = (size_t)(to - b->data);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct bytes header_trim(struct bytes text)
{
    while (text.len > 0 && is_blank(text.data[0])) {
        text.data++;
        text.len--;
    }
    while (text.len > 0 && is_blank(text.data[text.len - 1]))
        text.len--;
    return text;
}
