/* Cutting text at a character. */
#include "server/cut.h"

#include "api/bytes.h"
#include "api/utf8.h"

#include <string.h>

static void keep_ascii(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] >= 0x80)
            text[i] = '?';
    }
}

char *cut_copy(char *ret, size_t size, const char *text)
{
    size_t len = strnlen(text, size);

    if (len == size) {
        len--;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
    }
    memcpy(ret, text, len);
    ret[len] = '\0';
    if (!utf8_is_valid(ret, len))
        keep_ascii(ret, len);
    return ret;
}

char *cut_dup(const char *text, size_t max)
{
    size_t size;

    if (!text)
        return NULL;
    size = strnlen(text, max) + 1;
    return cut_copy(xmalloc(size), size, text);
}
