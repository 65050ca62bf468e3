/* base64url. */
#include "shim/crypto/base64url.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

size_t base64url_decoded_max(size_t len)
{
    return len / 4 * 3 + 3;
}

size_t base64url_encoded_len(size_t len)
{
    return len / 3 * 4 + (len % 3 > 0 ? len % 3 + 1 : 0);
}

static int value_of(char digit)
{
    if (digit >= 'A' && digit <= 'Z')
        return digit - 'A';
    if (digit >= 'a' && digit <= 'z')
        return digit - 'a' + 26;
    if (digit >= '0' && digit <= '9')
        return digit - '0' + 52;
    if (digit == '-')
        return 62;
    return digit == '_' ? 63 : -1;
}

bool base64url_decode(struct bytes text, unsigned char *to, size_t *ret_len)
{
    unsigned bits = 0, count = 0;
    size_t len = 0;

    if (text.len % 4 == 1)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        int value = value_of(text.data[i]);

        if (value < 0)
            return false;
        bits = bits << 6 | (unsigned)value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            to[len++] = (unsigned char)(bits >> count);
        }
    }
    *ret_len = len;
    return true;
}

void base64url_encode(struct bytes bytes, char *to)
{
    unsigned bits = 0, count = 0;

    for (size_t i = 0; i < bytes.len; i++) {
        bits = bits << 8 | (unsigned char)bytes.data[i];
        count += 8;
        while (count >= 6) {
            count -= 6;
            *to++ = digits[bits >> count & 63];
        }
    }
    if (count > 0)
        *to = digits[bits << (6 - count) & 63];
}
