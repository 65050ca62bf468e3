/* What goes into an actor's turn, and what comes back undone. */
#include "pools/actor.h"

#include "api/clock.h"
#include "pools/lane.h"
#include "pools/pool_private.h"

#include <utlist.h>

/* What V8's own tasks may use at a time: there is no task whose limit would count. */
#define PLATFORM_CPU_NS (1 * NS_PER_S)

/* The heap in use is asked for this often at the most: it costs 200 ns. */
#define HEAP_SAMPLE_NS (1 * NS_PER_MS)

/* What the isolate may use to forget a task. */
#define END_CPU_NS (50 * NS_PER_MS)

static int open_isolate(struct actor *actor, struct isolate **ret)
{
    struct isolate_host host = {.platform_task = actor_say_platform, .arg = actor};

    return isolate_open(actor->script, &host, ret);
}

static uint64_t startup_left_ns(const struct actor *actor)
{
    return ns_left(actor->script->limits.startup_us * NS_PER_US, actor->startup_cpu_ns);
}

/* The modules are evaluated in this turn: the first event of an isolate or a context. */
static void begin_loading(struct actor *actor, uint64_t now_ns)
{
    actor->opened_ns = now_ns;
    actor->startup_cpu_ns = 0;
    actor->state = ACTOR_LOADING;
    inbox_push(&actor->inbox, (struct inbox_item){.kind = EVENT_LOAD});
}

/* Makes the isolate in this turn. */
static void begin_startup(struct actor *actor, struct turn *turn, uint64_t now_ns)
{
    turn->opens = true;
    turn->open_isolate = open_isolate;
    begin_loading(actor, now_ns);
    spread_note(actor->lane, actor);
}

/* Drops what has come for a context that is about to go, but for V8's own tasks: a timer's number
 * may be that of another one in the next context. */
static void drop_events(struct actor *actor)
{
    for (unsigned left = actor->inbox.count; left > 0; left--) {
        struct inbox_item item = inbox_pop(&actor->inbox);

        if (item.kind == EVENT_PLATFORM)
            inbox_push(&actor->inbox, item);
        else
            inbox_item_release(&item);
    }
}

/* Makes a new context in this turn. Nothing is in flight in the one before. */
static void begin_renewal(struct actor *actor, struct turn *turn, uint64_t now_ns)
{
    turn->renews = true;
    actor->is_spent = false;
    drop_events(actor);
    begin_loading(actor, now_ns);
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

    if (!flight && item.ticket != 0 && item.kind != EVENT_END) {
        inbox_item_release(&item);
        return; /* its execution has ended, and JavaScript has forgotten what it waited for */
    }
    event = turn_add(turn);
    event->event = (struct event){
        .kind = item.kind,
        .ticket = item.ticket,
        .timer = item.id,
        .result = item.result,
        .body = item.body,
        .job = item.job,
    };
    if (flight) {
        event->cpu_allowed_ns = flight_cpu_left_ns(flight);
        event->deadline_ns = flight_wall_end_ns(flight);
        event->deadline_reason = STOP_WALL;
    } else {
        event->cpu_allowed_ns = nobodys_cpu_ns(actor, item.kind);
    }
    if (item.kind == EVENT_LOAD)
        event->wall_allowed_ns = actor->script->limits.startup_us * NS_PER_US;
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

/* One that asks for a warm isolate has found one. */
static bool end_if_warm(struct actor *actor, struct task *task)
{
    if (task->kind != TASK_WARM)
        return false;
    actor_dequeue(actor, task);
    task->outcome.kind = OUTCOME_CHECKED;
    lane_end_task(actor->lane, actor, task);
    return true;
}

static void add_task(struct actor *actor, struct turn *turn, struct task *task, uint64_t now_ns)
{
    struct turn_event *event = turn_add(turn);
    struct flight *flight;

    actor_dequeue(actor, task);
    queues_move(&actor->lane->queues, task, QUEUE_NONE, now_ns);
    if (task->started_ns == 0)
        task->started_ns = now_ns;
    flight = flights_open(&actor->flights, task);
    flight->actor = actor;
    flight->execution = task->id;
    flight->trace = task->trace;
    flight->started_ns = task->started_ns;
    flight->request_body = pipe_ref(task->request->stream);
    task->ticket = flight_ticket(flight);
    actor->served++;
    actor->is_spent = actor->lane->pool->config.context == CONTEXT_FRESH;
    event->task = task;
    event->event = (struct event){
        .kind = EVENT_REQUEST, .ticket = task->ticket, .request = request_ref(task->request)};
    event->cpu_allowed_ns = flight_cpu_left_ns(flight);
    event->deadline_ns = flight_wall_end_ns(flight);
    event->deadline_reason = STOP_WALL;
    lane_count_begun(actor->lane);
}

/* The task that is to begin next, or NULL; those before it that are not to be run end. */
static struct task *next_task(struct actor *actor, uint64_t now_ns)
{
    while (actor_can_begin(actor)) {
        struct task *task = actor->queue;

        if (!lane_refuse_stranger(actor, task) && !drop_if_late(actor, task, now_ns) &&
            !end_if_warm(actor, task))
            return task;
    }
    return NULL;
}

void actor_fill_turn(struct actor *actor, struct turn *turn, uint64_t now_ns)
{
    struct task *task;

    if (actor->state == ACTOR_NEW)
        begin_startup(actor, turn, now_ns);
    else if (actor->is_spent && next_task(actor, now_ns))
        begin_renewal(actor, turn, now_ns);
    turn->samples_heap = now_ns - actor->heap_sampled_ns > HEAP_SAMPLE_NS;
    while (actor->inbox.count > 0 && turn->count < TURN_EVENTS_MAX)
        add_item(actor, turn, inbox_pop(&actor->inbox));
    while (turn->count < TURN_EVENTS_MAX && (task = next_task(actor, now_ns)))
        add_task(actor, turn, task, now_ns);
}

static void take_back_task(struct actor *actor, struct turn_event *event)
{
    struct task *task = event->task;
    struct flight *flight = flights_find(&actor->flights, event->event.ticket);

    pipe_unref(flight->request_body);
    flight->request_body = NULL;
    flights_close(&actor->flights, flight);
    task->ticket = 0;
    queues_move(&actor->lane->queues, task, QUEUE_TURN, clock_now_ns());
    actor->served--;
    actor->is_spent = false;
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

        if (event->event.kind == EVENT_REQUEST)
            take_back_task(actor, event);
        else
            inbox_push_front(&actor->inbox, (struct inbox_item){.kind = event->event.kind,
                                                                .ticket = event->event.ticket,
                                                                .id = event->event.timer,
                                                                .result = event->event.result,
                                                                .body = event->event.body,
                                                                .job = event->event.job});
        request_unref(event->event.request);
        event->event.request = NULL;
        event->event.result = NULL; /* the inbox has it again, and the next ones, too */
        event->event.body = NULL;
        event->event.job = NULL;
    }
}
