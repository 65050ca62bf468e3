/* Streaming calls. */
#include "server/stream.h"

#include "server/rpc_server.h"
#include "server/slice.h"

#include <assert.h>
#include <grpc/byte_buffer_reader.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    EVENT_OPEN = 1,
    EVENT_READ = 2,
    EVENT_READ_FAILED = 4,
    EVENT_WRITTEN = 8,
    EVENT_CLOSED = 16,
    EVENT_POKE = 32,
    BUSY = 64, /* somebody delivers */
};

static void on_begun(void *arg, bool ok);
static void on_closed(void *arg, bool ok);
static void on_read(void *arg, bool ok);
static void on_written(void *arg, bool ok);
static void on_finished(void *arg, bool ok);

void stream_listen(struct rpc_server *server, const struct stream_method *method)
{
    struct stream *stream = xcalloc(1, method->stream_size);
    grpc_completion_queue *queue = rpc_server_queue(server);
    grpc_call_error error;

    stream->method = method;
    stream->server = server;
    stream->begun = (struct tag){on_begun, stream, &stream->rpc};
    stream->closed = (struct tag){on_closed, stream, NULL};
    stream->read = (struct tag){on_read, stream, NULL};
    stream->written = (struct tag){on_written, stream, NULL};
    stream->finished = (struct tag){on_finished, stream, NULL};
    atomic_init(&stream->events, 0);
    atomic_init(&stream->refs, 1);
    stream->text = grpc_empty_slice();
    grpc_metadata_array_init(&stream->metadata);
    error = grpc_server_request_registered_call(rpc_server_grpc(server), method->registered,
                                                &stream->rpc, &stream->deadline, &stream->metadata,
                                                NULL, queue, queue, &stream->begun);
    assert(error == GRPC_CALL_OK);
    (void)error;
}

void stream_ref(struct stream *stream)
{
    /* Relaxed: whoever takes a reference already has one. */
    atomic_fetch_add_explicit(&stream->refs, 1, memory_order_relaxed);
}

void stream_unref(struct stream *stream)
{
    /* Release and acquire: as everywhere, the freeing comes after all that holders did. */
    if (atomic_fetch_sub_explicit(&stream->refs, 1, memory_order_acq_rel) > 1)
        return;
    if (stream->method->release)
        stream->method->release(stream);
    grpc_byte_buffer_destroy(stream->received);
    grpc_byte_buffer_destroy(stream->to_send);
    grpc_metadata_array_destroy(&stream->metadata);
    for (size_t i = 0; i < stream->trailing_count; i++)
        grpc_slice_unref(stream->trailing[i].value);
    grpc_slice_unref(stream->text);
    if (stream->rpc)
        grpc_call_unref(stream->rpc);
    free(stream);
}

/* Begins a batch of one kind; its tag holds a reference. */
static void start(struct stream *stream, const grpc_op *ops, size_t count, struct tag *tag)
{
    grpc_call_error error;

    stream_ref(stream);
    error = grpc_call_start_batch(stream->rpc, ops, count, tag, NULL);
    assert(error == GRPC_CALL_OK);
    (void)error;
}

void stream_read(struct stream *stream)
{
    grpc_op op = {.op = GRPC_OP_RECV_MESSAGE};

    assert(!stream->is_reading);
    if (stream->is_over)
        return;
    stream->is_reading = true;
    op.data.recv_message.recv_message = &stream->received;
    start(stream, &op, 1, &stream->read);
}

void stream_write_slices(struct stream *stream, grpc_slice *slices, size_t count)
{
    grpc_op op = {.op = GRPC_OP_SEND_MESSAGE};

    assert(!stream->is_writing);
    if (!stream->is_over) {
        stream->to_send = grpc_raw_byte_buffer_create(slices, count);
        stream->is_writing = true;
        op.data.send_message.send_message = stream->to_send;
        start(stream, &op, 1, &stream->written);
    }
    for (size_t i = 0; i < count; i++)
        grpc_slice_unref(slices[i]);
}

void stream_write(struct stream *stream, const ProtobufCMessage *message)
{
    grpc_slice packed = grpc_slice_malloc(protobuf_c_message_get_packed_size(message));

    protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(packed));
    stream_write_slices(stream, &packed, 1);
}

static void send_status(struct stream *stream)
{
    grpc_op op = {.op = GRPC_OP_SEND_STATUS_FROM_SERVER};

    stream->wants_finish = false;
    stream->is_over = true;
    op.data.send_status_from_server.status = stream->code;
    op.data.send_status_from_server.status_details = &stream->text;
    op.data.send_status_from_server.trailing_metadata = stream->trailing;
    op.data.send_status_from_server.trailing_metadata_count = stream->trailing_count;
    start(stream, &op, 1, &stream->finished);
}

void stream_finish(struct stream *stream, const struct status *status)
{
    if (stream->is_over || stream->wants_finish)
        return;
    stream->code = status->code;
    stream->text = grpc_slice_from_copied_string(status->message);
    stream->trailing_count = status_trailing(status, stream->trailing);
    stream->wants_finish = true;
    if (!stream->is_writing)
        send_status(stream);
}

void stream_end(struct stream *stream, int err, const struct error *error)
{
    struct status status;

    if (err)
        status_of_error(err, error, &status);
    else
        status_set(&status, GRPC_STATUS_OK, "");
    stream_finish(stream, &status);
}

static void finish_too_large(struct stream *stream)
{
    struct status status;

    status_set(&status, GRPC_STATUS_RESOURCE_EXHAUSTED,
               "the message is larger than this method allows");
    stream_finish(stream, &status);
}

static void deliver_message(struct stream *stream)
{
    grpc_byte_buffer_reader reader;
    grpc_slice flat;
    struct bytes message;

    grpc_byte_buffer_reader_init(&reader, stream->received);
    flat = grpc_byte_buffer_reader_readall(&reader);
    grpc_byte_buffer_reader_destroy(&reader);
    grpc_byte_buffer_destroy(stream->received);
    stream->received = NULL;
    message = slice_bytes(&flat);
    stream->method->receive(stream, &message);
    grpc_slice_unref(flat);
}

static void deliver_read(struct stream *stream, bool ok)
{
    stream->is_reading = false;
    if (stream->is_over || stream->wants_finish)
        return;
    if (!ok || (!stream->received && grpc_call_failed_before_recv_message(stream->rpc)))
        return; /* it was cut off, which is no end: closed comes */
    if (!stream->received)
        stream->method->receive(stream, NULL);
    else if (grpc_byte_buffer_length(stream->received) > stream->method->message_bytes)
        finish_too_large(stream);
    else
        deliver_message(stream);
}

static void deliver_written(struct stream *stream)
{
    stream->is_writing = false;
    grpc_byte_buffer_destroy(stream->to_send);
    stream->to_send = NULL;
    if (stream->wants_finish)
        send_status(stream);
    else if (!stream->is_over && stream->method->sent)
        stream->method->sent(stream);
}

static void deliver_open(struct stream *stream)
{
    grpc_op op = {.op = GRPC_OP_SEND_INITIAL_METADATA};

    /* The head's tag and the status's only give a reference back: they share one. */
    start(stream, &op, 1, &stream->finished);
    stream->method->open(stream);
}

static void deliver_closed(struct stream *stream)
{
    stream->is_over = true;
    if (stream->method->closed)
        stream->method->closed(stream);
}

static void deliver(struct stream *stream, unsigned events)
{
    if (events & EVENT_OPEN)
        deliver_open(stream);
    if (events & EVENT_CLOSED)
        deliver_closed(stream);
    if (events & (EVENT_READ | EVENT_READ_FAILED))
        deliver_read(stream, events & EVENT_READ);
    if (events & EVENT_WRITTEN)
        deliver_written(stream);
    if (events & EVENT_POKE && !stream->is_over && stream->method->poke)
        stream->method->poke(stream);
}

/* Raises an event and, unless somebody is at it, delivers until there are none. The caller holds a
 * reference. Acquire and release: whoever delivers next sees what the one before did. */
static void raise_event(struct stream *stream, unsigned event)
{
    unsigned before = atomic_fetch_or_explicit(&stream->events, event | BUSY, memory_order_acq_rel);
    unsigned idle = BUSY;

    if (before & BUSY)
        return;
    do {
        deliver(stream, atomic_exchange_explicit(&stream->events, BUSY, memory_order_acq_rel));
        idle = BUSY;
    } while (!atomic_compare_exchange_strong_explicit(&stream->events, &idle, 0,
                                                      memory_order_acq_rel, memory_order_acquire));
}

void stream_poke(struct stream *stream)
{
    raise_event(stream, EVENT_POKE);
}

static void watch_close(struct stream *stream)
{
    grpc_op op = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER};

    op.data.recv_close_on_server.cancelled = &stream->was_cancelled;
    start(stream, &op, 1, &stream->closed);
}

static void on_begun(void *arg, bool ok)
{
    struct stream *stream = arg;

    if (ok) {
        stream_listen(stream->server, stream->method);
        rpc_server_add_stream(stream->server, stream);
        watch_close(stream);
        raise_event(stream, EVENT_OPEN);
    }
    stream_unref(stream);
}

static void on_closed(void *arg, bool ok)
{
    struct stream *stream = arg;

    (void)ok;
    rpc_server_remove_stream(stream->server, stream);
    raise_event(stream, EVENT_CLOSED);
    stream_unref(stream);
}

static void on_read(void *arg, bool ok)
{
    struct stream *stream = arg;

    raise_event(stream, ok ? EVENT_READ : EVENT_READ_FAILED);
    stream_unref(stream);
}

static void on_written(void *arg, bool ok)
{
    struct stream *stream = arg;

    (void)ok;
    raise_event(stream, EVENT_WRITTEN);
    stream_unref(stream);
}

static void on_finished(void *arg, bool ok)
{
    (void)ok;
    stream_unref(arg);
}
