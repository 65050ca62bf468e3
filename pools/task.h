/*
 * A task: one execution on its way through a pool.
 *
 * The submitter fills in the first part and owns the memory again when done(task) is called, which
 * happens exactly once for every task that pool_submit accepted, on a lane thread (or, where the
 * pool is closed, on the closing thread).
 */
#ifndef ISOYARD_TASK_H
#define ISOYARD_TASK_H

#include "api/failure.h"
#include "api/hex.h"
#include "api/request.h"
#include "api/response.h"
#include "api/script.h"
#include "api/trace.h"
#include "pools/mailbox.h"
#include "pools/queues.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* The numbers are Architecture's of execution.proto. */
enum architecture {
    ARCHITECTURE_LEGACY = 1,
    ARCHITECTURE_SHARED = 2,
    ARCHITECTURE_PINNED = 3,
};
#define ARCHITECTURES 3u

enum task_kind {
    TASK_REQUEST, /* deliver `request` to the worker's handler for its kind */
    TASK_CHECK,   /* evaluate the script in a throwaway isolate, and nothing more */
    TASK_WARM,    /* see to it that the worker has a warm isolate, and nothing more */
};

enum outcome_kind {
    OUTCOME_NONE,
    OUTCOME_ANSWERED, /* TASK_REQUEST: response of REQUEST_FETCH, result of REQUEST_TASK */
    OUTCOME_CHECKED,  /* TASK_CHECK, TASK_WARM: the script starts */
    OUTCOME_FAILED,   /* failure */
};

/* What became of a task. Owns what it points to. */
struct outcome {
    enum outcome_kind kind;
    struct response *response;
    char *result; /* result_len bytes of JSON */
    size_t result_len;
    struct failure failure;
};

/* What a task cost; the fields are those of ExecutionReport in execution.proto. */
struct report {
    char execution[HEX_ID_LEN + 1]; /* task.id */
    char trace[TRACE_ID_LEN + 1];   /* "": it is part of none */
    enum architecture architecture;
    uint32_t version;
    uint32_t lane;
    bool is_warm;        /* its isolate had started when it came, or before its context was made */
    bool is_new_context; /* it is warm, and waited for a context of its own */
    uint64_t queue_us;
    uint64_t lock_wait_us;
    uint64_t startup_us;
    uint64_t cpu_us;
    uint64_t wall_us;
    uint64_t heap_bytes;
    uint32_t subrequests;
    uint64_t subrequest_us;
    uint64_t subrequest_sent_bytes;
    uint64_t subrequest_received_bytes;
    struct bytes spans; /* the submitter's: as they stand in an ExecutionReport; empty: none */
};

struct span_list;

struct actor;

struct task {
    /* Set by the submitter, who keeps what it points to until done. */
    enum task_kind kind;
    struct script *script;
    const char *tenant;      /* the authenticated one; an isolate of another refuses the task */
    struct request *request; /* TASK_REQUEST */
    uint64_t deadline_ns;    /* the caller's; a task that waited longer is not run. 0: none */
    struct span_list *spans; /* what is to be filled; NULL: nothing */
    struct trace trace;      /* that it is part of; zeroes: none */
    void (*done)(struct task *task);

    /* Set by pool_submit, to trace.span where there is one: a number that no other execution has,
     * of this run of the server or another, as far as chance allows; never 0. */
    uint64_t id;

    /* Set when done is called; what outcome owns is then the submitter's. */
    struct outcome outcome;
    struct report report;

    /* The pool's own. */
    struct message submit_message;
    struct message cancel_message;
    atomic_int fate;         /* enum fate, task.c */
    bool is_ended;           /* it has its outcome */
    bool is_cancel_received; /* cancel_message has been through the mailbox */
    bool counts_as_waiting;  /* on its lane: spread.h */
    uint32_t lane;           /* where it was sent; for pool_cancel */
    struct task *next, *prev;
    struct actor *actor; /* that has it queued or in flight; NULL: none yet */
    struct actor *home;  /* shared: that it was given to; guarded by the pool's lock */
    bool is_waiting;     /* shared: for one; the same */
    bool is_with_lane;   /* shared, HANDOFF_MUTEX: in its lane's own queue; the lane's holder's */
    uint32_t ticket;     /* in that actor; 0: queued */
    enum queue queue;    /* that it waits in now: queues.h */
    uint64_t queued_ns;  /* since when */
    uint64_t submitted_ns;
    uint64_t started_ns; /* its first turn */
    uint64_t startup_ns; /* of the isolate, where it waited for it */
    uint64_t cpu_ns;
};

/* Frees what a task's outcome owns and clears it. */
void outcome_release(struct outcome *outcome);

#endif
