/*
 * Lines of cells that come one by one, as time goes by: unlike a table's, widths are settled before
 * the first line and stay, so that cells stand below each other. Where the terminal is narrow
 * columns are narrowed, and then the least important ones left out.
 */
#ifndef ISOYARD_CLI_COLUMNS_H
#define ISOYARD_CLI_COLUMNS_H

#include "api/bytes.h"

#include <stdbool.h>
#include <stddef.h>

#define COLUMNS_MAX 16

struct column {
    const char *head;
    size_t width;  /* of its cells */
    size_t least;  /* where there is no room for that; up to width */
    unsigned rank; /* the highest leaves first; 0: it stays */
    bool is_right; /* a number */
};

struct columns {
    size_t count;
    size_t terminal; /* its columns; 0: there is none, and nothing is cut or left out */
    struct column list[COLUMNS_MAX];
    size_t widths[COLUMNS_MAX]; /* 0: left out */
};

/* Settles widths for a terminal. What is left over is the last column's, where that is text. */
void columns_fit(struct columns *columns, size_t terminal);

/* Appends the line of heads, and one of as many cells, which are escaped; of at most `terminal`
 * columns each. */
void columns_append_heads(const struct columns *columns, struct buffer *out);
void columns_append(const struct columns *columns, const char *const *cells, struct buffer *out);

#endif
