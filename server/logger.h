/*
 * Where log lines go: into a bounded buffer, from which a thread of its own writes them to stderr.
 * Whoever logs copies a line under a lock and never waits for a file; what does not fit is dropped,
 * counted, and told of.
 */
#ifndef ISOYARD_LOGGER_H
#define ISOYARD_LOGGER_H

#include "api/err.h"
#include "api/log.h"
#include "pools/pool.h"

#include <stdint.h>

/* Takes over the process's log sink. E_NOMEM where no thread can be had. Once, before other threads
 * log. */
int logger_start(struct error *error);

/* Writes what is left and gives the sink back. Nobody else may log meanwhile. */
void logger_stop(void);

/* Lines dropped since the start. Any thread. */
uint64_t logger_dropped(void);

/* A console line of a worker as a log line. Lane thread. */
void logger_console(const struct console_line *line);

/* That an execution was cut off after its answer, in the same way. */
void logger_cut_off(const struct execution_end *end);

/* The level of a console line. */
enum log_level logger_level(enum console_level level);

#endif
