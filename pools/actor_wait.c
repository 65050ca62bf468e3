/* What an actor's JavaScript waits for on its lane: timers and subrequests. */
#include "pools/actor_body.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "api/hash.h"
#include "api/pipe.h"
#include "pools/lane.h"
#include "pools/pool_private.h"
#include "pools/shared.h"
#include "pools/spans.h"
#include "shim/net/fetcher.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

/* Timers. */

static void free_timer(struct actor_timer *timer)
{
    struct flight *flight = flights_find(&timer->actor->flights, timer->ticket);

    if (flight)
        DL_DELETE(flight->timers, timer);
    HASH_DEL(timer->actor->timers, timer);
    free(timer);
}

static void on_timer(void *arg)
{
    struct actor_timer *timer = arg;
    struct actor *actor = timer->actor;

    inbox_push(&actor->inbox,
               (struct inbox_item){.kind = EVENT_TIMER, .ticket = timer->ticket, .id = timer->id});
    free_timer(timer);
    lane_settle(actor->lane, actor);
}

void actor_start_timer(struct actor *actor, uint32_t ticket, uint32_t id, uint32_t delay_ms)
{
    struct flight *flight = flights_find(&actor->flights, ticket);
    struct actor_timer *timer;

    if (!flight && (ticket != 0 || actor->state == ACTOR_READY))
        return; /* its task, or the start-up, has ended */
    HASH_FIND(hh, actor->timers, &id, sizeof(id), timer);
    if (timer)
        return; /* the prelude never uses an id twice; whoever else gets at the host functions gains
                   nothing */
    timer = xcalloc(1, sizeof(*timer));
    timer->id = id;
    timer->ticket = ticket;
    timer->actor = actor;
    timer->timer = lane_timer_start_for(actor, delay_ms * NS_PER_MS, on_timer, timer);
    HASH_ADD(hh, actor->timers, id, sizeof(timer->id), timer);
    if (flight)
        DL_APPEND(flight->timers, timer);
}

static void stop_timer(struct actor_timer *timer)
{
    lane_timer_stop(timer->timer);
    free_timer(timer);
}

void actor_stop_timer(struct actor *actor, uint32_t id)
{
    struct actor_timer *timer;

    HASH_FIND(hh, actor->timers, &id, sizeof(id), timer);
    if (timer)
        stop_timer(timer);
}

void actor_stop_nobodys_timers(struct actor *actor)
{
    struct actor_timer *timer, *next;

    HASH_ITER(hh, actor->timers, timer, next)
    {
        if (timer->ticket == 0)
            stop_timer(timer);
    }
}

/* Subrequests. */

static void unlink_fetch(struct actor_fetch *fetch)
{
    DL_DELETE(fetch->flight->fetches, fetch);
    if (!fetch->is_answered)
        HASH_DEL(fetch->flight->actor->fetches, fetch);
}

static void ref_fetch(void *arg)
{
    struct actor_fetch *fetch = arg;

    /* Relaxed: whoever takes a reference already has one. */
    atomic_fetch_add_explicit(&fetch->refs, 1, memory_order_relaxed);
}

static void unref_fetch(struct actor_fetch *fetch)
{
    /* Acquire-release: the freeing comes after all that the other side did. */
    if (atomic_fetch_sub_explicit(&fetch->refs, 1, memory_order_acq_rel) != 1)
        return;
    free(fetch->what);
    free(fetch);
}

/* It is not on its way on its lane any more. */
static void leave_lane(struct actor_fetch *fetch)
{
    struct actor *actor = fetch->actor;

    fetch->is_under_way = false;
    if (!actor)
        return;
    fetch->actor = NULL;
    fetch->lane->errands--;
    actor_unref(actor);
}

/* Whom the costs of the execution are told; NULL: nobody any more. */
static struct report *report_of(struct flight *flight)
{
    if (flight->task)
        return &flight->task->report;
    return flight->costs ? &flight->costs->report : NULL;
}

/* The same of what took how long; NULL where nobody wants to know. */
static struct span_list *spans_of(const struct flight *flight)
{
    if (flight->task)
        return flight->task->spans;
    return flight->costs ? flight->costs->spans : NULL;
}

static void count_result(struct flight *flight, const struct fetch_result *result)
{
    struct report *report = report_of(flight);

    if (!report)
        return;
    report->subrequest_us += result->duration_us;
    report->subrequest_sent_bytes += result->sent_bytes;
    report->subrequest_received_bytes += result->received_bytes;
}

/* Pipes: whoever is at their other ends has done something. The caller is a holder of one of the
 * pool's lanes, so that the lane's memory is there. Any such thread. */
static void tell_fetch(void *arg)
{
    struct actor_fetch *fetch = arg;

    /* Acquire-release, as with bodies. */
    if (atomic_exchange_explicit(&fetch->is_told, true, memory_order_acq_rel) ||
        lane_send(fetch->lane, &fetch->resume) != 0)
        unref_fetch(fetch);
}

static void listen_for(struct actor_fetch *fetch, struct pipe *pipe, enum pipe_side side)
{
    struct pipe_listener listener = {ref_fetch, tell_fetch, fetch};

    pipe_listen(pipe, side, &listener);
}

/* The lane's holder. */
void actor_receive_fetch_resume(struct actor_fetch *fetch)
{
    atomic_exchange_explicit(&fetch->is_told, false, memory_order_acq_rel);
    if (fetch->is_under_way)
        fetch_resume(fetch->fetch);
    unref_fetch(fetch);
}

/* The actor's holder: JavaScript has its answer, and the fetch goes on for the body. */
static void deliver_head(struct actor_fetch *fetch, struct fetch_result *head)
{
    struct flight *flight = fetch->flight;
    struct pipe *stream = head->stream;

    HASH_DEL(flight->actor->fetches, fetch);
    fetch->is_answered = true;
    fetch->status = head->status;
    inbox_push(&flight->actor->inbox, (struct inbox_item){.kind = EVENT_FETCHED,
                                                          .ticket = flight_ticket(flight),
                                                          .id = fetch->id,
                                                          .result = head});
    actor_open_body(flight, fetch->id, false, pipe_ref(stream));
}

/* The lane's holder, who may not be the shared actor's. */
static void on_head(void *arg, struct fetch_result *head)
{
    struct actor_fetch *fetch = arg;
    struct actor *actor = fetch->actor;

    listen_for(fetch, head->stream, PIPE_WRITER);
    if (!actor) {
        actor = fetch->flight->actor;
        deliver_head(fetch, head);
        lane_settle(actor->lane, actor);
        return;
    }
    fetch->head = head;
    ref_fetch(fetch);
    if (shared_tell(actor, &fetch->headed))
        return;
    pipe_cancel(head->stream); /* the actor is gone */
    fetch_result_free(head);
    unref_fetch(fetch);
}

void actor_receive_fetch_head(struct actor_fetch *fetch)
{
    struct fetch_result *head = fetch->head;

    fetch->head = NULL;
    if (fetch->is_stopped) {
        pipe_cancel(head->stream);
        fetch_result_free(head);
    } else {
        deliver_head(fetch, head);
    }
    unref_fetch(fetch);
}

/* Its times are set by the caller. NULL: there is no room, or nobody wants it. */
static struct span *add_span(struct actor_fetch *fetch)
{
    struct span_list *list = spans_of(fetch->flight);
    struct span *span;

    if (!list || !fetch->what)
        return NULL;
    if (list->count == SPANS_MAX) {
        list->omitted++;
        return NULL;
    }
    span = &list->spans[list->count++];
    *span = (struct span){.id = fetch->span, .status = fetch->status};
    snprintf(span->what, sizeof(span->what), "%s", fetch->what);
    return span;
}

static uint64_t since_submission_us(const struct flight *flight, uint64_t at_ns)
{
    uint64_t submitted_ns = flight->task ? flight->task->submitted_ns : flight->submitted_ns;

    return at_ns > submitted_ns ? (at_ns - submitted_ns) / NS_PER_US : 0;
}

/* Up to the end of its body. */
static void note_span(struct actor_fetch *fetch, const struct fetch_result *result)
{
    struct span *span = add_span(fetch);
    uint64_t now_us;

    if (!span)
        return;
    now_us = since_submission_us(fetch->flight, clock_now_ns());
    span->start_us = now_us > result->duration_us ? now_us - result->duration_us : 0;
    span->duration_us = result->duration_us;
    if (!fetch->is_answered)
        span->status = result->status;
}

/* What an execution waited for at its end is worth more than the shortest of what it has waited
 * for.
 */
static void make_room(struct span_list *list)
{
    struct span *least = NULL;

    if (list->count < SPANS_MAX)
        return;
    for (struct span *span = list->spans; span < list->spans + SPANS_MAX; span++) {
        if (!span->is_unfinished && (!least || span->duration_us < least->duration_us))
            least = span;
    }
    if (!least)
        return;
    list->count--;
    list->omitted++;
    memmove(least, least + 1, (size_t)(list->spans + list->count - least) * sizeof(*least));
}

void actor_note_unfinished(struct flight *flight)
{
    struct span_list *list = spans_of(flight);
    struct actor_fetch *fetch;
    uint64_t now_us;

    if (!list || !flight->fetches)
        return;
    now_us = since_submission_us(flight, clock_now_ns());
    DL_FOREACH(flight->fetches, fetch)
    {
        struct span *span;

        make_room(list);
        span = add_span(fetch);
        if (!span)
            continue;
        span->is_unfinished = true;
        span->start_us = since_submission_us(flight, fetch->started_ns);
        span->duration_us = now_us - span->start_us;
    }
}

/* The actor's holder. */
static void deliver(struct actor_fetch *fetch, struct fetch_result *result)
{
    struct flight *flight = fetch->flight;

    count_result(flight, result);
    note_span(fetch, result);
    if (fetch->is_answered)
        fetch_result_free(result); /* the end of its body went by the pipe */
    else
        inbox_push(&flight->actor->inbox, (struct inbox_item){.kind = EVENT_FETCHED,
                                                              .ticket = flight_ticket(flight),
                                                              .id = fetch->id,
                                                              .result = result});
    unlink_fetch(fetch);
    unref_fetch(fetch);
}

/* The lane's holder, who may not be the shared actor's. */
static void on_fetched(void *arg, struct fetch_result *result)
{
    struct actor_fetch *fetch = arg;
    struct actor *actor = fetch->actor;

    fetch->is_under_way = false; /* a message of its pipes may still come */
    if (!actor) {
        actor = fetch->flight->actor;
        deliver(fetch, result);
        lane_settle(actor->lane, actor);
        return;
    }
    actor_ref(actor);
    leave_lane(fetch);
    fetch->result = result;
    if (!shared_tell(actor, &fetch->ended)) {
        fetch_result_free(result); /* it is gone */
        unref_fetch(fetch);
    }
    actor_unref(actor);
}

void actor_receive_fetched(struct actor_fetch *fetch)
{
    if (!fetch->is_stopped) {
        deliver(fetch, fetch->result);
        return;
    }
    fetch_result_free(fetch->result);
    unref_fetch(fetch);
}

/* A body of the request that streams: JavaScript writes into the pipe, the fetch reads from it.
 * False where there is no room. */
static bool open_upload(struct actor_fetch *fetch, struct fetch_request *request)
{
    request->upload = pipe_new(PIPE_WINDOW, request->pipe_budget);
    if (!request->upload)
        return false;
    listen_for(fetch, request->upload, PIPE_READER);
    actor_open_body(fetch->flight, fetch->id, true, pipe_ref(request->upload));
    return true;
}

static void refuse_upload(struct actor *actor, uint32_t ticket, uint32_t id)
{
    struct fetch_result *result = xcalloc(1, sizeof(*result));

    result->error = FETCH_BUSY;
    result->message = xstrdup("there is no room for a body that streams");
    inbox_push(
        &actor->inbox,
        (struct inbox_item){.kind = EVENT_FETCHED, .ticket = ticket, .id = id, .result = result});
}

/* Whether a header block has a header of that name; and its value. */
static bool find_header(struct bytes block, const char *name, struct bytes *ret)
{
    size_t name_len = strlen(name);

    while (block.len > 0) {
        const char *name_end = memchr(block.data, '\n', block.len);
        const char *end = block.data + block.len;
        const char *value_end = memchr(name_end + 1, '\n', (size_t)(end - name_end - 1));
        bool is_it = (size_t)(name_end - block.data) == name_len &&
                     strncasecmp(block.data, name, name_len) == 0;

        *ret = (struct bytes){name_end + 1, (size_t)(value_end - name_end - 1)};
        if (is_it)
            return true;
        block = (struct bytes){value_end + 1, (size_t)(end - value_end - 1)};
    }
    return false;
}

/* What the subrequest says of the trace that it is part of, unless the worker has said that itself:
 * it is a span of its own, whose parent is the execution. What the caller's systems keep in the
 * tracestate goes on to those that are called. */
static struct buffer add_trace(const struct flight *flight, struct bytes headers, uint64_t span)
{
    char parent[TRACE_PARENT_LEN + 1];
    struct buffer block = {0};
    struct bytes value;

    buffer_append(&block, headers.data, headers.len);
    if (find_header(headers, "traceparent", &value))
        return block;
    trace_format(&flight->trace, span, parent);
    buffer_append_format(&block, "traceparent\n%s\n", parent);
    if (flight->task && !find_header(headers, "tracestate", &value) &&
        find_header(flight->task->request->headers, "tracestate", &value))
        buffer_append_format(&block, "tracestate\n%.*s\n", (int)value.len, value.data);
    return block;
}

/* "GET https://host/path", without the query. */
static char *describe_fetch(const struct fetch_request *request)
{
    size_t len = 0;
    char *what;

    while (len < request->url.len && request->url.data[len] != '?' && request->url.data[len] != '#')
        len++;
    if (asprintf(&what, "%.*s %.*s", (int)request->method.len, request->method.data, (int)len,
                 request->url.data) < 0)
        abort();
    return what;
}

static struct fetch *begin_fetch(struct actor_fetch *fetch, struct fetch_request *request)
{
    const struct flight *flight = fetch->flight;
    struct buffer headers = {0};
    struct fetch *begun;

    if (spans_of(flight)) {
        fetch->what = describe_fetch(request);
        fetch->started_ns = clock_now_ns();
    }
    if (trace_is_set(&flight->trace)) {
        fetch->span = hash_mix(flight->execution ^ clock_now_ns()) | 1;
        headers = add_trace(flight, request->headers, fetch->span);
        request->headers = (struct bytes){headers.data, headers.len};
    }
    begun = fetcher_start(fetch->lane->fetcher, request, on_fetched, fetch);
    buffer_release(&headers);
    return begun;
}

void actor_start_fetch(struct actor *actor, uint32_t ticket, uint32_t id,
                       struct fetch_request *request)
{
    struct flight *flight = flights_find(&actor->flights, ticket);
    struct actor_fetch *fetch;

    if (!flight || !actor->lane->fetcher)
        return; /* its task has ended, and JavaScript knows; or nobody can fetch */
    HASH_FIND(hh, actor->fetches, &id, sizeof(id), fetch);
    if (fetch)
        return; /* as with timers */
    fetch = xcalloc(1, sizeof(*fetch));
    fetch->id = id;
    fetch->flight = flight;
    fetch->lane = actor->lane;
    fetch->is_under_way = true;
    fetch->headed.kind = MESSAGE_FETCH_HEAD;
    fetch->ended.kind = MESSAGE_FETCHED;
    fetch->resume.kind = MESSAGE_FETCH_RESUME;
    atomic_init(&fetch->is_told, false);
    fetch->stop.kind = MESSAGE_FETCH_STOP;
    atomic_init(&fetch->refs, 1);
    request->pipe_budget = actor->lane->pool->config.pipe_budget;
    if (request->has_stream && !open_upload(fetch, request)) {
        refuse_upload(actor, ticket, id);
        unref_fetch(fetch);
        return;
    }
    if (actor->shared) {
        fetch->actor = actor_ref(actor);
        actor->lane->errands++;
    }
    HASH_ADD(hh, actor->fetches, id, sizeof(fetch->id), fetch);
    DL_APPEND(flight->fetches, fetch);
    if (report_of(flight))
        report_of(flight)->subrequests++;
    request->head = on_head;
    request->tenant = actor->script->tenant;
    request->body_bytes_max = actor->script->limits.fetch_body_bytes;
    request->header_bytes_max = actor->script->limits.fetch_header_bytes;
    fetch->fetch = begin_fetch(fetch, request);
}

/* The lane's holder. */
static void cancel_under_way(struct actor_fetch *fetch)
{
    fetch_cancel(fetch->fetch);
    leave_lane(fetch);
    unref_fetch(fetch);
}

static void stop_fetch(struct actor_fetch *fetch)
{
    struct actor *actor = fetch->flight->actor;

    unlink_fetch(fetch);
    if (fetch->lane != actor->lane) {
        /* Whether it has ended meanwhile only its lane knows. Relaxed: the message carries it. */
        fetch->is_stopped = true;
        atomic_fetch_add_explicit(&fetch->refs, 1, memory_order_relaxed);
        (void)lane_send(fetch->lane, &fetch->stop);
    } else if (fetch->is_under_way) {
        cancel_under_way(fetch);
    } else {
        fetch->is_stopped = true; /* it is in the actor's mailbox */
    }
}

void actor_receive_fetch_stop(struct actor_fetch *fetch)
{
    if (fetch->is_under_way)
        cancel_under_way(fetch);
    unref_fetch(fetch);
}

void actor_stop_fetch(struct actor *actor, uint32_t id)
{
    struct actor_fetch *fetch;

    HASH_FIND(hh, actor->fetches, &id, sizeof(id), fetch);
    if (fetch)
        stop_fetch(fetch);
}

/* All that it waits for. */

void actor_stop_waiting(struct flight *flight)
{
    while (flight->timers)
        stop_timer(flight->timers);
    while (flight->fetches)
        stop_fetch(flight->fetches);
    actor_close_bodies(flight);
    actor_stop_computations(&flight->computations);
    lane_timer_stop(flight->deadline);
    flight->deadline = NULL;
}

void actor_stop_timers(struct actor *actor)
{
    struct actor_timer *timer, *next;

    HASH_ITER(hh, actor->timers, timer, next)
    stop_timer(timer);
    lane_timer_stop(actor->startup_timer);
    lane_timer_stop(actor->platform_timer);
    lane_timer_stop(actor->recheck_timer);
    actor_stop_computations(&actor->startup_computations);
    actor->startup_timer = actor->platform_timer = actor->recheck_timer = NULL;
}
