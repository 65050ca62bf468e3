/* From figures and a list to messages. */
#include "server/span_message.h"

#include "api/wire.h"

#include <stdlib.h>

/* ExecutionReport.spans */
#define FIELD 17

static Isoyard__V1__Span *add(struct span_messages *m, const char *name, uint64_t start_us,
                              uint64_t duration_us)
{
    Isoyard__V1__Span *span = &m->spans[m->count];

    isoyard__v1__span__init(span);
    span->name = (char *)name;
    span->start_us = start_us;
    span->duration_us = duration_us;
    m->pointers[m->count++] = span;
    return span;
}

/* One after the other, as a task has them; what did not take a microsecond is left out. */
static void add_phases(struct span_messages *m, const struct report *r)
{
    uint64_t at_us = r->queue_us;

    if (r->queue_us > 0)
        add(m, "queue", 0, r->queue_us);
    if (r->lock_wait_us > 0)
        add(m, "lock", at_us, r->lock_wait_us);
    at_us += r->lock_wait_us;
    if (r->startup_us > 0)
        add(m, "startup", at_us, r->startup_us);
    at_us += r->startup_us;
    add(m, "handler", at_us, r->wall_us > at_us ? r->wall_us - at_us : 0);
}

static void add_fetch(struct span_messages *m, const struct span *span)
{
    Isoyard__V1__Span *message = add(m, "fetch", span->start_us, span->duration_us);
    char *id = m->ids[m->count - 1];

    message->detail = (char *)span->what;
    message->status = span->status;
    if (span->id) {
        hex_id_format(span->id, id);
        message->span_id = id;
    }
}

static void pack(struct span_messages *m)
{
    for (size_t i = 0; i < m->count; i++) {
        size_t len = isoyard__v1__span__get_packed_size(&m->spans[i]);
        uint8_t *at = (uint8_t *)buffer_reserve(&m->packed, wire_bytes_size(FIELD, len));

        m->packed.len += wire_bytes_size(FIELD, len);
        isoyard__v1__span__pack(&m->spans[i], wire_put_head(at, FIELD, len));
    }
}

struct span_messages *span_messages_new(const struct report *report, const struct span_list *list)
{
    struct span_messages *m = xcalloc(1, sizeof(*m));

    add_phases(m, report);
    for (size_t i = 0; i < list->count; i++)
        add_fetch(m, &list->spans[i]);
    pack(m);
    return m;
}

void span_messages_free(struct span_messages *m)
{
    if (!m)
        return;
    buffer_release(&m->packed);
    free(m);
}
