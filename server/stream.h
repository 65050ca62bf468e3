/*
 * A streaming call. Its functions are called one at a time, never two at once, though not always on
 * the same thread: whatever happens to the stream is an event, and whoever raises one while nobody
 * is at work delivers it and all that come meanwhile.
 *
 * At most one read and one write are under way. The memory goes when gRPC has nothing more to tell.
 */
#ifndef ISOYARD_STREAM_H
#define ISOYARD_STREAM_H

#include "api/bytes.h"
#include "server/cq.h"
#include "server/status.h"

#include <grpc/grpc.h>
#include <protobuf-c/protobuf-c.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct rpc_server;
struct stream;

/* A method as its service registers it. */
struct stream_method {
    const char *name;     /* static */
    size_t stream_size;   /* of the service's structure, which begins with struct stream */
    size_t message_bytes; /* the largest message of a client; a larger one ends the stream */
    void *service;
    void *registered; /* rpc_server's own */

    /* A client has called. */
    void (*open)(struct stream *stream);

    /* The message that stream_read asked for, valid during the call; NULL: the client has said all
     * that it will. */
    void (*receive)(struct stream *stream, const struct bytes *message);

    /* stream_write's message is sent. NULL: not of interest. */
    void (*sent)(struct stream *stream);

    /* The server's state may have changed (rpc_server_poke_streams). */
    void (*poke)(struct stream *stream);

    /* The call is over, in whatever way: nothing of the above is called any more. Once. NULL: not
     * of interest. */
    void (*closed)(struct stream *stream);

    /* Releases what the service has in the stream. NULL: nothing. */
    void (*release)(struct stream *stream);
};

/* Begins with zeroes behind it, up to the method's stream_size. */
struct stream {
    const struct stream_method *method;
    struct rpc_server *server;
    struct stream *next, *prev; /* of the server's open streams; guarded by its lock */

    grpc_call *rpc;
    gpr_timespec deadline;
    grpc_metadata_array metadata;
    grpc_byte_buffer *received;
    grpc_byte_buffer *to_send;
    struct tag begun, closed, read, written, finished;
    int was_cancelled;
    bool is_reading, is_writing; /* one is under way */
    bool is_over;                /* cancelled, or the status is sent: nothing more can be begun */
    bool wants_finish;           /* once the write is done, with the next four */
    grpc_status_code code;
    grpc_slice text;
    grpc_metadata trailing[STATUS_TRAILING_MAX];
    size_t trailing_count;
    atomic_uint events; /* raised and not yet delivered */
    atomic_uint refs;
};

/* Waits for a call of the method. Cq thread, or before start. */
void stream_listen(struct rpc_server *server, const struct stream_method *method);

static inline void *stream_service(const struct stream *stream)
{
    return stream->method->service;
}

/* The next six only from the method's functions. */

/* Asks for the client's next message. Not while one is asked for. */
void stream_read(struct stream *stream);

/* Sends a message. Not while one is being sent. */
void stream_write(struct stream *stream, const ProtobufCMessage *message);

/* The same with a message made of slices, which it takes. */
void stream_write_slices(struct stream *stream, grpc_slice *slices, size_t count);

/* Ends the stream, after what is being sent, with a status, which is copied. The first one counts.
 */
void stream_finish(struct stream *stream, const struct status *status);

/* The same with the status of an error; 0: that all went well. */
void stream_end(struct stream *stream, int err, const struct error *error);

/* Whether a message is being sent. */
static inline bool stream_is_writing(const struct stream *stream)
{
    return stream->is_writing;
}

/* Raises the event that leads to poke. Any thread; the caller sees to it that the stream lives. */
void stream_poke(struct stream *stream);

/* Any thread. */
void stream_ref(struct stream *stream);
void stream_unref(struct stream *stream);

#endif
