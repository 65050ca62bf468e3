/*
 * What `isoyard top` shows: lines of text made of one message of WatchStats, for a screen of any
 * size. No terminal here: it can be tested, and printed.
 */
#ifndef ISOYARD_CLI_TOP_VIEW_H
#define ISOYARD_CLI_TOP_VIEW_H

#include "cli/color.h"

#include <isoyard/v1/pool.pb-c.h>
#include <stdbool.h>
#include <stddef.h>

enum top_sort {
    TOP_BY_CPU,
    TOP_BY_WAIT,
    TOP_BY_TASKS,
    TOP_SORT_COUNT,
};

extern const char *const top_sort_names[TOP_SORT_COUNT]; /* "cpu", "wait", "tasks" */

struct top_line {
    enum color color;
    char *text; /* escaped, as wide as the view at the most */
};

struct top_view {
    size_t columns, rows; /* of the screen; no more are filled. 0: no bound */
    enum top_sort sort;
    size_t count;
    struct top_line *lines;
};

/* Fills in view->lines, which are the caller's: top_view_clear. `address` is whom it is about. */
void top_view_fill(struct top_view *view, const char *address,
                   const Isoyard__V1__WatchStatsResponse *response);

/* The keys and words. */
void top_view_fill_help(struct top_view *view);

void top_view_clear(struct top_view *view);

#endif
