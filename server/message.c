/* Failures, limits, reports, times as messages. */
#include "server/message.h"

#include "server/cut.h"

#include <protobuf-c/protobuf-c.h>
#include <stdlib.h>

/* Unset strings are this one, which protobuf-c leaves out of what it packs. */
static char *text_or_empty(char *text)
{
    return text ? text : (char *)protobuf_c_empty_string;
}

void limit_message_init(Isoyard__V1__LimitExceeded *ret, const struct failure *failure)
{
    isoyard__v1__limit_exceeded__init(ret);
    ret->limit = (Isoyard__V1__Limit)failure->limit;
    ret->used = failure->used;
    ret->allowed = failure->allowed;
    ret->phase = (Isoyard__V1__Phase)failure->phase;
}

static void position_message_init(struct failure_message *ret, const struct failure *failure)
{
    isoyard__v1__source_position__init(&ret->position);
    ret->position.file = ret->file;
    ret->position.line = failure->line;
    ret->position.column = failure->column;
    ret->failure.position = &ret->position;
}

void failure_message_init(struct failure_message *ret, const struct failure *failure,
                          const struct failure_bounds *bounds)
{
    isoyard__v1__failure__init(&ret->failure);
    ret->message = cut_dup(failure->message, bounds->message);
    ret->stack = cut_dup(failure->stack, bounds->stack);
    ret->file = cut_dup(failure->file, bounds->file);
    ret->failure.reason = (Isoyard__V1__FailureReason)failure->reason;
    ret->failure.phase = (Isoyard__V1__Phase)failure->phase;
    ret->failure.message = text_or_empty(ret->message);
    ret->failure.stack = text_or_empty(ret->stack);
    if (failure->limit != LIMIT_NONE) {
        limit_message_init(&ret->limit, failure);
        ret->failure.limit = &ret->limit;
    }
    if (ret->file)
        position_message_init(ret, failure);
}

void failure_message_release(struct failure_message *message)
{
    free(message->message);
    free(message->stack);
    free(message->file);
}

Isoyard__V1__StartKind start_kind(const struct report *report)
{
    if (!report->is_warm)
        return ISOYARD__V1__START_KIND__START_KIND_COLD;
    return report->is_new_context ? ISOYARD__V1__START_KIND__START_KIND_NEW_CONTEXT
                                  : ISOYARD__V1__START_KIND__START_KIND_WARM;
}

void report_message_init(Isoyard__V1__ExecutionReport *ret, const struct report *report)
{
    isoyard__v1__execution_report__init(ret);
    ret->execution_id = (char *)report->execution;
    ret->trace_id = (char *)report->trace;
    ret->version = report->version;
    ret->architecture = (Isoyard__V1__Architecture)report->architecture;
    ret->lane = report->lane;
    ret->start = start_kind(report);
    ret->queue_us = report->queue_us;
    ret->lock_wait_us = report->lock_wait_us;
    ret->startup_us = report->startup_us;
    ret->cpu_us = report->cpu_us;
    ret->wall_us = report->wall_us;
    ret->heap_bytes = report->heap_bytes;
    ret->subrequests = report->subrequests;
    ret->subrequest_us = report->subrequest_us;
    ret->subrequest_sent_bytes = report->subrequest_sent_bytes;
    ret->subrequest_received_bytes = report->subrequest_received_bytes;
}

void timestamp_message_init(Google__Protobuf__Timestamp *ret, int64_t us)
{
    google__protobuf__timestamp__init(ret);
    ret->seconds = us / 1000000;
    ret->nanos = (int32_t)(us % 1000000) * 1000;
    /* Before the epoch: nanoseconds count forward from the second below. */
    if (ret->nanos < 0) {
        ret->seconds--;
        ret->nanos += 1000000000;
    }
}

void pool_config_message_init(Isoyard__V1__PoolConfig *ret, const struct pool_config *config)
{
    isoyard__v1__pool_config__init(ret);
    ret->lanes = config->lanes;
    ret->isolates = config->isolates;
    ret->queue = config->queue;
    ret->tasks_per_isolate = config->tasks_per_isolate;
    ret->idle_ttl_ms = config->idle_ttl_ms;
    ret->recycle_after = config->recycle_after;
    ret->isolates_per_worker = config->isolates_per_worker;
    ret->spread = config->spread;
    ret->context = config->context == CONTEXT_FRESH ? ISOYARD__V1__CONTEXT_USE__CONTEXT_USE_FRESH
                                                    : ISOYARD__V1__CONTEXT_USE__CONTEXT_USE_REUSE;
    ret->handoff = config->handoff == HANDOFF_MUTEX ? ISOYARD__V1__HANDOFF__HANDOFF_MUTEX
                                                    : ISOYARD__V1__HANDOFF__HANDOFF_FIFO;
}
