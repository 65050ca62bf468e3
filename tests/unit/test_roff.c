/* api/roff: pages of manuals. */
#include "api/roff.h"

#include "unit.h"

static void expect(struct buffer *out, const char *expected)
{
    buffer_append(out, "", 1);
    ck_assert_str_eq(out->data, expected);
    buffer_release(out);
}

START_TEST(roff_text_what_roff_obeys_is_escaped)
{
    struct buffer out = {0};

    roff_text(&out, ".dots, 'quotes' and back\\slashes\n\n'begins -1");
    expect(&out, "\\&.dots, 'quotes' and back\\eslashes\n.PP\n\\&'begins \\-1\n");
}
END_TEST

START_TEST(roff_text_options_are_bold_and_lines_stay)
{
    struct buffer out = {0};

    roff_text(&out, "as --name-it, a--b\nnext");
    expect(&out, "as \\fB\\-\\-name\\-it\\fR, a\\-\\-b\n.br\nnext\n");
}
END_TEST

START_TEST(roff_option_has_both_names_and_its_argument)
{
    const struct argp_option option = {"data", 'd', "A-B", 0, "What it is", 0};
    const struct argp_option hidden = {"secret", 's', NULL, OPTION_HIDDEN, "", 0};
    struct buffer out = {0};

    roff_option(&out, &option);
    roff_option(&out, &hidden);
    expect(&out, ".TP\n\\fB\\-d\\fR, \\fB\\-\\-data\\fR=\\fIA\\-B\\fR\nWhat it is\n");
}
END_TEST

UNIT_MAIN("roff", roff_text_what_roff_obeys_is_escaped, roff_text_options_are_bold_and_lines_stay,
          roff_option_has_both_names_and_its_argument)
