/*
 * Text for a person: escaping, sizes, times, tables that fit the terminal.
 *
 * What a server sends may hold control characters, which a terminal obeys: everything of a
 * server's goes through text_escape before it is printed.
 */
#ifndef ISOYARD_TEXT_H
#define ISOYARD_TEXT_H

#include "api/bytes.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The text with control characters written as \xNN or \uNNNN; line feeds stay where keep_lines.
 * The caller frees. */
char *text_escape(const char *text, bool keep_lines);

/* Prints text, escaped, on one line. */
void text_print(FILE *out, const char *text);

/* Columns that text takes on a terminal. */
size_t text_width(const char *text);

/* "12 B", "3.4 KiB"; "12 us", "3.4 ms", "1.2 s"; "2026-01-31 12:00:00 UTC". Static memory, valid
 * for four calls. */
const char *text_bytes(uint64_t bytes);
const char *text_us(uint64_t us);
const char *text_time(const Google__Protobuf__Timestamp *time);

/* Appends as much of the text as fits the columns, with an ellipsis where it is cut. */
void text_append_cut(struct buffer *out, const char *text, size_t columns);

/* The same with blanks up to the last column. */
void text_append_cell(struct buffer *out, const char *text, size_t columns);

/* Columns of the terminal that `out` is; 0: it is none, or does not say. */
size_t text_terminal_width(FILE *out);

/* A table: rows of cells, the first one its heads. */
struct table {
    size_t columns;
    size_t rows;
    size_t flexible; /* the column that is cut where the terminal is narrow */
    char **cells;    /* owned */
};

/* heads: as many as columns. */
void table_init(struct table *table, size_t columns, size_t flexible, const char *const *heads);

/* Adds a row; its cells are copied, and escaped. */
void table_add(struct table *table, const char *const *cells);

/*
 * Appends the table as text of at most `width` columns (0: as wide as it is), and releases it.
 * Where it is too wide the flexible column is cut; where that is not enough, columns that do not
 * fit stand below the others, behind the first one again.
 */
void table_append(struct table *table, size_t width, struct buffer *out);

/* Prints to stdout, as wide as the terminal where it is one, and releases. */
void table_print(struct table *table);

void table_release(struct table *table);

#endif
