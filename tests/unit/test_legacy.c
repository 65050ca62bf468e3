/* shim/encoding/legacy: what holds for every decoder and any bytes. What each decodes to is in
 * tests/js/encoding-legacy.js. */
#include "shim/encoding/legacy.h"

#include "unit.h"

#include <stdint.h>
#include <string.h>

#define LEN 4096
#define CANARY 0xbeef

static const char *const names[] = {
    "gbk",          "gb18030",      "big5",     "euc-jp",    "iso-2022-jp",
    "shift_jis",    "euc-kr",       "utf-16be", "utf-16le",  "x-user-defined",
    "windows-1252", "iso-8859-8-i", "koi8-r",   "macintosh", "ibm866",
};

#define NAMES (int)(sizeof(names) / sizeof(names[0]))

/* Bytes of one look: all, those above 0x7f, those with escape sequences. */
static void fill(unsigned char *bytes, size_t len, unsigned look)
{
    static const unsigned char escapes[] = {0x1b, 0x24, 0x28, 0x42, 0x4a, 0x49, 0x40};
    uint32_t seed = 1 + look;

    for (size_t i = 0; i < len; i++) {
        seed = seed * 1103515245 + 12345;
        bytes[i] = (unsigned char)(seed >> 16);
        if (look == 1)
            bytes[i] |= 0x80;
        if (look == 2)
            bytes[i] = seed >> 29 < 2 ? escapes[(seed >> 16) % sizeof(escapes)] : bytes[i] & 0x7f;
    }
}

/* Decodes in pieces of `step` bytes. */
static size_t decode(int encoding, const unsigned char *bytes, size_t len, size_t step,
                     uint16_t *out)
{
    struct legacy_state state = {0};
    uint16_t piece[LEGACY_UNITS_MAX(LEN) + 1];
    size_t total = 0;

    for (size_t at = 0; at < len; at += step) {
        size_t left = len - at < step ? len - at : step;
        struct bytes in = {(const char *)bytes + at, left};
        ptrdiff_t count;

        piece[LEGACY_UNITS_MAX(left)] = CANARY;
        count = legacy_decode(encoding, &state, in, at + left == len, false, piece);
        ck_assert_int_ge(count, 0);
        ck_assert_int_eq(piece[LEGACY_UNITS_MAX(left)], CANARY);
        memcpy(out + total, piece, (size_t)count * sizeof(*piece));
        total += (size_t)count;
    }
    return total;
}

static void check_pieces(int encoding)
{
    unsigned char bytes[LEN];
    uint16_t whole[LEN * 2], pieces[LEN * 2];

    for (unsigned look = 0; look < 3; look++) {
        size_t len;

        fill(bytes, LEN, look);
        len = decode(encoding, bytes, LEN, LEN, whole);
        for (size_t step = 1; step < 8; step++) {
            ck_assert_uint_eq(decode(encoding, bytes, LEN, step, pieces), len);
            ck_assert_mem_eq(whole, pieces, len * sizeof(*whole));
        }
    }
}

START_TEST(legacy_decode_pieces_are_as_the_whole)
{
    for (int i = 0; i < NAMES; i++)
        check_pieces(legacy_find(names[i]));
}
END_TEST

static void check_surrogates(int encoding)
{
    unsigned char bytes[LEN];
    uint16_t units[LEN * 2];

    for (unsigned look = 0; look < 3; look++) {
        size_t len;

        fill(bytes, LEN, look);
        len = decode(encoding, bytes, LEN, LEN, units);
        for (size_t i = 0; i < len; i++) {
            if ((units[i] & 0xf800) != 0xd800)
                continue;
            ck_assert_int_lt(units[i], 0xdc00);
            ck_assert_uint_lt(++i, len);
            ck_assert_int_eq(units[i] & 0xfc00, 0xdc00);
        }
    }
}

START_TEST(legacy_decode_any_bytes_is_well_formed)
{
    for (int i = 0; i < NAMES; i++)
        check_surrogates(legacy_find(names[i]));
}
END_TEST

static void check_fatal(int encoding)
{
    for (unsigned first = 0; first < 0x10000; first++) {
        const unsigned char bytes[] = {(unsigned char)(first >> 8), (unsigned char)first};
        struct bytes in = {(const char *)bytes, sizeof(bytes)};
        uint16_t lenient[LEGACY_UNITS_MAX(2)], strict[LEGACY_UNITS_MAX(2)];
        struct legacy_state one = {0}, other = {0};
        ptrdiff_t count = legacy_decode(encoding, &one, in, true, false, lenient);
        ptrdiff_t strict_count = legacy_decode(encoding, &other, in, true, true, strict);

        if (strict_count < 0) {
            bool has_replacement = false;

            for (ptrdiff_t i = 0; i < count; i++)
                has_replacement |= lenient[i] == 0xfffd;
            ck_assert(has_replacement);
        } else {
            ck_assert_int_eq(strict_count, count);
            ck_assert_mem_eq(strict, lenient, (size_t)count * sizeof(*strict));
        }
    }
}

START_TEST(legacy_decode_fatal_fails_or_is_the_same)
{
    for (int i = 0; i < NAMES; i++)
        check_fatal(legacy_find(names[i]));
}
END_TEST

START_TEST(legacy_find_unknown_name_is_none)
{
    ck_assert_int_eq(legacy_find("utf-8"), -1);
    ck_assert_int_eq(legacy_find("latin1"), -1); /* a label, and no name */
    ck_assert_int_eq(legacy_find(""), -1);
}
END_TEST

UNIT_MAIN("legacy", legacy_decode_pieces_are_as_the_whole, legacy_decode_any_bytes_is_well_formed,
          legacy_decode_fatal_fails_or_is_the_same, legacy_find_unknown_name_is_none)
