/*
 * What JavaScript asked of the host during a turn. It goes nowhere until the turn's event has
 * ended: whoever runs the lane then takes the operations, in order, and applies them.
 */
#ifndef ISOYARD_OP_H
#define ISOYARD_OP_H

#include "api/failure.h"
#include "api/pipe.h"
#include "api/response.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct crypto_job;
struct fetch_request;

enum op_kind {
    OP_LOADED,      /* the modules are evaluated and there is a handler */
    OP_LOAD_FAILED, /* they are not, and never will be: failure */
    OP_ANSWER,      /* the task is answered: answer. Where has_more, it goes on, and OP_END comes */
    OP_FAIL,        /* the task has failed: failure */
    OP_END,         /* what ctx.waitUntil was given has settled: nothing is left of the task */
    OP_TIMER_START, /* deliver EVENT_TIMER with timer.id after timer.delay_ms */
    OP_TIMER_STOP,  /* do not */
    OP_FETCH_START, /* make a subrequest and deliver EVENT_FETCHED with fetch.id */
    OP_FETCH_STOP,  /* do not: nobody waits for it */
    OP_COMPUTE_START, /* run compute.job and deliver EVENT_COMPUTED with compute.id */
    OP_COMPUTE_STOP,  /* do not: nobody waits for it */
    OP_LOG,           /* a console line: log */

    /* Bodies that stream. A body is named by body.id: 0 is the task's own (the request's that comes
     * in, the answer's that goes out), else that of the subrequest of this number (its answer's
     * comes in, its own goes out). */
    OP_BODY_PULL,   /* of one that comes in: deliver EVENT_BODY with what there is, once */
    OP_BODY_CANCEL, /* of one that comes in: no more is wanted */
    OP_BODY_CHUNK, /* of one that goes out, within what EVENT_BODY has given room for: body.chunk */
    OP_BODY_END,   /* of one that goes out: it was all; or, where it was cancelled, that is dealt
                      with */
    OP_BODY_FAIL,  /* of one that goes out: it breaks off: body.failure */
};

enum console_level {
    CONSOLE_DEBUG = 0,
    CONSOLE_INFO = 1,
    CONSOLE_WARN = 2,
    CONSOLE_ERROR = 3,
};

/* Owns what it points to. */
struct op {
    struct op *next;
    enum op_kind kind;
    uint32_t ticket; /* of the task that asked; 0: the isolate's start-up, or nobody */
    union {
        struct failure failure;
        struct {
            struct response *response; /* of REQUEST_FETCH */
            char *result;              /* of REQUEST_TASK: len bytes of JSON */
            size_t len;
            bool has_more;
            bool has_stream; /* the response's body is a stream: has_more, too */
        } answer;
        struct {
            uint32_t id;
            uint32_t delay_ms;
        } timer;
        struct {
            uint32_t id; /* unique among the isolate's subrequests under way; never 0 */
            struct fetch_request *request; /* one piece of memory, for free */
        } fetch;
        struct {
            uint32_t id;            /* unique among the isolate's computations under way; never 0 */
            struct crypto_job *job; /* it has its inputs; NULL once it was taken */
        } compute;
        struct {
            enum console_level level;
            uint32_t len;
            char *text; /* len bytes of UTF-8 */
        } log;
        struct {
            uint32_t id;
            struct pipe_chunk chunk;
            struct failure failure;
        } body;
    };
};

/* Never fails; all but kind and ticket is zero. Any thread. */
struct op *op_new(enum op_kind kind, uint32_t ticket);

/* Frees the operation and what it still owns. Whoever takes a response or a failure out leaves NULL
 * or zeroes. NULL is fine. Any thread. */
void op_free(struct op *op);

/* What has happened to a body that streams. */
enum body_change {
    BODY_CHUNK,     /* bytes have come: chunk */
    BODY_ENDED,     /* that was all */
    BODY_FAILED,    /* it has broken off: chunk is a sentence that says why */
    BODY_ROOM,      /* so many bytes more may go out: room */
    BODY_CANCELLED, /* nobody wants more of what goes out */
};

/* Owns its bytes. */
struct body_event {
    enum body_change change;
    struct pipe_chunk chunk;
    size_t room;
};

/* Never fails. Any thread. */
struct body_event *body_event_new(enum body_change change);

/* NULL is fine. Any thread. */
void body_event_free(struct body_event *event);

/* A list in the order of asking. */
struct op_list {
    struct op *first;
    struct op **end; /* where the next one goes */
};

static inline void op_list_init(struct op_list *list)
{
    list->first = NULL;
    list->end = &list->first;
}

static inline void op_list_append(struct op_list *list, struct op *op)
{
    op->next = NULL;
    *list->end = op;
    list->end = &op->next;
}

#ifdef __cplusplus
}
#endif

#endif
