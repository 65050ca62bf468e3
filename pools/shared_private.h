/*
 * Shared pools from the inside, for the two files that share it.
 *
 * shared.c         the lock, the table of isolates, tasks on their way, lanes that sleep, closing
 * shared_claim.c   actors: their messages, who plays them
 */
#ifndef ISOYARD_SHARED_PRIVATE_H
#define ISOYARD_SHARED_PRIVATE_H

#include "pools/pool_private.h"
#include "pools/shared.h"

#include <pthread.h>
#include <utlist.h>

/* The isolates of one version, the one that got a task longest ago first. */
struct pack {
    struct script *script;
    struct actor *actors; /* utlist's DL */
    unsigned count;
    UT_hash_handle hh;
};

/* All but the first two and the last is guarded by the lock; anybody may read the histograms. */
struct shared {
    struct pool *pool;
    pthread_mutex_t lock;
    struct pack *packs;      /* uthash, by script */
    struct actor *actors;    /* all; utlist's DL */
    struct lru resting;      /* isolates without tasks */
    struct fair_queue ready; /* isolates that have work */
    struct task *waiting;    /* for which there is no room; utlist's DL */
    struct lane *idle;       /* lanes that sleep */
    unsigned isolates;       /* that count against the cap */
    unsigned cap, pack_cap;  /* isolates, and those of one version */
    bool is_stopping;
    uint64_t locked_ns; /* shared_now_ns of this hold; 0: not read yet */
    bool is_hold_timed; /* this hold is among those whose time is taken */
    uint64_t acquisitions, contended;
    uint64_t submitted;               /* tasks that came by shared_place */
    uint64_t claims, blocks, blocked; /* HANDOFF_MUTEX: isolates claimed, waits for one, and lanes
                                         that wait now */
    struct queues queues;             /* its counters first: each submission writes one */
    struct histogram lock_wait_us;    /* of the contended ones */
    struct histogram lock_hold_ns;
    struct histogram block_us; /* HANDOFF_MUTEX: waits for an isolate */
    struct histogram claim_ns; /* the same: from claim to release */

    atomic_uint lock_waiters; /* not under the lock: threads that wait for it */
};

void shared_lock(struct shared *s);
void shared_unlock(struct shared *s);

/* The time, read once while the lock is held. */
uint64_t shared_now_ns(struct shared *s);

/* Waits at the condition, without the lock meanwhile. */
void shared_await(struct shared *s, pthread_cond_t *condition);

/* The rest is under the lock. */

/* Its mailbox is awake: it is played as its turn comes. */
void shared_make_ready(struct shared *s, struct actor *actor);

/* Whether a lane plays it. */
static inline bool shared_is_claimed(const struct actor *actor)
{
    return actor->turn_order.state == FAIR_CLAIMED;
}

/* Wakes a lane that sleeps. */
void shared_wake_one(struct shared *s);

/* Sends a message; false where the actor is gone. */
bool shared_push(struct shared *s, struct actor *actor, struct message *message);

/* It has something to do, or is taken out. */
void shared_stop_resting(struct shared *s, struct actor *actor);

struct pack *shared_find_pack(struct shared *s, struct script *script);

/* It gets no new tasks. */
void shared_leave_pack(struct shared *s, struct actor *actor);

/* The isolate that is to have the next task of a version; NULL: there is no room for one. */
struct actor *shared_pick(struct shared *s, struct script *script);

/* The task waits, behind those that do already: room that comes about is theirs. */
void shared_wait_for_room(struct shared *s, struct task *task);

/* Gives the task to an isolate, or lets it wait for one; false where the pool closes. */
bool shared_place_or_wait(struct shared *s, struct task *task);

/* Room has come about. */
void shared_place_waiting(struct shared *s);

#endif
