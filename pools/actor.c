/* Actors: their life, their queue, and the failing of their tasks. */
#include "pools/actor_body.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "pools/lane.h"
#include "pools/pool_private.h"
#include "pools/task_end.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <utlist.h>

/* How long V8's background work is given before a worker that waits for nothing is looked at again.
 */
#define RECHECK_NS (2 * NS_PER_MS)

/* Checks have a bound of their own, so that deployments evict nobody. */
static void count(const struct actor *actor, int change)
{
    struct lane *lane = actor->lane;

    if (actor->is_check)
        lane->checks += (unsigned)change;
    else
        lane->isolates += (unsigned)change;
    counter_set(&lane->counters.isolates, lane->isolates + lane->checks);
}

/* What the worker allows, within what the pool does. */
static unsigned task_limit(const struct pool *pool, const struct script *script)
{
    unsigned pools = pool->config.tasks_per_isolate;

    return script->limits.tasks < pools ? script->limits.tasks : pools;
}

static struct actor *make(const struct pool *pool, struct script *script)
{
    struct actor *actor = xcalloc(1, sizeof(*actor));

    actor->script = script_ref(script);
    actor->task_limit = task_limit(pool, script);
    actor->end = ACTOR_DONE;
    actor->platform_message.kind = MESSAGE_PLATFORM;
    atomic_init(&actor->is_platform_said, false);
    atomic_init(&actor->platform_due_ns, 0);
    actor->is_counted = true;
    return actor;
}

struct actor *actor_new(struct lane *lane, struct script *script, bool is_check)
{
    struct actor *actor = make(lane->pool, script);

    actor->lane = lane;
    actor->is_check = is_check;
    actor->is_retired = is_check;
    DL_APPEND2(lane->actors, actor, prev_all, next_all);
    count(actor, 1);
    return actor;
}

struct actor *actor_new_shared(struct shared *shared, struct script *script)
{
    struct actor *actor = make(shared_pool(shared), script);

    actor->shared = shared;
    actor->retire_message.kind = MESSAGE_RETIRE;
    actor->stop_message.kind = MESSAGE_STOP;
    mailbox_init(&actor->mailbox);
    (void)mailbox_sleep(&actor->mailbox);
    atomic_init(&actor->refs, 1);
    pthread_cond_init(&actor->left, NULL);
    return actor;
}

void actor_give_place(struct actor *actor)
{
    if (!actor->is_counted)
        return;
    actor->is_counted = false;
    if (actor->shared)
        shared_give_place(actor);
    else
        count(actor, -1);
}

static void free_now(struct actor *actor)
{
    if (actor->shared)
        pthread_cond_destroy(&actor->left);
    script_unref(actor->script);
    inbox_release(&actor->inbox);
    flights_release(&actor->flights);
    free(actor);
}

struct actor *actor_ref(struct actor *actor)
{
    /* Relaxed: whoever takes a reference already has one. */
    atomic_fetch_add_explicit(&actor->refs, 1, memory_order_relaxed);
    return actor;
}

void actor_unref(struct actor *actor)
{
    /* Acquire-release: the freeing comes after all that the others did. */
    if (atomic_fetch_sub_explicit(&actor->refs, 1, memory_order_acq_rel) == 1)
        free_now(actor);
}

void actor_free(struct actor *actor)
{
    struct lane *lane = actor->lane;

    assert(actor->is_over && !actor->queue && !actor->is_cached && !actor->is_listed &&
           !actor->is_claimed);
    actor_stop_timers(actor);
    actor_give_place(actor);
    if (actor->shared) {
        shared_bury(actor);
        return;
    }
    DL_DELETE2(lane->actors, actor, prev_all, next_all);
    /* The isolate is closed, so no further message comes. Acquire: the one that has come is in the
     * mailbox by now. */
    if (atomic_load_explicit(&actor->is_platform_said, memory_order_acquire))
        actor->is_zombie = true;
    else
        free_now(actor);
}

void actor_enqueue(struct actor *actor, struct task *task)
{
    queues_move(&actor->lane->queues, task, QUEUE_TURN, actor->lane->noted_ns);
    task->actor = actor;
    task->ticket = 0;
    task->report.is_warm = actor->has_started;
    task->report.is_new_context = false;
    DL_APPEND(actor->queue, task);
    actor->queued++;
    if (!actor->shared)
        cache_use(&actor->lane->cache, actor);
}

void actor_dequeue(struct actor *actor, struct task *task)
{
    DL_DELETE(actor->queue, task);
    actor->queued--;
}

bool actor_accepts(const struct actor *actor)
{
    return !actor->is_retired && !actor->is_condemned;
}

bool actor_is_starting(const struct actor *actor)
{
    return actor->state == ACTOR_LOADING && !actor->has_started;
}

bool actor_is_idle(const struct actor *actor)
{
    return actor->queued == 0 && actor->flights.in_use == 0;
}

bool actor_can_begin(const struct actor *actor)
{
    return actor->state == ACTOR_READY && actor->queued > 0 &&
           actor->flights.in_use < actor->task_limit;
}

bool actor_has_work(const struct actor *actor)
{
    bool is_ending = actor->is_condemned || (actor->is_retired && actor_is_idle(actor));

    return is_ending || actor->state == ACTOR_NEW || actor->inbox.count > 0 ||
           actor_can_begin(actor);
}

/* Of the only execution. */
static bool is_body_pending(const struct actor *actor)
{
    unsigned slot = 0;
    const struct flight *flight = flights_next(&actor->flights, &slot);

    /* An answer's body may be fed by tasks that are still to come, and has a limit of its own. */
    return flight && (flight->has_answer_body || actor_body_is_pending(flight));
}

static bool is_something_pending(const struct actor *actor)
{
    return actor->timers || actor->fetches || actor->computations || actor->inbox.count > 0 ||
           actor->platform_timer || is_body_pending(actor) ||
           atomic_load_explicit(&actor->is_platform_said, memory_order_relaxed) ||
           (actor->isolate && isolate_has_platform_task(actor->isolate));
}

static void on_recheck(void *arg)
{
    struct actor *actor = arg;

    actor->recheck_timer = NULL;
    lane_settle(actor->lane, actor);
}

/* A task that is still to begin may settle what another one waits for. */
static bool is_waiting(const struct actor *actor)
{
    if (actor->state == ACTOR_LOADING)
        return true;
    return actor->state == ACTOR_READY && actor->flights.in_use == 1 && !actor_can_begin(actor);
}

bool actor_is_stuck(struct actor *actor)
{
    bool is_engine_busy;

    if (!is_waiting(actor) || actor->recheck_timer)
        return false;
    /* Asked first: what V8 is done with by now, it has posted, and the next look sees it. */
    is_engine_busy = engine_is_busy();
    if (is_something_pending(actor))
        return false;
    if (!is_engine_busy)
        return true;
    actor->recheck_timer = lane_timer_start_for(actor, RECHECK_NS, on_recheck, actor);
    return false;
}

void actor_log(struct actor *actor, uint32_t ticket, enum console_level level, struct bytes text)
{
    const struct pool_log *log = &actor->lane->pool->config.log;
    const struct flight *flight = flights_find(&actor->flights, ticket);
    const struct console_line line = {
        .script = actor->script,
        .execution = flight ? flight->execution : 0,
        .level = level,
        .text = text,
    };

    if (log->console)
        log->console(log->arg, &line);
}

/* It gets no new tasks. A shared one does until its tasks go elsewhere, or was taken out already.
 */
static void remove_from_cache(struct actor *actor)
{
    if (!actor->shared)
        cache_remove(&actor->lane->cache, actor);
}

void actor_retire(struct actor *actor, enum actor_end end)
{
    if (actor->is_retired)
        return;
    actor->is_retired = true;
    actor->end = end;
    remove_from_cache(actor);
}

void actor_condemn(struct actor *actor, const char *because)
{
    if (actor->is_condemned)
        return;
    snprintf(actor->condemned_because, sizeof(actor->condemned_because), "%s", because);
    actor->is_condemned = true;
    actor->is_retired = true;
    actor->end = ACTOR_CONDEMNED;
    remove_from_cache(actor);
}

/* Clocks of executions. */

uint64_t flight_cpu_left_ns(const struct flight *flight)
{
    return ns_left(flight->actor->script->limits.cpu_us * NS_PER_US, flight->cpu_ns);
}

/* Until its answer, while its body streams, and again from there. */
uint64_t flight_wall_allowed_us(const struct flight *flight)
{
    const struct limits *limits = &flight->actor->script->limits;

    if (flight->task)
        return limits->wall_us;
    return flight->has_answer_body ? limits->body_idle_us : limits->wait_until_us;
}

uint64_t flight_wall_since_ns(const struct flight *flight)
{
    return flight->progress_ns > flight->started_ns ? flight->progress_ns : flight->started_ns;
}

uint64_t flight_wall_end_ns(const struct flight *flight)
{
    uint64_t end_ns = flight_wall_since_ns(flight) + flight_wall_allowed_us(flight) * NS_PER_US;

    return flight->grace_end_ns && flight->grace_end_ns < end_ns ? flight->grace_end_ns : end_ns;
}

/* The ends of executions. */

void actor_end_flight(struct actor *actor, struct flight *flight)
{
    struct task *task = flight->task;

    actor_note_unfinished(flight);
    actor_stop_waiting(flight);
    if (task)
        task->cpu_ns = flight->cpu_before_ns + flight->cpu_ns;
    flights_close(&actor->flights, flight);
    if (task)
        lane_end_task(actor->lane, actor, task);
    else
        lane_count_unextended(actor->lane);
}

/* The answer has left: the log is where it is said. */
static void say_cut_off(struct actor *actor, const struct flight *flight,
                        const struct failure *failure)
{
    const struct pool_log *log = &actor->lane->pool->config.log;
    const struct execution_end end = {
        .script = actor->script, .execution = flight->execution, .failure = failure};

    if (log->ended)
        log->ended(log->arg, &end);
}

static void fail_flight(struct actor *actor, struct flight *flight, const struct failure *failure)
{
    if (flight->task) {
        flight->task->outcome.kind = OUTCOME_FAILED;
        failure_copy(&flight->task->outcome.failure, failure);
    } else if (flight->has_answer_body) {
        actor_end_answer_body(flight, failure);
    } else {
        say_cut_off(actor, flight, failure);
    }
    inbox_push(&actor->inbox,
               (struct inbox_item){.kind = EVENT_END, .ticket = flight_ticket(flight)});
    actor_end_flight(actor, flight);
}

void actor_fail(struct actor *actor, uint32_t ticket, const struct failure *failure)
{
    struct flight *flight = flights_find(&actor->flights, ticket);

    if (flight)
        fail_flight(actor, flight, failure);
}

void actor_fail_flights(struct actor *actor, const struct failure *failure)
{
    unsigned slot = 0;
    struct flight *flight;

    while ((flight = flights_next(&actor->flights, &slot)))
        fail_flight(actor, flight, failure);
}

void actor_fail_queued(struct actor *actor, struct task *task, const struct failure *failure)
{
    actor_dequeue(actor, task);
    task->outcome.kind = OUTCOME_FAILED;
    failure_copy(&task->outcome.failure, failure);
    lane_end_task(actor->lane, actor, task);
}

void actor_fail_queue(struct actor *actor, const struct failure *failure)
{
    while (actor->queue)
        actor_fail_queued(actor, actor->queue, failure);
}

void actor_fail_startup(struct actor *actor, const struct failure *failure)
{
    actor_fail_queue(actor, failure);
    actor_condemn(actor, "its start-up failed");
}

struct task *actor_take_queue(struct actor *actor)
{
    struct task *queue = actor->queue;

    actor->queue = NULL;
    actor->queued = 0;
    return queue;
}

static void cancel_flight(struct actor *actor, struct task *task, const struct failure *failure)
{
    uint64_t deadline_ns = clock_now_ns() + actor->lane->pool->cancel_grace_ns;

    if (actor->stray && turn_hasten(actor->stray, task->ticket, deadline_ns, STOP_CANCEL))
        flights_find(&actor->flights, task->ticket)->is_cancelled = true;
    else
        actor_fail(actor, task->ticket, failure);
}

void actor_cancel(struct actor *actor, struct task *task)
{
    struct failure failure = {0};

    failure_set(&failure, FAILURE_CANCELLED, task->ticket ? PHASE_HANDLER : PHASE_QUEUE,
                "the caller went away");
    if (task->ticket)
        cancel_flight(actor, task, &failure);
    else
        actor_fail_queued(actor, task, &failure);
    failure_release(&failure);
    lane_settle(actor->lane, actor);
}

/* V8's foreground tasks. */

static void on_platform_due(void *arg)
{
    struct actor *actor = arg;

    actor->platform_timer = NULL;
    inbox_push(&actor->inbox, (struct inbox_item){.kind = EVENT_PLATFORM});
    lane_settle(actor->lane, actor);
}

static void await_platform(struct actor *actor, uint64_t due_ns, uint64_t now_ns)
{
    if (actor->platform_timer && actor->platform_timer_ns <= due_ns)
        return; /* the event that comes then asks again for what is not due */
    lane_timer_stop(actor->platform_timer);
    actor->platform_timer_ns = due_ns;
    actor->platform_timer = lane_timer_start_for(actor, due_ns - now_ns, on_platform_due, actor);
}

void actor_say_platform(void *arg, uint64_t delay_ns)
{
    struct actor *actor = arg;
    uint64_t due_ns = clock_now_ns() + delay_ns;
    uint64_t known_ns = atomic_load_explicit(&actor->platform_due_ns, memory_order_relaxed);

    while ((known_ns == 0 || due_ns < known_ns) &&
           !atomic_compare_exchange_weak_explicit(&actor->platform_due_ns, &known_ns, due_ns,
                                                  memory_order_relaxed, memory_order_relaxed))
        ;
    /* Release: whoever clears the mark sees the due time. Where it was set, a message that is not
     * yet read carries it. */
    if (atomic_exchange_explicit(&actor->is_platform_said, true, memory_order_acq_rel))
        return;
    /* Neither is gone: the isolate is there. */
    if (actor->shared)
        (void)shared_tell(actor, &actor->platform_message);
    else
        (void)lane_send(actor->lane, &actor->platform_message);
}

void actor_receive_platform(struct actor *actor)
{
    uint64_t now_ns = clock_now_ns();
    uint64_t due_ns;

    /* Acquire, and before the due time is read: whoever says it from here on sends a message again.
     */
    atomic_exchange_explicit(&actor->is_platform_said, false, memory_order_acq_rel);
    if (actor->is_zombie) {
        free_now(actor);
        return;
    }
    if (actor->is_over)
        return; /* a shared one, which receives its last messages */
    due_ns = atomic_exchange_explicit(&actor->platform_due_ns, 0, memory_order_relaxed);
    if (due_ns > now_ns)
        await_platform(actor, due_ns, now_ns);
    else
        inbox_push(&actor->inbox, (struct inbox_item){.kind = EVENT_PLATFORM});
    lane_settle(actor->lane, actor);
}
