/* Operations: making and freeing them. */
#include "shim/op.h"

#include "api/bytes.h"

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
    case OP_LOG:
        free(op->log.text);
        break;
    case OP_LOADED:
    case OP_TIMER_START:
    case OP_END:
    case OP_TIMER_STOP:
    case OP_FETCH_STOP:
        break;
    }
    free(op);
}
