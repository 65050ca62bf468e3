/*
 * The last executions that failed, and why: what a person looks at first.
 *
 * A ring of a fixed size, of which the newest failure takes the oldest one's place. Whoever adds
 * copies some bytes under a lock that nobody holds for longer than that, so that lanes may.
 */
#ifndef ISOYARD_FAILURES_H
#define ISOYARD_FAILURES_H

#include "pools/pool.h"

#include <stddef.h>
#include <stdint.h>

#define FAILURES_KEPT 64u

/* What is kept of a message; the rest is cut off, at a character. */
#define FAILURES_MESSAGE_BYTES 256u

struct failed_task {
    uint64_t number;    /* counted from 1 */
    uint64_t execution; /* its id */
    int64_t ended_us;   /* since the Unix epoch */
    char tenant[SCRIPT_NAME_MAX + 1], worker[SCRIPT_NAME_MAX + 1];
    enum failure_reason reason;
    enum phase phase;
    enum limit limit;
    uint64_t used, allowed; /* in the limit's unit */
    char message[FAILURES_MESSAGE_BYTES];
    char file[64]; /* "" where the failure names no place; cut off where it is longer */
    uint32_t line, column;
    struct report report;
};

struct failures;

struct failures *failures_new(void);
void failures_free(struct failures *failures); /* NULL is fine */

/* An execution has failed before its answer's end: end->failure and end->report are there. Any
 * thread. */
void failures_add(struct failures *failures, const struct execution_end *end);

/* The newest ones, the newest first: up to max. Returns how many. Any thread. */
size_t failures_read(struct failures *failures, struct failed_task *ret, size_t max);

#endif
