/*
 * Manual pages (man(7)) of the same tables that make --help.
 */
#ifndef ISOYARD_API_ROFF_H
#define ISOYARD_API_ROFF_H

#include "api/bytes.h"

#include <argp.h>

/* The page's head. `date` as 2026-01-31. */
void roff_begin(struct buffer *out, const char *name, const char *section, const char *date,
                const char *summary);

/* .SH and .SS. */
void roff_section(struct buffer *out, const char *title);
void roff_subsection(struct buffer *out, const char *title);

/* Text that fills lines; empty lines in it part paragraphs. What stands as `--name` is bold. */
void roff_text(struct buffer *out, const char *text);

/* Lines that stay as they are. */
void roff_example(struct buffer *out, const char *lines);

/* An item and what it is. */
void roff_item(struct buffer *out, const char *term, const char *text);

/* An option of argp as an item; nothing for hidden ones and heads of groups. */
void roff_option(struct buffer *out, const struct argp_option *option);

#endif
