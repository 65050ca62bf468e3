/*
 * How an error or a failure travels: a gRPC status and, in grpc-status-details-bin, a
 * google.rpc.Status with typed details (https://google.aip.dev/193).
 */
#ifndef ISOYARD_STATUS_H
#define ISOYARD_STATUS_H

#include "api/err.h"
#include "api/failure.h"
#include "pools/task.h"

#include <grpc/grpc.h>
#include <stdbool.h>
#include <stdint.h>

struct span_messages;

#define STATUS_MESSAGE_MAX 512

/* A status to send; points to what it was made of. */
struct status {
    grpc_status_code code;
    char message[STATUS_MESSAGE_MAX]; /* UTF-8, cut off where it was longer */
    const char *reason;               /* ErrorInfo.reason; NULL: no details */
    const char *field;                /* BadRequest: the field; NULL: no such detail */
    uint32_t retry_delay_ms;          /* RetryInfo and grpc-retry-pushback-ms; 0: neither */
    const struct failure *failure;    /* Failure and LimitExceeded; NULL: neither */
    const struct report *report;      /* ExecutionReport; NULL: none */
    struct span_messages *spans;      /* of the report, cut to what there is room for; NULL: none */
};

/* A bare status without details. */
void status_set(struct status *ret, grpc_status_code code, const char *message);

/* Another message for a status. */
void status_set_message(struct status *status, const char *message);

/* The status of an err of this process. error may be NULL, or hold nothing: then the number speaks
 * for itself. */
void status_of_error(int err, const struct error *error, struct status *ret);

/*
 * The status of a failed execution. report may be NULL. is_late: the caller's deadline has passed,
 * so that a cancellation means that.
 */
void status_of_failure(const struct failure *failure, const struct report *report, bool is_late,
                       struct status *ret);

/* Whether a failure is the worker's own and so comes in an OK reply. */
bool failure_is_workers(const struct failure *failure);

/* google.rpc.Status, packed: at most STATUS_DETAILS_MAX bytes, since clients refuse more metadata
 * than 8 KiB by default. The caller unrefs it. */
grpc_slice status_pack(const struct status *s);

#define STATUS_DETAILS_MAX 4096

/* The metadata that goes behind a status: details and retry delay, as far as there are any. Returns
 * how many there are; the keys are static, the caller unrefs the values. */
size_t status_trailing(const struct status *s, grpc_metadata ret[]);

#define STATUS_TRAILING_MAX 2

#endif
