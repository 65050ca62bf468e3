/* What comes out of an actor's turn: operations, costs, and what became of the executions. */
#include "pools/actor_body.h"

#include "api/clock.h"
#include "api/pipe.h"
#include "pools/lane.h"
#include "pools/pool_private.h"
#include "shim/crypto/job.h"
#include "shim/net/fetch_result.h"

#include <stdio.h>
#include <utlist.h>

/* What the record holds for an event. */
static void release_event(struct event *event)
{
    request_unref(event->request);
    event->request = NULL;
    fetch_result_free(event->result);
    event->result = NULL;
    body_event_free(event->body);
    event->body = NULL;
    crypto_job_free(event->job);
    event->job = NULL;
}

static void set_wall_failure(const struct flight *flight, struct failure *ret)
{
    if (flight->grace_end_ns)
        failure_set(ret, FAILURE_CANCELLED, PHASE_HANDLER, "the caller went away");
    else
        failure_set_limit(ret, flight->has_answer_body ? LIMIT_BODY_IDLE : LIMIT_WALL,
                          PHASE_HANDLER,
                          (clock_now_ns() - flight_wall_since_ns(flight)) / NS_PER_US,
                          flight_wall_allowed_us(flight));
}

static void on_wall_limit(void *arg);

static void start_deadline(struct flight *flight, uint64_t now_ns)
{
    flight->deadline = lane_timer_start_for(
        flight->actor, ns_left(flight_wall_end_ns(flight), now_ns), on_wall_limit, flight);
}

/* Bodies that have moved meanwhile have put it off. */
static bool is_put_off(struct flight *flight)
{
    uint64_t now_ns = clock_now_ns();

    if (!flight->grace_end_ns)
        (void)actor_note_progress(flight, now_ns);
    if (now_ns >= flight_wall_end_ns(flight))
        return false;
    start_deadline(flight, now_ns);
    return true;
}

static void on_wall_limit(void *arg)
{
    struct flight *flight = arg;
    struct actor *actor = flight->actor;
    struct failure failure = {0};

    flight->deadline = NULL;
    if (is_put_off(flight))
        return;
    if (actor->stray && turn_hasten(actor->stray, flight_ticket(flight), UINT64_MAX, STOP_WALL))
        return; /* the watchdog sees to it */
    set_wall_failure(flight, &failure);
    actor_fail(actor, flight_ticket(flight), &failure);
    failure_release(&failure);
    lane_settle(actor->lane, actor);
}

void actor_restart_deadline(struct flight *flight)
{
    lane_timer_stop(flight->deadline);
    start_deadline(flight, clock_now_ns());
}

/* Its task has its outcome and ends, but ctx.waitUntil, or the answer's body, keeps the execution
 * going. */
static void extend(struct actor *actor, struct flight *flight)
{
    struct task *task = flight->task;

    actor_note_unfinished(flight);
    task->cpu_ns = flight->cpu_before_ns + flight->cpu_ns;
    flight->task = NULL;
    flight->cpu_ns = flight->cpu_before_ns = 0;
    flight->started_ns = clock_now_ns();
    actor_restart_deadline(flight);
    lane_count_extended(actor->lane);
    lane_end_task(actor->lane, actor, task);
}

/* False where there is no room for the answer's body, which is then the task's failure. */
static bool open_stream(struct actor *actor, struct flight *flight, struct response *response)
{
    struct failure failure = {0};

    response->stream = pipe_new(PIPE_WINDOW, actor->lane->pool->config.pipe_budget);
    if (response->stream) {
        lane_fill_report(actor->lane, actor, flight->task, clock_now_ns());
        actor_open_answer_body(flight, flight->task, pipe_ref(response->stream));
        return true;
    }
    failure_set(&failure, FAILURE_QUEUE_FULL, PHASE_HANDLER,
                "there is no room for the body that the worker streams");
    actor_fail(actor, flight_ticket(flight), &failure);
    failure_release(&failure);
    return false;
}

static void apply_answer(struct actor *actor, struct op *op)
{
    struct flight *flight = flights_find(&actor->flights, op->ticket);
    struct outcome *outcome;

    if (!flight || !flight->task)
        return;
    if (op->answer.has_stream && !open_stream(actor, flight, op->answer.response))
        return;
    outcome = &flight->task->outcome;
    outcome->kind = OUTCOME_ANSWERED;
    outcome->response = op->answer.response;
    outcome->result = op->answer.result;
    outcome->result_len = op->answer.len;
    op->answer.response = NULL;
    op->answer.result = NULL;
    if (op->answer.has_more)
        extend(actor, flight);
    else
        actor_end_flight(actor, flight);
}

static void apply_failure(struct actor *actor, struct op *op)
{
    struct flight *flight = flights_find(&actor->flights, op->ticket);

    if (!flight || !flight->task)
        return;
    flight->task->outcome.kind = OUTCOME_FAILED;
    flight->task->outcome.failure = op->failure;
    op->failure = (struct failure){0};
    actor_end_flight(actor, flight);
}

/* An extended execution has nothing left to do. */
static void apply_end(struct actor *actor, const struct op *op)
{
    struct flight *flight = flights_find(&actor->flights, op->ticket);

    if (flight && !flight->task)
        actor_end_flight(actor, flight);
}

/* The modules are evaluated, which is all that some tasks ask for. */
static void end_started(struct actor *actor)
{
    struct task *task, *next;

    DL_FOREACH_SAFE(actor->queue, task, next)
    {
        if (task->kind == TASK_REQUEST)
            continue;
        actor_dequeue(actor, task);
        task->started_ns = actor->opened_ns;
        task->cpu_ns = actor->startup_cpu_ns;
        task->outcome.kind = OUTCOME_CHECKED;
        lane_end_task(actor->lane, actor, task);
    }
}

/* Tasks can begin. */
static void apply_loaded(struct actor *actor)
{
    uint64_t now_ns = clock_now_ns();
    bool is_renewed = actor->has_started;

    actor->state = ACTOR_READY;
    actor->has_started = true;
    actor_stop_nobodys_timers(actor);
    actor_stop_computations(&actor->startup_computations);
    actor->startup_ns = now_ns - actor->opened_ns;
    lane_timer_stop(actor->startup_timer);
    actor->startup_timer = NULL;
    if (!is_renewed)
        histogram_record(&actor->lane->startup_us, actor->startup_ns / NS_PER_US);
    for (struct task *task = actor->queue; task; task = task->next) {
        uint64_t since_ns =
            task->submitted_ns > actor->opened_ns ? task->submitted_ns : actor->opened_ns;

        task->startup_ns = now_ns - since_ns;
        if (is_renewed)
            task->report.is_warm = task->report.is_new_context = true;
    }
    end_started(actor);
}

static void apply_op(struct actor *actor, struct op *op)
{
    switch (op->kind) {
    case OP_LOADED:
        apply_loaded(actor);
        break;
    case OP_LOAD_FAILED:
        actor_fail_startup(actor, &op->failure);
        break;
    case OP_ANSWER:
        apply_answer(actor, op);
        break;
    case OP_FAIL:
        apply_failure(actor, op);
        break;
    case OP_TIMER_START:
        actor_start_timer(actor, op->ticket, op->timer.id, op->timer.delay_ms);
        break;
    case OP_TIMER_STOP:
        actor_stop_timer(actor, op->timer.id);
        break;
    case OP_LOG:
        actor_log(actor, op->ticket, op->log.level, (struct bytes){op->log.text, op->log.len});
        break;
    case OP_END:
        apply_end(actor, op);
        break;
    case OP_FETCH_START:
        actor_start_fetch(actor, op->ticket, op->fetch.id, op->fetch.request);
        break;
    case OP_FETCH_STOP:
        actor_stop_fetch(actor, op->fetch.id);
        break;
    case OP_BODY_PULL:
    case OP_BODY_CANCEL:
    case OP_BODY_CHUNK:
    case OP_BODY_END:
    case OP_BODY_FAIL:
        actor_apply_body(actor, op);
        break;
    case OP_COMPUTE_START:
        actor_start_computation(actor, op->ticket, op->compute.id, &op->compute.job);
        break;
    case OP_COMPUTE_STOP:
        actor_stop_computation(actor, op->compute.id);
        break;
    }
}

static void apply_ops(struct actor *actor, struct op *op)
{
    while (op) {
        struct op *next = op->next;

        apply_op(actor, op);
        op_free(op);
        op = next;
    }
}

void actor_charge(struct actor *actor, uint32_t ticket, uint64_t cpu_ns)
{
    struct flight *flight = flights_find(&actor->flights, ticket);

    if (!flight) {
        if (actor->state == ACTOR_LOADING)
            actor->startup_cpu_ns += cpu_ns;
        return;
    }
    flight->cpu_ns += cpu_ns;
    /* Relaxed: a figure, which the watchdog looks at. */
    atomic_store_explicit(&flight->cpu_left_ns, flight_cpu_left_ns(flight), memory_order_relaxed);
}

/* An event is its task's, but for continuations of other tasks that it has resolved: those are
 * theirs, as far as the samples know. */
static void charge(struct actor *actor, const struct turn_event *event, double cpu_share)
{
    double cpu_ns = (double)event->spent_ns * cpu_share;
    const struct isolate_samples *samples = &event->samples;

    if (samples->total == 0) {
        actor_charge(actor, event->event.ticket, (uint64_t)cpu_ns);
        return;
    }
    for (unsigned i = 0; i < samples->owner_count; i++) {
        const struct owner_samples *sample = &samples->owners[i];

        actor_charge(actor, sample->ticket, (uint64_t)(cpu_ns * sample->count / samples->total));
    }
}

/* Of one that was stopped for it. What the samples give it in the end may be a little less than the
 * watchdog saw. */
static uint64_t cpu_used_us(const struct flight *flight, const struct limits *limits)
{
    uint64_t used_us = flight->cpu_ns / NS_PER_US;

    return used_us > limits->cpu_us ? used_us : limits->cpu_us;
}

/* What became of an event that was cut off; flight: whose doing it was, NULL: start-up's. */
static void set_stop_failure(const struct actor *actor, const struct turn_event *event,
                             const struct flight *flight, struct failure *ret)
{
    const struct limits *limits = &actor->script->limits;
    enum phase phase = flight ? PHASE_HANDLER : PHASE_STARTUP;

    if (event->result.limit != LIMIT_NONE)
        failure_set_limit(ret, event->result.limit, phase, event->result.used,
                          event->result.allowed);
    else if (event->stopped == STOP_CANCEL)
        failure_set(ret, FAILURE_CANCELLED, phase, "the caller went away");
    else if (event->stopped == STOP_DRAINING)
        failure_set(ret, FAILURE_DRAINING, phase, "the server is shutting down");
    else if (!flight)
        failure_set_limit(ret, LIMIT_STARTUP, phase, event->spent_ns / NS_PER_US,
                          limits->startup_us);
    else if (event->stopped == STOP_WALL)
        set_wall_failure(flight, ret);
    else
        failure_set_limit(ret, LIMIT_CPU, phase, cpu_used_us(flight, limits), limits->cpu_us);
}

/* One that used more CPU time than it may, but in events that each ended by themselves. */
static bool is_overdrawn(const struct flight *flight)
{
    return flight->cpu_ns > flight->actor->script->limits.cpu_us * NS_PER_US;
}

static void fail_stopped(struct actor *actor, const struct turn_event *event, struct flight *flight)
{
    struct failure failure = {0};

    set_stop_failure(actor, event, flight, &failure);
    actor_fail(actor, flight_ticket(flight), &failure);
    failure_release(&failure);
}

static void fail_cancelled(struct actor *actor, struct flight *flight)
{
    struct failure failure = {0};

    failure_set(&failure, FAILURE_CANCELLED, PHASE_HANDLER, "the caller went away");
    actor_fail(actor, flight_ticket(flight), &failure);
    failure_release(&failure);
}

static void settle_startup(struct actor *actor, const struct turn_event *event)
{
    struct failure failure = {0};

    if (!event->result.was_terminated && event->result.limit == LIMIT_NONE)
        return;
    set_stop_failure(actor, event, NULL, &failure);
    actor_fail_startup(actor, &failure);
    failure_release(&failure);
}

/* Those whose continuations the event ran may be over their limit by now. */
static void fail_overdrawn(struct actor *actor, const struct turn_event *event)
{
    for (unsigned i = 0; i < event->samples.owner_count; i++) {
        struct flight *flight = flights_find(&actor->flights, event->samples.owners[i].ticket);

        if (flight && is_overdrawn(flight))
            fail_stopped(actor, event, flight);
    }
}

/* Without what a query may hold that is only its caller's business. */
static int path_length(struct bytes url)
{
    size_t len = 0;

    while (len < url.len && len < 80 && url.data[len] != '?' && url.data[len] != '#')
        len++;
    return (int)len;
}

/* What a flight is, for a sentence. */
static void describe(const struct flight *flight, char *ret, size_t size)
{
    const struct request *request = flight->task ? flight->task->request : NULL;

    if (!request)
        snprintf(ret, size, "what ctx.waitUntil was given");
    else if (request->kind == REQUEST_SCHEDULED)
        snprintf(ret, size, "a scheduled event");
    else if (request->kind == REQUEST_TASK)
        snprintf(ret, size, "a task event");
    else
        snprintf(ret, size, "%.*s %.*s", (int)(request->method.len < 16 ? request->method.len : 16),
                 request->method.data, path_length(request->url), request->url.data);
}

static void condemn(struct actor *actor, const struct flight *flight)
{
    char name[128], because[sizeof(actor->condemned_because)];

    if (!flight) {
        actor_condemn(actor, "its memory or time was used up");
        return;
    }
    describe(flight, name, sizeof(name));
    snprintf(because, sizeof(because), "%s was cut off in it", name);
    actor_condemn(actor, because);
}

/* After the operations: the event may have been cut off, or have left an execution over a limit. */
static void settle_event(struct actor *actor, const struct turn_event *event)
{
    uint32_t ticket = event->blamed ? event->blamed : event->event.ticket;
    struct flight *flight = flights_find(&actor->flights, ticket);
    struct flight *own;

    /* What nobody's code does nobody pays for: it may not run on. */
    if (event->result.is_unusable || (!flight && event->stopped && actor->state == ACTOR_READY))
        condemn(actor, flight);
    if (!flight && actor->state == ACTOR_LOADING && event->event.ticket == 0)
        settle_startup(actor, event);
    else if (flight && (event->result.was_terminated || event->result.limit != LIMIT_NONE ||
                        is_overdrawn(flight)))
        fail_stopped(actor, event, flight);
    fail_overdrawn(actor, event);
    own = flights_find(&actor->flights, event->event.ticket);
    if (own && own->is_cancelled)
        fail_cancelled(actor, own);
}

static void on_startup_limit(void *arg)
{
    struct actor *actor = arg;
    struct failure failure = {0};

    actor->startup_timer = NULL;
    failure_set_limit(&failure, LIMIT_STARTUP, PHASE_STARTUP,
                      (clock_now_ns() - actor->opened_ns) / NS_PER_US,
                      actor->script->limits.startup_us);
    actor_fail_startup(actor, &failure);
    failure_release(&failure);
    lane_settle(actor->lane, actor);
}

/* A task that goes on after a turn is parked, and its wall limit is a timer from now on. So is that
 * of a start-up. */
static void park(struct actor *actor, const struct turn_event *event, uint64_t now_ns)
{
    struct flight *flight = flights_find(&actor->flights, event->event.ticket);

    if (flight && !flight->deadline)
        start_deadline(flight, now_ns);
    if (flight && flight->task)
        spread_remove(actor->lane, flight->task);
    if (event->event.kind == EVENT_LOAD && actor->state == ACTOR_LOADING && !actor->is_condemned)
        actor->startup_timer = lane_timer_start_for(actor, ns_left(event->deadline_ns, now_ns),
                                                    on_startup_limit, actor);
}

void actor_absorb(struct actor *actor, struct turn *turn, unsigned ended, double cpu_share)
{
    uint64_t now_ns = clock_now_ns();

    for (unsigned i = turn->absorbed; i < ended; i++)
        charge(actor, &turn->events[i], cpu_share);
    apply_ops(actor, turn_take_sealed(turn));
    for (unsigned i = turn->absorbed; i < ended; i++) {
        settle_event(actor, &turn->events[i]);
        park(actor, &turn->events[i], now_ns);
        release_event(&turn->events[i].event);
    }
    turn->absorbed = ended;
}

/* What the event would have ended in, had it ended. */
static struct turn_event stuck_event(const struct actor *actor, const struct turn_stuck *stuck)
{
    size_t heap_bytes = actor->script->limits.heap_bytes;
    struct turn_event event = {.event = stuck->event->event,
                               .stopped = stuck->reason,
                               .blamed = stuck->blamed,
                               .result.was_terminated = true,
                               .result.is_unusable = true};

    if (stuck->is_parked) {
        event.result.limit = LIMIT_HEAP;
        event.result.used = event.result.allowed = heap_bytes;
    }
    return event;
}

void actor_quarantine(struct actor *actor, struct turn *turn)
{
    struct turn_stuck stuck = turn_stuck(turn);
    struct turn_event event = stuck_event(actor, &stuck);
    uint64_t spent_ns = clock_now_ns() - turn->started_ns;

    event.spent_ns = spent_ns;
    charge(actor, &event, 1);
    settle_event(actor, &event);
}
