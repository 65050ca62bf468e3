/* Operations, and what is said of bodies: making and freeing them. */
#include "shim/op.h"

#include "api/bytes.h"
#include "shim/crypto/job.h"

#include <stdlib.h>

struct op *op_new(enum op_kind kind, uint32_t ticket)
{
    struct op *op = xcalloc(1, sizeof(*op));

    op->kind = kind;
    op->ticket = ticket;
    return op;
}

void op_free(struct op *op)
{
    if (!op)
        return;
    switch (op->kind) {
    case OP_LOAD_FAILED:
    case OP_FAIL:
        failure_release(&op->failure);
        break;
    case OP_ANSWER:
        response_free(op->answer.response);
        free(op->answer.result);
        break;
    case OP_FETCH_START:
        free(op->fetch.request);
        break;
    case OP_COMPUTE_START:
        crypto_job_free(op->compute.job);
        break;
    case OP_LOG:
        free(op->log.text);
        break;
    case OP_BODY_CHUNK:
        free(op->body.chunk.data);
        break;
    case OP_BODY_FAIL:
        failure_release(&op->body.failure);
        break;
    case OP_BODY_PULL:
    case OP_BODY_CANCEL:
    case OP_BODY_END:
    case OP_LOADED:
    case OP_TIMER_START:
    case OP_END:
    case OP_TIMER_STOP:
    case OP_FETCH_STOP:
    case OP_COMPUTE_STOP:
        break;
    }
    free(op);
}

struct body_event *body_event_new(enum body_change change)
{
    struct body_event *event = xcalloc(1, sizeof(*event));

    event->change = change;
    return event;
}

void body_event_free(struct body_event *event)
{
    if (!event)
        return;
    free(event->chunk.data);
    free(event);
}
