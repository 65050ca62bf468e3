/*
 * Where in a distributed trace something happens: W3C Trace Context, level 1
 * (https://www.w3.org/TR/trace-context-1/).
 */
#ifndef ISOYARD_TRACE_H
#define ISOYARD_TRACE_H

#include "api/bytes.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TRACE_ID_BYTES 16u
#define TRACE_PARENT_LEN 55u /* "00-<32 digits>-<16 digits>-<2 digits>" */
#define TRACE_STATE_MAX 512u /* bytes of a tracestate that is passed on; a longer one is dropped   \
                              */

/* All zeroes: it belongs to no trace. */
struct trace {
    uint64_t id[2];  /* of the trace, the upper half first */
    uint64_t parent; /* the caller's span */
    uint64_t span;   /* of what happens here; never 0 */
    uint8_t flags;
};

static inline bool trace_is_set(const struct trace *trace)
{
    return trace->id[0] || trace->id[1];
}

/* Reads a traceparent, also one of a later version as far as it is known. False where it is none.
 * Any thread. */
bool trace_parse(struct bytes text, struct trace *ret);

/* A traceparent that names `span` as the parent, and a NUL. Any thread. */
void trace_format(const struct trace *trace, uint64_t span, char ret[TRACE_PARENT_LEN + 1]);

/* The trace's id, 32 digits and a NUL. */
#define TRACE_ID_LEN 32u
void trace_format_id(const struct trace *trace, char ret[TRACE_ID_LEN + 1]);

#ifdef __cplusplus
}
#endif

#endif
