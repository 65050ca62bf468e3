/* UTF-8, by ICU's macros. */
#include "api/utf8.h"

#include <stdint.h>
#include <string.h>
#include <unicode/utf8.h>

#define ASCII_MASK UINT64_C(0x8080808080808080)

static bool is_ascii_word(const uint8_t *at)
{
    uint64_t word;

    memcpy(&word, at, sizeof(word));
    return (word & ASCII_MASK) == 0;
}

bool utf8_is_valid(const void *data, size_t len)
{
    const uint8_t *bytes = data;
    size_t i = 0;

    while (i < len) {
        int32_t code_point;

        if (len - i >= sizeof(uint64_t) && is_ascii_word(bytes + i)) {
            i += sizeof(uint64_t);
            continue;
        }
        U8_NEXT(bytes, i, len, code_point);
        if (code_point < 0)
            return false;
    }
    return true;
}

void utf8_repair(char *text)
{
    size_t len = strlen(text);

    if (utf8_is_valid(text, len))
        return;
    for (size_t i = 0; i < len;) {
        size_t from = i;
        int32_t code_point;

        U8_NEXT((const uint8_t *)text, i, len, code_point);
        if (code_point < 0)
            memset(text + from, '?', i - from);
    }
}

bool utf8_is_control(uint32_t c)
{
    return (c >= 0x80 && c < 0xa0) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

size_t utf8_control(const char *text, size_t len, uint32_t *ret)
{
    int32_t c;
    size_t bytes = 0;

    if (len == 0 || ((unsigned char)text[0] != 0xc2 && (unsigned char)text[0] != 0xe2))
        return 0;
    U8_NEXT((const uint8_t *)text, bytes, len, c);
    if (c < 0 || !utf8_is_control((uint32_t)c))
        return 0;
    *ret = (uint32_t)c;
    return bytes;
}
