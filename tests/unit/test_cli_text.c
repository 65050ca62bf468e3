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

static void check_table(size_t flexible, size_t width, const char *expected)
{
    static const char *const heads[] = {"NAME", "COUNT", "LONGER HEAD", "LAST"};
    static const char *const cells[] = {"alphabetical", "1", "two", "three"};
    struct buffer text = {0};
    struct table table;

    table_init(&table, 4, flexible, heads);
    table_add(&table, cells);
    table_append(&table, width, &text);
    buffer_append(&text, "", 1);
    ck_assert_str_eq(text.data, expected);
    buffer_release(&text);
}

START_TEST(table_append_that_fits_is_whole)
{
    const char *whole = "NAME          COUNT  LONGER HEAD  LAST\n"
                        "alphabetical  1      two          three\n";

    setlocale(LC_CTYPE, "C.UTF-8");
    check_table(0, 0, whole);
    check_table(0, 39, whole);
}
END_TEST

START_TEST(table_append_that_is_too_wide_cuts_the_flexible_column)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    check_table(0, 38,
                "NAME         COUNT  LONGER HEAD  LAST\n"
                "alphabetic\u2026  1      two          three\n");
    check_table(0, 31,
                "NAME  COUNT  LONGER HEAD  LAST\n"
                "alp\u2026  1      two          three\n");
}
END_TEST

START_TEST(table_append_much_too_wide_continues_below)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    check_table(0, 30,
                "NAME          COUNT\n"
                "alphabetical  1\n\n"
                "NAME          LONGER HEAD\n"
                "alphabetical  two\n\n"
                "NAME          LAST\n"
                "alphabetical  three\n");
    check_table(0, 10,
                "NAME   COUNT\n"
                "alph\u2026  1\n\n"
                "NAME   LONGER HEAD\n"
                "alph\u2026  two\n\n"
                "NAME   LAST\n"
                "alph\u2026  three\n");
}
END_TEST

UNIT_MAIN("cli_text", text_escape_control_characters_are_written_out, text_width_counts_columns,
          text_bytes_and_us_choose_their_unit, table_append_that_fits_is_whole,
          table_append_that_is_too_wide_cuts_the_flexible_column,
          table_append_much_too_wide_continues_below)
