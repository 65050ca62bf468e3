/* cli/columns: lines that fit the terminal, and stand below each other. */
#include "cli/columns.h"

#include "cli/text.h"
#include "unit.h"

#include <locale.h>

/* 5 + 6 + 10 + 8 columns, and 6 between them: 35. */
static struct columns four(size_t terminal)
{
    struct columns columns = {.count = 4,
                              .list = {{"TIME", 5, 5, 0, false},
                                       {"RATE", 6, 6, 2, true},
                                       {"LANES", 10, 5, 1, false},
                                       {"QUEUES", 8, 6, 3, false}}};

    columns_fit(&columns, terminal);
    return columns;
}

static void check(size_t terminal, const char *const *cells, const char *heads, const char *line)
{
    struct columns columns = four(terminal);
    struct buffer text = {0};

    columns_append_heads(&columns, &text);
    buffer_append(&text, "", 1);
    ck_assert_str_eq(text.data, heads);
    ck_assert(terminal == 0 || text_width(text.data) <= terminal);
    text.len = 0;
    columns_append(&columns, cells, &text);
    buffer_append(&text, "", 1);
    ck_assert_str_eq(text.data, line);
    ck_assert(terminal == 0 || text_width(text.data) <= terminal);
    buffer_release(&text);
}

static const char *const usual[] = {"12:00", "1.5", "10 20 30", "turn 3, mailbox 1"};

START_TEST(columns_append_without_a_terminal_is_whole)
{
    static const char *const wide[] = {"12:00", "1234567.5", "1", "-"};

    setlocale(LC_CTYPE, "C.UTF-8");
    check(0, usual, "TIME     RATE  LANES       QUEUES",
          "12:00     1.5  10 20 30    turn 3, mailbox 1");
    check(0, wide, "TIME     RATE  LANES       QUEUES", "12:00  1234567.5  1           -");
}
END_TEST

START_TEST(columns_append_on_a_terminal_narrows_then_leaves_out)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    check(44, usual, "TIME     RATE  LANES       QUEUES",
          "12:00     1.5  10 20 30    turn 3, mailbox 1");
    check(35, usual, "TIME     RATE  LANES       QUEUES",
          "12:00     1.5  10 20 30    turn 3,\u2026");
    check(28, usual, "TIME     RATE  LANES  QUEUES", "12:00     1.5  10 2\u2026  turn \u2026");
    check(27, usual, "TIME     RATE  LANES", "12:00     1.5  10 20 30");
    check(20, usual, "TIME     RATE  LANES", "12:00     1.5  10 2\u2026");
    check(19, usual, "TIME   LANES", "12:00  10 20 30");
    check(11, usual, "TIME", "12:00");
    check(4, usual, "TIME", "12:\u2026");
}
END_TEST

START_TEST(columns_append_escapes_what_a_terminal_obeys)
{
    static const char *const cells[] = {"1", "2", "3", "\x1b[2J"};

    setlocale(LC_CTYPE, "C.UTF-8");
    check(0, cells, "TIME     RATE  LANES       QUEUES", "1           2  3           \\x1b[2J");
}
END_TEST

UNIT_MAIN("cli_columns", columns_append_without_a_terminal_is_whole,
          columns_append_on_a_terminal_narrows_then_leaves_out,
          columns_append_escapes_what_a_terminal_obeys)
