/*
 * Where log lines go: into a bounded buffer, from which a thread of its own writes them to stderr.
 * Whoever logs copies a line under a lock and never waits for a file; what does not fit is dropped,
 * counted, and told of.
 */
#ifndef ISOYARD_LOGGER_H
#define ISOYARD_LOGGER_H

#include "api/err.h"
#include "api/script.h"
#include "shim/op.h"

#include <stddef.h>
#include <stdint.h>

/* Takes over the process's log sink. E_NOMEM where no thread can be had. Once, before other threads
 * log. */
int logger_start(struct error *error);

/* Writes what is left and gives the sink back. Nobody else may log meanwhile. */
void logger_stop(void);

/* Lines dropped since the start. Any thread. */
uint64_t logger_dropped(void);

/* A console line of a worker as a log line: what pool_config.console wants. Lane thread. */
void logger_console(void *arg, const struct script *script, enum console_level level,
                    const char *text, size_t len);

#endif
