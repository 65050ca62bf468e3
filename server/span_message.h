/*
 * The spans of a report: queue, lock, start-up, handler, body from its figures, and the
 * subrequests.
 */
#ifndef ISOYARD_SPAN_MESSAGE_H
#define ISOYARD_SPAN_MESSAGE_H

#include "api/bytes.h"
#include "pools/spans.h"
#include "pools/task.h"

#include <isoyard/v1/execution.pb-c.h>

#define SPAN_MESSAGES_MAX (SPANS_MAX + 5)

/* Points to the report and the list. */
struct span_messages {
    size_t count;
    uint32_t omitted;
    size_t size; /* bytes that they take as fields of an ExecutionReport */
    Isoyard__V1__Span *pointers[SPAN_MESSAGES_MAX];
    Isoyard__V1__Span spans[SPAN_MESSAGES_MAX];
    char ids[SPAN_MESSAGES_MAX][HEX_ID_LEN + 1];
};

/* NULL where there is no list. Heap; free with span_messages_free. */
struct span_messages *span_messages_new(const struct report *report, const struct span_list *list);
void span_messages_free(struct span_messages *m); /* NULL is fine */

/* Leaves out what says least until they take at most max bytes. */
void span_messages_cut(struct span_messages *m, size_t max);

/* Into a report's message, which points to them then. NULL is fine. */
void span_messages_set(struct span_messages *m, Isoyard__V1__ExecutionReport *report);

/* The same as the fields themselves: m->size bytes, the caller's to release. */
struct buffer span_messages_pack(const struct span_messages *m);

#endif
