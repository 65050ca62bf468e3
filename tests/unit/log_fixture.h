/* Records for tests. */
#ifndef ISOYARD_TESTS_LOG_FIXTURE_H
#define ISOYARD_TESTS_LOG_FIXTURE_H

#include "store/log_record.h"

static inline struct log_record *new_record(const char *worker, const char *text)
{
    const struct record_head head = {.tenant = "acme",
                                     .worker = worker,
                                     .version = 3,
                                     .kind = RECORD_CONSOLE,
                                     .level = LOG_INFO,
                                     .execution = 7};

    return log_record_new(&head, bytes_of(text), (struct bytes){0});
}

/* One that takes so many bytes of memory. */
static inline struct log_record *record_of_bytes(size_t size)
{
    struct buffer text = {0};
    struct log_record *record;
    size_t len = size - sizeof(*record) - 1;

    memset(buffer_reserve(&text, len + 1), 'x', len);
    text.data[len] = '\0';
    record = new_record("w", text.data);
    buffer_release(&text);
    return record;
}

#endif
