/*
 * A turn: one thread inside one isolate, delivering a batch of events.
 *
 * A turn can be watched, stopped and cut while it runs. The watchdog *stops* the event that runs
 * when it has used up what it may: JavaScript is terminated, again and again, until the turn says
 * that it saw the end. A thread that adopts the lane *cuts* the turn: events that have not begun
 * are not delivered by it any more.
 *
 * Who touches what:
 *
 * - `state` is the meeting point. The turn's thread claims the next event by a compare-and-swap on
 * the exact word, so that a stop or a cut that came first is never missed; whoever stops or cuts
 * does the same, so that it hits the event that it looked at, or none. The claim is a release, and
 * reading the word an acquire: who sees that event i + 1 has begun sees all that event i has left.
 * - `lock` is taken by the turn's thread only where the turn begins and ends and where it was
 * stopped. Who holds it while TURN_RUN is set may read events, isolate and lane: the turn cannot
 * end meanwhile. It is held round calls into V8 that do not block (isolate_terminate and
 * isolate_sample).
 * - What an event leaves, its operations and its costs, the lane's holder takes: after the turn,
 * or, where it adopts the lane, of those events that have ended.
 * - Events, isolate and lane do not change during the turn. An event's deadline may, under the
 * lock.
 *
 * A record is one thread's as long as that thread plays a lane. When it loses the lane the record
 * goes to the lane's holder, by the message `back`, and the thread takes another. Records live as
 * long as the crew, for the watchdog reads them all.
 */
#ifndef ISOYARD_TURN_H
#define ISOYARD_TURN_H

#include "api/clock.h"
#include "api/lock.h"
#include "pools/mailbox.h"
#include "pools/task.h"
#include "shim/shim.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define TURN_EVENTS_MAX 64u

/* A turn that has lasted this long ends after its event: others may wait for the lane. */
#define TURN_SLICE_NS (1 * NS_PER_MS)

/* The microtasks that a stopped event leaves may use this much. */
#define TURN_TAIL_NS (10 * NS_PER_MS)

/* The watchdog's looks at a turn, and with them the samples, are so far apart. */
#define TURN_SAMPLE_NS (1 * NS_PER_MS)

enum stop_reason {
    STOP_NONE,
    STOP_CPU,      /* the task's CPU limit, or start-up's */
    STOP_WALL,     /* the task's wall limit, or start-up's */
    STOP_CANCEL,   /* its client went away, some time ago */
    STOP_DRAINING, /* the pool closes */
};

struct turn_event {
    /* Set before the turn begins. */
    struct event event; /* holds a reference to its request */
    struct task *task;  /* EVENT_REQUEST: for giving it back when it is not delivered; the lane's
                           holder only */
    uint64_t cpu_allowed_ns;  /* CPU time that it may use */
    uint64_t wall_allowed_ns; /* from its beginning; UINT64_MAX where deadline_ns alone counts */
    uint64_t deadline_ns;     /* guarded by lock; at the latest; UINT64_MAX: none */
    enum stop_reason deadline_reason; /* guarded by lock */

    /* Left by the turn's thread for the lane's holder. */
    struct event_result result;
    enum stop_reason stopped;
    uint32_t
        blamed; /* whose continuation it was that was stopped, where not its own task's; or 0 */
    struct isolate_samples samples;
    uint64_t spent_ns; /* wall time of its delivery */
};

/* Bits of turn.state; above them the number of events begun, and above that the turn's sequence
 * number. */
#define TURN_RUN UINT64_C(1)          /* between begin and end */
#define TURN_CUT UINT64_C(2)          /* begin no further event */
#define TURN_STOP UINT64_C(4)         /* the event that runs is to end */
#define TURN_TAIL UINT64_C(8)         /* it was stopped, and what it left of microtasks runs */
#define TURN_QUARANTINED UINT64_C(16) /* it was written off: it did not end when it was stopped */
#define TURN_FLAGS UINT64_C(0xff)
#define TURN_BEGUN_SHIFT 8
#define TURN_BEGUN(state) ((unsigned)((state) >> TURN_BEGUN_SHIFT) & 0xffffu)
#define TURN_BEGUN_ONE (UINT64_C(1) << TURN_BEGUN_SHIFT)
#define TURN_SEQUENCE_SHIFT 24

struct actor;
struct lane;

/* What the watchdog remembers of a turn from one look to the next. Watchdog's thread only. */
struct turn_watch {
    uint64_t state;      /* as it was seen, without CUT and STOP */
    uint64_t cpu_ns;     /* the thread's clock when that was first seen */
    uint64_t stopped_ns; /* when its event was stopped */
    bool is_adoption_asked;
};

struct turn {
    _Atomic uint64_t state;
    _Atomic(struct op *) sealed; /* operations of events that have ended, the newest first */

    struct lock lock;
    enum stop_reason stop_reason; /* guarded by lock: of the TURN_STOP that is set */
    uint32_t stop_blamed;         /* guarded by lock: turn_event.blamed of it */

    /* Set before TURN_RUN, and then still. */
    struct lane *lane;
    uint64_t lane_word; /* the lane's word during this turn */
    struct actor *actor;
    uint64_t started_ns;
    clockid_t cpu_clock; /* of the thread */
    pid_t thread_id;     /* the kernel's */
    unsigned count;
    struct turn_event events[TURN_EVENTS_MAX];
    bool opens;  /* makes the isolate first */
    bool renews; /* gives it a new context first */
    bool closes; /* closes it at the end */
    bool samples_heap;
    bool is_adoption_forced; /* its first event waits until the lane was adopted */
    int (*open_isolate)(struct actor *actor, struct isolate **ret);
    struct isolate *isolate; /* guarded by lock where the turn opens it */

    /* Left by the turn's thread. */
    int open_error;
    uint64_t ended_ns;
    uint64_t cpu_ns;
    uint64_t open_ns;    /* it took to make the isolate */
    uint64_t heap_bytes; /* 0: not sampled */

    /* The lane's holder's. */
    unsigned absorbed;  /* events whose results were taken */
    bool is_given_back; /* what was not begun is back with the actor */
    struct message back;
    struct message quarantine; /* sent once a turn, by the watchdog, before back can be */
    struct turn *next_stray, *prev_stray;

    struct turn_watch watch;
    void *thread;      /* the crew's, that has the record; guarded by the crew's lock */
    struct turn *next; /* in the crew's list of records, and of free ones */
    struct turn *next_free;
};

void turn_init(struct turn *turn);
void turn_release(struct turn *turn);

/* Empties the record for a turn of an actor. The thread that will run it. */
void turn_prepare(struct turn *turn, struct lane *lane, struct actor *actor,
                  struct isolate *isolate);

/* The next free event of a turn that is being prepared; it must not be full. */
struct turn_event *turn_add(struct turn *turn);

/* Sets TURN_RUN: from now on the watchdog looks at the turn. */
void turn_begin(struct turn *turn);

/* Opens or renews the isolate where told to, delivers the events, closes it where told to, and
 * clears TURN_RUN. The same thread. */
void turn_run(struct turn *turn);

/*
 * Cuts a turn whose lane was adopted and returns how many events had begun: the others are the
 * caller's again. The last of those begun may still run. The adopter, once.
 */
unsigned turn_cut(struct turn *turn);

/* How many events of a turn that is over had begun. */
unsigned turn_begun(const struct turn *turn);

/* Takes the operations that are sealed, the oldest first. The lane's holder. */
struct op *turn_take_sealed(struct turn *turn);

/* Brings the deadline of the running event of `ticket` forward. Whether it is that task's event
 * which runs. The lane's holder. */
bool turn_hasten(struct turn *turn, uint32_t ticket, uint64_t deadline_ns, enum stop_reason reason);

/* Makes every event of the turn due now. The lane's holder. */
void turn_hasten_all(struct turn *turn, uint64_t now_ns, enum stop_reason reason);

/* Waits until the turn's lane was adopted, at most timeout_ms; whether it was. The turn's thread.
 */
bool turn_await_adoption(const struct turn *turn, unsigned timeout_ms);

/* Whether a turn that is over was quarantined meanwhile. */
bool turn_was_quarantined(const struct turn *turn);

/* What the event that runs in a quarantined turn was stopped for. The lane's holder. */
struct turn_stuck {
    const struct turn_event *event;
    enum stop_reason reason;
    uint32_t blamed; /* 0: the event's own */
    bool is_parked;  /* it is out of memory, and will never end */
};
struct turn_stuck turn_stuck(struct turn *turn);

struct turn_patience {
    uint64_t adopt_after_ns;      /* a turn that lasts longer loses its lane */
    uint64_t quarantine_after_ns; /* one that was stopped and lasts on so long is written off ... */
    void (*write_off)(void *arg, struct turn *turn); /* ... by this, before the turn can end */
    void *arg;
};

/* What the watchdog found in a look at a turn. */
struct turn_look {
    bool has_stopped;       /* it has stopped the event that runs, just now */
    bool has_quarantined;   /* it has written the turn off, just now: it has sent the message */
    struct lane *late_lane; /* the turn has lasted too long: its lane wants a spare. With a
                               reference; else NULL */
    uint64_t lane_word;
};

/* The watchdog's look at a turn: stops its event where that has used up what it may, and repeats it
 * until the event has ended. Says once in a turn that a spare is wanted. */
struct turn_look turn_watch(struct turn *turn, uint64_t now_ns,
                            const struct turn_patience *patience);

#endif
