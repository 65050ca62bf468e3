/*
 * ExecutionService.ExecuteStream: Execute, with bodies that come and go in parts.
 *
 * The call is a stream (stream.h), whose functions are called one at a time, and has a pipe
 * (api/pipe.h) for each body that streams. It reads the client's next message while the one has
 * room, and sends the client the next one when that before has left: so gRPC's flow control reaches
 * the worker, and the worker's pace the client.
 *
 *     client's chunk -> receive() -> request.stream -> actor_body.c -> JavaScript
 *     JavaScript -> actor_body.c -> response.stream -> advance() -> one message at a time
 *
 * The task ends with the answer's head; what follows goes on in the actor as ctx.waitUntil's work
 * does, and comes here by the pipe alone, the final report as its note.
 */
#ifndef ISOYARD_EXECUTE_STREAM_H
#define ISOYARD_EXECUTE_STREAM_H

#include "server/execution_service.h"

void execute_stream_register(struct execution_service *service, struct rpc_server *server);

#endif
