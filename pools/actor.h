/*
 * An actor: an isolate with what waits for it.
 *
 * It holds one isolate for one version of a worker; an inbox of events; a queue of tasks that have
 * not begun; the tasks in flight, by ticket; and the timers that its JavaScript has started. The
 * holder of the actor's lane may touch all of it; the isolate itself is touched only in a turn. An
 * actor is *claimed* from the beginning of a turn until the turn's results were absorbed; a claimed
 * actor whose lane was adopted has a *stray* turn, and waits for it.
 *
 * Its life: NEW, LOADING (its modules are being evaluated), READY. Where the pool has a context for
 * each task (CONTEXT_FRESH) one that is READY is *spent* once a task has begun: before the next one
 * its isolate gets a new context, and it is LOADING again. It is *retired* when it gets no new
 * tasks, and ends when it has none left. It is *condemned* when it must not run again: tasks that
 * it has begun fail, those that it has not begin elsewhere, and it ends.
 *
 * Everything here is for the holder of the actor's lane, in phase LOOP, unless it says otherwise.
 */
#ifndef ISOYARD_ACTOR_H
#define ISOYARD_ACTOR_H

#include "pools/fair_queue.h"
#include "pools/flights.h"
#include "pools/inbox.h"
#include "pools/lru.h"
#include "pools/mailbox.h"
#include "pools/task.h"
#include "pools/turn.h"
#include "shim/op.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <uthash.h>

struct lane;
struct actor_computation;
struct lane_timer;
struct pack;
struct shared;

enum actor_state {
    ACTOR_NEW,
    ACTOR_LOADING,
    ACTOR_READY,
};

/* Why an actor ends; counted. */
enum actor_end {
    ACTOR_DONE, /* it was for one task only */
    ACTOR_EVICTED,
    ACTOR_EXPIRED,
    ACTOR_RECYCLED,
    ACTOR_CONDEMNED,
    ACTOR_CLOSED, /* with its pool */
};

/* A timer of the isolate's JavaScript. */
struct actor_timer {
    uint32_t id;
    uint32_t ticket; /* of the task that started it; 0: nobody */
    struct actor *actor;
    struct lane_timer *timer;
    struct actor_timer *prev, *next; /* in its flight's list */
    UT_hash_handle hh;               /* in actor.timers, by id */
};

/* A subrequest of it. */
struct actor_fetch {
    uint32_t id;
    struct flight *flight; /* whose it is */
    struct fetch *fetch;
    uint64_t span;       /* of it in the flight's trace; 0: none */
    unsigned status;     /* of the answer, once it is there */
    char *what;          /* method and URL, where the task's spans are wanted; else NULL */
    uint64_t started_ns; /* the same */
    struct actor_fetch *prev, *next; /* in the flight's list */
    UT_hash_handle hh;               /* in actor.fetches, by id */
    bool is_answered;                /* its head has come, and it is not there any more */

    /* Pipes of bodies that stream tell the lane, any thread. */
    struct message resume;
    atomic_bool is_told; /* the message is under way, and has a reference */

    /* Of a shared actor, whose holder may be another lane's by the time it ends. */
    struct lane *lane;     /* where it is made */
    struct actor *actor;   /* a reference, until it has ended there; NULL: not shared */
    struct message headed; /* to the actor, with the head */
    struct message ended;  /* the same, with the result */
    struct message stop;   /* to the lane */
    struct fetch_result *head, *result;
    bool is_under_way; /* for the lane's holder */
    bool is_stopped;   /* for the actor's holder */
    atomic_uint refs;  /* its flight's, and one for each message that is under way */
};

/* What tasks that have ended used: those of a turn are counted at once, as their worker's. */
struct actor_use {
    uint64_t tasks, waited_ns, cpu_ns;
};

struct actor {
    struct lane *lane;     /* where it lives; of a shared one: whose holder has claimed it */
    struct shared *shared; /* NULL: it belongs to its lane; else nobody touches it unclaimed */
    struct script *script; /* a reference */
    struct isolate
        *isolate; /* NULL until it is opened, and after it was closed; its turn's thread sets it */
    enum actor_state state;
    enum actor_end end; /* where it is retired or condemned */
    bool is_check;      /* for one TASK_CHECK */
    bool has_started;   /* it has been READY */
    bool is_spent;      /* CONTEXT_FRESH: a task has begun in its context */
    bool is_claimed;
    bool is_listed; /* on the lane's ready list */
    bool is_cached;
    bool is_retired;
    bool is_condemned;
    char condemned_because[160];
    bool is_counted; /* has a place among its lane's isolates */
    bool is_over;    /* its isolate is closed, or never was */
    struct turn *stray;

    struct task *queue; /* not begun; utlist's DL */
    unsigned queued;
    unsigned task_limit; /* in flight at once */
    struct inbox inbox;
    struct flights flights;
    struct actor_timer *timers;                     /* uthash */
    struct actor_fetch *fetches;                    /* the same */
    struct actor_computation *computations;         /* the same */
    struct actor_computation *startup_computations; /* those of no flight; utlist's DL */

    struct message platform_message;  /* V8's foreground tasks: said by any thread ... */
    atomic_bool is_platform_said;     /* ... the message is on its way ... */
    _Atomic uint64_t platform_due_ns; /* ... and when a delayed one is due; 0: none */
    struct lane_timer *platform_timer;
    uint64_t platform_timer_ns;       /* when it fires */
    struct lane_timer *recheck_timer; /* until it is looked at again whether anything can come */
    bool is_zombie;                   /* ended, but the message is still on its way */

    uint64_t opened_ns;  /* the beginning of its first turn, or of the one that made its context */
    uint64_t startup_ns; /* from there to READY */
    uint64_t startup_cpu_ns;          /* used so far */
    struct lane_timer *startup_timer; /* start-up's wall limit, while that is parked */
    uint64_t served;                  /* tasks begun */
    struct actor_use use;             /* not yet in its lane's lists: lane_settle */
    uint64_t heap_bytes;              /* the last sample, and when it was taken */
    uint64_t heap_sampled_ns;

    struct actor *prev, *next;         /* the ready list */
    struct actor *prev_all, *next_all; /* all of the lane, or of the shared pool */
    UT_hash_handle hh;                 /* the cache, by script */
    struct lru_entry rest;             /* without tasks; of a shared one under its lock */

    /* Of a shared one: shared.h. */
    struct mailbox mailbox; /* what comes while nobody, or another lane, has claimed it */
    struct message retire_message, stop_message;
    enum actor_end retire_end; /* why retire_message was sent */

    /* Guarded by the shared lock. */
    struct fair_entry turn_order; /* whether it is ready, or claimed */
    uint64_t claimed_ns;          /* since when, for the figures; HANDOFF_MUTEX */
    unsigned blocked;             /* lanes that wait for it; HANDOFF_MUTEX */
    pthread_cond_t left; /* nobody has claimed it any more, or it gets no new tasks; the same */
    struct pack *pack;   /* NULL: it gets no new tasks */
    struct actor *prev_pack, *next_pack;
    atomic_uint refs; /* its own, and one for each timer and subrequest under way */
};

/* A new actor on a lane; its isolate is made in its first turn. */
struct actor *actor_new(struct lane *lane, struct script *script, bool is_check);

/* The same for a shared pool, under its lock. Any thread. */
struct actor *actor_new_shared(struct shared *shared, struct script *script);

/* References of what may outlive a shared actor. Any thread. */
struct actor *actor_ref(struct actor *actor);
void actor_unref(struct actor *actor);

/* Frees an actor that is over, once its last message has come. */
void actor_free(struct actor *actor);

/* Gives its place among the lane's isolates up: it was written off, or is over. */
void actor_give_place(struct actor *actor);

/* Puts a task at the end of the queue. */
void actor_enqueue(struct actor *actor, struct task *task);

/* Takes a task out of the queue. */
void actor_dequeue(struct actor *actor, struct task *task);

/* Whether a task of the queue can begin. */
bool actor_can_begin(const struct actor *actor);

/* Whether it takes new tasks. */
bool actor_accepts(const struct actor *actor);

/* Whether its modules are evaluated for the first time. */
bool actor_is_starting(const struct actor *actor);

/* Whether no task is queued or in flight. */
bool actor_is_idle(const struct actor *actor);

/* Whether a turn would find something to do. */
bool actor_has_work(const struct actor *actor);

/* Whether its only task in flight, or its start-up, can no longer be settled: nothing is pending
 * that could do it. */
bool actor_is_stuck(struct actor *actor);

/* No new tasks from now on; it ends when it has none left. */
void actor_retire(struct actor *actor, enum actor_end end);

/* It must not run again, for a reason that ends the sentence "the isolate was ended: ..."; copied.
 */
void actor_condemn(struct actor *actor, const char *because);

/* Ends a task that is queued or in flight here because its client went away: now, or when the stray
 * turn that works for it comes back. */
void actor_cancel(struct actor *actor, struct task *task);

/* Fails one task in flight, and has the isolate forget it. NULL-safe for tickets that have ended.
 */
void actor_fail(struct actor *actor, uint32_t ticket, const struct failure *failure);

/* Fails all tasks in flight. Not claimed. */
void actor_fail_flights(struct actor *actor, const struct failure *failure);

/* Fails a task of the queue. */
void actor_fail_queued(struct actor *actor, struct task *task, const struct failure *failure);

/* Fails all tasks in the queue. */
void actor_fail_queue(struct actor *actor, const struct failure *failure);

/* The start-up has failed: so do the tasks that wait for it, and the actor ends. */
void actor_fail_startup(struct actor *actor, const struct failure *failure);

/* Takes out the tasks that have not begun, in order: utlist's DL. */
struct task *actor_take_queue(struct actor *actor);

/* Timers of the isolate's JavaScript: actor_wait.c. */
void actor_start_timer(struct actor *actor, uint32_t ticket, uint32_t id, uint32_t delay_ms);
void actor_stop_timer(struct actor *actor, uint32_t id);
void actor_stop_timers(struct actor *actor);         /* all, and the actor's own */
void actor_stop_nobodys_timers(struct actor *actor); /* of the start-up, when that has ended */

/* Subrequests. The request is changed, and copied. */
void actor_start_fetch(struct actor *actor, uint32_t ticket, uint32_t id,
                       struct fetch_request *request);
void actor_stop_fetch(struct actor *actor, uint32_t id);

/* A subrequest of a shared actor has ended: MESSAGE_FETCHED; and on its lane, to be stopped. */
void actor_receive_fetch_head(struct actor_fetch *fetch);
void actor_receive_fetch_resume(struct actor_fetch *fetch);
void actor_receive_fetched(struct actor_fetch *fetch);
void actor_receive_fetch_stop(struct actor_fetch *fetch);

/* Computations: actor_compute.c. Takes the job, or leaves it to be freed. */
void actor_start_computation(struct actor *actor, uint32_t ticket, uint32_t id,
                             struct crypto_job **job);
void actor_stop_computation(struct actor *actor, uint32_t id);
void actor_stop_computations(struct actor_computation **list); /* all of it */

/* A computation of a shared actor has ended: MESSAGE_COMPUTED. */
void actor_receive_computed(struct message *message);

/* Where its spans are wanted: the subrequests that are under way have theirs, up to now. */
void actor_note_unfinished(struct flight *flight);

/* All timers, subrequests, computations and bodies of an execution that ends. */
void actor_stop_waiting(struct flight *flight);

/* isolate_host.platform_task: V8 has a foreground task. Any thread. */
void actor_say_platform(void *arg, uint64_t delay_ns);

/* The actor's message was taken from the mailbox: V8 has foreground tasks. */
void actor_receive_platform(struct actor *actor);

/* What is left of an allowance. */
static inline uint64_t ns_left(uint64_t allowed, uint64_t used)
{
    return allowed > used ? allowed - used : 0;
}

/* CPU time that an execution may still use, the wall time that it may take from where its clock
 * started, where that was (bytes of a body start it anew), and when it is over. */
uint64_t flight_cpu_left_ns(const struct flight *flight);
uint64_t flight_wall_allowed_us(const struct flight *flight);
uint64_t flight_wall_since_ns(const struct flight *flight);
uint64_t flight_wall_end_ns(const struct flight *flight);

/* The execution, or the start-up, has used so much CPU time. */
void actor_charge(struct actor *actor, uint32_t ticket, uint64_t cpu_ns);

/* Turns: actor_fill.c, actor_absorb.c. */

/* Fills in a prepared turn from inbox and queue. Tasks whose deadline has passed end here. */
void actor_fill_turn(struct actor *actor, struct turn *turn, uint64_t now_ns);

/* Takes the results of the turn's events before `ended` that were not taken yet, and what they
 * asked for. cpu_share is the CPU time in a unit of the events' wall time. */
void actor_absorb(struct actor *actor, struct turn *turn, unsigned ended, double cpu_share);

/* The turn does not end: fails the execution whose doing that is, and condemns the actor. */
void actor_quarantine(struct actor *actor, struct turn *turn);

/* Takes back the events of the turn from `begun` on. Once a turn. */
void actor_take_back(struct actor *actor, struct turn *turn, unsigned begun);

/* Its clock has begun anew, or ends sooner. */
void actor_restart_deadline(struct flight *flight);

/* Ends an execution: its task has its outcome, or ctx.waitUntil kept it and is done. */
void actor_end_flight(struct actor *actor, struct flight *flight);

/* Tells the pool's log of a console line of whoever has the ticket. */
void actor_log(struct actor *actor, uint32_t ticket, enum console_level level, struct bytes text);

#endif
