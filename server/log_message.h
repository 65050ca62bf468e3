/*
 * Records of the log as messages, and what is asked of them.
 */
#ifndef ISOYARD_LOG_MESSAGE_H
#define ISOYARD_LOG_MESSAGE_H

#include "api/err.h"
#include "store/log_record.h"

#include <isoyard/v1/log.pb-c.h>

/* Bytes of a text that is looked for. */
#define LOG_FILTER_TEXT_MAX 256u

/* Records as LogRecords. Points to the records; owns the rest. */
struct log_messages {
    size_t count;
    Isoyard__V1__LogRecord **pointers;
    struct log_message *messages;
};

void log_messages_init(struct log_messages *ret, struct log_record *const *records, size_t count);
void log_messages_release(struct log_messages *messages);

/* What QueryRequest and TailRequest have in common; borrowed. */
struct log_question {
    const char *tenant, *worker, *execution_id, *text;
    uint32_t version;
    Isoyard__V1__LogLevel level;
    const Isoyard__V1__LogOutcome *outcomes;
    size_t outcome_count;
    const Google__Protobuf__Timestamp *start, *end; /* NULL: no bound */
};

/* *ret points to the question's text. E_INVALID, with the field. */
int log_filter_read(const struct log_question *question, struct log_filter *ret,
                    struct error *error);

#endif
