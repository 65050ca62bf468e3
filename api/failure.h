/*
 * Why an execution, or a deployment's check, brought no answer: the C side of failure.proto, with
 * the same numbers.
 */
#ifndef ISOYARD_FAILURE_H
#define ISOYARD_FAILURE_H

#include "api/limits.h"

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum failure_reason {
    FAILURE_NONE = 0,
    FAILURE_EXCEPTION = 1,
    FAILURE_LIMIT_EXCEEDED = 2,
    FAILURE_NEVER_SETTLES = 3,
    FAILURE_INVALID_RESPONSE = 4,
    FAILURE_NO_HANDLER = 5,
    FAILURE_SYNTAX = 6,
    FAILURE_UNRESOLVED_IMPORT = 7,
    FAILURE_CANCELLED = 8,
    FAILURE_ISOLATE_CONDEMNED = 9,
    FAILURE_QUEUE_FULL = 10,
    FAILURE_DRAINING = 11,
    FAILURE_INTERNAL = 12,
    FAILURE_INVALID_PAYLOAD = 13,
};

enum phase {
    PHASE_NONE = 0,
    PHASE_QUEUE = 1,
    PHASE_STARTUP = 2,
    PHASE_HANDLER = 3,
};

/* All zeroes is no failure. Owns its strings, each of which may be NULL. */
struct failure {
    enum failure_reason reason;
    enum phase phase;
    enum limit limit; /* where the reason is FAILURE_LIMIT_EXCEEDED */
    uint64_t used;    /* in the limit's unit */
    uint64_t allowed;
    char *message; /* one sentence, UTF-8 */
    char *stack;   /* JavaScript's, as V8 prints it */
    char *file; /* the place it names: file as deployed, line and column from 1; NULL where there is
                   none */
    uint32_t line;
    uint32_t column;
};

/* Sets reason, phase and message, and clears the rest. */
void failure_set(struct failure *f, enum failure_reason reason, enum phase phase,
                 const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Sets what a reached limit says, message included. */
void failure_set_limit(struct failure *f, enum limit limit, enum phase phase, uint64_t used,
                       uint64_t allowed);

/* Copies src, strings and all, over *ret, which must own nothing. */
void failure_copy(struct failure *ret, const struct failure *src);

/* Frees what f owns and clears it. */
void failure_release(struct failure *f);

/* The name of a reason in failure.proto, without its prefix: "LIMIT_EXCEEDED". */
const char *failure_reason_name(enum failure_reason reason);

#ifdef __cplusplus
}
#endif

#endif
