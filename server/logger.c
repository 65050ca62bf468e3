/* Two buffers: one is filled while the other is written. */
#include "server/logger.h"

#include "api/bytes.h"
#include "api/lock.h"
#include "api/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_BYTES ((size_t)1 << 20)

/* Half of the buffer is left to the server's own lines: workers cannot shout them down. */
#define CONSOLE_BYTES (BUFFER_BYTES / 2)

/* The log sink is a global of the process, and so is this. */
static struct {
    pthread_t thread;
    struct lock lock; /* a leaf; guards the rest but dropped */
    pthread_cond_t changed;
    struct buffer filling;
    bool is_stopping;
    atomic_uint_fast64_t dropped;
} logger = {.lock = LOCK_INITIALIZER(LOCK_STDERR), .changed = PTHREAD_COND_INITIALIZER};

/* Set while a worker's line is on its way to the sink, which sees only text. */
static _Thread_local bool is_console;

static void push(void *arg, const char *line, size_t len)
{
    size_t room = is_console ? CONSOLE_BYTES : BUFFER_BYTES;
    bool fits;

    (void)arg;
    lock_take(&logger.lock);
    fits = logger.filling.len + len <= room;
    if (fits) {
        buffer_append(&logger.filling, line, len);
        if (logger.filling.len == len)
            pthread_cond_signal(&logger.changed);
    }
    lock_release(&logger.lock);
    /* Relaxed: a count that orders nothing. */
    if (!fits)
        atomic_fetch_add_explicit(&logger.dropped, 1, memory_order_relaxed);
}

/* Swaps the empty buffer for what has been logged; false once all is written and no more comes. */
static bool take(struct buffer *ret)
{
    struct buffer empty = *ret;

    lock_take(&logger.lock);
    while (logger.filling.len == 0 && !logger.is_stopping)
        lock_await(&logger.lock, &logger.changed);
    *ret = logger.filling;
    logger.filling = empty;
    lock_release(&logger.lock);
    return ret->len > 0;
}

static void write_all(const char *data, size_t len)
{
    while (len > 0) {
        ssize_t written = write(STDERR_FILENO, data, len);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return; /* lines that cannot be written are lost: there is nowhere to say so */
        data += written;
        len -= (size_t)written;
    }
}

static void tell_dropped(uint64_t *told)
{
    uint64_t dropped = logger_dropped();

    if (dropped == *told)
        return;
    log_warn("log lines dropped: their reader is too slow", log_number("lines", dropped - *told));
    *told = dropped;
}

static void *write_lines(void *arg)
{
    struct buffer writing = {0};
    uint64_t told = 0;

    (void)arg;
    while (take(&writing)) {
        write_all(writing.data, writing.len);
        writing.len = 0;
        tell_dropped(&told);
    }
    buffer_release(&writing);
    return NULL;
}

int logger_start(struct error *error)
{
    int err = pthread_create(&logger.thread, NULL, write_lines, NULL);

    if (err)
        return error_set(error, E_NOMEM, NULL, "cannot start the logger's thread: %s",
                         strerror(err));
    pthread_setname_np(logger.thread, "logger");
    log_set_sink(push, NULL);
    return 0;
}

void logger_stop(void)
{
    log_set_sink(NULL, NULL);
    lock_take(&logger.lock);
    logger.is_stopping = true;
    pthread_cond_signal(&logger.changed);
    lock_release(&logger.lock);
    pthread_join(logger.thread, NULL);
    buffer_release(&logger.filling);
}

uint64_t logger_dropped(void)
{
    return atomic_load_explicit(&logger.dropped, memory_order_relaxed);
}

enum log_level logger_level(enum console_level level)
{
    switch (level) {
    case CONSOLE_DEBUG:
        return LOG_DEBUG;
    case CONSOLE_INFO:
        return LOG_INFO;
    case CONSOLE_WARN:
        return LOG_WARN;
    case CONSOLE_ERROR:
        return LOG_ERROR;
    }
    return LOG_INFO;
}

static void say(enum log_level level, const struct script *script, struct bytes text)
{
    is_console = true;
    log_write(level, "console",
              LOG_FIELDS(log_text("tenant", script->tenant), log_text("worker", script->worker),
                         log_number("version", script->version),
                         log_bytes("text", text.data, text.len)));
    is_console = false;
}

void logger_console(const struct console_line *line)
{
    say(logger_level(line->level), line->script, line->text);
}

void logger_cut_off(const struct execution_end *end)
{
    struct buffer text = {0};

    buffer_append_format(&text, "what ctx.waitUntil was given was cut off: %s",
                         end->failure->message ? end->failure->message
                                               : failure_reason_name(end->failure->reason));
    say(LOG_ERROR, end->script, (struct bytes){text.data, text.len});
    buffer_release(&text);
}
