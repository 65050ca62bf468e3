/* Bars and lines. */
#include "cli/progress.h"

#include "api/clock.h"
#include "cli/color.h"
#include "cli/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define BAR_MIN 8u
#define BAR_MAX 30u

/* A line at least so often apart, and for so much progress. */
#define LINE_EVERY_NS (10 * (uint64_t)NS_PER_S)
#define LINE_SHARE 0.1

/* No rest is estimated from less. */
#define ESTIMATE_AFTER_MS 1000
#define ESTIMATE_SHARE_MIN 0.01

/* Whatever the server says, NaN included. */
static double share_of(const Isoyard__V1__ComparisonProgress *progress)
{
    if (!(progress->share > 0))
        return 0;
    return progress->share < 1 ? progress->share : 1;
}

static void append_rest(struct buffer *out, double share, uint64_t elapsed_ms)
{
    uint64_t rest_s;

    if (elapsed_ms < ESTIMATE_AFTER_MS || share < ESTIMATE_SHARE_MIN)
        return;
    rest_s = (uint64_t)((double)elapsed_ms * (1 - share) / share / 1000 + 0.5);
    if (rest_s < 60)
        buffer_append_format(out, ", about %" PRIu64 " s left", rest_s);
    else if (rest_s < 3600)
        buffer_append_format(out, ", about %" PRIu64 " min left", (rest_s + 30) / 60);
    else
        buffer_append_format(out, ", about %.1f h left", (double)rest_s / 3600);
}

void progress_append_text(struct buffer *out, const Isoyard__V1__ComparisonProgress *progress,
                          uint64_t elapsed_ms)
{
    double share = share_of(progress);

    buffer_append_format(out, "%.0f %%", share * 100);
    if (progress->rounds > 0)
        buffer_append_format(out, ", round %" PRIu32 " of %" PRIu32, progress->round,
                             progress->rounds);
    if (progress->arm[0]) {
        char *arm = text_escape(progress->arm, false);

        buffer_append_format(out, ", %s", arm);
        free(arm);
    }
    append_rest(out, share, elapsed_ms);
}

static void append_times(struct buffer *out, size_t count, char c)
{
    for (size_t i = 0; i < count; i++)
        buffer_append(out, &c, 1);
}

static void append_bar(struct buffer *out, double share, size_t width, bool is_coloured)
{
    size_t done = (size_t)(share * (double)width + 0.5);

    buffer_append_text(out, is_coloured ? "[\x1b[32m" : "[");
    append_times(out, done, '#');
    buffer_append_text(out, is_coloured ? "\x1b[0m" : "");
    append_times(out, width - done, '-');
    buffer_append_text(out, "]  ");
}

void progress_append_bar(struct buffer *out, const Isoyard__V1__ComparisonProgress *progress,
                         uint64_t elapsed_ms, size_t width, bool is_coloured)
{
    struct buffer text = {0};
    size_t used, bar = 0;

    progress_append_text(&text, progress, elapsed_ms);
    buffer_append(&text, "", 1);
    /* A terminal that gets as many columns as it has may begin a new line. */
    used = text_width(text.data) + sizeof("[]  ");
    if (width > used)
        bar = width - used < BAR_MAX ? width - used : BAR_MAX;
    if (bar >= BAR_MIN)
        append_bar(out, share_of(progress), bar, is_coloured);
    if (text_width(text.data) < width)
        buffer_append_text(out, text.data);
    else if (width > sizeof("100 %"))
        buffer_append_format(out, "%.0f %%", share_of(progress) * 100);
    buffer_release(&text);
}

/* On stderr. */

static size_t stderr_width(void)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}

void progress_init(struct progress *p, bool is_quiet)
{
    const char *terminal = getenv("TERM");
    bool is_dumb = !terminal || strcmp(terminal, "dumb") == 0;

    *p = (struct progress){.is_quiet = is_quiet, .started_ns = clock_now_ns()};
    p->is_terminal = isatty(STDERR_FILENO) && !is_dumb;
    p->is_coloured = color_is_on(stderr);
}

static void print_bar(struct progress *p, const Isoyard__V1__ComparisonProgress *progress,
                      uint64_t elapsed_ms)
{
    struct buffer line = {0};

    progress_append_bar(&line, progress, elapsed_ms, stderr_width(), p->is_coloured);
    buffer_append(&line, "", 1);
    fprintf(stderr, "\r%s\x1b[K", line.data);
    buffer_release(&line);
    p->is_shown = true;
}

static void print_line(struct progress *p, const Isoyard__V1__ComparisonProgress *progress,
                       uint64_t elapsed_ms)
{
    uint64_t now = clock_now_ns();
    struct buffer line = {0};

    if (p->printed_ns > 0 && now - p->printed_ns < LINE_EVERY_NS &&
        share_of(progress) - p->printed_share < LINE_SHARE)
        return;
    progress_append_text(&line, progress, elapsed_ms);
    buffer_append(&line, "", 1);
    fprintf(stderr, "isoyard: %s\n", line.data);
    buffer_release(&line);
    p->printed_ns = now;
    p->printed_share = share_of(progress);
}

void progress_show(struct progress *p, const Isoyard__V1__ComparisonProgress *progress)
{
    uint64_t elapsed_ms = (clock_now_ns() - p->started_ns) / NS_PER_MS;

    if (p->is_terminal)
        print_bar(p, progress, elapsed_ms);
    else if (!p->is_quiet)
        print_line(p, progress, elapsed_ms);
}

void progress_end(struct progress *p)
{
    if (p->is_shown)
        fputs("\r\x1b[K", stderr);
    p->is_shown = false;
}
