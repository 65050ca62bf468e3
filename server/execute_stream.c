/* ExecuteStream. */
#include "server/execute_stream.h"

#include "api/pipe.h"
#include "server/container_of.h"
#include "server/deadline.h"
#include "server/execute_codec.h"
#include "server/execute_find.h"
#include "server/message.h"
#include "server/span_message.h"
#include "server/stream.h"

#include <assert.h>
#include <stdlib.h>

/* Of a failure in a message. */
static const struct failure_bounds end_bounds = {
    .message = 8 << 10, .stack = 16 << 10, .file = 1 << 10};

enum progress {
    IS_OPEN,      /* nothing has been sent */
    IS_STREAMING, /* the head has been sent, and chunks are */
    IS_ENDED,     /* all has been sent, or a status will be */
};

/* One call. The request is counted apart from it, and keeps its memory. */
struct execution_stream {
    struct stream stream;
    struct dispatch dispatch;
    struct request request;
    char tenant[SCRIPT_NAME_MAX + 1];
    char *start;             /* a copy of the first message, which the request points into */
    char *room;              /* the same, of what is not in the message as it is */
    struct span_list *spans; /* of the task; NULL: nobody wants them */

    bool is_inside;    /* has entered the admission */
    bool is_submitted; /* to the dispatcher */
    struct pipe *in;   /* the request's body; NULL: it does not stream */
    bool is_full;      /* it has no room, and the client is not read */

    atomic_bool is_done; /* the task has its outcome, which is ours. Release, acquire */
    enum progress progress;
    struct pipe *out; /* the answer's body; NULL: it is whole */
    grpc_slice whole; /* ... and what is left of it */
};

static struct execution_stream *execution_of(struct stream *stream)
{
    return container_of(stream, struct execution_stream, stream);
}

/* Pipes tell by a poke, whichever it is. */

static void ref_stream(void *arg)
{
    stream_ref(arg);
}

static void tell_stream(void *arg)
{
    stream_poke(arg);
    stream_unref(arg);
}

static void listen_to(struct execution_stream *e, struct pipe *pipe, enum pipe_side side)
{
    struct pipe_listener listener = {ref_stream, tell_stream, &e->stream};

    pipe_listen(pipe, side, &listener);
}

/* The answer. */

static void finish(struct execution_stream *e, const struct status *status)
{
    e->progress = IS_ENDED;
    stream_finish(&e->stream, status);
}

/* failure: the worker's own, or NULL. costs: NULL where none are known. */
static void send_end(struct execution_stream *e, const struct failure *failure,
                     const struct body_report *costs)
{
    Isoyard__V1__ExecuteStreamResponse response = ISOYARD__V1__EXECUTE_STREAM_RESPONSE__INIT;
    Isoyard__V1__ExecuteStreamEnd end = ISOYARD__V1__EXECUTE_STREAM_END__INIT;
    Isoyard__V1__ExecutionReport report_message;
    struct failure_message failure_message = {0};
    struct span_messages *spans = NULL;
    struct status status;

    if (costs) {
        spans = span_messages_new(&costs->report, costs->spans);
        report_message_init(&report_message, &costs->report);
        span_messages_set(spans, &report_message);
        end.report = &report_message;
    }
    if (failure) {
        failure_message_init(&failure_message, failure, &end_bounds);
        end.failure = &failure_message.failure;
    }
    response.part_case = ISOYARD__V1__EXECUTE_STREAM_RESPONSE__PART_END;
    response.end = &end;
    stream_write(&e->stream, &response.base);
    failure_message_release(&failure_message);
    span_messages_free(spans);
    status_set(&status, GRPC_STATUS_OK, "");
    finish(e, &status);
}

static void send_failure(struct execution_stream *e, const struct failure *failure,
                         const struct body_report *costs)
{
    struct status status;

    if (failure_is_workers(failure)) {
        send_end(e, failure, costs);
        return;
    }
    status_of_failure(failure, costs ? &costs->report : NULL,
                      deadline_has_passed(e->stream.deadline), &status);
    status.spans = costs ? span_messages_new(&costs->report, costs->spans) : NULL;
    finish(e, &status);
    span_messages_free(status.spans);
}

/* Of an answer that does not stream, or none. */
static struct body_report task_costs(const struct execution_stream *e)
{
    return (struct body_report){e->dispatch.task.report, e->spans};
}

static void free_response(void *response)
{
    response_free(response);
}

/* The body's pipe, or the body as a slice over the response's memory. */
static void take_body(struct execution_stream *e)
{
    struct response *response = e->dispatch.task.outcome.response;

    e->dispatch.task.outcome.response = NULL;
    if (response->stream) {
        e->out = pipe_ref(response->stream);
        listen_to(e, e->out, PIPE_READER);
    } else if (response->has_body && response->body.len > 0) {
        e->whole = grpc_slice_new_with_user_data((void *)response->body.data, response->body.len,
                                                 free_response, response);
        return;
    }
    response_free(response);
}

static void send_head(struct execution_stream *e)
{
    const struct task *task = &e->dispatch.task;
    struct body_report costs;
    grpc_slice head;

    if (task->outcome.kind == OUTCOME_FAILED) {
        costs = task_costs(e);
        send_failure(e, &task->outcome.failure, &costs);
        return;
    }
    head = execute_encode_head(task->outcome.response);
    take_body(e);
    e->progress = IS_STREAMING;
    stream_write_slices(&e->stream, &head, 1);
}

static void send_chunk(struct execution_stream *e, struct pipe_chunk chunk)
{
    grpc_slice slices[EXECUTE_SLICES_MAX];

    execute_encode_chunk(chunk, slices);
    stream_write_slices(&e->stream, slices, EXECUTE_SLICES_MAX);
}

static void send_streamed(struct execution_stream *e)
{
    struct pipe_chunk chunk;
    struct body_report *costs = NULL;

    switch (pipe_take(e->out, &chunk)) {
    case PIPE_EMPTY:
        return;
    case PIPE_BYTES:
        send_chunk(e, chunk);
        return;
    case PIPE_ENDED:
        costs = pipe_take_note(e->out);
        send_end(e, NULL, costs);
        break;
    case PIPE_FAILED:
        costs = pipe_take_note(e->out);
        send_failure(e, pipe_failure(e->out), costs);
        break;
    }
    free(costs);
}

static void send_whole(struct execution_stream *e)
{
    size_t len = GRPC_SLICE_LENGTH(e->whole);
    grpc_slice slices[EXECUTE_SLICES_MAX], piece;
    struct body_report costs;

    if (len == 0) {
        costs = task_costs(e);
        send_end(e, NULL, &costs);
        return;
    }
    piece = grpc_slice_split_head(&e->whole, len < PIPE_CHUNK_MAX ? len : PIPE_CHUNK_MAX);
    execute_encode_slice(piece, slices);
    grpc_slice_unref(piece);
    stream_write_slices(&e->stream, slices, EXECUTE_SLICES_MAX);
}

/* Sends what there is, unless the message before is still under way. */
static void advance(struct execution_stream *e)
{
    /* Acquire: the outcome was written before. */
    if (stream_is_writing(&e->stream) || e->progress == IS_ENDED ||
        !atomic_load_explicit(&e->is_done, memory_order_acquire))
        return;
    if (e->progress == IS_OPEN)
        send_head(e);
    else if (e->out)
        send_streamed(e);
    else
        send_whole(e);
}

/* The request. */

/* Asks for the client's next message where there is room for it. */
static void read_on(struct execution_stream *e)
{
    e->is_full = pipe_room(e->in, PIPE_CHUNK_MAX) < PIPE_CHUNK_MAX;
    if (!e->is_full)
        stream_read(&e->stream);
}

static void free_request(struct request *request)
{
    struct execution_stream *e = request->owner;

    stream_unref(&e->stream);
}

/* Lane thread. */
static void on_done(struct task *task)
{
    struct execution_stream *e = container_of(task, struct execution_stream, dispatch.task);

    /* Release: whoever sees it sees the outcome. */
    atomic_store_explicit(&e->is_done, true, memory_order_release);
    stream_poke(&e->stream);
    request_unref(&e->request);
}

static void build_task(struct execution_stream *e, const struct execute_request *decoded)
{
    struct task *task = &e->dispatch.task;

    memcpy(e->tenant, decoded->tenant.data, decoded->tenant.len);
    task->kind = TASK_REQUEST;
    task->tenant = e->tenant;
    task->request = &e->request;
    task->deadline_ns = deadline_ns(e->stream.deadline);
    task->trace = decoded->trace;
    task->done = on_done;
    if (decoded->wants_spans)
        task->spans = e->spans = xcalloc(1, sizeof(*e->spans));
    e->room = xmalloc(execute_room(decoded) + 1);
    execute_build(decoded, e->room, &e->request);
    e->request.takes_stream = true;
    atomic_init(&e->request.refs, 1);
    e->request.free = free_request;
    e->request.owner = e;
    stream_ref(&e->stream);
}

static int open_body(struct execution_stream *e, struct error *error)
{
    struct execution_service *service = stream_service(&e->stream);

    e->in = pipe_new(PIPE_WINDOW, service->pipe_budget);
    if (!e->in)
        return error_set(error, E_BUSY, NULL, "there is no room for the body of the request");
    listen_to(e, e->in, PIPE_WRITER);
    e->request.has_body = true;
    e->request.stream = e->in; /* the stream's reference, for as long as the request */
    return 0;
}

/* The message is there during the call only. */
static int prepare(struct execution_stream *e, const struct execute_part *part, struct error *error)
{
    struct execution_service *service = stream_service(&e->stream);
    struct execute_request decoded;
    int err;

    if (part->kind != EXECUTE_PART_START)
        return error_set(error, E_INVALID, "start", "the first message is `start`");
    e->start = xmalloc(part->request.len + 1);
    memcpy(e->start, part->request.data, part->request.len);
    err = execute_decode((struct bytes){e->start, part->request.len}, service->body_bytes, &decoded,
                         error);
    if (!err)
        err = execute_check_stream(&decoded, part->has_body, error);
    if (!err)
        err = execute_find(service->registry, &decoded, &e->dispatch.task.script, error);
    if (err)
        return err;
    execute_join_trace(&decoded, &e->stream.metadata);
    build_task(e, &decoded);
    err = part->has_body ? open_body(e, error) : 0;
    if (err)
        request_unref(&e->request);
    return err;
}

static void begin(struct execution_stream *e, const struct execute_part *part)
{
    struct execution_service *service = stream_service(&e->stream);
    struct error error = {0};
    int err = prepare(e, part, &error);

    if (!err) {
        e->is_submitted = true;
        err = dispatcher_submit(service->dispatcher, &e->dispatch);
        if (err) {
            e->is_submitted = false;
            request_unref(&e->request);
        }
    }
    if (err) {
        e->progress = IS_ENDED;
        stream_end(&e->stream, err, &error);
    } else if (e->in) {
        read_on(e);
    }
}

static void fail_body(struct execution_stream *e, const char *format, struct bytes text)
{
    struct failure failure = {0};

    failure_set(&failure, FAILURE_CANCELLED, PHASE_HANDLER, format, (int)text.len, text.data);
    pipe_fail(e->in, &failure, NULL);
    failure_release(&failure);
}

static void refuse(struct execution_stream *e, int err, const struct error *error)
{
    fail_body(e, "the client sent %.*s", bytes_of("what is no part of a body"));
    if (e->progress == IS_ENDED)
        return;
    e->progress = IS_ENDED;
    stream_end(&e->stream, err, error);
}

static void take_part(struct execution_stream *e, const struct execute_part *part)
{
    struct error error = {0};

    if (part->kind == EXECUTE_PART_CHUNK && part->chunk.len <= EXECUTE_CHUNK_MAX) {
        pipe_write(e->in, part->chunk.data, part->chunk.len);
        read_on(e);
    } else if (part->kind == EXECUTE_PART_ERROR) {
        fail_body(e, "the client broke the body off: %.*s", part->text);
    } else if (part->kind == EXECUTE_PART_CHUNK) {
        error_set(&error, E_INVALID, "chunk", "a chunk has at most %zu bytes", EXECUTE_CHUNK_MAX);
        refuse(e, E_INVALID, &error);
    } else {
        error_set(&error, E_INVALID, "part", "after `start` come chunks, or an error");
        refuse(e, E_INVALID, &error);
    }
}

/* The stream's functions. */

static void on_open(struct stream *stream)
{
    struct execution_stream *e = execution_of(stream);

    atomic_init(&e->is_done, false);
    e->whole = grpc_empty_slice();
    e->is_inside = admission_enter(rpc_server_admission(stream->server));
    if (e->is_inside)
        stream_read(stream);
    else
        stream_end(stream, E_CLOSED, NULL);
}

static void on_end(struct execution_stream *e)
{
    struct error error = {0};

    if (e->in) {
        pipe_end(e->in, NULL);
        return;
    }
    error_set(&error, E_INVALID, "start", "the call ended before its first message");
    e->progress = IS_ENDED;
    stream_end(&e->stream, E_INVALID, &error);
}

static void on_message(struct stream *stream, const struct bytes *message)
{
    struct execution_stream *e = execution_of(stream);
    struct error error = {0};
    struct execute_part part;
    int err;

    if (!message) {
        on_end(e);
        return;
    }
    err = execute_decode_part(*message, &part, &error);
    if (e->in && err)
        refuse(e, err, &error);
    else if (e->in)
        take_part(e, &part);
    else if (err)
        stream_end(stream, err, &error);
    else
        begin(e, &part);
}

static void on_sent(struct stream *stream)
{
    advance(execution_of(stream));
}

static void on_poke(struct stream *stream)
{
    struct execution_stream *e = execution_of(stream);

    if (e->is_full)
        read_on(e);
    advance(e);
}

/* Whoever works for the call hears that nobody waits any more. The execution may outlast the call,
 * and its pipes must not tell what is gone. */
static void on_closed(struct stream *stream)
{
    struct execution_stream *e = execution_of(stream);

    if (e->in) {
        pipe_listen(e->in, PIPE_WRITER, NULL);
        fail_body(e, "the client %.*s", bytes_of("went away"));
    }
    if (e->out) {
        pipe_listen(e->out, PIPE_READER, NULL);
        pipe_cancel(e->out);
    } else if (e->is_submitted && !atomic_load_explicit(&e->is_done, memory_order_acquire)) {
        dispatcher_cancel(&e->dispatch);
    }
    if (e->is_inside)
        admission_leave(rpc_server_admission(stream->server));
}

static void release(struct stream *stream)
{
    struct execution_stream *e = execution_of(stream);
    struct outcome *outcome = &e->dispatch.task.outcome;

    /* An answer that nobody came to see. */
    if (outcome->response && outcome->response->stream)
        pipe_cancel(outcome->response->stream);
    outcome_release(outcome);
    pipe_unref(e->out);
    pipe_unref(e->in);
    grpc_slice_unref(e->whole);
    script_unref(e->dispatch.task.script);
    free(e->room);
    free(e->start);
    free(e->spans);
}

void execute_stream_register(struct execution_service *service, struct rpc_server *server)
{
    const struct stream_method method = {
        .name = "/isoyard.v1.ExecutionService/ExecuteStream",
        .stream_size = sizeof(struct execution_stream),
        .message_bytes = execution_service_message_bytes(service) > EXECUTE_CHUNK_MAX + 64
                             ? execution_service_message_bytes(service)
                             : EXECUTE_CHUNK_MAX + 64,
        .service = service,
        .open = on_open,
        .receive = on_message,
        .sent = on_sent,
        .poke = on_poke,
        .closed = on_closed,
        .release = release,
    };

    static_assert(offsetof(struct execution_stream, stream) == 0,
                  "a method's structure begins with its stream");
    rpc_server_register_stream(server, &method);
}
