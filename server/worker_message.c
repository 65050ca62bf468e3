/* Workers and versions as messages. */
#include "server/worker_message.h"

#include "server/message.h"

#include <stdio.h>

static void print_hex(char *ret, const unsigned char *bytes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
}

void version_message_init(struct version_message *ret, const struct version_info *info)
{
    Isoyard__V1__Version *version = &ret->version;

    isoyard__v1__version__init(version);
    timestamp_message_init(&ret->created, info->created_us);
    print_hex(ret->sha256, info->sha256, sizeof(info->sha256));
    version->number = info->number;
    version->sha256 = ret->sha256;
    version->size_bytes = info->size_bytes;
    version->create_time = &ret->created;
    version->message = info->message;
    version->is_active = info->is_active;
    version->max_tasks = info->max_tasks;
    version->allow_eval = info->allows_eval;
    version->n_file_names = info->file_count;
    version->file_names = info->file_names;
}

void worker_message_init(struct worker_message *ret, const struct worker_info *info)
{
    Isoyard__V1__Worker *worker = &ret->worker;

    isoyard__v1__worker__init(worker);
    timestamp_message_init(&ret->created, info->created_us);
    timestamp_message_init(&ret->updated, info->updated_us);
    worker->tenant = (char *)info->tenant;
    worker->name = (char *)info->name;
    worker->active_version = info->active_version;
    worker->latest_version = info->latest_version;
    worker->create_time = &ret->created;
    worker->update_time = &ret->updated;
}
