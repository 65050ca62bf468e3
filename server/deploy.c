/*
 * Deploy, in three steps:
 *
 *     store thread: decode, build the script, hash it (10 MiB take too long for a cq thread)
 *     lane: evaluate it in a throwaway isolate
 *     store thread: store it durably, make it known to the registry, answer
 */
#include "api/log.h"
#include "server/container_of.h"
#include "server/proto_check.h"
#include "server/worker_message.h"
#include "server/worker_service.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* What a DeployRequest may have beside the files' contents: 1,024 names, message, keys. */
#define DEPLOY_HEAD_MAX ((size_t)384 << 10)

/* Deployments at once: each holds its bundle in memory three times for a while. */
#define DEPLOYING_MAX 16

struct deployment {
    struct call call;
    struct dispatch dispatch;
    struct store_job job;
    struct script *script;
    char *message;
    bool skips_activation;
    bool is_counted;
};

static struct deployment *deployment_of(struct call *call)
{
    return container_of(call, struct deployment, call);
}

static void release(struct call *call)
{
    struct worker_service *service = call_service(call);
    struct deployment *d = deployment_of(call);

    script_unref(d->script);
    free(d->message);
    if (d->is_counted)
        atomic_fetch_sub_explicit(&service->deploying, 1, memory_order_relaxed);
}

/* The third step. */

static void reply(struct deployment *d, const struct version_info *info)
{
    Isoyard__V1__DeployResponse response = ISOYARD__V1__DEPLOY_RESPONSE__INIT;
    struct version_message message;

    version_message_init(&message, info);
    response.version = &message.version;
    call_reply_message(&d->call, &response.base);
}

static void publish(struct deployment *d, uint32_t version)
{
    struct worker_service *service = call_service(&d->call);
    struct script *script = d->script;

    /* Nobody else has the script yet but isolates that check it, which do not look at this. */
    script->version = version;
    if (d->skips_activation)
        registry_put_inactive(service->registry, script->tenant, script->worker);
    else
        registry_put(service->registry, script_ref(script));
    log_info("version deployed", log_text("tenant", script->tenant),
             log_text("worker", script->worker), log_number("version", version),
             log_number("bytes", script->size_bytes),
             log_text("active", d->skips_activation ? "no" : "yes"));
}

static void store_version(struct store_job *job, struct store *store)
{
    struct deployment *d = container_of(job, struct deployment, job);
    struct version_info info;
    struct error error = {0};
    int err = store_put_version(store, d->script, d->message, !d->skips_activation, &info, &error);

    if (err) {
        call_fail_error(&d->call, err, &error);
        return;
    }
    publish(d, info.number);
    reply(d, &info);
    version_info_release(&info);
}

/* The second step. */

/* The message begins with the place, as compilers have it. */
static void say_where(const struct failure *failure, struct status *status)
{
    char *text;

    if (!failure->file || !failure->message)
        return;
    if (asprintf(&text, "%s:%" PRIu32 ":%" PRIu32 ": %s", failure->file, failure->line,
                 failure->column, failure->message) < 0)
        abort();
    status_set_message(status, text);
    free(text);
}

static void refuse(struct deployment *d)
{
    const struct task *task = &d->dispatch.task;
    const struct failure *failure = &task->outcome.failure;
    struct status status;

    status_of_failure(failure, &task->report, call_is_late(&d->call), &status);
    if (failure_is_workers(failure)) {
        say_where(failure, &status);
        status.field = "files";
    }
    call_fail(&d->call, &status);
}

static void on_checked(struct task *task)
{
    struct deployment *d = container_of(task, struct deployment, dispatch.task);
    struct worker_service *service = call_service(&d->call);
    struct outcome outcome = task->outcome;

    if (outcome.kind == OUTCOME_CHECKED) {
        int err = store_thread_post(service->store_thread, &d->job);

        if (err)
            call_fail_error(&d->call, err, NULL);
    } else {
        refuse(d);
    }
    outcome_release(&outcome);
}

/* The first step. */

static int check_sizes(const struct worker_service *service,
                       const Isoyard__V1__DeployRequest *request, struct error *error)
{
    size_t size = 0;

    if (request->n_files > SCRIPT_FILES_MAX)
        return error_set(error, E_INVALID, "files",
                         "the bundle has %zu files; at most %d are allowed", request->n_files,
                         SCRIPT_FILES_MAX);
    for (size_t i = 0; i < request->n_files; i++)
        size += request->files[i]->content.len;
    if (size > service->bundle_bytes)
        return error_set(error, E_INVALID, "files",
                         "the files have %zu bytes together; at most %zu are allowed", size,
                         service->bundle_bytes);
    if (request->max_tasks > SCRIPT_MAX_TASKS_MAX)
        return error_set(error, E_INVALID, "max_tasks", "it is %u, and at most %u",
                         request->max_tasks, SCRIPT_MAX_TASKS_MAX);
    if (strlen(request->message) > SCRIPT_MESSAGE_MAX)
        return error_set(error, E_INVALID, "message",
                         "the message has %zu bytes; at most %d are allowed",
                         strlen(request->message), SCRIPT_MESSAGE_MAX);
    return 0;
}

static int set_files(struct script *script, const Isoyard__V1__DeployRequest *request)
{
    for (size_t i = 0; i < request->n_files; i++) {
        const Isoyard__V1__SourceFile *file = request->files[i];
        int err = script_set_file(script, i, file->name, (enum file_kind)file->kind,
                                  file->content.data, file->content.len);

        if (err)
            return err;
    }
    return 0;
}

static int build_script(struct deployment *d, Isoyard__V1__DeployRequest *request,
                        struct error *error)
{
    struct worker_service *service = call_service(&d->call);
    int err = worker_check_names(&request->tenant, request->worker, error);

    if (!err)
        err = check_sizes(service, request, error);
    if (err)
        return err;
    d->message = xstrdup(request->message);
    d->skips_activation = request->skip_activation;
    d->script = script_new(request->tenant, request->worker, request->n_files, &service->limits);
    script_set_max_tasks(d->script, request->max_tasks);
    d->script->allows_eval = request->allow_eval;
    err = set_files(d->script, request);
    return err ? err : script_seal(d->script, error);
}

static int decode(struct deployment *d, struct error *error)
{
    ProtobufCMessage *request;
    int err =
        proto_decode(&isoyard__v1__deploy_request__descriptor, d->call.message, &request, error);

    if (err)
        return err;
    err = build_script(d, (Isoyard__V1__DeployRequest *)request, error);
    protobuf_c_message_free_unpacked(request, NULL);
    return err;
}

static int check(struct deployment *d)
{
    struct worker_service *service = call_service(&d->call);
    struct task *task = &d->dispatch.task;

    task->kind = TASK_CHECK;
    task->script = d->script;
    task->tenant = d->script->tenant;
    task->deadline_ns = call_deadline_ns(&d->call);
    task->done = on_checked;
    d->job.run = store_version;
    return dispatcher_submit(service->dispatcher, &d->dispatch);
}

static void prepare(struct store_job *job, struct store *store)
{
    struct deployment *d = container_of(job, struct deployment, job);
    struct error error = {0};
    int err;

    (void)store;
    call_ref(&d->call);
    err = decode(d, &error);
    if (!err)
        err = check(d);
    if (err)
        call_fail_error(&d->call, err, &error);
    call_unref(&d->call);
}

static int count(struct deployment *d, struct error *error)
{
    struct worker_service *service = call_service(&d->call);

    d->is_counted = true;
    if (atomic_fetch_add_explicit(&service->deploying, 1, memory_order_relaxed) < DEPLOYING_MAX)
        return 0;
    return error_set(error, E_BUSY, NULL, "%d deployments are under way; try again a little later",
                     DEPLOYING_MAX);
}

static void handle(struct call *call)
{
    struct worker_service *service = call_service(call);
    struct deployment *d = deployment_of(call);
    struct error error = {0};
    int err = count(d, &error);

    d->job.run = prepare;
    if (!err)
        err = store_thread_post(service->store_thread, &d->job);
    if (err)
        call_fail_error(call, err, &error);
}

static void cancel(struct call *call)
{
    dispatcher_cancel(&deployment_of(call)->dispatch);
}

size_t worker_service_message_bytes(const struct worker_service *service)
{
    return service->bundle_bytes + DEPLOY_HEAD_MAX;
}

void deploy_register(struct worker_service *service, struct rpc_server *server)
{
    const struct method deploy = {
        .name = "/isoyard.v1.WorkerService/Deploy",
        .call_size = sizeof(struct deployment),
        .message_bytes = worker_service_message_bytes(service),
        .is_admitted = true,
        .service = service,
        .handle = handle,
        .cancel = cancel,
        .release = release,
    };

    static_assert(offsetof(struct deployment, call) == 0,
                  "a method's structure begins with its call");
    rpc_server_register(server, &deploy);
}
