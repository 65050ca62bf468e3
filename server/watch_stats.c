/*
 * WatchStats. The ticker pokes the stream when its next message is due. The message is made then,
 * and only if the one before has left: a client that is slow misses ticks, nothing is queued for
 * it, and the next message tells of all the time that has passed.
 */
#include "server/watch_stats.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "server/container_of.h"
#include "server/proto_check.h"
#include "server/stats_message.h"
#include "server/stats_point.h"
#include "server/ticker.h"

#include <inttypes.h>
#include <stdlib.h>

#define REQUEST_BYTES ((size_t)4 << 10)

struct watch {
    struct stream stream;
    struct tick tick;         /* while it is set it has a reference to the stream */
    uint64_t interval_ns;     /* 0: the request has not come, or was refused */
    uint64_t due_ns;          /* the next message */
    struct stats_point *last; /* what the client was told last */
    bool is_counted;          /* among the service's watchers */
};

static struct watch *watch_of(struct stream *stream)
{
    return container_of(stream, struct watch, stream);
}

static struct pool_service *service_of(const struct watch *w)
{
    return stream_service(&w->stream);
}

static void say(struct watch *w)
{
    struct stats_point *now = stats_point_new(service_of(w)->dispatcher);
    struct stats_message message;

    stats_message_init_since(&message, service_of(w), w->last, now);
    stream_write(&w->stream, &message.tick.base);
    stats_message_release(&message);
    stats_point_free(w->last);
    w->last = now;
}

static void on_tick(struct tick *tick)
{
    struct watch *w = container_of(tick, struct watch, tick);

    stream_poke(&w->stream);
    stream_unref(&w->stream);
}

/* The next tick after now, a whole number of intervals after the first. */
static void await_next(struct watch *w, uint64_t now_ns)
{
    w->due_ns += ((now_ns - w->due_ns) / w->interval_ns + 1) * w->interval_ns;
    w->tick.fn = on_tick;
    stream_ref(&w->stream);
    if (!ticker_set(service_of(w)->ticker, &w->tick, w->due_ns))
        stream_unref(&w->stream);
}

static void poke(struct stream *stream)
{
    struct watch *w = watch_of(stream);
    uint64_t now_ns = clock_now_ns();

    if (admission_is_closed(rpc_server_admission(stream->server))) {
        stream_end(stream, E_CLOSED, NULL);
        return;
    }
    if (w->interval_ns == 0 || now_ns < w->due_ns)
        return;
    if (!stream_is_writing(stream))
        say(w);
    await_next(w, now_ns);
}

/* Takes a place among the watchers. */
static int enter(struct watch *w, struct error *error)
{
    struct pool_service *service = service_of(w);

    if (atomic_fetch_add_explicit(&service->watchers, 1, memory_order_relaxed) >= WATCHERS_MAX) {
        atomic_fetch_sub_explicit(&service->watchers, 1, memory_order_relaxed);
        return error_set(error, E_BUSY, NULL, "%u clients watch already; try again later",
                         WATCHERS_MAX);
    }
    w->is_counted = true;
    return 0;
}

static int check_interval(uint64_t interval_ms, struct error *error)
{
    if (interval_ms >= WATCH_INTERVAL_MIN_MS && interval_ms <= WATCH_INTERVAL_MAX_MS)
        return 0;
    return error_set(error, E_INVALID, "interval_ms",
                     "interval_ms is %" PRIu64 ", and must be from %u to %u, or 0", interval_ms,
                     WATCH_INTERVAL_MIN_MS, WATCH_INTERVAL_MAX_MS);
}

static int read_interval(struct bytes message, uint64_t *ret_ms, struct error *error)
{
    ProtobufCMessage *request;
    uint64_t interval_ms;
    int err = proto_decode(&isoyard__v1__watch_stats_request__descriptor, message, &request, error);

    if (err)
        return err;
    interval_ms = ((Isoyard__V1__WatchStatsRequest *)request)->interval_ms;
    protobuf_c_message_free_unpacked(request, NULL);
    if (interval_ms == 0)
        interval_ms = WATCH_INTERVAL_DEFAULT_MS;
    err = check_interval(interval_ms, error);
    if (!err)
        *ret_ms = interval_ms;
    return err;
}

static void receive(struct stream *stream, const struct bytes *message)
{
    struct watch *w = watch_of(stream);
    struct error error = {0};
    uint64_t interval_ms = 0;
    int err;

    if (!message)
        err = error_set(&error, E_INVALID, NULL, "the call came without a message");
    else
        err = read_interval(*message, &interval_ms, &error);
    if (!err)
        err = enter(w, &error);
    if (err) {
        stream_end(stream, err, &error);
        return;
    }
    w->interval_ns = interval_ms * NS_PER_MS;
    w->due_ns = clock_now_ns();
    poke(stream);
}

static void closed(struct stream *stream)
{
    struct watch *w = watch_of(stream);

    if (w->is_counted)
        atomic_fetch_sub_explicit(&service_of(w)->watchers, 1, memory_order_relaxed);
    if (ticker_clear(service_of(w)->ticker, &w->tick))
        stream_unref(stream);
}

static void release(struct stream *stream)
{
    stats_point_free(watch_of(stream)->last);
}

void watch_stats_register(struct pool_service *service, struct rpc_server *server)
{
    const struct stream_method watch = {
        .name = "/isoyard.v1.PoolService/WatchStats",
        .stream_size = sizeof(struct watch),
        .message_bytes = REQUEST_BYTES,
        .service = service,
        .open = stream_read,
        .receive = receive,
        .poke = poke,
        .closed = closed,
        .release = release,
    };

    rpc_server_register_stream(server, &watch);
}
