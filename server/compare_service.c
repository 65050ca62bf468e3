/*
 * ComparePools. The comparer's thread leaves in the call what there is to say, and pokes the
 * stream, which says it when nothing is being sent: of progress the latest. Nothing is queued for a
 * client that is slow. When the stream closes, the comparison is cancelled; the comparer has a
 * reference to the stream until it is done.
 */
#include "server/compare_service.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "server/compare_request.h"
#include "server/compare_result.h"
#include "server/comparer.h"
#include "server/container_of.h"
#include "server/execute_codec.h"
#include "server/proto_check.h"
#include "server/ticker.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Beside an ExecuteRequest. */
#define HEAD_BYTES ((size_t)64 << 10)

/* A client hears something at least so often, be it what it knows already. */
#define TELL_NS NS_PER_S

struct compare {
    struct stream stream;
    struct tick tick; /* while it is set it has a reference to the stream */
    ProtobufCMessage *request;
    struct compare_input input;
    struct compare_order order;
    bool is_open;    /* the lock is there */
    bool is_ordered; /* the stream's functions': the comparer has, or had, the order */
    bool is_said;    /* theirs: the report, or that there is none */
    uint64_t told_ns;

    pthread_mutex_t lock; /* a leaf; guards the rest */
    bool is_answered;
    bool has_news; /* of progress */
    struct compare_progress progress;
    char arm[sizeof(((struct arm *)0)->name)];
    struct compare_result result;
};

static struct compare *compare_of(struct stream *stream)
{
    return container_of(stream, struct compare, stream);
}

static struct compare *compare_of_order(struct compare_order *order)
{
    return container_of(order, struct compare, order);
}

static struct pool_service *service_of(const struct compare *c)
{
    return stream_service(&c->stream);
}

/* The comparer's side. */

static void on_progress(struct compare_order *order, const struct compare_progress *progress)
{
    struct compare *c = compare_of_order(order);

    pthread_mutex_lock(&c->lock);
    c->progress = *progress;
    snprintf(c->arm, sizeof(c->arm), "%s", progress->arm);
    c->has_news = true;
    pthread_mutex_unlock(&c->lock);
    stream_poke(&c->stream);
}

/* Nobody else looks at what this writes before the answer. */
static void on_conclude(struct compare_order *order, int err, const struct error *error,
                        struct comparison *result)
{
    struct compare *c = compare_of_order(order);

    compare_result_init(&c->result, service_of(c),
                        (const Isoyard__V1__ComparePoolsRequest *)c->request, c->input.title, err,
                        error, result);
}

static void on_answer(struct compare_order *order)
{
    struct compare *c = compare_of_order(order);

    pthread_mutex_lock(&c->lock);
    c->is_answered = true;
    pthread_mutex_unlock(&c->lock);
    stream_poke(&c->stream);
    stream_unref(&c->stream);
}

/* The stream's side. */

static void say_progress(struct compare *c, const struct compare_progress *progress, char *arm)
{
    Isoyard__V1__ComparePoolsResponse response = ISOYARD__V1__COMPARE_POOLS_RESPONSE__INIT;
    Isoyard__V1__ComparisonProgress m = ISOYARD__V1__COMPARISON_PROGRESS__INIT;

    m.round = progress->round;
    m.rounds = progress->rounds;
    m.arm = arm;
    m.share = progress->share;
    response.event_case = ISOYARD__V1__COMPARE_POOLS_RESPONSE__EVENT_PROGRESS;
    response.progress = &m;
    stream_write(&c->stream, &response.base);
}

/* What is new; or the last thing again, where that was long ago. */
static void tell(struct compare *c)
{
    uint64_t now_ns = clock_now_ns();
    struct compare_progress progress;
    char arm[sizeof(c->arm)];
    bool has_news;

    pthread_mutex_lock(&c->lock);
    progress = c->progress;
    memcpy(arm, c->arm, sizeof(arm));
    has_news = c->has_news;
    c->has_news = false;
    pthread_mutex_unlock(&c->lock);
    if (!has_news && now_ns - c->told_ns < TELL_NS)
        return;
    c->told_ns = now_ns;
    say_progress(c, &progress, arm);
}

static void say_report(void *arg, Isoyard__V1__Comparison *report)
{
    struct compare *c = arg;
    Isoyard__V1__ComparePoolsResponse response = ISOYARD__V1__COMPARE_POOLS_RESPONSE__INIT;

    response.event_case = ISOYARD__V1__COMPARE_POOLS_RESPONSE__EVENT_COMPARISON;
    response.comparison = report;
    stream_write(&c->stream, &response.base);
}

static void say_answer(struct compare *c)
{
    c->is_said = true;
    if (c->result.err) {
        stream_end(&c->stream, c->result.err, &c->result.error);
        return;
    }
    compare_result_show(&c->result, say_report, c);
    stream_end(&c->stream, 0, NULL);
}

static void on_tick(struct tick *tick)
{
    struct compare *c = container_of(tick, struct compare, tick);

    stream_poke(&c->stream);
    stream_unref(&c->stream);
}

static void await_tick(struct compare *c)
{
    c->tick.fn = on_tick;
    stream_ref(&c->stream);
    if (!ticker_set(service_of(c)->ticker, &c->tick, clock_now_ns() + TELL_NS))
        stream_unref(&c->stream); /* it was set: it has one */
}

static bool is_answered(struct compare *c)
{
    bool is;

    pthread_mutex_lock(&c->lock);
    is = c->is_answered;
    pthread_mutex_unlock(&c->lock);
    return is;
}

static void poke(struct stream *stream)
{
    struct compare *c = compare_of(stream);

    if (admission_is_closed(rpc_server_admission(stream->server))) {
        stream_end(stream, E_CLOSED, NULL);
        return;
    }
    if (!c->is_ordered || c->is_said)
        return;
    if (!stream_is_writing(stream)) {
        if (is_answered(c))
            say_answer(c);
        else
            tell(c);
    }
    if (!c->is_said)
        await_tick(c);
}

static int begin(struct compare *c, const struct bytes *message, struct error *error)
{
    struct pool_service *service = service_of(c);
    int err;

    if (!message)
        return error_set(error, E_INVALID, NULL, "the call came without a message");
    err =
        proto_decode(&isoyard__v1__compare_pools_request__descriptor, *message, &c->request, error);
    if (!err)
        err = compare_request_read(service, (const Isoyard__V1__ComparePoolsRequest *)c->request,
                                   &c->order, &c->input, error);
    if (err)
        return err;
    c->order.progress = on_progress;
    c->order.conclude = on_conclude;
    c->order.answer = on_answer;
    stream_ref(&c->stream);
    err = comparer_begin(service->comparer, &c->order, error);
    if (err)
        stream_unref(&c->stream);
    return err;
}

static void receive(struct stream *stream, const struct bytes *message)
{
    struct compare *c = compare_of(stream);
    struct error error = {0};
    int err = begin(c, message, &error);

    if (err) {
        stream_end(stream, err, &error);
        return;
    }
    c->is_ordered = true;
    poke(stream);
}

static void open_compare(struct stream *stream)
{
    struct compare *c = compare_of(stream);

    pthread_mutex_init(&c->lock, NULL);
    c->is_open = true;
    stream_read(stream);
}

/* The client is gone, or has its answer. */
static void closed(struct stream *stream)
{
    struct compare *c = compare_of(stream);

    if (c->is_ordered)
        comparer_cancel(&c->order);
    if (ticker_clear(service_of(c)->ticker, &c->tick))
        stream_unref(stream);
}

static void release(struct stream *stream)
{
    struct compare *c = compare_of(stream);

    compare_result_release(&c->result);
    compare_input_release(&c->input);
    if (c->request)
        protobuf_c_message_free_unpacked(c->request, NULL);
    if (c->is_open)
        pthread_mutex_destroy(&c->lock);
}

/* Registering. */

size_t compare_message_bytes(const struct config *config)
{
    return config->body_bytes + EXECUTE_HEAD_MAX + HEAD_BYTES;
}

void compare_register(struct pool_service *service, struct rpc_server *server)
{
    const struct stream_method compare = {
        .name = "/isoyard.v1.PoolService/ComparePools",
        .stream_size = sizeof(struct compare),
        .message_bytes = compare_message_bytes(service->config),
        .service = service,
        .open = open_compare,
        .receive = receive,
        .sent = poke, /* what came meanwhile */
        .poke = poke,
        .closed = closed,
        .release = release,
    };

    rpc_server_register_stream(server, &compare);
}
