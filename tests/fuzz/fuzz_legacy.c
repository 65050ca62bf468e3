/*
 * Text of any encoding but UTF-8. The first byte says which encoding, the second where the rest is
 * cut: the two pieces must be decoded as the whole, to well-formed UTF-16, within their room.
 */
#include "shim/encoding/legacy.h"

#include <stdlib.h>

static const char *const names[] = {
    "gbk",          "gb18030",      "big5",       "euc-jp",   "iso-2022-jp",
    "shift_jis",    "euc-kr",       "utf-16be",   "utf-16le", "x-user-defined",
    "windows-1252", "iso-8859-8-i", "iso-8859-7", "koi8-u",
};

static void expect(bool is_true)
{
    if (!is_true)
        abort();
}

static size_t decode(int encoding, struct legacy_state *state, struct bytes in, bool is_last,
                     uint16_t *out)
{
    ptrdiff_t count = legacy_decode(encoding, state, in, is_last, false, out);

    expect(count >= 0 && (size_t)count <= LEGACY_UNITS_MAX(in.len));
    return (size_t)count;
}

static void check_surrogates(const uint16_t *units, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if ((units[i] & 0xf800) == 0xd800) {
            expect(units[i] < 0xdc00 && i + 1 < count && (units[i + 1] & 0xfc00) == 0xdc00);
            i++;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct legacy_state whole_state = {0}, state = {0};
    struct bytes in;
    uint16_t *whole, *pieces;
    size_t cut, count, piece_count;
    int encoding;

    if (size < 2)
        return 0;
    encoding = legacy_find(names[data[0] % (sizeof(names) / sizeof(names[0]))]);
    in = (struct bytes){(const char *)data + 2, size - 2};
    cut = in.len * data[1] / 255;
    whole = malloc(LEGACY_UNITS_MAX(in.len) * sizeof(*whole));
    pieces = malloc(2 * LEGACY_UNITS_MAX(in.len) * sizeof(*pieces));
    expect(whole && pieces);
    count = decode(encoding, &whole_state, in, true, whole);
    check_surrogates(whole, count);
    piece_count = decode(encoding, &state, (struct bytes){in.data, cut}, false, pieces);
    piece_count += decode(encoding, &state, (struct bytes){in.data + cut, in.len - cut}, true,
                          pieces + piece_count);
    expect(piece_count == count && memcmp(whole, pieces, count * sizeof(*whole)) == 0);
    free(whole);
    free(pieces);
    return 0;
}
