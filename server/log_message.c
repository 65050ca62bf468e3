/* LogRecord, and filters as requests name them. */
#include "server/log_message.h"

#include "api/hex.h"
#include "server/message.h"

#include <stdlib.h>

#define US_PER_S INT64_C(1000000)

/* Years 1 to 9999, as the standard's Timestamp has it. */
#define SECONDS_MIN INT64_C(-62135596800)
#define SECONDS_MAX INT64_C(253402300799)

struct log_message {
    Isoyard__V1__LogRecord record;
    Google__Protobuf__Timestamp time;
    char execution[HEX_ID_LEN + 1];
};

/* Records. */

static Isoyard__V1__LogLevel level_message(uint8_t level)
{
    return (Isoyard__V1__LogLevel)(level + 1); /* enum log_level begins with LOG_DEBUG, 0 */
}

static void message_init(struct log_message *m, const struct log_record *record)
{
    struct bytes detail = log_record_detail(record);

    isoyard__v1__log_record__init(&m->record);
    timestamp_message_init(&m->time, record->time_us);
    m->record.id = (uint64_t)record->id;
    m->record.time = &m->time;
    m->record.tenant = (char *)record->tenant;
    m->record.worker = (char *)record->worker;
    m->record.version = record->version;
    m->record.kind = (Isoyard__V1__LogKind)record->kind;
    m->record.level = level_message(record->level);
    m->record.text = (char *)record->data;
    if (record->execution) {
        hex_id_format(record->execution, m->execution);
        m->record.execution_id = m->execution;
    }
    /* What a damaged database gives is left out. */
    if (record->kind == RECORD_EXECUTION)
        m->record.end =
            isoyard__v1__execution_end__unpack(NULL, detail.len, (const uint8_t *)detail.data);
}

void log_messages_init(struct log_messages *ret, struct log_record *const *records, size_t count)
{
    *ret = (struct log_messages){
        .count = count,
        .pointers = xcalloc(count + 1, sizeof(ret->pointers[0])),
        .messages = xcalloc(count + 1, sizeof(ret->messages[0])),
    };
    for (size_t i = 0; i < count; i++) {
        message_init(&ret->messages[i], records[i]);
        ret->pointers[i] = &ret->messages[i].record;
    }
}

void log_messages_release(struct log_messages *messages)
{
    for (size_t i = 0; i < messages->count; i++) {
        if (messages->messages[i].record.end)
            isoyard__v1__execution_end__free_unpacked(messages->messages[i].record.end, NULL);
    }
    free(messages->pointers);
    free(messages->messages);
}

/* Filters. */

static int read_names(const struct log_question *q, struct log_filter *ret, struct error *error)
{
    const char *tenant = q->tenant[0] ? q->tenant : "default";
    int err = script_check_name(tenant, "tenant", error);

    if (!err && q->worker[0])
        err = script_check_name(q->worker, "worker", error);
    if (err)
        return err;
    strncpy(ret->tenant, tenant, sizeof(ret->tenant) - 1);
    strncpy(ret->worker, q->worker, sizeof(ret->worker) - 1);
    return 0;
}

static int read_level(Isoyard__V1__LogLevel level, enum log_level *ret, struct error *error)
{
    if ((int)level < 0 || level > ISOYARD__V1__LOG_LEVEL__LOG_LEVEL_ERROR)
        return error_set(error, E_INVALID, "level", "%d is no LogLevel", (int)level);
    *ret = level == 0 ? LOG_DEBUG : (enum log_level)(level - 1);
    return 0;
}

static int read_outcomes(const struct log_question *q, unsigned *ret, struct error *error)
{
    for (size_t i = 0; i < q->outcome_count; i++) {
        if ((int)q->outcomes[i] < RECORD_SUCCEEDED || (int)q->outcomes[i] > RECORD_SERVER)
            return error_set(error, E_INVALID, "outcomes", "%d is no outcome of an execution",
                             (int)q->outcomes[i]);
        *ret |= 1u << q->outcomes[i];
    }
    return 0;
}

static int read_execution(const char *id, uint64_t *ret, struct error *error)
{
    if (!id[0] || (strlen(id) == HEX_ID_LEN && hex_id_parse(id, HEX_ID_LEN, ret)))
        return 0;
    return error_set(error, E_INVALID, "execution_id",
                     "this is no id of an execution; that has %u hexadecimal digits", HEX_ID_LEN);
}

static int read_text(const char *text, struct bytes *ret, struct error *error)
{
    *ret = bytes_of(text);
    if (ret->len <= LOG_FILTER_TEXT_MAX)
        return 0;
    return error_set(error, E_INVALID, "text", "the text may have up to %u bytes",
                     LOG_FILTER_TEXT_MAX);
}

/* The first microsecond that is not before the time. */
static int read_time(const Google__Protobuf__Timestamp *time, const char *field, int64_t *ret,
                     struct error *error)
{
    if (!time)
        return 0;
    if (time->seconds < SECONDS_MIN || time->seconds > SECONDS_MAX || time->nanos < 0 ||
        time->nanos > 999999999)
        return error_set(error, E_INVALID, field, "the time must be in the years 1 to 9999");
    *ret = time->seconds * US_PER_S + (time->nanos + 999) / 1000;
    return 0;
}

static int read_range(const struct log_question *q, struct log_filter *ret, struct error *error)
{
    int err = read_time(q->start, "start_time", &ret->from_us, error);

    if (!err)
        err = read_time(q->end, "end_time", &ret->until_us, error);
    /* Nothing is before 1970, and until_us 0 means no end. */
    if (!err && q->end && ret->until_us <= 0)
        ret->until_us = 1;
    return err;
}

int log_filter_read(const struct log_question *q, struct log_filter *ret, struct error *error)
{
    struct log_filter filter = {.version = q->version};
    int err = read_names(q, &filter, error);

    if (!err)
        err = read_level(q->level, &filter.level, error);
    if (!err)
        err = read_outcomes(q, &filter.outcomes, error);
    if (!err)
        err = read_execution(q->execution_id, &filter.execution, error);
    if (!err)
        err = read_text(q->text, &filter.text, error);
    if (!err)
        err = read_range(q, &filter, error);
    if (!err)
        *ret = filter;
    return err;
}
