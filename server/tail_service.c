/*
 * Tail. A stream has a feed, in which the log's thread leaves records; they are sent from there
 * while the client takes them. What it does not take fills the feed, and then is lost to it.
 */
#include "api/bytes.h"
#include "server/container_of.h"
#include "server/log_message.h"
#include "server/log_service.h"
#include "server/proto_check.h"

#include <inttypes.h>
#include <stdlib.h>

#define REQUEST_BYTES ((size_t)4 << 10)

struct tail {
    struct stream stream;
    struct log_feed feed;
    struct log_job beginning; /* while it is posted it has a reference to the stream */
    uint32_t backlog;
    char *text;      /* that the filter looks for */
    bool is_counted; /* among the service's tails */
};

static struct tail *tail_of(struct stream *stream)
{
    return container_of(stream, struct tail, stream);
}

static struct log_service *service_of(const struct tail *t)
{
    return stream_service(&t->stream);
}

static struct log_feeds *feeds_of(const struct tail *t)
{
    return log_thread_feeds(service_of(t)->thread);
}

/* Sending. */

static void send(struct tail *t)
{
    Isoyard__V1__TailResponse response = ISOYARD__V1__TAIL_RESPONSE__INIT;
    struct log_record *records[LOG_FEED_TAKE];
    struct log_messages messages;
    size_t count = log_feed_take(feeds_of(t), &t->feed, records, &response.dropped);

    if (count == 0 && response.dropped == 0)
        return;
    log_messages_init(&messages, records, count);
    response.n_records = messages.count;
    response.records = messages.pointers;
    stream_write(&t->stream, &response.base);
    log_messages_release(&messages);
    for (size_t i = 0; i < count; i++)
        log_record_unref(records[i]);
}

static void sent(struct stream *stream)
{
    send(tail_of(stream));
}

static void poke(struct stream *stream)
{
    struct tail *t = tail_of(stream);

    if (admission_is_closed(rpc_server_admission(stream->server)))
        stream_end(stream, E_CLOSED, NULL);
    else if (t->is_counted && !stream_is_writing(stream))
        send(t);
}

static void hold(struct log_feed *feed)
{
    stream_ref(&container_of(feed, struct tail, feed)->stream);
}

static void ready(struct log_feed *feed)
{
    struct tail *t = container_of(feed, struct tail, feed);

    stream_poke(&t->stream);
    stream_unref(&t->stream);
}

/* Beginning. */

static void give_backlog(struct tail *t, struct log_store *store)
{
    const struct log_read read = {
        .filter = t->feed.filter,
        .limit = t->backlog,
        .bytes_max = LOG_FEED_BYTES / 2,
        .looked_max = LOG_LOOKED_MAX,
    };
    struct error error;
    struct log_page page;

    if (log_store_read(store, &read, &page, &error))
        log_error("the log cannot be read", log_text("error", error.message));
    for (size_t i = page.count; i > 0; i--)
        log_feed_give(feeds_of(t), &t->feed, page.records[i - 1]);
    log_page_release(&page);
}

/* On the log's thread, between two batches: no record comes twice, and none is left out. */
static void start(struct log_job *job, struct log_store *store)
{
    struct tail *t = container_of(job, struct tail, beginning);

    if (t->backlog > 0 && store)
        give_backlog(t, store);
    log_feeds_add(feeds_of(t), &t->feed);
    stream_poke(&t->stream);
    stream_unref(&t->stream);
}

static int enter(struct tail *t, struct error *error)
{
    struct log_service *service = service_of(t);

    if (atomic_fetch_add_explicit(&service->tails, 1, memory_order_relaxed) >= LOG_TAILS_MAX) {
        atomic_fetch_sub_explicit(&service->tails, 1, memory_order_relaxed);
        return error_set(error, E_BUSY, NULL, "%u clients follow the log already; try again later",
                         LOG_TAILS_MAX);
    }
    t->is_counted = true;
    return 0;
}

static int read_request(struct tail *t, const Isoyard__V1__TailRequest *request,
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
    };
    int err = log_filter_read(&question, &t->feed.filter, error);

    if (!err && request->backlog > LOG_BACKLOG_MAX)
        err = error_set(error, E_INVALID, "backlog", "backlog is %" PRIu32 ", and may be up to %u",
                        request->backlog, LOG_BACKLOG_MAX);
    if (err)
        return err;
    t->text = xstrdup(request->text);
    t->feed.filter.text = bytes_of(t->text);
    t->backlog = request->backlog;
    return 0;
}

static int begin(struct tail *t, struct bytes message, struct error *error)
{
    ProtobufCMessage *request;
    int err = proto_decode(&isoyard__v1__tail_request__descriptor, message, &request, error);

    if (err)
        return err;
    err = log_service_check(service_of(t), error);
    if (!err)
        err = read_request(t, (const Isoyard__V1__TailRequest *)request, error);
    protobuf_c_message_free_unpacked(request, NULL);
    if (!err)
        err = enter(t, error);
    if (err)
        return err;
    t->feed.hold = hold;
    t->feed.ready = ready;
    t->beginning.run = start;
    stream_ref(&t->stream);
    err = log_thread_post(service_of(t)->thread, &t->beginning);
    if (err)
        stream_unref(&t->stream);
    return err;
}

static void receive(struct stream *stream, const struct bytes *message)
{
    struct error error = {0};
    int err;

    if (message)
        err = begin(tail_of(stream), *message, &error);
    else
        err = error_set(&error, E_INVALID, NULL, "the call came without a message");
    if (err)
        stream_end(stream, err, &error);
}

static void closed(struct stream *stream)
{
    struct tail *t = tail_of(stream);

    if (!t->is_counted)
        return;
    atomic_fetch_sub_explicit(&service_of(t)->tails, 1, memory_order_relaxed);
    log_feeds_remove(feeds_of(t), &t->feed);
}

static void release(struct stream *stream)
{
    free(tail_of(stream)->text);
}

void tail_service_register(struct log_service *service, struct rpc_server *server)
{
    const struct stream_method tail = {
        .name = "/isoyard.v1.LogService/Tail",
        .stream_size = sizeof(struct tail),
        .message_bytes = REQUEST_BYTES,
        .service = service,
        .open = stream_read,
        .receive = receive,
        .sent = sent,
        .poke = poke,
        .closed = closed,
        .release = release,
    };

    rpc_server_register_stream(server, &tail);
}
