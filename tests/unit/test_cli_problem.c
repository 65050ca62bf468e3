/* cli/code_frame and cli/reach: what problems are explained with. */
#include "cli/code_frame.h"
#include "cli/reach.h"

#include "unit.h"

#include <locale.h>

static void expect_frame(const char *source, uint64_t line, uint64_t column, const char *expected)
{
    struct buffer frame = {0};

    setlocale(LC_CTYPE, "C.UTF-8");
    code_frame_append(&frame, bytes_of(source), line, column);
    buffer_append(&frame, "", 1);
    ck_assert_str_eq(frame.data, expected);
    buffer_release(&frame);
}

START_TEST(code_frame_append_has_lines_around)
{
    const char *source = "one\ntwo\nthree\nfour\nfive\nsix";

    expect_frame(source, 4, 2,
                 "    2 | two\n"
                 "    3 | three\n"
                 "  > 4 | four\n"
                 "      |  ^\n"
                 "    5 | five\n");
    expect_frame(source, 1, 1,
                 "  > 1 | one\n"
                 "      | ^\n"
                 "    2 | two\n");
    expect_frame(source, 6, 4,
                 "    4 | four\n"
                 "    5 | five\n"
                 "  > 6 | six\n"
                 "      |    ^\n");
}
END_TEST

START_TEST(code_frame_append_odd_lines)
{
    expect_frame("\ta\r\n", 1, 2, "  > 1 |  a\n      |  ^\n");
    expect_frame("\xc3\xa9\xe6\x97\xa5x", 1, 3, "  > 1 | \xc3\xa9\xe6\x97\xa5x\n      |    ^\n");
    expect_frame("a\x1b[31mb", 1, 1, "  > 1 | a\\x1b[31mb\n      | ^\n");
    expect_frame("ab", 1, 99, "  > 1 | ab\n      |   ^\n");
}
END_TEST

START_TEST(code_frame_append_long_line_is_cut)
{
    struct buffer frame = {0};
    char source[5000];

    setlocale(LC_CTYPE, "C.UTF-8");
    memset(source, 'a', sizeof(source));
    source[sizeof(source) - 1] = '\0';
    code_frame_append(&frame, bytes_of(source), 1, 4000);
    ck_assert_uint_lt(frame.len, 150);
    ck_assert(memchr(frame.data, '^', frame.len) == NULL);
    buffer_release(&frame);
}
END_TEST

START_TEST(code_frame_append_no_such_line_is_nothing)
{
    expect_frame("one\n", 2, 1, "");
    expect_frame("one\n", 0, 1, "");
    expect_frame("", 1, 1, "");
}
END_TEST

START_TEST(reach_is_address_tells_addresses)
{
    static const char *const good[] = {"127.0.0.1:7070", "localhost:1", "[::1]:65535",
                                       "unix:/run/isoyard.sock"};
    static const char *const bad[] = {
        "",        "127.0.0.1", "localhost:", "localhost:x",           ":70",          "a:0",
        "a:65536", "unix:",     "a:7a",       "http://127.0.0.1:7071", "https://a:443"};

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        ck_assert_msg(reach_is_address(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(!reach_is_address(bad[i]), "%s", bad[i]);
}
END_TEST

UNIT_MAIN("cli_problem", code_frame_append_has_lines_around, code_frame_append_odd_lines,
          code_frame_append_long_line_is_cut, code_frame_append_no_such_line_is_nothing,
          reach_is_address_tells_addresses)
