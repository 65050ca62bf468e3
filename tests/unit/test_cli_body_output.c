/* cli/body_output: what of a body reaches a terminal. */
#include "cli/body_output.h"

#include "unit.h"

#include <stdlib.h>

/* What comes out where the body comes in the parts, up to NULL. */
static char *printed(bool is_terminal, const char *const *parts)
{
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    struct body_output output = {.out = out, .is_terminal = is_terminal};

    for (; *parts; parts++)
        body_output_write(&output, bytes_of(*parts));
    body_output_end(&output);
    body_output_end(&output);
    fclose(out);
    return text;
}

static void check(bool is_terminal, const char *const *parts, const char *expected)
{
    char *text = printed(is_terminal, parts);

    ck_assert_str_eq(text, expected);
    free(text);
}

#define PARTS(...) ((const char *const[]){__VA_ARGS__, NULL})

START_TEST(body_output_write_text_is_printed_as_it_is)
{
    check(true, PARTS("a\tb\nc\r\ncaf\u00e9 \u65e5\u672c \U0001f600\n"),
          "a\tb\nc\r\ncaf\u00e9 \u65e5\u672c \U0001f600\n");
    check(true, PARTS("no end"), "no end\n");
    check(true, PARTS(""), "");
}
END_TEST

START_TEST(body_output_write_controls_are_escaped_on_a_terminal)
{
    check(true, PARTS("\x1b[2Jx\x7f\x07\n"), "\\x1b[2Jx\\x7f\\x07\n");
    check(true,
          PARTS("\xc2\x9b"
                "2J \u202egnp.exe\n"),
          "\\x9b2J \\u202egnp.exe\n");
    check(true, PARTS("over\rwritten"), "over\\x0dwritten\n");
}
END_TEST

START_TEST(body_output_write_parts_may_divide_characters_and_line_ends)
{
    check(true, PARTS("caf\xc3", "\xa9\n"), "caf\u00e9\n");
    check(true, PARTS("\xf0", "\x9f", "\x98", "\x80", "\n"), "\U0001f600\n");
    check(true, PARTS("\xc2", "\x9b", "2J\n"), "\\x9b2J\n");
    check(true, PARTS("a\r", "\nb\r", "c\n"), "a\r\nb\\x0dc\n");
    check(true, PARTS("end\r"), "end\\x0d\n");
    check(true, PARTS("cut \xe6\x97"), "cut \\xe6\\x97\n");
}
END_TEST

START_TEST(body_output_write_what_is_no_text_is_not_printed_on_a_terminal)
{
    check(true, PARTS("\x89PNG\r\n\x1a\n"), "");
    check(true, PARTS("first\n", "sec", "\xff\xff\n", "text again\n"), "first\nsec\n");
}
END_TEST

START_TEST(body_output_write_nul_is_no_text)
{
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    struct body_output output = {.out = out, .is_terminal = true};

    body_output_write(&output, (struct bytes){"a\0b", 3});
    body_output_end(&output);
    fclose(out);
    ck_assert_uint_eq(len, 0);
    free(text);
}
END_TEST

START_TEST(body_output_write_a_file_gets_the_bytes)
{
    check(false, PARTS("\x89PNG\r\n\x1b[2J", "\xff", "\xc3", "\r"),
          "\x89PNG\r\n\x1b[2J"
          "\xff"
          "\xc3"
          "\r");
}
END_TEST

UNIT_MAIN("cli_body_output", body_output_write_text_is_printed_as_it_is,
          body_output_write_controls_are_escaped_on_a_terminal,
          body_output_write_parts_may_divide_characters_and_line_ends,
          body_output_write_what_is_no_text_is_not_printed_on_a_terminal,
          body_output_write_nul_is_no_text, body_output_write_a_file_gets_the_bytes)
