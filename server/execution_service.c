/* Execute. */
#include "server/execution_service.h"

#include "server/container_of.h"
#include "server/execute_codec.h"
#include "server/execute_find.h"
#include "server/message.h"
#include "server/span_message.h"

#include <assert.h>
#include <stdlib.h>

/* URL and headers of most requests fit in here; what does not is allocated. */
#define ROOM_BYTES 1024

/* Of a failure in a reply. */
static const struct failure_bounds reply_bounds = {
    .message = 8 << 10, .stack = 16 << 10, .file = 1 << 10};

/* One call. The request is counted apart from the call, because a turn that is stuck may still look
 * at it; it keeps the call's memory, which it lies in. */
struct execution {
    struct call call;
    struct dispatch dispatch;
    struct request request;
    char tenant[SCRIPT_NAME_MAX + 1];
    struct span_list *spans; /* NULL: nobody wants them */
    char *large_room;        /* NULL: room is enough */
    char room[ROOM_BYTES];
};

static struct execution *execution_of(struct call *call)
{
    return container_of(call, struct execution, call);
}

static void free_request(struct request *request)
{
    struct execution *e = request->owner;

    call_unref(&e->call);
}

static void release(struct call *call)
{
    struct execution *e = execution_of(call);

    script_unref(e->dispatch.task.script);
    free(e->spans);
    free(e->large_room);
}

/* The worker failed by its own code: a reply, not an error. */
static void reply_failure(struct execution *e, struct span_messages *spans)
{
    const struct task *task = &e->dispatch.task;
    Isoyard__V1__ExecuteResponse response = ISOYARD__V1__EXECUTE_RESPONSE__INIT;
    Isoyard__V1__ExecutionReport report;
    struct failure_message failure;

    failure_message_init(&failure, &task->outcome.failure, &reply_bounds);
    report_message_init(&report, &task->report);
    span_messages_set(spans, &report);
    response.outcome_case = ISOYARD__V1__EXECUTE_RESPONSE__OUTCOME_FAILURE;
    response.failure = &failure.failure;
    response.report = &report;
    call_reply_message(&e->call, &response.base);
    failure_message_release(&failure);
}

static void reply_error(struct execution *e, struct span_messages *spans)
{
    const struct task *task = &e->dispatch.task;
    struct status status;

    status_of_failure(&task->outcome.failure, &task->report, call_is_late(&e->call), &status);
    status.spans = spans;
    call_fail(&e->call, &status);
}

static void reply_response(struct execution *e)
{
    struct task *task = &e->dispatch.task;
    grpc_slice slices[EXECUTE_SLICES_MAX];
    size_t count = execute_encode(task->outcome.response, &task->report, slices);

    task->outcome.response = NULL;
    call_reply(&e->call, slices, count);
}

static void reply_result(struct execution *e)
{
    struct task *task = &e->dispatch.task;
    struct bytes result = {task->outcome.result, task->outcome.result_len};
    grpc_slice slice = execute_encode_result(result, &task->report);

    call_reply(&e->call, &slice, 1);
}

static void reply_scheduled(struct execution *e, struct span_messages *spans)
{
    Isoyard__V1__ExecuteResponse response = ISOYARD__V1__EXECUTE_RESPONSE__INIT;
    Isoyard__V1__ScheduledResult result = ISOYARD__V1__SCHEDULED_RESULT__INIT;
    Isoyard__V1__ExecutionReport report;

    report_message_init(&report, &e->dispatch.task.report);
    span_messages_set(spans, &report);
    response.outcome_case = ISOYARD__V1__EXECUTE_RESPONSE__OUTCOME_SCHEDULED;
    response.scheduled = &result;
    response.report = &report;
    call_reply_message(&e->call, &response.base);
}

static void reply_answer(struct execution *e, struct span_messages *spans)
{
    struct task *task = &e->dispatch.task;
    struct buffer packed = {0};

    if (!task->outcome.response && !task->outcome.result) {
        reply_scheduled(e, spans);
        return;
    }
    if (spans)
        packed = span_messages_pack(spans);
    task->report.spans = (struct bytes){packed.data, packed.len};
    if (task->outcome.response)
        reply_response(e);
    else
        reply_result(e);
    buffer_release(&packed);
}

/* Lane thread. The request's reference keeps the execution until the last line. */
static void on_done(struct task *task)
{
    struct execution *e = container_of(task, struct execution, dispatch.task);
    struct span_messages *spans = span_messages_new(&task->report, e->spans);

    if (task->outcome.kind == OUTCOME_ANSWERED)
        reply_answer(e, spans);
    else if (failure_is_workers(&task->outcome.failure))
        reply_failure(e, spans);
    else
        reply_error(e, spans);
    span_messages_free(spans);
    outcome_release(&task->outcome);
    request_unref(&e->request);
}

static void build_request(struct execution *e, const struct execute_request *decoded)
{
    size_t room = execute_room(decoded);

    if (room > ROOM_BYTES)
        e->large_room = xmalloc(room);
    execute_build(decoded, e->large_room ? e->large_room : e->room, &e->request);
    atomic_init(&e->request.refs, 1);
    e->request.free = free_request;
    e->request.owner = e;
    call_ref(&e->call);
}

static void build_task(struct execution *e, const struct execute_request *decoded)
{
    struct task *task = &e->dispatch.task;

    memcpy(e->tenant, decoded->tenant.data, decoded->tenant.len);
    task->kind = TASK_REQUEST;
    task->tenant = e->tenant;
    task->request = &e->request;
    task->deadline_ns = call_deadline_ns(&e->call);
    task->trace = decoded->trace;
    task->done = on_done;
    if (decoded->wants_spans)
        task->spans = e->spans = xcalloc(1, sizeof(*e->spans));
}

static int prepare(struct execution *e, struct error *error)
{
    struct execution_service *service = call_service(&e->call);
    struct execute_request decoded;
    int err = execute_decode(e->call.message, service->body_bytes, &decoded, error);

    if (err)
        return err;
    err = execute_find(service->registry, &decoded, &e->dispatch.task.script, error);
    if (err)
        return err;
    execute_set_time(&decoded);
    execute_join_trace(&decoded, &e->call.metadata);
    build_task(e, &decoded);
    build_request(e, &decoded);
    return 0;
}

static void handle(struct call *call)
{
    struct execution *e = execution_of(call);
    struct execution_service *service = call_service(call);
    struct error error = {0};
    int err = prepare(e, &error);

    if (!err) {
        err = dispatcher_submit(service->dispatcher, &e->dispatch);
        if (!err)
            return;
        request_unref(&e->request);
    }
    call_fail_error(call, err, &error);
}

static void cancel(struct call *call)
{
    dispatcher_cancel(&execution_of(call)->dispatch);
}

size_t execution_service_message_bytes(const struct execution_service *service)
{
    return service->body_bytes + EXECUTE_HEAD_MAX;
}

void execution_service_register(struct execution_service *service, struct rpc_server *server)
{
    const struct method execute = {
        .name = "/isoyard.v1.ExecutionService/Execute",
        .call_size = sizeof(struct execution),
        .message_bytes = execution_service_message_bytes(service),
        .is_admitted = true,
        .service = service,
        .handle = handle,
        .cancel = cancel,
        .release = release,
    };

    static_assert(offsetof(struct execution, call) == 0,
                  "a method's structure begins with its call");
    rpc_server_register(server, &execute);
}
