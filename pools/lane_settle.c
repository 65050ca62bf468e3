/*
 * What becomes of tasks and actors: placing tasks, settling actors after whatever has happened to
 * them, ending tasks.
 */
#include "pools/lane.h"

#include "api/clock.h"
#include "api/log.h"
#include "pools/pool_private.h"
#include "pools/task_end.h"

#include <stdlib.h>
#include <utlist.h>

/* Tasks. */

static void count_outcome(struct lane *lane, const struct task *task)
{
    struct lane_counters *c = &lane->counters;

    if (task->outcome.kind != OUTCOME_FAILED) {
        counter_add(&c->answered, 1);
        return;
    }
    switch (task->outcome.failure.reason) {
    case FAILURE_LIMIT_EXCEEDED:
        counter_add(&c->limit_exceeded, 1);
        counter_add(&c->limits[task->outcome.failure.limit % LIMIT_KINDS], 1);
        break;
    case FAILURE_CANCELLED:
    case FAILURE_DRAINING:
        counter_add(&c->cancelled, 1);
        break;
    case FAILURE_ISOLATE_CONDEMNED:
        counter_add(&c->condemned_tasks, 1);
        break;
    default:
        counter_add(&c->failed, 1);
        break;
    }
}

void lane_fill_report(struct lane *lane, const struct actor *actor, struct task *task,
                      uint64_t now_ns)
{
    struct report *report = &task->report;
    uint64_t began_ns = task->started_ns ? task->started_ns : now_ns;
    uint64_t waited_ns = began_ns - task->submitted_ns;

    if (task->startup_ns > waited_ns)
        task->startup_ns = waited_ns;
    hex_id_format(task->id, report->execution);
    if (trace_is_set(&task->trace))
        trace_format_id(&task->trace, report->trace);
    report->architecture = pool_architecture(lane->pool);
    report->version = task->script->version;
    report->lane = lane->index;
    report->queue_us = (waited_ns - task->startup_ns) / NS_PER_US;
    report->startup_us = task->startup_ns / NS_PER_US;
    report->cpu_us = task->cpu_ns / NS_PER_US;
    report->wall_us = (now_ns - task->submitted_ns) / NS_PER_US;
    report->heap_bytes = actor ? actor->heap_bytes : 0;
}

static struct histogram *service_us(struct lane *lane, const struct report *report)
{
    if (!report->is_warm)
        return &lane->cold_us;
    return report->is_new_context ? &lane->fresh_us : &lane->warm_us;
}

static void count_use(struct lane *lane, const struct script *script, struct actor_use *use)
{
    if (use->tasks == 0)
        return;
    top_add(&lane->top_by_queue_wait, script, use->tasks, use->waited_ns);
    top_add(&lane->top_by_cpu, script, use->tasks, use->cpu_ns);
    *use = (struct actor_use){.tasks = 0};
}

/* Of a task that began. It has no actor where it was taken back, and then refused. */
static void note_use(struct lane *lane, struct actor *actor, const struct task *task)
{
    struct actor_use own = {.tasks = 0}, *use = actor ? &actor->use : &own;

    counter_add(task->report.is_warm ? &lane->counters.hits : &lane->counters.misses, 1);
    histogram_record(&lane->queue_wait_us, task->report.queue_us);
    histogram_record(&lane->cpu_us, task->report.cpu_us);
    if (task->kind == TASK_REQUEST)
        histogram_record(service_us(lane, &task->report),
                         task->report.wall_us - task->report.queue_us);
    use->tasks++;
    use->waited_ns += task->started_ns - task->submitted_ns - task->startup_ns;
    use->cpu_ns += task->cpu_ns;
    count_use(lane, task->script, &own);
}

void lane_count_given_back(struct lane *lane)
{
    /* Release: who sees the number sees that done has been called. */
    atomic_fetch_sub_explicit(lane->live, 1, memory_order_release);
}

static void count_not_in_flight(struct lane *lane)
{
    counter_add(&lane->counters.in_flight, (uint64_t)-1);
}

/* Where the answer streams, its body's end is the execution's. */
static void tell_end(const struct lane *lane, const struct task *task)
{
    const struct response *response = task->outcome.response;
    const struct pool_log *log = &lane->pool->config.log;
    bool is_failed = task->outcome.kind == OUTCOME_FAILED;
    const struct execution_end end = {
        .script = task->script,
        .execution = task->id,
        .request = task->request,
        .failure = is_failed ? &task->outcome.failure : NULL,
        .report = &task->report,
    };

    if (log->ended && task->kind == TASK_REQUEST && !(response && response->stream))
        log->ended(log->arg, &end);
}

void lane_end_task(struct lane *lane, struct actor *actor, struct task *task)
{
    uint64_t now_ns = clock_now_ns();

    spread_remove(lane, task);
    if (task->queue != QUEUE_NONE)
        queues_move(&lane->queues, task, QUEUE_NONE, now_ns);
    lane_fill_report(lane, actor, task, now_ns);
    count_outcome(lane, task);
    if (task->started_ns)
        note_use(lane, actor, task);
    histogram_record(&lane->wall_us, task->report.wall_us);
    if (task->ticket)
        count_not_in_flight(lane);
    task->actor = NULL;
    tell_end(lane, task);
    if (task_end(task))
        lane_count_given_back(lane);
    else if (lane->pool->shared)
        shared_forget(lane->pool->shared, task);
}

void lane_fail_task(struct lane *lane, struct task *task, const struct failure *failure)
{
    task->outcome.kind = OUTCOME_FAILED;
    failure_copy(&task->outcome.failure, failure);
    lane_end_task(lane, NULL, task);
}

void lane_count_begun(struct lane *lane)
{
    counter_add(&lane->counters.in_flight, 1);
    counter_add(&lane->counters.tasks, 1);
}

void lane_count_unbegun(struct lane *lane)
{
    count_not_in_flight(lane);
    counter_add(&lane->counters.tasks, (uint64_t)-1);
}

void lane_count_extended(struct lane *lane)
{
    counter_add(&lane->counters.in_flight, 1);
    /* Relaxed: the task that it comes from is still counted. */
    atomic_fetch_add_explicit(lane->live, 1, memory_order_relaxed);
}

void lane_count_unextended(struct lane *lane)
{
    count_not_in_flight(lane);
    lane_count_given_back(lane);
}

bool lane_refuse_stranger(struct actor *actor, struct task *task)
{
    struct failure failure = {0};

    if (strcmp(task->tenant, isolate_tenant(actor->isolate)) == 0)
        return false;
#ifdef ISOYARD_DEBUG
    if (!actor->lane->pool->config.tolerates_strangers)
        abort(); /* a tenant's task at another tenant's isolate */
#endif
    counter_add(&actor->lane->counters.tenant_mismatches, 1);
    log_error("a task of one tenant came to an isolate of another",
              log_text("task_tenant", task->tenant),
              log_text("isolate_tenant", isolate_tenant(actor->isolate)));
    failure_set(&failure, FAILURE_INTERNAL, PHASE_QUEUE,
                "the task was sent to an isolate of another tenant");
    actor_fail_queued(actor, task, &failure);
    failure_release(&failure);
    actor_condemn(actor, "a task of another tenant was sent to its isolate");
    return true;
}

/*
 * Placing. A task goes to the actor that its worker has; where it has none, one is made; where
 * there is no room for one, the task waits. While a worker has an actor that takes tasks, none of
 * its tasks waits here: so they begin in the order of their submission.
 */

static struct actor *make_actor(struct lane *lane, const struct task *task)
{
    if (task->kind != TASK_CHECK)
        return lane->pool->ops->make(lane, task->script);
    return lane->checks < POOL_CHECKS_PER_LANE ? actor_new(lane, task->script, true) : NULL;
}

static struct actor *find_actor(struct lane *lane, const struct task *task)
{
    return task->kind != TASK_CHECK ? lane->pool->ops->find(lane, task->script) : NULL;
}

struct task **lane_waiting_list(struct lane *lane, const struct task *task)
{
    return task->kind == TASK_CHECK ? &lane->waiting_checks : &lane->waiting;
}

static void refuse_draining(struct lane *lane, struct task *task)
{
    struct failure failure = {0};

    failure_set(&failure, FAILURE_DRAINING, PHASE_QUEUE, "the server is shutting down");
    lane_fail_task(lane, task, &failure);
    failure_release(&failure);
}

void lane_refuse(struct lane *lane, struct task *tasks)
{
    while (tasks) {
        struct task *task = tasks;

        DL_DELETE(tasks, task);
        refuse_draining(lane, task);
    }
}

void lane_place(struct lane *lane, struct task *task)
{
    struct task **waiting = lane_waiting_list(lane, task);
    struct actor *actor;

    task->actor = NULL;
    task->ticket = 0;
    if (lane->is_stopping) {
        refuse_draining(lane, task);
        return;
    }
    actor = find_actor(lane, task);
    if (actor) {
        actor_enqueue(actor, task);
        lane_settle(lane, actor);
        return;
    }
    /* Behind those that wait already: room that comes about is theirs. */
    queues_move(&lane->queues, task, QUEUE_ISOLATE, lane->noted_ns);
    DL_APPEND(*waiting, task);
    lane_place_waiting(lane, waiting);
}

/* Gives a new actor those that wait for its worker. */
static void take_waiting(struct task **waiting, struct actor *actor)
{
    struct task *task, *next;

    DL_FOREACH_SAFE(*waiting, task, next)
    {
        if (task->script != actor->script)
            continue;
        DL_DELETE(*waiting, task);
        actor_enqueue(actor, task);
        if (!actor_accepts(actor))
            return; /* it is for one task only */
    }
}

void lane_place_waiting(struct lane *lane, struct task **waiting)
{
    while (*waiting) {
        struct actor *actor = make_actor(lane, *waiting);

        if (!actor)
            return;
        lane->noted_ns = clock_now_ns();
        take_waiting(waiting, actor);
        lane_settle(lane, actor);
    }
}

/* Settling. */

static void list_ready(struct lane *lane, struct actor *actor)
{
    if (actor->is_listed)
        return;
    DL_APPEND(lane->ready, actor);
    actor->is_listed = true;
}

void lane_unlist(struct lane *lane, struct actor *actor)
{
    if (!actor->is_listed)
        return;
    DL_DELETE(lane->ready, actor);
    actor->is_listed = false;
}

void lane_evacuate(struct lane *lane, struct actor *actor)
{
    struct failure failure = {0};
    struct task *queue;

    failure_set(&failure, lane->is_stopping ? FAILURE_DRAINING : FAILURE_ISOLATE_CONDEMNED,
                PHASE_HANDLER, "the worker's isolate was ended: %s", actor->condemned_because);
    actor_fail_flights(actor, &failure);
    failure_release(&failure);
    if (actor->shared) {
        shared_evacuate(actor);
        return;
    }
    queue = actor_take_queue(actor);
    lane->noted_ns = clock_now_ns();
    while (queue) {
        struct task *task = queue;

        DL_DELETE(queue, task);
        lane_place(lane, task);
    }
}

static void fail_stuck(struct actor *actor)
{
    struct failure failure = {0};
    unsigned slot = 0;

    if (actor->state == ACTOR_LOADING) {
        failure_set(
            &failure, FAILURE_NEVER_SETTLES, PHASE_STARTUP,
            "the evaluation of the worker's modules waits for a promise that nothing can settle");
        actor_fail_startup(actor, &failure);
    } else {
        failure_set(
            &failure, FAILURE_NEVER_SETTLES, PHASE_HANDLER,
            "the handler's promise can no longer settle: nothing is pending that could do it");
        actor_fail(actor, flight_ticket(flights_next(&actor->flights, &slot)), &failure);
    }
    failure_release(&failure);
}

static void count_end(struct lane *lane, const struct actor *actor)
{
    struct lane_counters *c = &lane->counters;

    switch (actor->end) {
    case ACTOR_EVICTED:
        counter_add(&c->evicted, 1);
        break;
    case ACTOR_EXPIRED:
        counter_add(&c->expired, 1);
        break;
    case ACTOR_RECYCLED:
        counter_add(&c->recycled, 1);
        break;
    case ACTOR_CONDEMNED:
        counter_add(&c->condemned, 1);
        break;
    case ACTOR_DONE:
    case ACTOR_CLOSED:
        break;
    }
}

static void bury(struct lane *lane, struct actor *actor)
{
    count_use(lane, actor->script, &actor->use);
    count_end(lane, actor);
    lane_unlist(lane, actor);
    actor_free(actor);
    lane_place_waiting(lane, &lane->waiting);
    lane_place_waiting(lane, &lane->waiting_checks);
}

static bool is_resting(const struct actor *actor)
{
    return actor_accepts(actor) && actor_is_idle(actor) && actor->state == ACTOR_READY;
}

/* It rests when it is released. Where it has served enough, what is on its way goes to others. */
static void recycle_shared(struct lane *lane, struct actor *actor)
{
    uint64_t recycle_after = lane->pool->config.recycle_after;

    if (recycle_after == 0 || actor->served < recycle_after)
        return;
    actor_retire(actor, ACTOR_RECYCLED);
    shared_evacuate(actor);
}

/* Looks at what has happened to it. False where it is gone. */
static bool look_after(struct lane *lane, struct actor *actor)
{
    if (actor->is_over) {
        bury(lane, actor);
        return false;
    }
    if (actor->is_condemned)
        lane_evacuate(lane, actor);
    else if (actor_is_stuck(actor))
        fail_stuck(actor);
    if (is_resting(actor) && actor->shared)
        recycle_shared(lane, actor);
    else if (is_resting(actor))
        lane->pool->ops->rest(lane, actor);
    if (!actor->isolate && actor->is_retired && actor_is_idle(actor)) {
        actor->is_over = true; /* it was never opened */
        bury(lane, actor);
        return false;
    }
    return true;
}

void lane_settle(struct lane *lane, struct actor *actor)
{
    if (actor->is_claimed)
        return; /* its turn is still out */
    spread_note(lane, actor);
    if (!look_after(lane, actor))
        return;
    count_use(lane, actor->script, &actor->use);
    if (actor->shared) {
        shared_release(actor, actor_has_work(actor));
        return;
    }
    if (actor_has_work(actor))
        list_ready(lane, actor);
    if (is_resting(actor))
        lane_place_waiting(lane, &lane->waiting);
}

void lane_take_own(struct lane *lane, struct task *task)
{
    task->is_with_lane = true;
    queues_move(&lane->queues, task, QUEUE_LANE, lane->noted_ns);
    DL_APPEND(lane->own_tasks, task);
}

/* Blocks until it has an isolate for its first task. */
static struct actor *enter_for_own(struct lane *lane)
{
    struct task *task = lane->own_tasks;
    bool is_refused;
    struct actor *actor;

    DL_DELETE(lane->own_tasks, task);
    task->is_with_lane = false;
    actor = shared_enter(lane, task, &is_refused);
    if (is_refused)
        refuse_draining(lane, task);
    return actor;
}

/* Its own tasks, and what has come for isolates that nobody plays, in turn. */
static struct actor *claim_next(struct lane *lane)
{
    struct actor *actor = NULL;

    lane->had_own_turn = lane->own_tasks && !lane->had_own_turn;
    if (!lane->had_own_turn)
        actor = shared_claim(lane);
    while (!actor && lane->own_tasks)
        actor = enter_for_own(lane);
    return actor;
}

struct actor *lane_claim_shared(struct lane *lane)
{
    struct actor *actor;

    while ((actor = claim_next(lane))) {
        if (!look_after(lane, actor))
            continue;
        if (actor_has_work(actor))
            return actor;
        shared_release(actor, false);
    }
    return NULL;
}
