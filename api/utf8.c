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
