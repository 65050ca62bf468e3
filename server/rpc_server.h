/*
 * The gRPC server: its completion queue, its addresses, its methods, and the order of its end.
 *
 *     rpc_server_open, rpc_server_register ..., rpc_server_start, ... rpc_server_stop,
 *     rpc_server_close
 */
#ifndef ISOYARD_RPC_SERVER_H
#define ISOYARD_RPC_SERVER_H

#include "api/err.h"
#include "server/admission.h"
#include "server/call.h"
#include "server/stream.h"
#include "server/unsent.h"

#include <grpc/grpc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rpc_server;

struct rpc_server_config {
    const char *listen;    /* HOST:PORT; NULL: no TCP */
    const char *unix_path; /* NULL: no Unix socket */
    unsigned cq_threads;
    size_t message_bytes; /* the largest message of any method */
    size_t buffer_bytes;  /* bound of what is buffered of requests, and again of answers */
};

/* Makes a server that nobody can reach yet. admission must outlive it. Before start. */
struct rpc_server *rpc_server_open(const struct rpc_server_config *config,
                                   struct admission *admission);

/* Adds a method; copied. Before start. */
void rpc_server_register(struct rpc_server *server, const struct method *method);
void rpc_server_register_stream(struct rpc_server *server, const struct stream_method *method);

/*
 * Binds the addresses and starts to serve. E_CONDITION where an address is in use, E_INVALID where
 * it is none, E_IO for what else the system says; error->message names the address.
 */
int rpc_server_start(struct rpc_server *server, struct error *error);

/* "127.0.0.1:7070", with the port that was picked where 0 was asked for; NULL: no TCP. After start.
 */
const char *rpc_server_address(const struct rpc_server *server);

/* Tells every open stream that something it reports may have changed (stream_method.poke). Any
 * thread. */
void rpc_server_poke_streams(struct rpc_server *server);

/* No new calls from now on; those under way go on. After start, main thread. */
void rpc_server_stop(struct rpc_server *server);

/* After rpc_server_stop: waits until every call is over, at most timeout_ms; whether they are. */
bool rpc_server_wait(struct rpc_server *server, uint64_t timeout_ms);

/* Whether answers are on their way. Any thread. */
bool rpc_server_has_unsent(const struct rpc_server *server);

/* After rpc_server_stop: cancels the calls that are left. They still have to be answered. */
void rpc_server_cancel_calls(struct rpc_server *server);

/* After rpc_server_stop, once every call is answered (or where it never started): waits for the
 * last to be over, ends the threads and frees all. NULL is fine. */
void rpc_server_close(struct rpc_server *server);

/* For call.c and stream.c. */

grpc_server *rpc_server_grpc(struct rpc_server *server);
grpc_completion_queue *rpc_server_queue(struct rpc_server *server);

/*
 * The queue that a call's batches are to complete in.
 *
 * A gRPC that was built without NDEBUG, as Debian's is, looks for the tag of each completion among
 * all that are outstanding in its queue, from the oldest on, with the queue locked. While very many
 * calls wait, further ones go to a second queue, so that requests are announced, and most calls
 * answered, in a short one.
 */
struct cq *rpc_server_call_cq(struct rpc_server *server);

/* A call has begun, or ceased, to wait. Any thread. */
void rpc_server_count_waiting(struct rpc_server *server, int change);
struct admission *rpc_server_admission(struct rpc_server *server);

struct unsent *rpc_server_unsent(struct rpc_server *server);

/* Keeps the list of open streams. */
void rpc_server_add_stream(struct rpc_server *server, struct stream *stream);
void rpc_server_remove_stream(struct rpc_server *server, struct stream *stream);

#endif
