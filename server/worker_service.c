/* GetWorker, ListWorkers, DeleteWorker, ListVersions, Activate. */
#include "server/worker_service.h"

#include "api/log.h"
#include "server/container_of.h"
#include "server/proto_check.h"
#include "server/worker_message.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

/* Requests of names and numbers. */
#define SMALL_MESSAGE_BYTES ((size_t)64 << 10)

#define PAGE_DEFAULT 100
#define PAGE_MAX 1000
/* A version may name a thousand files. */
#define VERSION_PAGE_MAX 100
/* Clients refuse messages over 4 MiB by default. */
#define REPLY_BYTES_MAX ((size_t)3 << 20)

/* A call that the store answers. */
struct worker_call {
    struct call call;
    struct store_job job;
    void (*run)(struct worker_call *call, struct store *store);
    ProtobufCMessage *request;
};

static struct worker_call *worker_call_of(struct call *call)
{
    return container_of(call, struct worker_call, call);
}

static void release(struct call *call)
{
    struct worker_call *w = worker_call_of(call);

    if (w->request)
        protobuf_c_message_free_unpacked(w->request, NULL);
}

static void run_job(struct store_job *job, struct store *store)
{
    struct worker_call *w = container_of(job, struct worker_call, job);

    w->run(w, store);
}

/* Decodes the request and hands it to the store thread. */
static void begin(struct call *call, const ProtobufCMessageDescriptor *type,
                  void (*run)(struct worker_call *call, struct store *store))
{
    struct worker_service *service = call_service(call);
    struct worker_call *w = worker_call_of(call);
    struct error error = {0};
    int err = proto_decode(type, call->message, &w->request, &error);

    w->run = run;
    w->job.run = run_job;
    if (!err)
        err = store_thread_post(service->store_thread, &w->job);
    if (err)
        call_fail_error(call, err, &error);
}

int worker_check_names(char **tenant, const char *worker, struct error *error)
{
    int err;

    if ((*tenant)[0] == '\0') {
        /* What protobuf-c gives for an unset string is static. */
        if (*tenant != protobuf_c_empty_string)
            free(*tenant);
        *tenant = xstrdup("default");
    }
    err = script_check_name(*tenant, "tenant", error);
    if (!err && worker)
        err = script_check_name(worker, "worker", error);
    return err;
}

/* GetWorker */

static void run_get_worker(struct worker_call *w, struct store *store)
{
    Isoyard__V1__GetWorkerRequest *request = (Isoyard__V1__GetWorkerRequest *)w->request;
    Isoyard__V1__GetWorkerResponse response = ISOYARD__V1__GET_WORKER_RESPONSE__INIT;
    struct worker_message message;
    struct worker_info info;
    struct error error = {0};
    int err = worker_check_names(&request->tenant, request->worker, &error);

    if (!err)
        err = store_get_worker(store, request->tenant, request->worker, &info, &error);
    if (err) {
        call_fail_error(&w->call, err, &error);
        return;
    }
    worker_message_init(&message, &info);
    response.worker = &message.worker;
    call_reply_message(&w->call, &response.base);
}

static void handle_get_worker(struct call *call)
{
    begin(call, &isoyard__v1__get_worker_request__descriptor, run_get_worker);
}

/* ListWorkers: the token is the last name of the page. */

static size_t page_limit(uint32_t page_size, size_t max)
{
    size_t limit = page_size == 0 ? PAGE_DEFAULT : page_size;

    return limit < max ? limit : max;
}

static void reply_workers(struct worker_call *w, const struct worker_info *workers, size_t count,
                          bool has_more)
{
    Isoyard__V1__ListWorkersResponse response = ISOYARD__V1__LIST_WORKERS_RESPONSE__INIT;
    struct worker_message *messages = xcalloc(count + 1, sizeof(messages[0]));
    Isoyard__V1__Worker **pointers = xcalloc(count + 1, sizeof(pointers[0]));

    for (size_t i = 0; i < count; i++) {
        worker_message_init(&messages[i], &workers[i]);
        pointers[i] = &messages[i].worker;
    }
    response.n_workers = count;
    response.workers = pointers;
    if (has_more && count > 0)
        response.next_page_token = (char *)workers[count - 1].name;
    call_reply_message(&w->call, &response.base);
    free(pointers);
    free(messages);
}

static int list_workers(Isoyard__V1__ListWorkersRequest *request, struct store *store,
                        struct worker_info **ret, size_t *ret_count, bool *ret_more,
                        struct error *error)
{
    int err = worker_check_names(&request->tenant, NULL, error);

    if (!err && request->page_token[0] && script_check_name(request->page_token, "", NULL))
        err = error_set(error, E_INVALID, "page_token",
                        "this is no token of a page; pass on what next_page_token said");
    if (err)
        return err;
    return store_list_workers(store, request->tenant, request->page_token,
                              page_limit(request->page_size, PAGE_MAX), ret, ret_count, ret_more,
                              error);
}

static void run_list_workers(struct worker_call *w, struct store *store)
{
    struct error error = {0};
    struct worker_info *workers;
    size_t count;
    bool has_more;
    int err = list_workers((Isoyard__V1__ListWorkersRequest *)w->request, store, &workers, &count,
                           &has_more, &error);

    if (err) {
        call_fail_error(&w->call, err, &error);
        return;
    }
    reply_workers(w, workers, count, has_more);
    free(workers);
}

static void handle_list_workers(struct call *call)
{
    begin(call, &isoyard__v1__list_workers_request__descriptor, run_list_workers);
}

/* DeleteWorker */

static int delete_worker(struct worker_service *service,
                         const Isoyard__V1__DeleteWorkerRequest *request, struct store *store,
                         uint32_t *ret_versions, struct error *error)
{
    int err = store_delete_worker(store, request->tenant, request->worker, ret_versions, error);

    if (err)
        return err;
    registry_remove(service->registry, request->tenant, request->worker);
    log_info("worker deleted", log_text("tenant", request->tenant),
             log_text("worker", request->worker), log_number("versions", *ret_versions));
    return 0;
}

static void run_delete_worker(struct worker_call *w, struct store *store)
{
    Isoyard__V1__DeleteWorkerRequest *request = (Isoyard__V1__DeleteWorkerRequest *)w->request;
    Isoyard__V1__DeleteWorkerResponse response = ISOYARD__V1__DELETE_WORKER_RESPONSE__INIT;
    struct error error = {0};
    int err = worker_check_names(&request->tenant, request->worker, &error);

    if (!err)
        err = delete_worker(call_service(&w->call), request, store, &response.deleted_versions,
                            &error);
    if (err)
        call_fail_error(&w->call, err, &error);
    else
        call_reply_message(&w->call, &response.base);
}

static void handle_delete_worker(struct call *call)
{
    begin(call, &isoyard__v1__delete_worker_request__descriptor, run_delete_worker);
}

/* ListVersions: the token is the last number of the page. */

static void reply_versions(struct worker_call *w, const struct version_info *versions, size_t count,
                           bool has_more)
{
    Isoyard__V1__ListVersionsResponse response = ISOYARD__V1__LIST_VERSIONS_RESPONSE__INIT;
    struct version_message *messages = xcalloc(count + 1, sizeof(messages[0]));
    Isoyard__V1__Version **pointers = xcalloc(count + 1, sizeof(pointers[0]));
    char token[16];

    for (size_t i = 0; i < count; i++) {
        version_message_init(&messages[i], &versions[i]);
        pointers[i] = &messages[i].version;
    }
    response.n_versions = count;
    response.versions = pointers;
    while (response.n_versions > 1 &&
           isoyard__v1__list_versions_response__get_packed_size(&response) > REPLY_BYTES_MAX) {
        response.n_versions /= 2;
        has_more = true;
    }
    if (has_more && response.n_versions > 0) {
        snprintf(token, sizeof(token), "%u", versions[response.n_versions - 1].number);
        response.next_page_token = token;
    }
    call_reply_message(&w->call, &response.base);
    free(pointers);
    free(messages);
}

static int parse_version_token(const char *token, uint32_t *ret, struct error *error)
{
    unsigned long value = 0;
    char *end = (char *)token;

    if (token[0] >= '1' && token[0] <= '9')
        value = strtoul(token, &end, 10);
    if (*end != '\0' || value > UINT32_MAX)
        return error_set(error, E_INVALID, "page_token",
                         "this is no token of a page; pass on what next_page_token said");
    *ret = (uint32_t)value;
    return 0;
}

static int list_versions(Isoyard__V1__ListVersionsRequest *request, struct store *store,
                         struct version_info **ret, size_t *ret_count, bool *ret_more,
                         struct error *error)
{
    uint32_t before = 0;
    int err = worker_check_names(&request->tenant, request->worker, error);

    if (!err)
        err = parse_version_token(request->page_token, &before, error);
    if (err)
        return err;
    return store_list_versions(store, request->tenant, request->worker, before,
                               page_limit(request->page_size, VERSION_PAGE_MAX), ret, ret_count,
                               ret_more, error);
}

static void run_list_versions(struct worker_call *w, struct store *store)
{
    struct error error = {0};
    struct version_info *versions;
    size_t count;
    bool has_more;
    int err = list_versions((Isoyard__V1__ListVersionsRequest *)w->request, store, &versions,
                            &count, &has_more, &error);

    if (err) {
        call_fail_error(&w->call, err, &error);
        return;
    }
    reply_versions(w, versions, count, has_more);
    version_list_free(versions, count);
}

static void handle_list_versions(struct call *call)
{
    begin(call, &isoyard__v1__list_versions_request__descriptor, run_list_versions);
}

/* Activate: the version is read first, so that nothing changes where it cannot be. */

static int activate(struct worker_service *service, const Isoyard__V1__ActivateRequest *request,
                    struct store *store, struct worker_info *ret, uint32_t *ret_previous,
                    struct error *error)
{
    struct script *script;
    int err = store_load_version(store, request->tenant, request->worker, request->version,
                                 &service->limits, &script, error);

    if (err)
        return err;
    err = store_activate(store, request->tenant, request->worker, request->version, ret,
                         ret_previous, error);
    if (err) {
        script_unref(script);
        return err;
    }
    registry_put(service->registry, script);
    log_info("version activated", log_text("tenant", request->tenant),
             log_text("worker", request->worker), log_number("version", request->version),
             log_number("previous", *ret_previous));
    return 0;
}

static int check_activate(Isoyard__V1__ActivateRequest *request, struct error *error)
{
    int err = worker_check_names(&request->tenant, request->worker, error);

    if (!err && request->version == 0)
        err = error_set(error, E_INVALID, "version", "versions are counted from 1");
    return err;
}

static void run_activate(struct worker_call *w, struct store *store)
{
    Isoyard__V1__ActivateRequest *request = (Isoyard__V1__ActivateRequest *)w->request;
    Isoyard__V1__ActivateResponse response = ISOYARD__V1__ACTIVATE_RESPONSE__INIT;
    struct worker_message message;
    struct worker_info info;
    struct error error = {0};
    int err = check_activate(request, &error);

    if (!err)
        err = activate(call_service(&w->call), request, store, &info, &response.previous_version,
                       &error);
    if (err) {
        call_fail_error(&w->call, err, &error);
        return;
    }
    worker_message_init(&message, &info);
    response.worker = &message.worker;
    call_reply_message(&w->call, &response.base);
}

static void handle_activate(struct call *call)
{
    begin(call, &isoyard__v1__activate_request__descriptor, run_activate);
}

static void register_method(struct worker_service *service, struct rpc_server *server,
                            const char *name, void (*handle)(struct call *call))
{
    const struct method method = {
        .name = name,
        .call_size = sizeof(struct worker_call),
        .message_bytes = SMALL_MESSAGE_BYTES,
        .is_admitted = true,
        .service = service,
        .handle = handle,
        .release = release,
    };

    rpc_server_register(server, &method);
}

void worker_service_register(struct worker_service *service, struct rpc_server *server)
{
    static_assert(offsetof(struct worker_call, call) == 0,
                  "a method's structure begins with its call");
    register_method(service, server, "/isoyard.v1.WorkerService/GetWorker", handle_get_worker);
    register_method(service, server, "/isoyard.v1.WorkerService/ListWorkers", handle_list_workers);
    register_method(service, server, "/isoyard.v1.WorkerService/DeleteWorker",
                    handle_delete_worker);
    register_method(service, server, "/isoyard.v1.WorkerService/ListVersions",
                    handle_list_versions);
    register_method(service, server, "/isoyard.v1.WorkerService/Activate", handle_activate);
    deploy_register(service, server);
}
