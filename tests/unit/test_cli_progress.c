/* cli/progress: bars and lines. */
#include "cli/progress.h"

#include "cli/text.h"
#include "unit.h"

#include <locale.h>
#include <math.h>

static Isoyard__V1__ComparisonProgress at(uint32_t round, const char *arm, double share)
{
    Isoyard__V1__ComparisonProgress progress = ISOYARD__V1__COMPARISON_PROGRESS__INIT;

    progress.round = round;
    progress.rounds = 11;
    progress.arm = (char *)arm;
    progress.share = share;
    return progress;
}

static void expect_text(Isoyard__V1__ComparisonProgress progress, uint64_t elapsed_ms,
                        const char *expected)
{
    struct buffer text = {0};

    progress_append_text(&text, &progress, elapsed_ms);
    buffer_append(&text, "", 1);
    ck_assert_str_eq(text.data, expected);
    buffer_release(&text);
}

static void expect_bar(Isoyard__V1__ComparisonProgress progress, size_t width, bool is_coloured,
                       const char *expected)
{
    struct buffer text = {0};

    progress_append_bar(&text, &progress, 9000, width, is_coloured);
    buffer_append(&text, "", 1);
    ck_assert_str_eq(text.data, expected);
    buffer_release(&text);
}

START_TEST(progress_text_says_where_it_is_and_what_is_left)
{
    Isoyard__V1__ComparisonProgress live = ISOYARD__V1__COMPARISON_PROGRESS__INIT;

    expect_text(at(5, "shared fifo", 0.42), 0, "42 %, round 5 of 11, shared fifo");
    expect_text(at(5, "shared fifo", 0.25), 10000,
                "25 %, round 5 of 11, shared fifo, about 30 s left");
    expect_text(at(1, "pinned", 0.25), 60000, "25 %, round 1 of 11, pinned, about 3 min left");
    expect_text(at(1, "pinned", 0.25), 3600000, "25 %, round 1 of 11, pinned, about 3.0 h left");
    live.share = 0.5;
    expect_text(live, 2000, "50 %, about 2 s left");
}
END_TEST

START_TEST(progress_text_survives_any_share)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    expect_text(at(1, "", 0), 5000, "0 %, round 1 of 11");
    expect_text(at(1, "", -1), 5000, "0 %, round 1 of 11");
    expect_text(at(1, "", NAN), 5000, "0 %, round 1 of 11");
    expect_text(at(1, "", INFINITY), 5000, "100 %, round 1 of 11, about 0 s left");
    expect_text(at(1, "\x1b[2J", 0.001), 5000, "0 %, round 1 of 11, \\x1b[2J");
}
END_TEST

START_TEST(progress_bar_fits_the_width)
{
    const char *text = "50 %, round 5 of 11, pinned, about 9 s left";

    expect_bar(at(5, "pinned", 0.5), 100, false,
               "[###############---------------]  50 %, round 5 of 11, pinned, about 9 s left");
    expect_bar(at(5, "pinned", 1), 100, true,
               "[\x1b[32m##############################\x1b[0m]  100 %, round 5 of 11, pinned, "
               "about 0 s left");
    expect_bar(at(5, "pinned", 0.5), 56, false,
               "[####----]  50 %, round 5 of 11, pinned, about 9 s left");
    expect_bar(at(5, "pinned", 0.5), 55, false, text);
    expect_bar(at(5, "pinned", 0.5), 44, false, text);
    expect_bar(at(5, "pinned", 0.5), 43, false, "50 %");
    expect_bar(at(5, "pinned", 0.5), 6, false, "");
}
END_TEST

START_TEST(progress_bar_is_narrower_than_any_terminal)
{
    for (size_t width = 0; width < 200; width++) {
        Isoyard__V1__ComparisonProgress progress = at(5, "shared fifo", 0.333);
        struct buffer text = {0};

        progress_append_bar(&text, &progress, 9000, width, false);
        ck_assert(text.len == 0 || text.len < width);
        buffer_release(&text);
    }
}
END_TEST

UNIT_MAIN("cli_progress", progress_text_says_where_it_is_and_what_is_left,
          progress_text_survives_any_share, progress_bar_fits_the_width,
          progress_bar_is_narrower_than_any_terminal)
