/*
 * The bridge to V8: an engine for the process, isolates that run workers, and nothing of V8's
 * types.
 *
 * An isolate runs JavaScript only inside a turn. isolate_enter locks the V8 isolate, enters it on
 * the calling thread and calls back; during the callback isolate_deliver hands in one event after
 * the other. Each event ends with a microtask checkpoint. What JavaScript asks of the host
 * meanwhile is collected as operations (op.h), which the caller takes after each event. Nothing
 * blocks inside a turn: a worker that waits is parked until an event resumes it.
 *
 * Tasks are known to an isolate by a ticket that the caller gives, unique among the tasks of the
 * isolate's life: the low 16 bits are a slot (1 to TICKET_SLOT_MAX), the upper 15 a generation.
 * Operations for a ticket that is no longer in flight are to be dropped.
 *
 * Threads: an isolate belongs to whoever holds its turn. "in a turn" below means: on the thread
 * that is inside isolate_enter for this isolate.
 */
#ifndef ISOYARD_SHIM_H
#define ISOYARD_SHIM_H

#include "api/err.h"
#include "api/failure.h"
#include "api/request.h"
#include "api/script.h"
#include "shim/op.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The engine: V8's process-wide state. */

struct engine_config {
    unsigned worker_threads; /* for V8's background jobs; 1 to 16 */
};

/*
 * Starts V8. In main, before any other thread exists: V8's protection keys are inherited when
 * threads are created. Once in a process. E_INTERNAL where V8 is not the version that was built
 * against or the snapshot is damaged.
 */
int engine_open(const struct engine_config *config, struct error *ret);

/* Ends V8. Every isolate must be closed. Once in a process, in main. */
void engine_close(void);

/*
 * Whether V8 works in the background, for whichever isolate. Where it does, a foreground task may
 * come for an isolate that seems to wait for nothing; where it does not, all have been posted. Any
 * thread.
 */
bool engine_is_busy(void);

/* Compiled code of workers that is kept for further isolates, since the start. */
struct code_cache_stats {
    uint64_t hits;     /* files whose code was taken from what was kept */
    uint64_t misses;   /* ... of which there was none */
    uint64_t rejected; /* ... which V8 did not take, and which was dropped */
    uint64_t entries;  /* files of which there is code now */
    size_t bytes;
};
void engine_code_cache_stats(struct code_cache_stats *ret); /* any thread */

/* Who keeps compiled code beyond the process. */
struct code_keeper {
    void (*keep)(void *arg, struct bytes key, struct bytes code); /* lent; in turns; must not
                                                                     block */
    void *arg;
};

/* Whom to tell of the code that is made from now on; NULL: nobody. The keeper is borrowed until the
 * next call. While there are no isolates. */
void engine_set_code_keeper(const struct code_keeper *keeper);

/*
 * Takes code that an earlier process gave to its keeper, if engine_code_tag was the same there. It
 * displaces nothing: false where there is no room for it. Any thread.
 */
bool engine_restore_code(struct bytes key, struct bytes code);

/* Names what compiled code depends on: V8's version, its flags, the processor's features. 32 bytes
 * are enough. After engine_open. */
void engine_code_tag(char *ret, size_t size);

/* V8's version: "10.2.154.26". Any thread. */
const char *engine_version(void);

/* Isolates. */

struct isolate;

/* Calls from the isolate to its owner, on any thread, also while it is in a turn on another one.
 * They must not block, and come no more once isolate_close returns. */
struct isolate_host {
    void (*platform_task)(
        void *arg, uint64_t delay_ns); /* V8 has a task: deliver EVENT_PLATFORM after the delay */
    void *arg;
};

/*
 * Makes an isolate from the snapshot for a version of a worker; takes about 2 ms and runs nothing
 * of the worker's yet: that is EVENT_LOAD's work. The isolate keeps a reference to the script, and
 * its tenant's name. Any thread that has SHIM_STACK_BYTES of stack, not inside another isolate's
 * turn. E_NOMEM where V8 cannot make one.
 */
int isolate_open(struct script *script, const struct isolate_host *host, struct isolate **ret);

/*
 * Gives the isolate a new context from the snapshot, takes about 0.3 ms, and drops the one before:
 * globals, modules, tickets, whatever was in flight. EVENT_LOAD comes next, as in a new isolate.
 * Tickets, timers and subrequests of the context before are not delivered any more, and none of
 * its operations is still to be taken. Not in a turn of it; the same kind of thread. E_NOMEM where
 * V8 cannot make one: the isolate may then only be closed.
 */
int isolate_renew(struct isolate *isolate);

/* Ends an isolate and frees it; NULL is fine. Not in a turn of it; the same kind of thread. */
void isolate_close(struct isolate *isolate);

/* The stack that a thread needs for turns: V8's regular-expression compiler recurses without
 * looking at the limit. */
#define SHIM_STACK_BYTES ((size_t)64 << 20)

/* Runs turn(arg) on this thread with the isolate locked and entered. Waits for another thread's
 * turn to leave. */
void isolate_enter(struct isolate *isolate, void (*turn)(void *arg), void *arg);

struct crypto_job;
struct fetch_result;

enum event_kind {
    EVENT_LOAD,    /* evaluate the modules; the first event of an isolate, and again after
                      isolate_renew. Ends, now or later, in OP_LOADED or OP_LOAD_FAILED, unless it can
                      never settle */
    EVENT_REQUEST, /* a request for `ticket`. Ends, now or later, in OP_ANSWER or OP_FAIL, unless it
                      can never settle */
    EVENT_TIMER,   /* `timer` is due */
    EVENT_FETCHED, /* the subrequest `fetch` has ended: `result` */
    EVENT_COMPUTED, /* the computation `compute` has ended: `job` */
    EVENT_BODY,     /* something has happened to the body `body_id` of the task: `body` */
    EVENT_END,      /* the caller has given up the task `ticket`: forget it */
    EVENT_PLATFORM, /* V8's foreground tasks that are due; for those that are not, platform_task is
                       called again */
};

struct event {
    enum event_kind kind;
    uint32_t ticket; /* the task it is for; 0: start-up, or nobody */
    union {
        uint32_t timer;
        uint32_t fetch;
        uint32_t body_id;
        uint32_t compute;
    };
    struct request *request;     /* EVENT_REQUEST; borrowed during the call */
    struct fetch_result *result; /* EVENT_FETCHED; borrowed, but its body may be taken out */
    struct body_event *body;     /* EVENT_BODY; the same of its chunk */
    struct crypto_job *job; /* EVENT_COMPUTED; borrowed, but what it has made may be taken out */
};

#define TICKET_SLOT_MAX 65535u
#define TICKET_SLOT(ticket) ((ticket)&0xffffu)
#define TICKET_GENERATION_MAX 32767u
#define TICKET_OF(slot, generation) ((uint32_t)(generation) << 16 | (uint32_t)(slot))

/* How an event ended. */
struct event_result {
    bool was_terminated; /* JavaScript was cut off, by isolate_terminate or at the heap limit */
    bool is_unusable;    /* the isolate may only be closed: cut off in a microtask checkpoint (other
                            tasks' continuations    are gone), or at the heap limit */
    enum limit limit;    /* LIMIT_HEAP where the heap limit was reached; else LIMIT_NONE */
    uint64_t used;       /* of that limit */
    uint64_t allowed;
};

/* Delivers one event and runs the microtasks. In a turn. */
struct event_result isolate_deliver(struct isolate *isolate, const struct event *event);

/* Runs the microtasks that an event left which was cut off before its checkpoint. In a turn. */
struct event_result isolate_checkpoint(struct isolate *isolate);

/* Takes the operations asked for since the last call, in order; *ret is overwritten. In a turn. */
void isolate_take_ops(struct isolate *isolate, struct op_list *ret);

/* Whether V8 has foreground tasks, due or not. Any thread. */
bool isolate_has_platform_task(struct isolate *isolate);

/*
 * Cuts off the JavaScript that runs in the isolate's turn. A request made between two turns is
 * lost, and JavaScript called by V8's own tasks may swallow one: repeat until the turn says that it
 * saw the end, and keep the turn from leaving meanwhile. Any thread.
 */
void isolate_terminate(struct isolate *isolate);

/* Clears a termination, so that the isolate can run JavaScript again. In a turn, after its last
 * isolate_terminate. */
void isolate_clear_termination(struct isolate *isolate);

/* Whose continuations an event has run, seen at moments about a millisecond apart. */
#define ISOLATE_OWNERS_MAX 8u
struct owner_samples {
    uint32_t ticket; /* 0: nobody's */
    uint32_t count;
};
struct isolate_samples {
    uint32_t total;       /* of all counts; those beyond the last owner count as the event's own */
    unsigned owner_count; /* the event's own ticket is the first, where there are any */
    struct owner_samples owners[ISOLATE_OWNERS_MAX];
};

/* Has the isolate note whose continuation runs, as soon as its JavaScript can be interrupted. Any
 * thread, during a turn of it. */
void isolate_sample(struct isolate *isolate);

/* What was noted during the last event. In a turn. */
void isolate_take_samples(struct isolate *isolate, struct isolate_samples *ret);

/* What was noted last of the event that runs. Any thread, during a turn. */
struct isolate_owner {
    uint32_t ticket;       /* 0: nothing yet, or nobody's */
    uint32_t count;        /* how often it was that one ... */
    uint32_t others_count; /* ... how often another one than the event's own ... */
    uint32_t total;        /* ... of so many */
};
struct isolate_owner isolate_last_owner(const struct isolate *isolate);

/* Whether V8 has given up in the isolate's turn (it is out of memory, or found itself broken): then
 * the turn's thread sleeps for ever. Any thread. */
bool isolate_is_parked(const struct isolate *isolate);

/* The tenant that was written into the isolate at its creation. Any thread. */
const char *isolate_tenant(const struct isolate *isolate);

/* Heap in use, in bytes: 200 ns. In a turn. */
size_t isolate_heap_bytes(struct isolate *isolate);

#ifdef __cplusplus
}
#endif

#endif
