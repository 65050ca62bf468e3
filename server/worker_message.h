/*
 * What the store says of workers and versions, as protobuf-c's messages, which point into it.
 */
#ifndef ISOYARD_WORKER_MESSAGE_H
#define ISOYARD_WORKER_MESSAGE_H

#include "store/store.h"

#include <google/protobuf/timestamp.pb-c.h>
#include <isoyard/v1/worker.pb-c.h>

struct version_message {
    Isoyard__V1__Version version;
    Google__Protobuf__Timestamp created;
    char sha256[2 * SCRIPT_SHA256_BYTES + 1];
};

void version_message_init(struct version_message *ret, const struct version_info *info);

struct worker_message {
    Isoyard__V1__Worker worker;
    Google__Protobuf__Timestamp created, updated;
};

void worker_message_init(struct worker_message *ret, const struct worker_info *info);

#endif
