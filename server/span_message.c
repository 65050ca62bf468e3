/* From figures and a list to messages. */
#include "server/span_message.h"

#include "api/wire.h"

#include <stdlib.h>

/* ExecutionReport.spans, .spans_omitted */
#define FIELD 17
#define OMITTED_FIELD 18

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
static void add_phases(struct span_messages *m, const struct report *r, uint64_t head_us)
{
    uint64_t handled_us = head_us ? head_us : r->wall_us;
    uint64_t at_us = r->queue_us;

    if (r->queue_us > 0)
        add(m, "queue", 0, r->queue_us);
    if (r->lock_wait_us > 0)
        add(m, "lock", at_us, r->lock_wait_us);
    at_us += r->lock_wait_us;
    if (r->startup_us > 0)
        add(m, "startup", at_us, r->startup_us);
    at_us += r->startup_us;
    add(m, "handler", at_us, handled_us > at_us ? handled_us - at_us : 0);
    if (r->wall_us > handled_us)
        add(m, "body", handled_us, r->wall_us - handled_us);
}

static void add_fetch(struct span_messages *m, const struct span *span)
{
    Isoyard__V1__Span *message = add(m, "fetch", span->start_us, span->duration_us);
    char *id = m->ids[message - m->spans];

    message->detail = (char *)span->what;
    message->status = span->status;
    message->unfinished = span->is_unfinished;
    if (span->id) {
        hex_id_format(span->id, id);
        message->span_id = id;
    }
}

static size_t size_of(const Isoyard__V1__Span *span)
{
    return wire_bytes_size(FIELD, isoyard__v1__span__get_packed_size(span));
}

static size_t size_of_all(const struct span_messages *m)
{
    size_t size = wire_number_size(OMITTED_FIELD, m->omitted);

    for (size_t i = 0; i < m->count; i++)
        size += size_of(m->pointers[i]);
    return size;
}

struct span_messages *span_messages_new(const struct report *report, const struct span_list *list)
{
    struct span_messages *m;

    if (!list)
        return NULL;
    m = xcalloc(1, sizeof(*m));
    add_phases(m, report, list->head_us);
    for (size_t i = 0; i < list->count; i++)
        add_fetch(m, &list->spans[i]);
    m->omitted = list->omitted;
    m->size = size_of_all(m);
    return m;
}

void span_messages_free(struct span_messages *m)
{
    free(m);
}

static bool is_fetch(const Isoyard__V1__Span *span)
{
    return strcmp(span->name, "fetch") == 0;
}

/* Nobody misses a short fetch among long ones. What was waited for when all ended is the first
 * thing that people look for. */
static bool says_less(const Isoyard__V1__Span *a, const Isoyard__V1__Span *b)
{
    if (is_fetch(a) != is_fetch(b))
        return is_fetch(a);
    if (a->unfinished != b->unfinished)
        return b->unfinished;
    return a->duration_us < b->duration_us;
}

static size_t find_least(const struct span_messages *m)
{
    size_t least = 0;

    for (size_t i = 1; i < m->count; i++) {
        if (says_less(m->pointers[i], m->pointers[least]))
            least = i;
    }
    return least;
}

void span_messages_cut(struct span_messages *m, size_t max)
{
    while (m->count > 0 && m->size > max) {
        size_t least = find_least(m);

        m->omitted += is_fetch(m->pointers[least]);
        m->count--;
        memmove(&m->pointers[least], &m->pointers[least + 1],
                (m->count - least) * sizeof(m->pointers[0]));
        m->size = size_of_all(m);
    }
}

void span_messages_set(struct span_messages *m, Isoyard__V1__ExecutionReport *report)
{
    if (!m)
        return;
    report->n_spans = m->count;
    report->spans = m->pointers;
    report->spans_omitted = m->omitted;
}

struct buffer span_messages_pack(const struct span_messages *m)
{
    struct buffer packed = {0};
    uint8_t *at = (uint8_t *)buffer_reserve(&packed, m->size + 1);

    for (size_t i = 0; i < m->count; i++) {
        at = wire_put_head(at, FIELD, isoyard__v1__span__get_packed_size(m->pointers[i]));
        at += isoyard__v1__span__pack(m->pointers[i], at);
    }
    wire_put_number(at, OMITTED_FIELD, m->omitted);
    packed.len = m->size;
    return packed;
}
