/* api/utf8: Unicode Standard, table 3-7, from both sides. */
#include "api/utf8.h"

#include "unit.h"

#include <stdint.h>

#define IS_VALID(text) utf8_is_valid(text, sizeof(text) - 1)

/* The bits of a code point, whether it may be encoded or not. */
static size_t encode(uint32_t code, unsigned char *ret)
{
    if (code < 0x80) {
        ret[0] = (unsigned char)code;
        return 1;
    }
    if (code < 0x800) {
        ret[0] = (unsigned char)(0xc0 | code >> 6);
        ret[1] = (unsigned char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        ret[0] = (unsigned char)(0xe0 | code >> 12);
        ret[1] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
        ret[2] = (unsigned char)(0x80 | (code & 0x3f));
        return 3;
    }
    ret[0] = (unsigned char)(0xf0 | code >> 18);
    ret[1] = (unsigned char)(0x80 | (code >> 12 & 0x3f));
    ret[2] = (unsigned char)(0x80 | (code >> 6 & 0x3f));
    ret[3] = (unsigned char)(0x80 | (code & 0x3f));
    return 4;
}

START_TEST(utf8_is_valid_every_code_point_is_true_but_surrogates)
{
    for (uint32_t code = 0; code <= 0x1fffff; code++) {
        unsigned char text[4];
        size_t len = encode(code, text);
        bool is_scalar = code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);

        if (utf8_is_valid(text, len) != is_scalar)
            ck_abort_msg("U+%04X", code);
    }
}
END_TEST

START_TEST(utf8_is_valid_cut_short_is_false)
{
    static const uint32_t codes[] = {0x80, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff};

    for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
        unsigned char text[4];
        size_t len = encode(codes[i], text);

        for (size_t cut = 1; cut < len; cut++)
            ck_assert(!utf8_is_valid(text, cut));
    }
}
END_TEST

START_TEST(utf8_is_valid_overlong_is_false)
{
    ck_assert(!IS_VALID("\xc0\x80"));
    ck_assert(!IS_VALID("\xc1\xbf"));
    ck_assert(!IS_VALID("\xe0\x9f\xbf"));
    ck_assert(!IS_VALID("\xf0\x8f\xbf\xbf"));
}
END_TEST

START_TEST(utf8_is_valid_stray_byte_is_false)
{
    ck_assert(!IS_VALID("\x80"));
    ck_assert(!IS_VALID("\xbf"));
    ck_assert(!IS_VALID("\xfe"));
    ck_assert(!IS_VALID("\xff"));
    ck_assert(!IS_VALID("a\xc3(b"));
    ck_assert(!IS_VALID("\xe2\x82(\xac"));
}
END_TEST

START_TEST(utf8_is_valid_bad_byte_anywhere_is_false)
{
    char text[64];

    for (size_t at = 0; at < sizeof(text); at++) {
        memset(text, 'a', sizeof(text));
        ck_assert(utf8_is_valid(text, sizeof(text)));
        text[at] = (char)0x80;
        ck_assert(!utf8_is_valid(text, sizeof(text)));
    }
}
END_TEST

START_TEST(utf8_is_valid_letter_at_any_offset_is_true)
{
    char text[32];

    for (size_t at = 0; at + 4 <= sizeof(text); at++) {
        memset(text, 'a', sizeof(text));
        memcpy(text + at, "\xf0\x9f\x98\x80", 4);
        ck_assert(utf8_is_valid(text, sizeof(text)));
    }
}
END_TEST

START_TEST(utf8_is_valid_empty_is_true)
{
    ck_assert(utf8_is_valid("", 0));
    ck_assert(utf8_is_valid(NULL, 0));
}
END_TEST

START_TEST(utf8_is_valid_nul_inside_is_true)
{
    ck_assert(IS_VALID("a\0b"));
}
END_TEST

START_TEST(utf8_control_finds_what_steers_a_terminal)
{
    uint32_t c = 0;

    ck_assert_uint_eq(utf8_control("\xc2\x80", 2, &c), 2);
    ck_assert_uint_eq(c, 0x80);
    ck_assert_uint_eq(utf8_control("\xc2\x9fz", 3, &c), 2);
    ck_assert_uint_eq(c, 0x9f);
    ck_assert_uint_eq(utf8_control("\xe2\x80\xaa", 3, &c), 3);
    ck_assert_uint_eq(c, 0x202a);
    ck_assert_uint_eq(utf8_control("\xe2\x81\xa9", 3, &c), 3);
    ck_assert_uint_eq(c, 0x2069);
}
END_TEST

START_TEST(utf8_control_all_else_is_none)
{
    static const char *const others[] = {"",
                                         "a",
                                         "\x1b",
                                         "\xc2\xa0",
                                         "\xc2",
                                         "\xe2\x80\xa9",
                                         "\xe2\x80\xaf",
                                         "\xe2\x81\xa5",
                                         "\xe2\x80",
                                         "\xe2\x81\xaa",
                                         "\x9b"};
    uint32_t c = 0;

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        ck_assert_uint_eq(utf8_control(others[i], strlen(others[i]), &c), 0);
}
END_TEST

UNIT_MAIN("utf8", utf8_control_finds_what_steers_a_terminal, utf8_control_all_else_is_none,
          utf8_is_valid_every_code_point_is_true_but_surrogates, utf8_is_valid_cut_short_is_false,
          utf8_is_valid_overlong_is_false, utf8_is_valid_stray_byte_is_false,
          utf8_is_valid_bad_byte_anywhere_is_false, utf8_is_valid_letter_at_any_offset_is_true,
          utf8_is_valid_empty_is_true, utf8_is_valid_nul_inside_is_true)
