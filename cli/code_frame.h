/* The lines of a source around a fault. */
#ifndef ISOYARD_CLI_CODE_FRAME_H
#define ISOYARD_CLI_CODE_FRAME_H

#include "api/bytes.h"

#include <stdint.h>

/*
 * Appends the line (from 1), two before it and one behind, with a caret under the column (from 1;
 * in characters). Nothing where the source has no such line.
 */
void code_frame_append(struct buffer *out, struct bytes source, uint64_t line, uint64_t column);

/* Prints the frame of a file in the folder to stderr; nothing where it cannot be read. */
void code_frame_print(const char *folder, const char *file, uint64_t line, uint64_t column);

#endif
