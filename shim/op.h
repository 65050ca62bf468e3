/*
 * What JavaScript asked of the host during a turn. It goes nowhere until the turn's event has
 * ended: whoever runs the lane then takes the operations, in order, and applies them.
 */
#ifndef ISOYARD_OP_H
#define ISOYARD_OP_H

#include "api/failure.h"
#include "api/response.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

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
    OP_LOG,         /* a console line: log */
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
            enum console_level level;
            uint32_t len;
            char *text; /* len bytes of UTF-8 */
        } log;
    };
};

/* Never fails; all but kind and ticket is zero. Any thread. */
struct op *op_new(enum op_kind kind, uint32_t ticket);

/* Frees the operation and what it still owns. Whoever takes a response or a failure out leaves NULL
 * or zeroes. NULL is fine. Any thread. */
void op_free(struct op *op);

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
