/* Stored comparisons. */
#include "server/comparison_service.h"

#include "server/comparison_reader.h"
#include "server/container_of.h"
#include "server/proto_check.h"
#include "store/comparison.h"

#include <assert.h>
#include <stdlib.h>

#define SMALL_MESSAGE_BYTES ((size_t)64 << 10)

/* A call that the store answers. */
struct comparison_call {
    struct call call;
    struct store_job job;
    void (*run)(struct comparison_call *call, struct store *store);
    ProtobufCMessage *request;
};

static void release(struct call *call)
{
    struct comparison_call *c = container_of(call, struct comparison_call, call);

    if (c->request)
        protobuf_c_message_free_unpacked(c->request, NULL);
}

static void run_job(struct store_job *job, struct store *store)
{
    struct comparison_call *c = container_of(job, struct comparison_call, job);

    c->run(c, store);
}

/* Decodes the request and hands it to the store thread. */
static void begin(struct call *call, const ProtobufCMessageDescriptor *type,
                  void (*run)(struct comparison_call *call, struct store *store))
{
    const struct pool_service *service = call_service(call);
    struct comparison_call *c = container_of(call, struct comparison_call, call);
    struct error error = {0};
    int err = proto_decode(type, call->message, &c->request, &error);

    c->run = run;
    c->job.run = run_job;
    if (!err)
        err = store_thread_post(service->store_thread, &c->job);
    if (err)
        call_fail_error(call, err, &error);
}

/* ListComparisons */

static void run_list(struct comparison_call *c, struct store *store)
{
    const Isoyard__V1__ListComparisonsRequest *request =
        (const Isoyard__V1__ListComparisonsRequest *)c->request;
    struct comparison_page page;
    struct error error = {0};
    int err = comparison_page_read(store, request, &page, &error);

    if (err) {
        call_fail_error(&c->call, err, &error);
        return;
    }
    call_reply_message(&c->call, &page.response.base);
    comparison_page_release(&page);
}

static void handle_list(struct call *call)
{
    begin(call, &isoyard__v1__list_comparisons_request__descriptor, run_list);
}

/* GetComparison */

static void run_get(struct comparison_call *c, struct store *store)
{
    const Isoyard__V1__GetComparisonRequest *request =
        (const Isoyard__V1__GetComparisonRequest *)c->request;
    Isoyard__V1__GetComparisonResponse response = ISOYARD__V1__GET_COMPARISON_RESPONSE__INIT;
    struct error error = {0};
    int err = comparison_read(store, request->id, &response.comparison, &error);

    if (err) {
        call_fail_error(&c->call, err, &error);
        return;
    }
    call_reply_message(&c->call, &response.base);
    isoyard__v1__comparison__free_unpacked(response.comparison, NULL);
}

static void handle_get(struct call *call)
{
    begin(call, &isoyard__v1__get_comparison_request__descriptor, run_get);
}

/* Saving. */

struct saving {
    struct comparison_entry entry;
    uint64_t id;
    int64_t created_us;
};

static int run_save(void *arg, struct store *store, struct error *error)
{
    struct saving *saving = arg;

    return store_put_comparison(store, &saving->entry, &saving->id, &saving->created_us, error);
}

int comparison_save(struct store_thread *thread, const Isoyard__V1__Comparison *report,
                    uint64_t *ret_id, int64_t *ret_created_us, struct error *error)
{
    Isoyard__V1__Comparison bare = *report;
    struct saving saving = {.entry = {report->title, report->verdict, report->is_decided, {0}}};
    struct buffer packed = {0};
    int err;

    bare.id = 0;
    bare.create_time = NULL;
    packed.len = isoyard__v1__comparison__pack(
        &bare, (uint8_t *)buffer_reserve(&packed, isoyard__v1__comparison__get_packed_size(&bare)));
    saving.entry.report = (struct bytes){packed.data, packed.len};
    err = store_thread_call(thread, run_save, &saving, "the comparison could not be saved", error);
    buffer_release(&packed);
    if (!err) {
        *ret_id = saving.id;
        *ret_created_us = saving.created_us;
    }
    return err;
}

/* Registering. */

static void register_method(struct pool_service *service, struct rpc_server *server,
                            const char *name, void (*handle)(struct call *call))
{
    const struct method method = {
        .name = name,
        .call_size = sizeof(struct comparison_call),
        .message_bytes = SMALL_MESSAGE_BYTES,
        .is_admitted = true,
        .service = service,
        .handle = handle,
        .release = release,
    };

    rpc_server_register(server, &method);
}

void comparison_register(struct pool_service *service, struct rpc_server *server)
{
    static_assert(offsetof(struct comparison_call, call) == 0,
                  "a method's structure begins with its call");
    register_method(service, server, "/isoyard.v1.PoolService/ListComparisons", handle_list);
    register_method(service, server, "/isoyard.v1.PoolService/GetComparison", handle_get);
}
