/*
 * An actor's turns: what goes into them, and what comes out.
 */
#include "pools/actor.h"

#include "api/clock.h"
#include "pools/lane.h"
#include "pools/pool_private.h"

#include <assert.h>
#include <utlist.h>

/* What V8's own tasks may use at a time: there is no task whose limit would count. */
#define PLATFORM_CPU_NS (1 * NS_PER_S)

/* The heap in use is asked for this often at the most: it costs 200 ns. */
#define HEAP_SAMPLE_NS (1 * NS_PER_MS)

/* What the isolate may use to forget a task. */
#define END_CPU_NS (50 * NS_PER_MS)

/* Filling. */

static int open_isolate(struct actor *actor, struct isolate **ret)
{
    struct isolate_host host = {.platform_task = actor_say_platform, .arg = actor};

    return isolate_open(actor->script, &host, ret);
}

static uint64_t left(uint64_t allowed, uint64_t used)
{
    return allowed > used ? allowed - used : 0;
}

static uint64_t startup_left_ns(const struct actor *actor)
{
    return left(actor->script->limits.startup_us * NS_PER_US, actor->startup_cpu_ns);
}

static uint64_t wall_end_ns(const struct task *task)
{
    return task->started_ns + task->script->limits.wall_us * NS_PER_US;
}

static void add_load(struct actor *actor, struct turn *turn)
{
    struct turn_event *event = turn_add(turn);

    turn->opens = true;
    turn->samples_heap = true;
    turn->open_isolate = open_isolate;
    event->event.kind = EVENT_LOAD;
    event->cpu_allowed_ns = startup_left_ns(actor);
    event->wall_allowed_ns = actor->script->limits.startup_us * NS_PER_US;
    actor->state = ACTOR_LOADING;
}

/* What an event of nobody's may use: start-up's, as long as that lasts. */
static uint64_t nobodys_cpu_ns(const struct actor *actor, enum event_kind kind)
{
    if (kind == EVENT_END)
        return END_CPU_NS;
    return actor->state == ACTOR_LOADING ? startup_left_ns(actor) : PLATFORM_CPU_NS;
}

static void add_item(struct actor *actor, struct turn *turn, struct inbox_item item)
{
    struct flight *flight = flights_find(&actor->flights, item.ticket);
    struct turn_event *event;

    if (item.kind == EVENT_TIMER && item.ticket != 0 && !flight)
        return; /* its task has ended, and JavaScript has forgotten the timer */
    event = turn_add(turn);
    event->event = (struct event){.kind = item.kind, .ticket = item.ticket, .timer = item.timer};
    if (flight) {
        event->cpu_allowed_ns =
            left(flight->task->script->limits.cpu_us * NS_PER_US, flight->task->cpu_ns);
        event->deadline_ns = wall_end_ns(flight->task);
        event->deadline_reason = STOP_WALL;
    } else {
        event->cpu_allowed_ns = nobodys_cpu_ns(actor, item.kind);
    }
}

/* A task that has waited for longer than its caller does is not run. */
static bool drop_if_late(struct actor *actor, struct task *task, uint64_t now_ns)
{
    struct failure failure = {0};

    if (task->deadline_ns == 0 || now_ns < task->deadline_ns)
        return false;
    failure_set(&failure, FAILURE_CANCELLED, PHASE_QUEUE,
                "the caller's deadline passed while the task waited");
    actor_fail_queued(actor, task, &failure);
    failure_release(&failure);
    return true;
}

static void add_task(struct actor *actor, struct turn *turn, struct task *task, uint64_t now_ns)
{
    struct turn_event *event = turn_add(turn);

    actor_dequeue(actor, task);
    if (task->started_ns == 0)
        task->started_ns = now_ns;
    task->ticket = flights_open(&actor->flights, task);
    actor->served++;
    event->task = task;
    event->event = (struct event){
        .kind = EVENT_FETCH, .ticket = task->ticket, .request = request_ref(task->request)};
    event->cpu_allowed_ns = left(task->script->limits.cpu_us * NS_PER_US, task->cpu_ns);
    event->deadline_ns = wall_end_ns(task);
    event->deadline_reason = STOP_WALL;
    lane_count_begun(actor->lane);
}

void actor_fill_turn(struct actor *actor, struct turn *turn, uint64_t now_ns)
{
    if (actor->state == ACTOR_NEW) {
        actor->opened_ns = now_ns;
        add_load(actor, turn);
        return;
    }
    turn->samples_heap = now_ns - actor->heap_sampled_ns > HEAP_SAMPLE_NS;
    while (actor->inbox.count > 0 && turn->count < TURN_EVENTS_MAX)
        add_item(actor, turn, inbox_pop(&actor->inbox));
    while (actor_can_begin(actor) && turn->count < TURN_EVENTS_MAX) {
        struct task *task = actor->queue;

        if (lane_refuse_stranger(actor, task) || drop_if_late(actor, task, now_ns))
            continue;
        add_task(actor, turn, task, now_ns);
    }
}

/* Taking back. */

static void take_back_task(struct actor *actor, struct turn_event *event)
{
    struct task *task = event->task;

    flights_close(&actor->flights, event->event.ticket);
    task->ticket = 0;
    actor->served--;
    DL_PREPEND(actor->queue, task);
    actor->queued++;
    lane_count_unbegun(actor->lane);
}

void actor_take_back(struct actor *actor, struct turn *turn, unsigned begun)
{
    if (turn->is_given_back)
        return;
    turn->is_given_back = true;
    /* From the last one, so that each goes to the front. */
    for (unsigned i = turn->count; i > begun; i--) {
        struct turn_event *event = &turn->events[i - 1];

        if (event->event.kind == EVENT_FETCH)
            take_back_task(actor, event);
        else
            inbox_push_front(
                &actor->inbox,
                (struct inbox_item){event->event.kind, event->event.ticket, event->event.timer});
        request_unref(event->event.request);
        event->event.request = NULL;
    }
}

/* Absorbing. */

static void apply_answer(struct actor *actor, struct op *op)
{
    struct flight *flight = flights_find(&actor->flights, op->ticket);

    if (!flight)
        return;
    flight->task->outcome.kind = OUTCOME_ANSWERED;
    flight->task->outcome.response = op->response;
    op->response = NULL;
    actor_end_flight(actor, op->ticket);
}

static void apply_failure(struct actor *actor, struct op *op)
{
    struct flight *flight = flights_find(&actor->flights, op->ticket);

    if (!flight)
        return;
    flight->task->outcome.kind = OUTCOME_FAILED;
    flight->task->outcome.failure = op->failure;
    op->failure = (struct failure){0};
    actor_end_flight(actor, op->ticket);
}

/* The modules are evaluated: tasks can begin, or, where this was all that was asked for, it is
 * done. */
static void apply_loaded(struct actor *actor)
{
    uint64_t now_ns = clock_now_ns();

    actor->state = ACTOR_READY;
    actor->startup_ns = now_ns - actor->opened_ns;
    lane_timer_stop(actor->startup_timer);
    actor->startup_timer = NULL;
    histogram_record(&actor->lane->startup_us, actor->startup_ns / NS_PER_US);
    for (struct task *task = actor->queue; task; task = task->next) {
        uint64_t since_ns =
            task->submitted_ns > actor->opened_ns ? task->submitted_ns : actor->opened_ns;

        task->startup_ns = now_ns - since_ns;
    }
    while (actor->is_check && actor->queue) {
        struct task *task = actor->queue;

        actor_dequeue(actor, task);
        task->started_ns = actor->opened_ns;
        task->cpu_ns = actor->startup_cpu_ns;
        task->outcome.kind = OUTCOME_CHECKED;
        lane_end_task(actor->lane, actor, task);
    }
}

static void apply_log(struct actor *actor, const struct op *op)
{
    const struct pool_config *config = &actor->lane->pool->config;

    if (config->console)
        config->console(config->console_arg, actor->script, op->log.level, op->log.text,
                        op->log.len);
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
        apply_log(actor, op);
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

static void charge(struct actor *actor, const struct turn_event *event, double cpu_share)
{
    uint64_t cpu_ns = (uint64_t)((double)event->spent_ns * cpu_share);
    struct flight *flight = flights_find(&actor->flights, event->event.ticket);

    if (flight)
        flight->task->cpu_ns += cpu_ns;
    else if (actor->state == ACTOR_LOADING)
        actor->startup_cpu_ns += cpu_ns;
}

/* What became of an event that was cut off. */
static void set_stop_failure(const struct actor *actor, const struct turn_event *event,
                             const struct task *task, struct failure *ret)
{
    const struct limits *limits = &actor->script->limits;
    enum phase phase = task ? PHASE_HANDLER : PHASE_STARTUP;

    if (event->result.limit != LIMIT_NONE)
        failure_set_limit(ret, event->result.limit, phase, event->result.used,
                          event->result.allowed);
    else if (event->stopped == STOP_CANCEL)
        failure_set(ret, FAILURE_CANCELLED, phase, "the caller went away");
    else if (event->stopped == STOP_DRAINING)
        failure_set(ret, FAILURE_DRAINING, phase, "the server is shutting down");
    else if (!task)
        failure_set_limit(ret, LIMIT_STARTUP, phase, event->spent_ns / NS_PER_US,
                          limits->startup_us);
    else if (event->stopped == STOP_WALL)
        failure_set_limit(ret, LIMIT_WALL, phase, (clock_now_ns() - task->started_ns) / NS_PER_US,
                          limits->wall_us);
    else
        failure_set_limit(ret, LIMIT_CPU, phase, task->cpu_ns / NS_PER_US, limits->cpu_us);
}

/* A task that used more CPU time than it may, but in events that each ended by themselves. */
static bool is_overdrawn(const struct task *task)
{
    return task->cpu_ns > task->script->limits.cpu_us * NS_PER_US;
}

static void settle_flight(struct actor *actor, const struct turn_event *event,
                          struct flight *flight)
{
    struct failure failure = {0};

    if (event->result.was_terminated || event->result.limit != LIMIT_NONE ||
        is_overdrawn(flight->task))
        set_stop_failure(actor, event, flight->task, &failure);
    else if (flight->is_cancelled)
        failure_set(&failure, FAILURE_CANCELLED, PHASE_HANDLER, "the caller went away");
    else
        return;
    actor_fail(actor, event->event.ticket, &failure);
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

/* After the operations: the event may have been cut off, or have left its task over a limit. */
static void settle_event(struct actor *actor, const struct turn_event *event)
{
    struct flight *flight = flights_find(&actor->flights, event->event.ticket);

    if (flight)
        settle_flight(actor, event, flight);
    else if (actor->state == ACTOR_LOADING && event->event.ticket == 0)
        settle_startup(actor, event);
    if (event->result.is_unusable)
        actor_condemn(actor, flight ? "a task of the same isolate was cut off"
                                    : "the isolate's memory or time was used up");
}

static void on_wall_limit(void *arg)
{
    struct task *task = arg;
    struct actor *actor = task->actor;
    struct flight *flight = flights_find(&actor->flights, task->ticket);
    struct failure failure = {0};

    flight->deadline = NULL;
    if (actor->stray && turn_hasten(actor->stray, task->ticket, UINT64_MAX, STOP_WALL))
        return; /* the watchdog sees to it */
    failure_set_limit(&failure, LIMIT_WALL, PHASE_HANDLER,
                      (clock_now_ns() - task->started_ns) / NS_PER_US,
                      task->script->limits.wall_us);
    actor_fail(actor, task->ticket, &failure);
    failure_release(&failure);
    lane_settle(actor->lane, actor);
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
        flight->deadline = lane_timer_start(actor->lane, left(wall_end_ns(flight->task), now_ns),
                                            on_wall_limit, flight->task);
    if (event->event.kind == EVENT_LOAD && actor->state == ACTOR_LOADING && !actor->is_condemned)
        actor->startup_timer = lane_timer_start(actor->lane, left(event->deadline_ns, now_ns),
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
        request_unref(turn->events[i].event.request);
        turn->events[i].event.request = NULL;
    }
    turn->absorbed = ended;
}
