/*
 * The words of this process as protobuf-c's messages. Unless it says otherwise, what is made here
 * only points to what it was made of, and to the structure it stands in.
 */
#ifndef ISOYARD_MESSAGE_H
#define ISOYARD_MESSAGE_H

#include "api/failure.h"
#include "pools/pool.h"
#include "pools/task.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <isoyard/v1/execution.pb-c.h>
#include <isoyard/v1/failure.pb-c.h>
#include <isoyard/v1/pool.pb-c.h>

/* Bytes that a failure's texts may have: a worker writes them, of any length. */
struct failure_bounds {
    size_t message, stack, file;
};

/* A Failure with the messages inside it. Owns its texts. */
struct failure_message {
    Isoyard__V1__Failure failure;
    Isoyard__V1__LimitExceeded limit;
    Isoyard__V1__SourcePosition position;
    char *message, *stack, *file;
};

void failure_message_init(struct failure_message *ret, const struct failure *failure,
                          const struct failure_bounds *bounds);
void failure_message_release(struct failure_message *message);

void limit_message_init(Isoyard__V1__LimitExceeded *ret, const struct failure *failure);

/* What a task found. */
Isoyard__V1__StartKind start_kind(const struct report *report);

void report_message_init(Isoyard__V1__ExecutionReport *ret, const struct report *report);

void pool_config_message_init(Isoyard__V1__PoolConfig *ret, const struct pool_config *config);

/* us: microseconds since the Unix epoch. */
void timestamp_message_init(Google__Protobuf__Timestamp *ret, int64_t us);

#endif
