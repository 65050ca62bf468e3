/*
 * Calls of methods that the server does not have: answered UNIMPLEMENTED. gRPC keeps such calls
 * waiting for ever unless somebody takes them.
 */
#ifndef ISOYARD_UNKNOWN_H
#define ISOYARD_UNKNOWN_H

struct rpc_server;

/* Waits for one such call, answers it and waits for the next. Cq thread, or before start. */
void unknown_listen(struct rpc_server *server);

#endif
