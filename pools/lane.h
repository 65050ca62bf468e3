/*
 * A lane: a role that one thread at a time plays, under a lease with a generation number.
 *
 * It is an event loop, a mailbox, and the actors that live there. Its holder receives messages,
 * runs the loop, lets one actor after the other have a turn, and applies what the turn has left.
 * Since JavaScript runs in turns only, and turns touch nothing of the lane, another thread can
 * adopt the lane while a turn lasts.
 *
 * `word` is epoch << 2 | phase; every transition advances the epoch:
 *
 * - T1, LOOP to TURN: the holder, by a store, release: what the turn may read was written before.
 *   From here on it touches only the turn's record and the isolate.
 * - T2, TURN to LOOP: the holder, back from the turn, by a compare-and-swap on the exact word,
 *   acquire-release. Where it fails the lane was adopted: the thread sends the turn back by message
 *   and touches the lane no more.
 * - T3, TURN to LOOP: a spare, by a compare-and-swap on the exact word, acquire-release. It cuts
 * the turn, applies what has ended, and is the holder. Where it fails the turn has ended by itself,
 *   and nothing was done.
 * - T4, LOOP to CLOSED: the holder, by a store, release, when everything is closed.
 *
 * Everything but word, mailbox, live, bodies, refs, spread, spreads and submitted is touched by the
 * holder only, in phase LOOP; counters are written by the holder and read by anybody.
 */
#ifndef ISOYARD_LANE_H
#define ISOYARD_LANE_H

#include "api/histogram.h"
#include "pools/actor.h"
#include "pools/cache.h"
#include "pools/mailbox.h"
#include "pools/pool.h"
#include "pools/spread.h"
#include "pools/top.h"
#include "pools/turn.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

enum lane_phase {
    LANE_LOOP = 0,
    LANE_TURN = 1,
    LANE_CLOSED = 2,
};

#define LANE_WORD(epoch, phase) ((uint64_t)(epoch) << 2 | (uint64_t)(phase))
#define LANE_PHASE(word) ((enum lane_phase)((word)&3))
#define LANE_EPOCH(word) ((word) >> 2)

/* A one-shot timer of the lane's loop. Handles are kept and used again. */
struct lane_timer {
    uv_timer_t uv;
    struct lane *lane;
    void (*fire)(void *arg);
    void *arg;
    struct lane_timer *next_free;

    /* Of a shared actor, whose holder may be another lane's by the time it fires. */
    struct actor *actor;  /* a reference; NULL: the timer is the lane's own */
    struct message fired; /* goes to the actor, and comes back from there */
    struct message stop;
    bool is_ticking; /* for the lane's holder */
    bool is_stopped; /* for the actor's holder */
};

/* Written by the holder, read by anybody, relaxed: each is a figure of its own. */
struct lane_counters {
    _Atomic uint64_t in_flight; /* tasks begun and not ended */
    _Atomic uint64_t answered, failed, limit_exceeded, cancelled, condemned_tasks;
    _Atomic uint64_t tenant_mismatches;
    _Atomic uint64_t isolates, created, disposed, hits, misses;
    _Atomic uint64_t evicted, expired, recycled, condemned;
    _Atomic uint64_t turns, tasks, busy_ns, adoptions, strays, quarantines;
    _Atomic uint64_t running_key;         /* script.worker_key, in a turn; else 0 */
    _Atomic uint64_t limits[LIMIT_KINDS]; /* limit_exceeded by enum limit */
};

struct lane {
    _Atomic uint64_t word;
    struct mailbox mailbox;
    atomic_uint own_live;       /* tasks submitted and not ended */
    atomic_uint *live;          /* the same, or that of the whole pool, where it is shared */
    atomic_uint bodies;         /* actor_body.h: that were opened here; any thread takes off */
    atomic_uint refs;           /* threads that play it, stray from it, or are on their way to it */
    struct spread_table spread; /* what waits, by worker */
    _Atomic uint64_t spreads;   /* tasks whose first lane is another; any thread adds */
    _Atomic uint64_t submitted; /* the same, all tasks */

    struct pool *pool;
    struct crew *crew;
    unsigned index;
    uint64_t held_word; /* the holder's copy of word */

    uv_loop_t loop;
    uv_async_t wake;
    struct fetcher *fetcher; /* NULL: nobody can fetch */
    struct lane_timer *free_timers;
    uint64_t polled_ns; /* when the loop last ran */
    uint64_t noted_ns;  /* when messages were last received, or what waited was looked at */

    struct actor *ready;  /* that have work, in order; utlist's DL */
    struct actor *actors; /* all */
    unsigned isolates;    /* actors that count against the cap */
    unsigned checks;      /* actors of TASK_CHECK */
    struct task *waiting; /* tasks for which there is no isolate; utlist's DL */
    struct task *waiting_checks;
    struct turn *strays;
    struct cache cache; /* pinned: warm isolates */
    struct lane_timer *sweep;
    struct lane_timer *shed;    /* until the next isolate is disposed of */
    struct lane_timer *tending; /* looks after strays that are shared actors */
    unsigned errands;           /* timers and subrequests of shared actors on this loop, and
                                   all computations that it waits for */
    struct task *own_tasks;     /* shared, HANDOFF_MUTEX: utlist's DL */
    bool had_own_turn;          /* the same: the last turn was for one of these */
    bool had_listed_turn;       /* shared: the last turn was for one of the ready list */
    struct lane *next_idle;     /* shared: that sleep, and wait for actors to play */
    bool is_idle;               /* in that list */
    struct message stop_message, shed_message;
    bool is_stopping;

    struct lane_counters counters;
    struct histogram queue_wait_us, wall_us, cpu_us, startup_us;
    struct queues queues;
    struct queue_figures fetch_queue;            /* of its fetcher */
    struct histogram cold_us, fresh_us, warm_us; /* service times: stats.h */
    struct top top_by_queue_wait, top_by_cpu;    /* workers */
};

/* Before start. E_NOMEM where there is no loop to be had; what fetcher_open says. */
int lane_init(struct lane *lane, struct pool *pool, struct crew *crew, unsigned index,
              struct error *error);

/* Closes the loop. The last one that has anything to do with the lane. */
void lane_release(struct lane *lane);

/* Any thread. E_CLOSED where the lane is closed; the message is then the caller's. */
int lane_send(struct lane *lane, struct message *message);

enum lane_result {
    LANE_LOST, /* another thread has it; turn went with it */
    LANE_IS_CLOSED,
};

/* Plays the lane until it is lost or closed, in the given record. A thread that holds it. */
enum lane_result lane_play(struct lane *lane, struct turn *turn);

/* Takes the lane from a thread that is in the turn. False where that has ended. A spare. */
bool lane_adopt(struct lane *lane, uint64_t word, struct turn *turn);

/* What follows is the holder's, in phase LOOP. */

/* lane_timer.c */

/* Fires once, not before the delay has passed. */
struct lane_timer *lane_timer_start(struct lane *lane, uint64_t delay_ns, void (*fire)(void *arg),
                                    void *arg);

/* The same for an actor, on its lane: fire is called by the actor's holder. */
struct lane_timer *lane_timer_start_for(struct actor *actor, uint64_t delay_ns,
                                        void (*fire)(void *arg), void *arg);

/* NULL is fine; not for one whose fire was called. By whoever may start one. */
void lane_timer_stop(struct lane_timer *timer);

/* A shared actor's timer has fired: MESSAGE_TIMER. The actor's holder. */
void lane_timer_receive(struct lane_timer *timer);

/* MESSAGE_TIMER_BACK and MESSAGE_TIMER_STOP, on the timer's lane. */
void lane_timer_receive_back(struct lane_timer *timer);
void lane_timer_receive_stop(struct lane_timer *timer);

/* lane_settle.c */

/* Gives the task to an actor, or lets it wait for one. */
void lane_place(struct lane *lane, struct task *task);

/* The pool closes: fails these, utlist's DL. */
void lane_refuse(struct lane *lane, struct task *tasks);

/* Room has come about: makes actors for those that wait, in order, as far as it reaches. */
void lane_place_waiting(struct lane *lane, struct task **waiting);

/* Where a task waits that has no actor. */
struct task **lane_waiting_list(struct lane *lane, const struct task *task);

/* An actor that must not run again: the tasks that it has begun fail, the others begin elsewhere.
 */
void lane_evacuate(struct lane *lane, struct actor *actor);

/* After anything has happened to an actor: decides what it does next. It may be gone afterwards. */
void lane_settle(struct lane *lane, struct actor *actor);

/* Claims an actor of the shared pool that has work; NULL: there is none. */
struct actor *lane_claim_shared(struct lane *lane);

/* HANDOFF_MUTEX: the lane gets a task. */
void lane_take_own(struct lane *lane, struct task *task);

/* Ends what an actor has, because the pool closes. */
void lane_stop_actor(struct lane *lane, struct actor *actor);

/* Takes an actor from the ready list. */
void lane_unlist(struct lane *lane, struct actor *actor);

/* The task has its outcome: completes the report and gives it back. The actor may be NULL. */
void lane_end_task(struct lane *lane, struct actor *actor, struct task *task);

/* Completes the report; the actor may be NULL. */
void lane_fill_report(struct lane *lane, const struct actor *actor, struct task *task,
                      uint64_t now_ns);

/* Ends a task that has no actor with a failure, whose strings are copied. */
void lane_fail_task(struct lane *lane, struct task *task, const struct failure *failure);

/* MESSAGE_COMPUTED: actor_compute.c. */
void lane_receive_computed(struct message *message);

/* The task's done has been called. */
void lane_count_given_back(struct lane *lane);

/* A task begins; it has not begun after all. */
void lane_count_begun(struct lane *lane);
void lane_count_unbegun(struct lane *lane);

/* An execution goes on after its task has ended: it counts as one in flight, and the lane is not
 * empty before it ends. */
void lane_count_extended(struct lane *lane);
void lane_count_unextended(struct lane *lane);

/* Whether the task at the queue's head is of another tenant than the actor's isolate; then it is
 * refused, and the actor condemned. */
bool lane_refuse_stranger(struct actor *actor, struct task *task);

/* lane_turn.c */

/* One turn of an actor, in the given record. False where the lane was lost meanwhile, and the
 * record with it. */
bool lane_take_turn(struct lane *lane, struct actor *actor, struct turn *turn);

/* There is a stray turn more. */
void lane_tend_strays(struct lane *lane);

/* A turn was written off, and the lane adopted from it. */
void lane_quarantine(struct lane *lane, struct turn *turn);

/* Takes the results of a turn that is over, and settles its actor. */
void lane_absorb(struct lane *lane, struct turn *turn);

static inline void counter_add(_Atomic uint64_t *counter, uint64_t amount)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + amount,
                          memory_order_relaxed);
}

static inline void counter_set(_Atomic uint64_t *counter, uint64_t value)
{
    atomic_store_explicit(counter, value, memory_order_relaxed);
}

static inline uint64_t counter_get(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

#endif
