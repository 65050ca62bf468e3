/* Records of the log for a person. */
#ifndef ISOYARD_LOG_TEXT_H
#define ISOYARD_LOG_TEXT_H

#include <isoyard/v1/log.pb-c.h>
#include <stdio.h>

/* "2026-01-31 12:00:00.123 warn  hello v3 00f067aa0ba902b7 text"; further lines of the text, and
 * the stack of a failure, are indented below. */
void log_text_print(FILE *out, const Isoyard__V1__LogRecord *record);

#endif
