/*
 * How far a comparison has come, on stderr: a bar where that is a terminal, else a line now and
 * then.
 */
#ifndef ISOYARD_CLI_PROGRESS_H
#define ISOYARD_CLI_PROGRESS_H

#include "api/bytes.h"

#include <isoyard/v1/pool.pb-c.h>
#include <stdbool.h>
#include <stdint.h>

/* Appends "42 %, round 5 of 11, shared fifo, about 12 s left". The rest is estimated from
 * elapsed_ms once that is a second. */
void progress_append_text(struct buffer *out, const Isoyard__V1__ComparisonProgress *progress,
                          uint64_t elapsed_ms);

/* Appends the same behind a bar, in fewer than `width` columns; where there is no room for a bar,
 * or for all of the text, without. */
void progress_append_bar(struct buffer *out, const Isoyard__V1__ComparisonProgress *progress,
                         uint64_t elapsed_ms, size_t width, bool is_coloured);

struct progress {
    bool is_terminal, is_coloured;
    bool is_quiet; /* no lines */
    bool is_shown; /* a bar is on the terminal's last line */
    uint64_t started_ns;
    uint64_t printed_ns;  /* the last line; 0: none yet */
    double printed_share; /* what it said */
};

/* Looks at stderr and the environment (TERM, NO_COLOR: https://no-color.org). is_quiet: without a
 * terminal nothing is printed. */
void progress_init(struct progress *p, bool is_quiet);

void progress_show(struct progress *p, const Isoyard__V1__ComparisonProgress *progress);

/* Removes the bar, before anything else is printed. */
void progress_end(struct progress *p);

#endif
