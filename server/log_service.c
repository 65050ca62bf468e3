/* Query. */
#include "server/log_service.h"

#include "server/container_of.h"
#include "server/log_message.h"
#include "server/proto_check.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define REQUEST_BYTES ((size_t)64 << 10)

#define PAGE_DEFAULT 100u
#define PAGE_MAX 1000u
/* Clients refuse messages over 4 MiB by default. */
#define REPLY_BYTES_MAX ((size_t)3 << 20)

struct query_call {
    struct call call;
    struct log_job job;
    Isoyard__V1__QueryRequest *request;
    struct log_read read; /* points into the request */
};

static struct query_call *query_of(struct call *call)
{
    return container_of(call, struct query_call, call);
}

static void release(struct call *call)
{
    struct query_call *q = query_of(call);

    if (q->request)
        isoyard__v1__query_request__free_unpacked(q->request, NULL);
}

/* The token is the last id that was looked at. */
static int read_token(const char *token, struct log_read *read, struct error *error)
{
    unsigned long long id = 0;
    char *end = (char *)token;

    if (!token[0])
        return 0;
    if (token[0] >= '1' && token[0] <= '9')
        id = strtoull(token, &end, 10);
    if (*end != '\0' || id == 0 || id >= INT64_MAX)
        return error_set(error, E_INVALID, "page_token",
                         "this is no token of a page; pass on what next_page_token said");
    if (read->is_oldest_first)
        read->after = (int64_t)id;
    else
        read->before = (int64_t)id;
    return 0;
}

static int read_request(const Isoyard__V1__QueryRequest *request, struct log_read *ret,
                        struct error *error)
{
    const struct log_question question = {
        .tenant = request->tenant,
        .worker = request->worker,
        .execution_id = request->execution_id,
        .text = request->text,
        .version = request->version,
        .level = request->level,
        .outcomes = request->outcomes,
        .outcome_count = request->n_outcomes,
        .start = request->start_time,
        .end = request->end_time,
    };
    uint32_t limit = request->page_size ? request->page_size : PAGE_DEFAULT;
    int err = log_filter_read(&question, &ret->filter, error);

    ret->is_oldest_first = request->oldest_first;
    ret->limit = limit < PAGE_MAX ? limit : PAGE_MAX;
    ret->bytes_max = REPLY_BYTES_MAX;
    ret->looked_max = LOG_LOOKED_MAX;
    return err ? err : read_token(request->page_token, ret, error);
}

static void reply(struct query_call *q, const struct log_page *page)
{
    Isoyard__V1__QueryResponse response = ISOYARD__V1__QUERY_RESPONSE__INIT;
    struct log_messages messages;
    char token[24];

    log_messages_init(&messages, page->records, page->count);
    response.n_records = messages.count;
    response.records = messages.pointers;
    if (page->has_more) {
        snprintf(token, sizeof(token), "%" PRId64, page->last);
        response.next_page_token = token;
    }
    call_reply_message(&q->call, &response.base);
    log_messages_release(&messages);
}

static void run(struct log_job *job, struct log_store *store)
{
    struct query_call *q = container_of(job, struct query_call, job);
    struct error error = {0};
    struct log_page page;
    int err = log_store_read(store, &q->read, &page, &error);

    if (err)
        call_fail_error(&q->call, err, &error);
    else
        reply(q, &page);
    log_page_release(&page);
}

int log_service_check(const struct log_service *service, struct error *error)
{
    if (service->thread)
        return 0;
    return error_set(error, E_CONDITION, NULL,
                     "this server keeps no log (--log-mib 0, or --observe off)");
}

static int begin(struct query_call *q, struct error *error)
{
    const struct log_service *service = call_service(&q->call);
    ProtobufCMessage *request;
    int err =
        proto_decode(&isoyard__v1__query_request__descriptor, q->call.message, &request, error);

    if (err)
        return err;
    q->request = (Isoyard__V1__QueryRequest *)request;
    err = log_service_check(service, error);
    if (!err)
        err = read_request(q->request, &q->read, error);
    if (err)
        return err;
    q->job.run = run;
    return log_thread_post(service->thread, &q->job);
}

static void handle(struct call *call)
{
    struct error error = {0};
    int err = begin(query_of(call), &error);

    if (err)
        call_fail_error(call, err, &error);
}

void log_service_register(struct log_service *service, struct rpc_server *server)
{
    const struct method query = {
        .name = "/isoyard.v1.LogService/Query",
        .call_size = sizeof(struct query_call),
        .message_bytes = REQUEST_BYTES,
        .is_admitted = true,
        .service = service,
        .handle = handle,
        .release = release,
    };

    static_assert(offsetof(struct query_call, call) == 0,
                  "a method's structure begins with its call");
    rpc_server_register(server, &query);
    tail_service_register(service, server);
}
