/*
 * What one worker may use. Immutable once a task carries it.
 */
#ifndef ISOYARD_LIMITS_H
#define ISOYARD_LIMITS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct limits {
    uint64_t cpu_us;              /* CPU time of one task */
    uint64_t wall_us;             /* from a task's start to its answer */
    uint64_t wait_until_us;       /* from the answer to the end of what ctx.waitUntil was given */
    uint64_t body_idle_us;        /* while an answer's body streams: without a byte that moves */
    uint64_t startup_us;          /* CPU and wall time of evaluating the modules */
    size_t heap_bytes;            /* JavaScript heap of one isolate */
    size_t external_bytes;        /* of one isolate outside its heap */
    size_t response_body_bytes;   /* body of one response */
    size_t response_header_bytes; /* header block of one response */
    uint32_t log_lines;   /* console lines of one task; what comes after is counted and dropped */
    size_t log_bytes;     /* and their bytes */
    uint32_t tasks;       /* in flight in one isolate at once */
    uint32_t subrequests; /* fetch() calls of one task, in all */
    uint32_t concurrent_subrequests; /* ... at once; what comes after waits for one to end */
    size_t fetch_body_bytes;         /* body of one fetch()'s response, decompressed */
    size_t fetch_header_bytes;       /* and its header block */
};

/* The stack that JavaScript may use, in bytes: the same for all, since V8 keeps it per isolate and
 * thread. */
#define LIMIT_STACK_BYTES ((size_t)1 << 20)

/* Any thread. */
struct limits limits_default(void);

/* Kinds, as LimitExceeded of failure.proto names them. */
enum limit {
    LIMIT_NONE = 0,
    LIMIT_CPU = 1,
    LIMIT_WALL = 2,
    LIMIT_STARTUP = 3,
    LIMIT_HEAP = 4,
    LIMIT_EXTERNAL_MEMORY = 5,
    LIMIT_STACK = 6,
    LIMIT_RESPONSE_BODY = 7,
    LIMIT_RESPONSE_HEADERS = 8,
    LIMIT_BODY_IDLE = 9,
};

/* Room for a figure of each kind, and for kinds to come. */
#define LIMIT_KINDS 16u

/* "CPU time", "heap", ...: as a message to a person names it. */
const char *limit_title(enum limit limit);

/* The unit of a limit's numbers: "us" or "bytes". */
const char *limit_unit(enum limit limit);

#ifdef __cplusplus
}
#endif

#endif
