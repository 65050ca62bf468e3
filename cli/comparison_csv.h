/*
 * A comparison's report for a spreadsheet: RFC 4180, with a line of names. The columns are the
 * fields of the messages, "latency_p50_us", so that they are those that the protos say.
 */
#ifndef ISOYARD_CLI_COMPARISON_CSV_H
#define ISOYARD_CLI_COMPARISON_CSV_H

#include "api/bytes.h"

#include <isoyard/v1/pool.pb-c.h>

/* Appends a value, in quotes where it needs them. */
void csv_append_value(struct buffer *out, const char *text);

/* Appends a line for each arm: which comparison, all its figures, its ratios to the first one. */
void comparison_csv_append_arms(struct buffer *out, const Isoyard__V1__Comparison *comparison);

/* Appends a line for each arm and round. */
void comparison_csv_append_rounds(struct buffer *out, const Isoyard__V1__Comparison *comparison);

#endif
