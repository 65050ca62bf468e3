/*
 * Bodies that stream between an actor's JavaScript and whoever is at the other end of a pipe
 * (api/pipe.h): a client of gRPC, or a subrequest.
 *
 * A body that comes *in* is read when JavaScript asks for it: one EVENT_BODY for each
 * OP_BODY_PULL. A body that goes *out* is written as JavaScript has room for: EVENT_BODY gives it
 * some, OP_BODY_CHUNK uses it up, and what it has and what the pipe holds are never more together
 * than the pipe's window. So neither side gets ahead of the other by more than that.
 *
 * The other end may be on any thread. It tells a body by a message, of which one at a time is under
 * way; until that has come the body's memory stays, and its lane, or its shared actor.
 *
 * The holder of the actor's lane only, unless it says otherwise.
 */
#ifndef ISOYARD_ACTOR_BODY_H
#define ISOYARD_ACTOR_BODY_H

#include "pools/actor.h"
#include "pools/flights.h"
#include "pools/mailbox.h"
#include "shim/op.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A client that is gone leaves the worker so long to cancel what it has under way. */
#define BODY_GRACE_NS (100 * NS_PER_MS)

struct actor_body {
    uint32_t id; /* 0: the task's own; else of the subrequest with this number */
    bool is_out;
    bool is_over;   /* it is in no list any more; a message may still be on its way */
    bool is_pulled; /* in: JavaScript has asked for bytes */
    size_t room;    /* out: that JavaScript has been given and not used */
    struct flight *flight;
    struct pipe *pipe;              /* a reference */
    struct actor_body *prev, *next; /* in its flight's list */

    /* Any thread. */
    struct lane *lane;    /* where it was opened: does not close while the body is there */
    struct actor *shared; /* a reference, where the actor is a shared one; else NULL */
    struct message message;
    atomic_bool is_told; /* the message is under way */
    atomic_uint refs;
};

/* A body of the execution; takes the reference to the pipe. */
void actor_open_body(struct flight *flight, uint32_t id, bool is_out, struct pipe *pipe);

/* What JavaScript asks for: OP_BODY_*. What it owns is taken out. */
void actor_apply_body(struct actor *actor, struct op *op);

/* MESSAGE_BODY: the pipe has changed. Gives a reference up. */
void actor_receive_body(struct actor_body *body);

/* The execution's answer has left, and its body is a stream, for the pipe; takes the reference. Of
 * the task nothing but its costs is kept. */
void actor_open_answer_body(struct flight *flight, const struct task *task, struct pipe *pipe);

/* The answer's body has ended: failure says why before it was all, NULL: it was. The log is told,
 * and whoever reads the body. Once; what comes later is not told. */
void actor_end_answer_body(struct flight *flight, const struct failure *failure);

/* The execution ends: so do its bodies. */
void actor_close_bodies(struct flight *flight);

/* Whether one of them waits for the other end. */
bool actor_body_is_pending(const struct flight *flight);

/* Whether bytes of its bodies have moved since this was last asked; then its clocks begin anew. */
bool actor_note_progress(struct flight *flight, uint64_t now_ns);

#endif
