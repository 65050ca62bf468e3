/*
 * What a task's subrequests did, and when: kept for callers who ask for it.
 */
#ifndef ISOYARD_SPANS_H
#define ISOYARD_SPANS_H

#include "pools/task.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of one task; further ones are left out. */
#define SPANS_MAX 64u

#define SPAN_WHAT_MAX 127u

struct span {
    uint64_t id;       /* in the task's trace; 0: it is part of none */
    uint64_t start_us; /* since the task was submitted */
    uint64_t duration_us;
    unsigned status;    /* of HTTP; 0: there was no answer */
    bool is_unfinished; /* it was under way when the execution, or its part that counts, ended */
    char what[SPAN_WHAT_MAX + 1];
};

/* The submitter's, who gives it to a task; the holder of the task's lane fills it. */
struct span_list {
    uint64_t head_us; /* of an answer that streamed: from the submission to its head; else 0 */
    uint32_t omitted; /* further ones */
    size_t count;
    struct span spans[SPANS_MAX];
};

/* What there is to say at the end of an answer's body that streamed: the note of its pipe. */
struct body_report {
    struct report report;    /* with the costs of the body */
    struct span_list *spans; /* in the same block of memory; NULL: nobody wants them */
};

#endif
