/* cli/text: what reaches a terminal. */
#include "cli/text.h"

#include "unit.h"

#include <locale.h>

static void check_escape(const char *text, bool keep_lines, const char *expected)
{
    char *escaped = text_escape(text, keep_lines);

    ck_assert_str_eq(escaped, expected);
    free(escaped);
}

START_TEST(text_escape_control_characters_are_written_out)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    check_escape("plain \xc3\xa9 \xe6\x97\xa5", false, "plain \xc3\xa9 \xe6\x97\xa5");
    check_escape("\x1b[31m\x07\x7f", false, "\\x1b[31m\\x07\\x7f");
    check_escape("a\nb", false, "a\\x0ab");
    check_escape("a\nb", true, "a\nb");
    check_escape("\xc2\x9b"
                 "31m",
                 false, "\\x9b31m");
    check_escape("\xe2\x80\xae", false, "\\u202e");
    check_escape("\x9b\xff", false, "\\x9b\xff");
}
END_TEST

START_TEST(text_width_counts_columns)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    ck_assert_uint_eq(text_width("abc"), 3);
    ck_assert_uint_eq(text_width("caf\xc3\xa9"), 4);
    ck_assert_uint_eq(text_width("\xe6\x97\xa5"), 2);
}
END_TEST

START_TEST(text_bytes_and_us_choose_their_unit)
{
    ck_assert_str_eq(text_bytes(0), "0 B");
    ck_assert_str_eq(text_bytes(1023), "1023 B");
    ck_assert_str_eq(text_bytes(1536), "1.5 KiB");
    ck_assert_str_eq(text_bytes(UINT64_C(3) << 40), "3.0 TiB");
    ck_assert_str_eq(text_us(999), "999 us");
    ck_assert_str_eq(text_us(1500), "1.5 ms");
    ck_assert_str_eq(text_us(2500000), "2.50 s");
}
END_TEST

UNIT_MAIN("cli_text", text_escape_control_characters_are_written_out, text_width_counts_columns,
          text_bytes_and_us_choose_their_unit)
