/* Stored comparisons. */
#include "server/comparison_service.h"

#include "server/container_of.h"
#include "server/message.h"
#include "server/proto_check.h"
#include "store/comparison.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define SMALL_MESSAGE_BYTES ((size_t)64 << 10)

#define PAGE_DEFAULT 100
/* Clients refuse messages over 4 MiB by default, and a row may have 5 KiB of texts. */
#define REPLY_BYTES_MAX ((size_t)3 << 20)

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

/* ListComparisons: the token is the last id of the page. */

struct summary_message {
    Isoyard__V1__ComparisonSummary summary;
    Google__Protobuf__Timestamp created;
};

static void summary_message_init(struct summary_message *ret, const struct stored_comparison *row)
{
    isoyard__v1__comparison_summary__init(&ret->summary);
    timestamp_message_init(&ret->created, row->created_us);
    ret->summary.id = row->id;
    ret->summary.create_time = &ret->created;
    ret->summary.title = row->title;
    ret->summary.verdict = row->verdict;
    ret->summary.is_decided = row->is_decided;
}

static void reply_list(struct comparison_call *c, const struct stored_comparison *rows,
                       size_t count, bool has_more)
{
    Isoyard__V1__ListComparisonsResponse response = ISOYARD__V1__LIST_COMPARISONS_RESPONSE__INIT;
    struct summary_message *messages = xcalloc(count + 1, sizeof(messages[0]));
    Isoyard__V1__ComparisonSummary **pointers = xcalloc(count + 1, sizeof(pointers[0]));
    char token[24];

    for (size_t i = 0; i < count; i++) {
        summary_message_init(&messages[i], &rows[i]);
        pointers[i] = &messages[i].summary;
    }
    response.n_comparisons = count;
    response.comparisons = pointers;
    while (response.n_comparisons > 1 &&
           isoyard__v1__list_comparisons_response__get_packed_size(&response) > REPLY_BYTES_MAX) {
        response.n_comparisons /= 2;
        has_more = true;
    }
    if (has_more && response.n_comparisons > 0) {
        snprintf(token, sizeof(token), "%" PRIu64, rows[response.n_comparisons - 1].id);
        response.next_page_token = token;
    }
    call_reply_message(&c->call, &response.base);
    free(pointers);
    free(messages);
}

/* 0: from the newest on. */
static int parse_token(const char *token, uint64_t *ret, struct error *error)
{
    unsigned long long value = 0;
    char *end = (char *)token;

    if (token[0] >= '1' && token[0] <= '9')
        value = strtoull(token, &end, 10);
    if (*end != '\0' || value > INT64_MAX)
        return error_set(error, E_INVALID, "page_token",
                         "this is no token of a page; pass on what next_page_token said");
    *ret = value;
    return 0;
}

static void run_list(struct comparison_call *c, struct store *store)
{
    const Isoyard__V1__ListComparisonsRequest *request =
        (const Isoyard__V1__ListComparisonsRequest *)c->request;
    size_t limit = request->page_size > 0 ? request->page_size : PAGE_DEFAULT;
    struct stored_comparison *rows;
    struct error error = {0};
    uint64_t before = 0;
    bool has_more;
    size_t count;
    int err = parse_token(request->page_token, &before, &error);

    if (!err)
        err = store_list_comparisons(store, before, limit, &rows, &count, &has_more, &error);
    if (err) {
        call_fail_error(&c->call, err, &error);
        return;
    }
    reply_list(c, rows, count, has_more);
    stored_comparison_list_free(rows, count);
}

static void handle_list(struct call *call)
{
    begin(call, &isoyard__v1__list_comparisons_request__descriptor, run_list);
}

/* GetComparison */

static int unpack(const struct stored_comparison *row, Isoyard__V1__Comparison **ret,
                  struct error *error)
{
    *ret = isoyard__v1__comparison__unpack(NULL, row->report.len, (uint8_t *)row->report.data);
    if (*ret)
        return 0;
    return error_set(error, E_CORRUPT, NULL, "comparison %" PRIu64 " is damaged in the database",
                     row->id);
}

static void reply_comparison(struct comparison_call *c, const struct stored_comparison *row,
                             Isoyard__V1__Comparison *comparison)
{
    Isoyard__V1__GetComparisonResponse response = ISOYARD__V1__GET_COMPARISON_RESPONSE__INIT;
    Google__Protobuf__Timestamp created, *stored = comparison->create_time;

    timestamp_message_init(&created, row->created_us);
    comparison->id = row->id;
    comparison->create_time = &created;
    response.comparison = comparison;
    call_reply_message(&c->call, &response.base);
    comparison->create_time = stored;
}

static void run_get(struct comparison_call *c, struct store *store)
{
    const Isoyard__V1__GetComparisonRequest *request =
        (const Isoyard__V1__GetComparisonRequest *)c->request;
    struct stored_comparison row = {0};
    Isoyard__V1__Comparison *comparison = NULL;
    struct error error = {0};
    int err = store_get_comparison(store, request->id, &row, &error);

    if (!err)
        err = unpack(&row, &comparison, &error);
    if (err) {
        call_fail_error(&c->call, err, &error);
    } else {
        reply_comparison(c, &row, comparison);
        isoyard__v1__comparison__free_unpacked(comparison, NULL);
    }
    stored_comparison_release(&row);
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
