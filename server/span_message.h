/*
 * The spans of a report: queue, lock, start-up, handler from its figures, and the subrequests.
 */
#ifndef ISOYARD_SPAN_MESSAGE_H
#define ISOYARD_SPAN_MESSAGE_H

#include "api/bytes.h"
#include "pools/spans.h"
#include "pools/task.h"

#include <isoyard/v1/execution.pb-c.h>

/* Points to the report and the list; owns `packed`. */
struct span_messages {
    size_t count;
    Isoyard__V1__Span *pointers[SPANS_MAX + 4];
    Isoyard__V1__Span spans[SPANS_MAX + 4];
    char ids[SPANS_MAX + 4][HEX_ID_LEN + 1];
    struct buffer packed; /* as fields of an ExecutionReport */
};

/* Heap; free with span_messages_free. */
struct span_messages *span_messages_new(const struct report *report, const struct span_list *list);
void span_messages_free(struct span_messages *m); /* NULL is fine */

#endif
