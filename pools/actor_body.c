/* Bodies that stream. */
#include "pools/actor_body.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "api/pipe.h"
#include "pools/lane.h"
#include "pools/pool_private.h"
#include "pools/spans.h"

#include <assert.h>
#include <stdlib.h>
#include <utlist.h>

/* Room is given in pieces of at least this size: an event for every few bytes would cost more than
 * they do. */
#define ROOM_MIN PIPE_CHUNK_MAX

/* So many bytes that have moved let the CPU account begin anew. */
#define CREDITED_BYTES ((uint64_t)1 << 20)

/* Telling. Any thread. */

static void ref_body(void *arg)
{
    struct actor_body *body = arg;

    /* Relaxed: whoever takes a reference already has one. */
    atomic_fetch_add_explicit(&body->refs, 1, memory_order_relaxed);
}

static void unref_body(struct actor_body *body)
{
    struct lane *lane = body->lane;

    /* Acquire-release: the freeing comes after all that the others did. */
    if (atomic_fetch_sub_explicit(&body->refs, 1, memory_order_acq_rel) > 1)
        return;
    if (body->shared)
        actor_unref(body->shared);
    free(body);
    /* Last: the lane may close. Release: after all of that. */
    atomic_fetch_sub_explicit(&lane->bodies, 1, memory_order_release);
}

static bool send_message(struct actor_body *body)
{
    return body->shared ? shared_tell(body->shared, &body->message)
                        : lane_send(body->lane, &body->message) == 0;
}

static void tell_body(void *arg)
{
    struct actor_body *body = arg;

    /* Acquire-release, as with V8's tasks: where it was set, a message that is not yet read sees
     * what has changed. */
    if (atomic_exchange_explicit(&body->is_told, true, memory_order_acq_rel) || !send_message(body))
        unref_body(body);
}

/* Opening, closing. */

static struct actor_body *open_body(struct flight *flight, uint32_t id, bool is_out,
                                    struct pipe *pipe)
{
    struct actor_body *body = xcalloc(1, sizeof(*body));
    struct actor *actor = flight->actor;
    struct pipe_listener listener = {ref_body, tell_body, body};

    body->id = id;
    body->is_out = is_out;
    body->flight = flight;
    body->pipe = pipe;
    body->lane = actor->lane;
    body->shared = actor->shared ? actor_ref(actor) : NULL;
    body->message.kind = MESSAGE_BODY;
    atomic_init(&body->is_told, false);
    atomic_init(&body->refs, 1);
    /* Relaxed: it is this lane's holder who looks. */
    atomic_fetch_add_explicit(&body->lane->bodies, 1, memory_order_relaxed);
    DL_APPEND(flight->bodies, body);
    pipe_listen(pipe, is_out ? PIPE_WRITER : PIPE_READER, &listener);
    return body;
}

static void close_body(struct actor_body *body)
{
    DL_DELETE(body->flight->bodies, body);
    pipe_listen(body->pipe, body->is_out ? PIPE_WRITER : PIPE_READER, NULL);
    pipe_unref(body->pipe);
    body->pipe = NULL;
    body->is_over = true;
    unref_body(body);
}

static struct actor_body *find_body(const struct flight *flight, uint32_t id, bool is_out)
{
    struct actor_body *body;

    DL_FOREACH(flight->bodies, body)
    {
        if (body->id == id && body->is_out == is_out)
            return body;
    }
    return NULL;
}

/* Serving: what the pipe allows, JavaScript hears of. */

static void push(struct actor_body *body, struct body_event *event)
{
    struct flight *flight = body->flight;

    inbox_push(&flight->actor->inbox, (struct inbox_item){.kind = EVENT_BODY,
                                                          .ticket = flight_ticket(flight),
                                                          .id = body->id,
                                                          .body = event});
}

static void count_moved(struct flight *flight, size_t len)
{
    flight->progress_ns = clock_now_ns();
    flight->credited_bytes += len;
    if (flight->credited_bytes < CREDITED_BYTES)
        return;
    flight->credited_bytes = 0;
    flight->cpu_before_ns += flight->cpu_ns;
    flight->cpu_ns = 0;
    /* Relaxed: a figure, which the watchdog looks at. */
    atomic_store_explicit(&flight->cpu_left_ns, flight_cpu_left_ns(flight), memory_order_relaxed);
}

static void give_bytes(struct actor_body *body, struct pipe_chunk chunk)
{
    struct body_event *event = body_event_new(BODY_CHUNK);

    event->chunk = chunk;
    body->is_pulled = false;
    count_moved(body->flight, chunk.len);
    push(body, event);
}

static void give_failure(struct actor_body *body)
{
    const struct failure *failure = pipe_failure(body->pipe);
    struct body_event *event = body_event_new(BODY_FAILED);
    const char *why = failure->message ? failure->message : failure_reason_name(failure->reason);

    event->chunk = (struct pipe_chunk){xstrdup(why), strlen(why)};
    push(body, event);
    close_body(body);
}

static void serve_in(struct actor_body *body)
{
    struct pipe_chunk chunk;

    if (!body->is_pulled)
        return;
    switch (pipe_take(body->pipe, &chunk)) {
    case PIPE_EMPTY:
        break;
    case PIPE_BYTES:
        give_bytes(body, chunk);
        break;
    case PIPE_ENDED:
        push(body, body_event_new(BODY_ENDED));
        close_body(body);
        break;
    case PIPE_FAILED:
        give_failure(body);
        break;
    }
}

/* The client is gone: what the worker has under way for it gets a moment to end. */
static void abandon_answer(struct flight *flight)
{
    struct failure failure = {0};

    flight->grace_end_ns = clock_now_ns() + BODY_GRACE_NS;
    actor_restart_deadline(flight);
    failure_set(&failure, FAILURE_CANCELLED, PHASE_HANDLER, "the caller went away");
    actor_end_answer_body(flight, &failure);
    failure_release(&failure);
}

static void serve_out(struct actor_body *body)
{
    struct flight *flight = body->flight;
    struct body_event *event;
    size_t room;

    if (pipe_is_cancelled(body->pipe)) {
        push(body, body_event_new(BODY_CANCELLED));
        if (body->id == 0)
            abandon_answer(flight);
        else
            close_body(body);
        return;
    }
    room = pipe_room(body->pipe, body->room + ROOM_MIN);
    if (room < body->room + ROOM_MIN)
        return;
    event = body_event_new(BODY_ROOM);
    event->room = room - body->room;
    body->room = room;
    push(body, event);
}

static void serve(struct actor_body *body)
{
    if (body->is_out)
        serve_out(body);
    else
        serve_in(body);
}

void actor_open_body(struct flight *flight, uint32_t id, bool is_out, struct pipe *pipe)
{
    serve(open_body(flight, id, is_out, pipe));
}

void actor_receive_body(struct actor_body *body)
{
    /* Acquire-release, and before the pipe is looked at: whoever changes it from here on sends the
     * message again. */
    atomic_exchange_explicit(&body->is_told, false, memory_order_acq_rel);
    if (!body->is_over) {
        struct actor *actor = body->flight->actor;

        serve(body);
        lane_settle(actor->lane, actor);
    }
    unref_body(body);
}

/* The answer's body. */

/* With room for the spans of the task, where those are wanted. */
static struct body_report *new_costs(const struct task *task)
{
    struct body_report *costs;

    if (!task->spans) {
        costs = xmalloc(sizeof(*costs));
        costs->spans = NULL;
    } else {
        costs = xmalloc(sizeof(*costs) + sizeof(*costs->spans));
        costs->spans = (struct span_list *)(costs + 1);
        *costs->spans = *task->spans;
        costs->spans->head_us = task->report.wall_us;
    }
    costs->report = task->report;
    return costs;
}

void actor_open_answer_body(struct flight *flight, const struct task *task, struct pipe *pipe)
{
    const struct bytes none = {"", 0}, no_body = {NULL, 0};

    flight->has_answer_body = true;
    flight->submitted_ns = task->submitted_ns;
    flight->costs = new_costs(task);
    /* A copy: the request itself may hold the pipe's reader, who would wait for us then. */
    flight->asked = request_new(task->request->method, task->request->url, none, no_body);
    actor_open_body(flight, 0, true, pipe);
}

/* Those of the whole execution; the caller's to free. */
static struct body_report *take_costs(struct flight *flight)
{
    struct body_report *costs = flight->costs;

    actor_note_unfinished(flight);
    flight->costs = NULL;
    costs->report.cpu_us += (flight->cpu_before_ns + flight->cpu_ns) / NS_PER_US;
    costs->report.wall_us = (clock_now_ns() - flight->submitted_ns) / NS_PER_US;
    costs->report.heap_bytes = flight->actor->heap_bytes;
    return costs;
}

static void tell_log(const struct flight *flight, const struct report *report,
                     const struct failure *failure)
{
    const struct pool_log *log = &flight->actor->lane->pool->config.log;
    const struct execution_end end = {
        .script = flight->actor->script,
        .execution = flight->execution,
        .request = flight->asked,
        .failure = failure,
        .report = report,
        .had_head = true,
    };

    if (log->ended)
        log->ended(log->arg, &end);
}

void actor_end_answer_body(struct flight *flight, const struct failure *failure)
{
    struct actor_body *body = find_body(flight, 0, true);
    struct body_report *costs;

    if (!flight->costs)
        return;
    assert(body); /* nobody else closes it */
    costs = take_costs(flight);
    tell_log(flight, &costs->report, failure);
    request_unref(flight->asked);
    flight->asked = NULL;
    if (failure)
        pipe_fail(body->pipe, failure, costs);
    else
        pipe_end(body->pipe, costs);
    close_body(body);
}

/* From here on ctx.waitUntil's clock runs. */
static void begin_wait_until(struct flight *flight)
{
    flight->has_answer_body = false;
    flight->grace_end_ns = flight->progress_ns = 0;
    flight->started_ns = clock_now_ns();
    actor_restart_deadline(flight);
}

/* What JavaScript asks for. */

static void apply_pull(struct flight *flight, uint32_t id)
{
    struct actor_body *body = find_body(flight, id, false);

    if (!body && id == 0 && flight->request_body) {
        body = open_body(flight, 0, false, flight->request_body);
        flight->request_body = NULL;
    }
    if (!body)
        return;
    body->is_pulled = true;
    serve_in(body);
}

static void drop_request_body(struct flight *flight)
{
    if (!flight->request_body)
        return;
    pipe_cancel(flight->request_body);
    pipe_unref(flight->request_body);
    flight->request_body = NULL;
}

static void apply_cancel(struct flight *flight, uint32_t id)
{
    struct actor_body *body = find_body(flight, id, false);

    if (id == 0)
        drop_request_body(flight);
    if (!body)
        return;
    pipe_cancel(body->pipe);
    close_body(body);
}

static void apply_chunk(struct flight *flight, struct op *op)
{
    struct actor_body *body = find_body(flight, op->body.id, true);
    size_t len = op->body.chunk.len;

    if (!body)
        return;
    body->room -= len < body->room ? len : body->room;
    pipe_put(body->pipe, op->body.chunk);
    op->body.chunk = (struct pipe_chunk){NULL, 0};
    count_moved(flight, len);
    serve_out(body);
}

static void apply_end(struct flight *flight, const struct op *op)
{
    const struct failure *failure = op->kind == OP_BODY_END ? NULL : &op->body.failure;
    struct actor_body *body;

    if (op->body.id == 0) {
        actor_end_answer_body(flight, failure);
        if (flight->has_answer_body)
            begin_wait_until(flight);
        return;
    }
    body = find_body(flight, op->body.id, true);
    if (!body)
        return;
    if (failure)
        pipe_fail(body->pipe, failure, NULL);
    else
        pipe_end(body->pipe, NULL);
    close_body(body);
}

void actor_apply_body(struct actor *actor, struct op *op)
{
    struct flight *flight = flights_find(&actor->flights, op->ticket);

    if (!flight)
        return;
    switch (op->kind) {
    case OP_BODY_PULL:
        apply_pull(flight, op->body.id);
        break;
    case OP_BODY_CANCEL:
        apply_cancel(flight, op->body.id);
        break;
    case OP_BODY_CHUNK:
        apply_chunk(flight, op);
        break;
    default:
        apply_end(flight, op);
        break;
    }
}

/* The whole of an execution. */

void actor_close_bodies(struct flight *flight)
{
    struct failure failure = {0};

    failure_set(&failure, FAILURE_CANCELLED, PHASE_HANDLER,
                "the execution has ended before its body");
    actor_end_answer_body(flight, &failure);
    while (flight->bodies) {
        struct actor_body *body = flight->bodies;

        if (!body->is_out)
            pipe_cancel(body->pipe);
        else
            pipe_fail(body->pipe, &failure, NULL);
        close_body(body);
    }
    failure_release(&failure);
    drop_request_body(flight);
    flight->has_answer_body = false;
}

bool actor_body_is_pending(const struct flight *flight)
{
    const struct actor_body *body;

    DL_FOREACH(flight->bodies, body)
    {
        if (body->is_out ? body->room == 0 : body->is_pulled)
            return true;
    }
    return false;
}

bool actor_note_progress(struct flight *flight, uint64_t now_ns)
{
    const struct actor_body *body;
    uint64_t moved = 0;

    DL_FOREACH(flight->bodies, body)
    moved += pipe_moved(body->pipe);
    if (flight->request_body)
        moved += pipe_moved(flight->request_body);
    if (moved == flight->progress_bytes)
        return false;
    flight->progress_bytes = moved;
    flight->progress_ns = now_ns;
    return true;
}
