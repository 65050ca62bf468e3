/* Making records, and choosing among them. */
#include "store/log_record.h"

#include <stdlib.h>

#define SUBSTITUTE 0x1a

static void copy_text(char *ret, struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        ret[i] = text.data[i] ? text.data[i] : SUBSTITUTE;
    ret[text.len] = '\0';
}

struct log_record *log_record_new(const struct record_head *head, struct bytes text,
                                  struct bytes detail)
{
    struct log_record *record = xmalloc(sizeof(*record) + text.len + 1 + detail.len);

    *record = (struct log_record){
        .execution = head->execution,
        .version = head->version,
        .kind = (uint8_t)head->kind,
        .level = (uint8_t)head->level,
        .outcome = (uint8_t)head->outcome,
        .text_len = (uint32_t)text.len,
        .detail_len = (uint32_t)detail.len,
    };
    atomic_init(&record->refs, 1);
    strncpy(record->tenant, head->tenant, SCRIPT_NAME_MAX);
    strncpy(record->worker, head->worker, SCRIPT_NAME_MAX);
    copy_text(record->data, text);
    if (detail.len > 0)
        memcpy(record->data + text.len + 1, detail.data, detail.len);
    return record;
}

struct log_record *log_record_ref(struct log_record *record)
{
    /* Relaxed: whoever takes a reference has one. */
    atomic_fetch_add_explicit(&record->refs, 1, memory_order_relaxed);
    return record;
}

void log_record_unref(struct log_record *record)
{
    /* Release and acquire: the freeing comes after all use. */
    if (record && atomic_fetch_sub_explicit(&record->refs, 1, memory_order_acq_rel) == 1)
        free(record);
}

static bool is_in_range(const struct log_filter *filter, int64_t time_us)
{
    return time_us >= filter->from_us && (filter->until_us == 0 || time_us < filter->until_us);
}

static bool has_text(const struct log_record *record, struct bytes text)
{
    return text.len == 0 || memmem(record->data, record->text_len, text.data, text.len);
}

bool log_filter_matches(const struct log_filter *filter, const struct log_record *record)
{
    return strcmp(filter->tenant, record->tenant) == 0 &&
           (!filter->worker[0] || strcmp(filter->worker, record->worker) == 0) &&
           (!filter->version || filter->version == record->version) &&
           record->level >= filter->level &&
           (!filter->outcomes || filter->outcomes >> record->outcome & 1) &&
           (!filter->execution || filter->execution == record->execution) &&
           is_in_range(filter, record->time_us) && has_text(record, filter->text);
}
