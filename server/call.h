/*
 * A unary call, from its arrival to its end.
 *
 * The call is one allocation, of which the method's service has the rest for its own: the request
 * message lives in it until the last reference goes. gRPC's part ends when all its tags have come;
 * the memory goes when, besides, nobody of the service holds a reference.
 *
 * That a client has gone, gRPC tells in a batch of its own (RECV_CLOSE_ON_SERVER). Most calls are
 * answered long before anybody could go: they ask for it together with their answer, and pay for
 * one batch and one completion. A call that is not answered within CQ_LATER_MS asks for it then.
 *
 * Every call is answered exactly once, by call_reply or call_fail, from any thread; whoever answers
 * and holds no reference must not touch it afterwards.
 */
#ifndef ISOYARD_CALL_H
#define ISOYARD_CALL_H

#include "api/bytes.h"
#include "server/cq.h"
#include "server/status.h"

#include <grpc/grpc.h>
#include <protobuf-c/protobuf-c.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct call;
struct rpc_server;
struct unsent_connection;

/* A method as its service registers it. */
struct method {
    const char *name;     /* "/isoyard.v1.ExecutionService/Execute"; static */
    size_t call_size;     /* of the service's structure, which begins with struct call */
    size_t message_bytes; /* the largest request; a larger one is refused before it is decoded */
    bool is_admitted;     /* asks for work: refused once the server drains, waited for until then */
    void *service;        /* for handle and the rest, as call_service */
    void *registered;     /* rpc_server's own */

    /* A request has come: answer it, now or later. Cq thread; must not block. */
    void (*handle)(struct call *call);

    /* The client has gone, or its deadline has passed. At most once: while handle runs (on another
     * thread), later, or even after the answer. Cq thread. NULL: the answer is not worth hurrying.
     */
    void (*cancel)(struct call *call);

    /* Releases what the service has in the call. The last holder's thread. NULL: nothing. */
    void (*release)(struct call *call);
};

/* Begins with zeroes behind it, up to the method's call_size. */
struct call {
    const struct method *method;
    struct rpc_server *server;
    struct bytes message; /* the request, in one piece; until release */
    gpr_timespec deadline;

    grpc_call *rpc;
    grpc_metadata_array metadata;
    grpc_byte_buffer *payload;
    grpc_slice piece; /* what message points into, where the payload came in pieces */
    grpc_byte_buffer *reply;
    size_t reply_bytes;
    struct unsent_connection *connection; /* that has the reply, where it is large */
    grpc_metadata trailing[STATUS_TRAILING_MAX];
    size_t trailing_count;
    struct cq *cq; /* its batches complete there */
    struct tag begun, closed, answered;
    struct later later;
    int was_cancelled;
    atomic_uint close;   /* enum close_state: who asks for the close */
    bool is_inside;      /* has entered the admission */
    atomic_uint pending; /* tags to come */
    atomic_uint refs;    /* holders of the memory */
};

/* Waits for a call of the method: makes it and hands it to gRPC. Cq thread, or before start. */
void call_listen(struct rpc_server *server, const struct method *method);

static inline void *call_service(const struct call *call)
{
    return call->method->service;
}

/* Any thread. */
void call_ref(struct call *call);
void call_unref(struct call *call);

/* When the client stops waiting, in nanoseconds of CLOCK_MONOTONIC; 0: never. Any thread. */
uint64_t call_deadline_ns(const struct call *call);

/* Whether that has passed. */
bool call_is_late(const struct call *call);

/* Answers with a message made of slices, which it takes. Any thread. */
void call_reply(struct call *call, grpc_slice *slices, size_t count);

/* Packs a message and answers with it. Any thread. */
void call_reply_message(struct call *call, const ProtobufCMessage *message);

/* Answers with a status, which is copied. Any thread. */
void call_fail(struct call *call, const struct status *status);

/* call_fail with the status of an error (see status_of_error). */
void call_fail_error(struct call *call, int err, const struct error *error);

#endif
