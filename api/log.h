/*
 * The server's structured log lines (logfmt): a level, a fixed message, and named values.
 *
 *     log_info("worker deployed", log_text("worker", name), log_number("version", 3));
 *     time=2026-01-31T12:00:00.000Z level=info msg="worker deployed" worker=hello version=3
 *
 * The sink is one of the two globals of the process (the other is V8's platform). Any thread may
 * log; a sink must not block a lane.
 */
#ifndef ISOYARD_LOG_H
#define ISOYARD_LOG_H

#include "api/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum log_level {
    LOG_DEBUG,
    LOG_INFO,
    LOG_WARN,
    LOG_ERROR,
    LOG_OFF,
};

struct log_field {
    const char *key;
    const char *text; /* NULL: number */
    size_t text_len;
    uint64_t number;
};

/* Takes one whole line, newline included, which is the sink's only during the call. */
typedef void (*log_sink_f)(void *arg, const char *line, size_t len);

/* Before other threads log. A NULL sink is the default: one write to stderr a line. */
void log_set_sink(log_sink_f sink, void *arg);

/* Lines below the level are left out; LOG_INFO at first. Any thread. */
void log_set_level(enum log_level level);
bool log_is_on(enum log_level level);

/* 0 and *ret for "debug", "info", "warn", "error", "off"; E_INVALID otherwise. */
int log_level_parse(const char *text, enum log_level *ret);
const char *log_level_name(enum log_level level);

/* The line of log_info and its kin. fields ends with a NULL key. */
void log_write(enum log_level level, const char *message, const struct log_field *fields);

struct log_field log_text(const char *key, const char *value); /* NULL value: "" */
struct log_field log_bytes(const char *key, const char *value, size_t len);
struct log_field log_number(const char *key, uint64_t value);

#define LOG_FIELDS(...) ((const struct log_field[]){__VA_ARGS__ __VA_OPT__(, ){NULL, NULL, 0, 0}})
#define log_debug(message, ...) log_write(LOG_DEBUG, message, LOG_FIELDS(__VA_ARGS__))
#define log_info(message, ...) log_write(LOG_INFO, message, LOG_FIELDS(__VA_ARGS__))
#define log_warn(message, ...) log_write(LOG_WARN, message, LOG_FIELDS(__VA_ARGS__))
#define log_error(message, ...) log_write(LOG_ERROR, message, LOG_FIELDS(__VA_ARGS__))

#ifdef __cplusplus
}
#endif

#endif
