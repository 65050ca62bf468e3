/* A comparison's report for a person. */
#ifndef ISOYARD_CLI_COMPARISON_TEXT_H
#define ISOYARD_CLI_COMPARISON_TEXT_H

#include "api/bytes.h"

#include <isoyard/v1/pool.pb-c.h>

/* Appends the report in lines: tables of at most 80 columns, ratios, notes, the verdict, the id.
 * What a server of another version leaves out is "-". */
void comparison_text_append(struct buffer *out, const Isoyard__V1__Comparison *comparison);

#endif
