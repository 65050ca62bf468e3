/* A lane's turns: the leases T1, T2 and T3 (lane.h). */
#include "pools/lane.h"

#include "api/clock.h"
#include "pools/crew_private.h"
#include "pools/pool_private.h"

#include <utlist.h>

#define ADOPTION_WAIT_MS 1000

/* Turns. */

static void prepare(struct lane *lane, struct actor *actor, struct turn *turn)
{
    uint64_t now_ns = clock_now_ns();
    bool was_condemned = actor->is_condemned;

    turn_prepare(turn, lane, actor, actor->isolate);
    if (!actor->is_condemned)
        actor_fill_turn(actor, turn, now_ns);
    /* Filling may have found nothing that is still wanted. Where it has condemned the actor, what
     * that has goes elsewhere first. */
    turn->closes = actor->isolate && turn->count == 0 &&
                   (was_condemned || (actor->is_retired && actor_is_idle(actor)));
}

/* The turn was to make the isolate, or a context in it. */
static void absorb_opening(struct lane *lane, struct actor *actor, struct turn *turn)
{
    struct failure failure = {0};

    actor->isolate = turn->isolate;
    if (!turn->open_error) {
        if (turn->opens)
            counter_add(&lane->counters.created, 1);
        return;
    }
    failure_set(&failure, FAILURE_INTERNAL, PHASE_STARTUP, "V8 could not make %s",
                turn->opens ? "an isolate" : "a context");
    actor_fail_startup(actor, &failure);
    failure_release(&failure);
}

/* Of a turn that is over. */
static double cpu_share(const struct turn *turn)
{
    uint64_t total_ns = turn->ended_ns - turn->started_ns;

    return total_ns > turn->cpu_ns ? (double)turn->cpu_ns / (double)total_ns : 1;
}

void lane_absorb(struct lane *lane, struct turn *turn)
{
    struct actor *actor = turn->actor;
    unsigned begun = turn_begun(turn);

    counter_add(&lane->counters.turns, 1);
    counter_add(&lane->counters.busy_ns, turn->ended_ns - turn->started_ns);
    if (turn->opens || turn->renews)
        absorb_opening(lane, actor, turn);
    if (turn->heap_bytes) {
        actor->heap_bytes = turn->heap_bytes;
        actor->heap_sampled_ns = turn->ended_ns;
    }
    actor_take_back(actor, turn, begun);
    actor_absorb(actor, turn, begun, cpu_share(turn));
    if (turn->closes) {
        actor->isolate = NULL;
        actor->is_over = true;
        counter_add(&lane->counters.disposed, 1);
    }
    actor->is_claimed = false;
    actor->stray = NULL;
    lane_settle(lane, actor);
}

/* T2. Acquire-release: an adopter in between has written the lane, and the next one reads what we
 * write. */
static bool leave_turn(struct lane *lane, struct turn *turn)
{
    uint64_t word = turn->lane_word;
    uint64_t next = LANE_WORD(LANE_EPOCH(word) + 1, LANE_LOOP);

    if (!atomic_compare_exchange_strong_explicit(&lane->word, &word, next, memory_order_acq_rel,
                                                 memory_order_relaxed))
        return false;
    lane->held_word = next;
    return true;
}

bool lane_take_turn(struct lane *lane, struct actor *actor, struct turn *turn)
{
    prepare(lane, actor, turn);
    if (turn->count == 0 && !turn->closes) {
        lane_settle(lane, actor);
        return true;
    }
    actor->is_claimed = true;
    counter_set(&lane->counters.running_key, actor->script->worker_key);
    turn->lane_word = LANE_WORD(LANE_EPOCH(lane->held_word) + 1, LANE_TURN);
    turn_begin(turn);
    /* T1. Release: an adopter sees everything that this thread has done to the lane. */
    atomic_store_explicit(&lane->word, turn->lane_word, memory_order_release);
    turn->is_adoption_forced = crew_force_adoption(lane->crew, turn);
    turn_run(turn);
    /* A thread is on its way to adopt the lane, and this one must not go on with it. Should that
     * not come, there is nobody else. */
    if (turn_was_quarantined(turn))
        turn_await_adoption(turn, ADOPTION_WAIT_MS);
    if (!leave_turn(lane, turn)) {
        /* The lane's holder waits for this message before it closes the lane, so it is never
         * refused. */
        (void)lane_send(lane, &turn->back);
        return false;
    }
    counter_set(&lane->counters.running_key, 0);
    lane_absorb(lane, turn);
    return true;
}

bool lane_adopt(struct lane *lane, uint64_t word, struct turn *turn)
{
    uint64_t next = LANE_WORD(LANE_EPOCH(word) + 1, LANE_LOOP);
    struct actor *actor;
    unsigned begun;

    /* T3. Acquire: what the holder had written before its turn. Release: for the next reader. */
    if (!atomic_compare_exchange_strong_explicit(&lane->word, &word, next, memory_order_acq_rel,
                                                 memory_order_relaxed))
        return false;
    lane->held_word = next;
    counter_add(&lane->counters.adoptions, 1);
    counter_set(&lane->counters.running_key, 0);
    actor = turn->actor;
    actor->stray = turn;
    DL_APPEND2(lane->strays, turn, prev_stray, next_stray);
    counter_add(&lane->counters.strays, 1);
    lane_tend_strays(lane);
    begun = turn_cut(turn);
    actor_take_back(actor, turn, begun);
    /* The last one begun may still run. The turn's CPU time is not known yet: about its wall time,
     * since it does not wait. */
    actor_absorb(actor, turn, begun > 0 ? begun - 1 : 0, 1);
    if (lane->is_stopping)
        turn_hasten_all(turn, clock_now_ns(), STOP_DRAINING);
    return true;
}

static bool is_stray(const struct lane *lane, const struct turn *turn)
{
    const struct turn *stray;

    DL_FOREACH2(lane->strays, stray, next_stray)
    {
        if (stray == turn)
            return true;
    }
    return false;
}

void lane_quarantine(struct lane *lane, struct turn *turn)
{
    struct actor *actor = turn->actor;

    /* Or it has come back before the lane could be adopted, and the actor may be gone. */
    if (!is_stray(lane, turn))
        return;
    counter_add(&lane->counters.quarantines, 1);
    actor_quarantine(actor, turn);
    actor_give_place(actor);
    lane_evacuate(lane, actor);
    lane_place_waiting(lane, &lane->waiting);
    lane_place_waiting(lane, &lane->waiting_checks);
}
