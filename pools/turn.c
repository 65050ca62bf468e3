/* Turns: delivering events, being stopped, being cut. */
#include "pools/turn.h"

#include "api/clock.h"
#include "pools/actor.h"
#include "pools/lane.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

/* A spare that was sent comes sooner, unless the machine is very busy. */
#define ADOPTION_WAIT_MS 1000

void turn_init(struct turn *turn)
{
    *turn = (struct turn){.back.kind = MESSAGE_BACK, .quarantine.kind = MESSAGE_QUARANTINE};
    lock_init(&turn->lock, LOCK_TURN);
}

void turn_release(struct turn *turn)
{
    lock_destroy(&turn->lock);
}

void turn_prepare(struct turn *turn, struct lane *lane, struct actor *actor,
                  struct isolate *isolate)
{
    assert(!(atomic_load_explicit(&turn->state, memory_order_relaxed) & TURN_RUN));
    turn->lane = lane;
    turn->actor = actor;
    turn->isolate = isolate;
    pthread_getcpuclockid(pthread_self(), &turn->cpu_clock);
    turn->thread_id = gettid();
    turn->count = 0;
    turn->opens = turn->renews = turn->closes = turn->samples_heap = turn->is_adoption_forced =
        false;
    turn->open_error = 0;
    turn->ended_ns = turn->open_ns = turn->heap_bytes = 0;
    turn->absorbed = 0;
    turn->is_given_back = false;
}

struct turn_event *turn_add(struct turn *turn)
{
    struct turn_event *event;

    assert(turn->count < TURN_EVENTS_MAX);
    event = &turn->events[turn->count++];
    *event = (struct turn_event){.wall_allowed_ns = UINT64_MAX, .deadline_ns = UINT64_MAX};
    return event;
}

void turn_begin(struct turn *turn)
{
    uint64_t sequence =
        (atomic_load_explicit(&turn->state, memory_order_relaxed) >> TURN_SEQUENCE_SHIFT) + 1;

    /* The lock, so that what was prepared is seen by the watchdog, which looks under it. */
    lock_take(&turn->lock);
    turn->stop_reason = STOP_NONE;
    turn->stop_blamed = 0;
    turn->started_ns = clock_now_ns();
    atomic_store_explicit(&turn->state, sequence << TURN_SEQUENCE_SHIFT | TURN_RUN,
                          memory_order_relaxed);
    lock_release(&turn->lock);
}

static void open_isolate(struct turn *turn)
{
    struct isolate *isolate = NULL;

    turn->open_error = turn->open_isolate(turn->actor, &isolate);
    turn->open_ns = clock_now_ns() - turn->started_ns;
    lock_take(&turn->lock);
    turn->isolate = isolate;
    lock_release(&turn->lock);
}

/* Makes the operations that the event has left visible to an adopter. */
static void seal(struct turn *turn)
{
    struct op_list ops;
    struct op *reversed = NULL;
    struct op *oldest, *head;

    isolate_take_ops(turn->isolate, &ops);
    oldest = ops.first;
    if (!oldest)
        return;
    while (ops.first) {
        struct op *op = ops.first;

        ops.first = op->next;
        op->next = reversed;
        reversed = op;
    }
    head = atomic_load_explicit(&turn->sealed, memory_order_relaxed);
    do {
        oldest->next = head;
        /* Release: an adopter that takes the list sees what the operations say. */
    } while (!atomic_compare_exchange_weak_explicit(&turn->sealed, &head, reversed,
                                                    memory_order_release, memory_order_relaxed));
}

/* The event has ended after a stop: from here on no termination comes, and what came is cleared. */
static enum stop_reason acknowledge_stop(struct turn *turn, uint32_t *ret_blamed)
{
    enum stop_reason reason;

    lock_take(&turn->lock);
    reason = turn->stop_reason;
    *ret_blamed = turn->stop_blamed;
    turn->stop_reason = STOP_NONE;
    turn->stop_blamed = 0;
    /* Relaxed: whoever sets or reads STOP in order to terminate does so under the lock. */
    atomic_fetch_and_explicit(&turn->state, ~TURN_STOP, memory_order_relaxed);
    isolate_clear_termination(turn->isolate);
    lock_release(&turn->lock);
    return reason;
}

static bool is_stopped(const struct turn *turn)
{
    /* Relaxed: it is looked at again under the lock. */
    return atomic_load_explicit(&turn->state, memory_order_relaxed) & TURN_STOP;
}

/*
 * The event's JavaScript was cut off before its microtasks ran. They run now, with little time of
 * their own: left in the queue they would be charged to the next task.
 */
static void run_tail(struct turn *turn, struct turn_event *event)
{
    atomic_fetch_or_explicit(&turn->state, TURN_TAIL, memory_order_relaxed);
    struct event_result tail = isolate_checkpoint(turn->isolate);
    uint32_t ignored;

    seal(turn);
    if (is_stopped(turn))
        acknowledge_stop(turn, &ignored);
    else if (tail.was_terminated)
        isolate_clear_termination(turn->isolate);
    event->result.is_unusable |= tail.is_unusable;
    if (tail.limit) {
        event->result.limit = tail.limit;
        event->result.used = tail.used;
        event->result.allowed = tail.allowed;
    }
}

bool turn_await_adoption(const struct turn *turn, unsigned timeout_ms)
{
    static const struct timespec pause = {.tv_nsec = NS_PER_MS / 10};
    uint64_t end_ns = clock_now_ns() + timeout_ms * NS_PER_MS;

    while (clock_now_ns() < end_ns) {
        /* Relaxed: this thread touches the lane no more, whatever it reads. */
        if (atomic_load_explicit(&turn->lane->word, memory_order_relaxed) != turn->lane_word)
            return true;
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
    }
    return false;
}

static void deliver(struct turn *turn, struct turn_event *event)
{
    if (turn->is_adoption_forced && event == &turn->events[0])
        turn_await_adoption(turn, ADOPTION_WAIT_MS);
    event->result = isolate_deliver(turn->isolate, &event->event);
    seal(turn);
    if (is_stopped(turn)) {
        uint32_t blamed;
        enum stop_reason reason = acknowledge_stop(turn, &blamed);

        /* A stop that came when the event had ended by itself stopped nothing. */
        if (event->result.was_terminated) {
            event->stopped = reason;
            event->blamed = blamed;
        }
    } else if (event->result.was_terminated) {
        isolate_clear_termination(turn->isolate);
    }
    if (event->result.was_terminated && !event->result.is_unusable)
        run_tail(turn, event);
    isolate_take_samples(turn->isolate, &event->samples);
}

/* Deadlines that count from the event's own beginning. */
static void start_event_clock(struct turn *turn, struct turn_event *event)
{
    uint64_t deadline_ns = clock_now_ns() + event->wall_allowed_ns;

    if (event->wall_allowed_ns == UINT64_MAX)
        return;
    lock_take(&turn->lock);
    /* Unless it was hastened before it began. */
    if (deadline_ns < event->deadline_ns) {
        event->deadline_ns = deadline_ns;
        event->deadline_reason = STOP_WALL;
    }
    lock_release(&turn->lock);
}

/* Claims the next event: the new number of events begun, or 0 where there is none, or the turn was
 * cut. */
static unsigned claim_next(struct turn *turn)
{
    uint64_t state = atomic_load_explicit(&turn->state, memory_order_relaxed);

    for (;;) {
        uint64_t next = (state & ~TURN_TAIL) + TURN_BEGUN_ONE;

        if (TURN_BEGUN(state) == turn->count || state & TURN_CUT)
            return 0;
        if (state & TURN_STOP) {
            uint32_t ignored;

            acknowledge_stop(turn, &ignored); /* too late: the event that was meant has ended */
            state = atomic_load_explicit(&turn->state, memory_order_relaxed);
            continue;
        }
        /* Release: who reads the new number sees what the event before has left. */
        if (atomic_compare_exchange_weak_explicit(&turn->state, &state, next, memory_order_release,
                                                  memory_order_relaxed))
            return TURN_BEGUN(next);
    }
}

/* No termination comes after this, and the watchdog looks at the turn no more. */
static void end_watch(struct turn *turn)
{
    lock_take(&turn->lock);
    if (atomic_load_explicit(&turn->state, memory_order_relaxed) & TURN_STOP && turn->isolate)
        isolate_clear_termination(turn->isolate);
    /* Release: with it go the results of the last event. */
    atomic_fetch_and_explicit(&turn->state, ~(TURN_RUN | TURN_STOP | TURN_TAIL),
                              memory_order_release);
    lock_release(&turn->lock);
}

static bool is_over(const struct turn *turn, const struct turn_event *event, uint64_t now)
{
    return event->result.is_unusable || now - turn->started_ns > TURN_SLICE_NS;
}

static void deliver_all(void *arg)
{
    struct turn *turn = arg;
    uint64_t before = clock_now_ns();
    unsigned begun;

    while ((begun = claim_next(turn))) {
        struct turn_event *event = &turn->events[begun - 1];
        uint64_t after;

        start_event_clock(turn, event);
        deliver(turn, event);
        after = clock_now_ns();
        event->spent_ns = after - before;
        before = after;
        if (is_over(turn, event, after))
            break;
    }
    if (turn->samples_heap)
        turn->heap_bytes = isolate_heap_bytes(turn->isolate);
    if (!turn->closes)
        end_watch(turn);
}

/* The watchdog goes on looking, so that the lane can be adopted while V8 tears the isolate down,
 * but finds nothing to stop. */
static void close_isolate(struct turn *turn)
{
    struct isolate *isolate = turn->isolate;

    lock_take(&turn->lock);
    turn->isolate = NULL;
    lock_release(&turn->lock);
    isolate_close(isolate);
    end_watch(turn);
}

void turn_run(struct turn *turn)
{
    uint64_t cpu_before = clock_thread_cpu_ns();

    if (turn->opens)
        open_isolate(turn);
    if (turn->renews)
        turn->open_error = isolate_renew(turn->isolate);
    if (turn->isolate && turn->count > 0 && !turn->open_error)
        isolate_enter(turn->isolate, deliver_all, turn);
    else if (!turn->closes)
        end_watch(turn);
    if (turn->closes)
        close_isolate(turn);
    turn->ended_ns = clock_now_ns();
    turn->cpu_ns = clock_thread_cpu_ns() - cpu_before;
}

unsigned turn_cut(struct turn *turn)
{
    /* Acquire: the results of the events before the last one begun. */
    return TURN_BEGUN(atomic_fetch_or_explicit(&turn->state, TURN_CUT, memory_order_acquire));
}

unsigned turn_begun(const struct turn *turn)
{
    return TURN_BEGUN(atomic_load_explicit(&turn->state, memory_order_acquire));
}

struct op *turn_take_sealed(struct turn *turn)
{
    /* Acquire: pairs with the release of every sealing in the list. */
    struct op *newest = atomic_exchange_explicit(&turn->sealed, NULL, memory_order_acquire);
    struct op *oldest = NULL;

    while (newest) {
        struct op *next = newest->next;

        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

bool turn_hasten(struct turn *turn, uint32_t ticket, uint64_t deadline_ns, enum stop_reason reason)
{
    bool is_running = false;
    uint64_t state;

    lock_take(&turn->lock);
    state = atomic_load_explicit(&turn->state, memory_order_acquire);
    if (state & TURN_RUN && TURN_BEGUN(state) > 0) {
        struct turn_event *event = &turn->events[TURN_BEGUN(state) - 1];

        is_running = event->event.ticket == ticket;
        if (is_running && deadline_ns < event->deadline_ns) {
            event->deadline_ns = deadline_ns;
            event->deadline_reason = reason;
        }
    }
    lock_release(&turn->lock);
    return is_running;
}

void turn_hasten_all(struct turn *turn, uint64_t now_ns, enum stop_reason reason)
{
    lock_take(&turn->lock);
    for (unsigned i = 0; i < turn->count; i++) {
        if (now_ns < turn->events[i].deadline_ns) {
            turn->events[i].deadline_ns = now_ns;
            turn->events[i].deadline_reason = reason;
        }
    }
    lock_release(&turn->lock);
}

static uint64_t read_cpu_ns(const struct turn *turn)
{
    struct timespec t;

    return clock_gettime(turn->cpu_clock, &t) == 0
               ? (uint64_t)t.tv_sec * NS_PER_S + (uint64_t)t.tv_nsec
               : 0;
}

/* What `count` of `total` samples stand for. The figures may be a sample apart. */
static uint64_t share(uint64_t used, uint32_t count, uint32_t total)
{
    if (count >= total)
        return total > 0 ? used : 0;
    return (uint64_t)((double)used * count / total);
}

/* Whether a continuation of another task than the event's has used up what that one may. */
static bool is_other_over(const struct turn *turn, const struct isolate_owner *owner,
                          uint32_t own_ticket, uint64_t used)
{
    if (owner->ticket == 0 || owner->ticket == own_ticket)
        return false;
    return share(used, owner->count, owner->total) >=
           flights_cpu_left_ns(&turn->actor->flights, owner->ticket);
}

/* Why the event that runs should be stopped now, and whose doing it is where it is not the event's
 * own. Under the lock. */
static enum stop_reason overrun(const struct turn *turn, uint64_t state, uint64_t now_ns,
                                uint32_t *ret_blamed)
{
    const struct turn_event *event = &turn->events[TURN_BEGUN(state) - 1];
    struct isolate_owner owner = isolate_last_owner(turn->isolate);
    uint64_t used = read_cpu_ns(turn) - turn->watch.cpu_ns;
    uint64_t others = share(used, owner.others_count, owner.total);

    *ret_blamed = 0;
    if (state & TURN_TAIL)
        return used >= TURN_TAIL_NS ? STOP_CPU : STOP_NONE;
    if (used - others >= event->cpu_allowed_ns)
        return STOP_CPU;
    if (is_other_over(turn, &owner, event->event.ticket, used)) {
        *ret_blamed = owner.ticket;
        return STOP_CPU;
    }
    return now_ns >= event->deadline_ns ? event->deadline_reason : STOP_NONE;
}

/* Whether the turn has moved since the last look; then the clocks of the watch start again. Under
 * the lock. */
static bool has_moved(struct turn *turn, uint64_t state)
{
    uint64_t seen = state & ~(TURN_CUT | TURN_STOP | TURN_QUARANTINED);

    if (seen == turn->watch.state)
        return false;
    if (seen >> TURN_SEQUENCE_SHIFT != turn->watch.state >> TURN_SEQUENCE_SHIFT) {
        turn->watch.is_adoption_asked = false;
    }
    turn->watch.state = seen;
    turn->watch.cpu_ns = read_cpu_ns(turn);
    return true;
}

/* Stops the event that was looked at, and no other: the word must still be the one that was read.
 * Under the lock. */
static bool stop(struct turn *turn, uint64_t state, enum stop_reason reason, uint32_t blamed)
{
    /* Relaxed: the turn's thread reads the reason under the lock. */
    if (!atomic_compare_exchange_strong_explicit(&turn->state, &state, state | TURN_STOP,
                                                 memory_order_relaxed, memory_order_relaxed))
        return false;
    turn->stop_reason = reason;
    turn->stop_blamed = blamed;
    turn->watch.stopped_ns = clock_now_ns();
    isolate_terminate(turn->isolate);
    return true;
}

/* Writes the turn off. Its thread cannot end it meanwhile, so the message is sent before the turn's
 * own, which gives the record back. Under the lock. */
static bool quarantine(struct turn *turn, const struct turn_patience *patience)
{
    if (atomic_fetch_or_explicit(&turn->state, TURN_QUARANTINED, memory_order_relaxed) &
        TURN_QUARANTINED)
        return false;
    patience->write_off(patience->arg, turn);
    /* The lane is not closed: the turn is out. */
    (void)lane_send(turn->lane, &turn->quarantine);
    return true;
}

/* Under the lock, with TURN_RUN set and an isolate. A parked isolate may hold any lock of V8's:
 * nothing is called in it any more. */
static void watch_isolate(struct turn *turn, uint64_t state, uint64_t now_ns,
                          const struct turn_patience *patience, struct turn_look *look)
{
    enum stop_reason reason;
    uint32_t blamed;

    if (isolate_is_parked(turn->isolate)) {
        look->has_quarantined = quarantine(turn, patience);
        return;
    }
    if (has_moved(turn, state) || TURN_BEGUN(state) == 0)
        return;
    if (state & TURN_STOP) {
        /* The last one was swallowed, or fell between two scopes. */
        isolate_terminate(turn->isolate);
        if (now_ns - turn->watch.stopped_ns >= patience->quarantine_after_ns)
            look->has_quarantined = quarantine(turn, patience);
        return;
    }
    reason = overrun(turn, state, now_ns, &blamed);
    if (reason != STOP_NONE)
        look->has_stopped = stop(turn, state, reason, blamed);
    else
        isolate_sample(turn->isolate);
}

/* Under the lock, with TURN_RUN set: the lane cannot be closed meanwhile, so that a reference to it
 * can be taken. */
static void ask_for_adoption(struct turn *turn, uint64_t now_ns, uint64_t adopt_after_ns,
                             struct turn_look *look)
{
    bool is_late = now_ns > turn->started_ns && now_ns - turn->started_ns >= adopt_after_ns;

    if (!look->has_quarantined && (turn->watch.is_adoption_asked || !is_late))
        return;
    turn->watch.is_adoption_asked = true;
    atomic_fetch_add_explicit(&turn->lane->refs, 1, memory_order_relaxed);
    look->late_lane = turn->lane;
    look->lane_word = turn->lane_word;
}

struct turn_look turn_watch(struct turn *turn, uint64_t now_ns,
                            const struct turn_patience *patience)
{
    struct turn_look look = {0};
    uint64_t state;

    /* Relaxed: it is read again under the lock. */
    if (!(atomic_load_explicit(&turn->state, memory_order_relaxed) & TURN_RUN))
        return look;
    lock_take(&turn->lock);
    state = atomic_load_explicit(&turn->state, memory_order_acquire);
    if (state & TURN_RUN) {
        if (turn->isolate)
            watch_isolate(turn, state, now_ns, patience, &look);
        else
            has_moved(turn, state);
        ask_for_adoption(turn, now_ns, patience->adopt_after_ns, &look);
    }
    lock_release(&turn->lock);
    return look;
}

bool turn_was_quarantined(const struct turn *turn)
{
    /* Relaxed: it is set under the lock, which the turn's end has taken since. */
    return atomic_load_explicit(&turn->state, memory_order_relaxed) & TURN_QUARANTINED;
}

struct turn_stuck turn_stuck(struct turn *turn)
{
    struct turn_stuck stuck;

    lock_take(&turn->lock);
    stuck = (struct turn_stuck){
        .event = &turn->events[turn_begun(turn) > 0 ? turn_begun(turn) - 1 : 0],
        .reason = turn->stop_reason,
        .blamed = turn->stop_blamed,
        .is_parked = turn->isolate && isolate_is_parked(turn->isolate),
    };
    lock_release(&turn->lock);
    return stuck;
}
