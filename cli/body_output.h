/*
 * A body on its way to stdout. A pipe or a file gets its bytes. A terminal would obey what a worker
 * put in them: it gets text, with control characters written as \xNN or \uNNNN, and nothing of what
 * is no text (which has NUL, or is no UTF-8).
 */
#ifndef ISOYARD_CLI_BODY_OUTPUT_H
#define ISOYARD_CLI_BODY_OUTPUT_H

#include "api/bytes.h"

#include <stdbool.h>
#include <stdio.h>

struct body_output {
    FILE *out;
    bool is_terminal;
    bool is_open;       /* the last line has not ended */
    bool is_binary;     /* on a terminal: what comes from now on is not printed */
    bool has_escaped;   /* and nobody has been told */
    struct buffer kept; /* the beginning of a character, or of a line's end, with more to come */
};

void body_output_init(struct body_output *o, FILE *out);

/* Prints the body's next bytes; a character may be divided between two calls. */
void body_output_write(struct body_output *o, struct bytes bytes);

/* No more comes: ends the last line on a terminal, and says on stderr what is shown in another way.
 * Does nothing a second time. */
void body_output_end(struct body_output *o);

#endif
