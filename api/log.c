/* Formatting of log lines, and the process's sink. */
#include "api/log.h"

#include "api/bytes.h"
#include "api/utf8.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void write_to_stderr(void *arg, const char *line, size_t len)
{
    (void)arg;
    /* A line that cannot be written is lost: there is nowhere to say so. */
    if (write(STDERR_FILENO, line, len) < 0)
        return;
}

static log_sink_f sink = write_to_stderr;
static void *sink_arg;
/* Relaxed: a line more or less around a change does no harm. */
static atomic_int least_level = LOG_INFO;

void log_set_sink(log_sink_f new_sink, void *arg)
{
    sink = new_sink ? new_sink : write_to_stderr;
    sink_arg = arg;
}

void log_set_level(enum log_level level)
{
    atomic_store_explicit(&least_level, (int)level, memory_order_relaxed);
}

bool log_is_on(enum log_level level)
{
    return (int)level >= atomic_load_explicit(&least_level, memory_order_relaxed);
}

const char *log_level_name(enum log_level level)
{
    static const char *const names[] = {"debug", "info", "warn", "error", "off"};

    return names[level];
}

int log_level_parse(const char *text, enum log_level *ret)
{
    for (enum log_level level = LOG_DEBUG; level <= LOG_OFF; level++) {
        if (strcmp(text, log_level_name(level)) == 0) {
            *ret = level;
            return 0;
        }
    }
    return E_INVALID;
}

struct log_field log_bytes(const char *key, const char *value, size_t len)
{
    return (struct log_field){.key = key, .text = value ? value : "", .text_len = value ? len : 0};
}

struct log_field log_text(const char *key, const char *value)
{
    return log_bytes(key, value, value ? strlen(value) : 0);
}

struct log_field log_number(const char *key, uint64_t value)
{
    return (struct log_field){.key = key, .number = value};
}

static bool is_plain(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        uint32_t control;

        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f ||
            utf8_control(text + i, len - i, &control) > 0)
            return false;
    }
    return len > 0;
}

static void append_byte(struct buffer *line, unsigned char c)
{
    switch (c) {
    case '\n':
        buffer_append_text(line, "\\n");
        break;
    case '\r':
        buffer_append_text(line, "\\r");
        break;
    case '\t':
        buffer_append_text(line, "\\t");
        break;
    case '"':
        buffer_append_text(line, "\\\"");
        break;
    case '\\':
        buffer_append_text(line, "\\\\");
        break;
    default:
        if (c < ' ' || c == 0x7f)
            buffer_append_format(line, "\\x%02x", c);
        else
            buffer_append(line, &c, 1);
    }
}

/* Some or all of the text; how much. */
static size_t append_escaped(struct buffer *line, const char *text, size_t len)
{
    uint32_t control;
    size_t bytes = utf8_control(text, len, &control);

    if (bytes == 0) {
        append_byte(line, (unsigned char)text[0]);
        return 1;
    }
    buffer_append_format(line, "\\u%04" PRIx32, control);
    return bytes;
}

static void append_value(struct buffer *line, const char *text, size_t len)
{
    if (is_plain(text, len)) {
        buffer_append(line, text, len);
        return;
    }
    buffer_append_text(line, "\"");
    for (size_t i = 0; i < len;)
        i += append_escaped(line, text + i, len - i);
    buffer_append_text(line, "\"");
}

static void append_time(struct buffer *line)
{
    struct timespec now;
    struct tm utc;
    char text[32];

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &utc);
    buffer_append_format(line, "time=%s.%03ldZ", text, now.tv_nsec / 1000000);
}

void log_write(enum log_level level, const char *message, const struct log_field *fields)
{
    struct buffer line = {0};

    if (!log_is_on(level))
        return;
    append_time(&line);
    buffer_append_format(&line, " level=%s msg=", log_level_name(level));
    append_value(&line, message, strlen(message));
    for (; fields->key; fields++) {
        buffer_append_format(&line, " %s=", fields->key);
        if (fields->text)
            append_value(&line, fields->text, fields->text_len);
        else
            buffer_append_format(&line, "%" PRIu64, fields->number);
    }
    buffer_append_text(&line, "\n");
    sink(sink_arg, line.data, line.len);
    buffer_release(&line);
}
