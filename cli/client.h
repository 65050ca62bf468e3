/*
 * A gRPC client that asks one question and waits for the answer, or for one after the other.
 */
#ifndef ISOYARD_CLIENT_H
#define ISOYARD_CLIENT_H

#include "api/bytes.h"
#include "cli/options.h"

#include <google/rpc/status.pb-c.h>
#include <grpc/grpc.h>
#include <protobuf-c/protobuf-c.h>
#include <stdatomic.h>

/* What a server, or gRPC in its place, said. */
struct reply {
    grpc_status_code code;
    char *message;                /* of the status; never NULL */
    Google__Rpc__Status *details; /* NULL: none came */
    struct buffer packed;         /* the response message as it came */
    ProtobufCMessage *response;   /* NULL unless code is OK */
};

/*
 * Calls a unary method ("/isoyard.v1.PoolService/GetStats") at options->address. *ret is always
 * filled in: reply_release. A response that is not of the type is INTERNAL. timeout_ms is what
 * counts where options say nothing.
 */
void client_call(const struct options *options, const char *method, const ProtobufCMessage *request,
                 const ProtobufCMessageDescriptor *response_type, uint64_t timeout_ms,
                 struct reply *ret);

/* Called about once a second while a call waits; NULL: nothing. */
struct client_wait {
    void (*look)(void *arg);
    void *arg;
};

/* client_call of a method that takes its time. */
void client_call_watched(const struct options *options, const char *method,
                         const ProtobufCMessage *request,
                         const ProtobufCMessageDescriptor *response_type, uint64_t timeout_ms,
                         const struct client_wait *wait, struct reply *ret);

/* client_call; where it fails the problem is printed, and the exit status returned. 0: *ret has a
 * response, and is to be released. */
int client_ask(const struct options *options, const char *method, const ProtobufCMessage *request,
               const ProtobufCMessageDescriptor *response_type, struct reply *ret);

/*
 * Calls a method that streams its answers, and hands each to `each` until that returns false, which
 * ends the call, or the server ends it. *ret is always filled in: OK where `each` had enough, else
 * how the call ended; it has no response. An answer is waited for as long as options->timeout_ms
 * (60 s where that is 0) and interval_ms say together.
 */
void client_watch(const struct options *options, const char *method,
                  const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
                  uint64_t interval_ms, bool (*each)(void *arg, const ProtobufCMessage *message),
                  void *arg, struct reply *ret);

/* client_watch that calls `poll` some twenty times a second while it waits, and ends, with OK, when
 * that returns false. */
void client_watch_polling(const struct options *options, const char *method,
                          const ProtobufCMessage *request, const ProtobufCMessageDescriptor *type,
                          uint64_t interval_ms,
                          bool (*each)(void *arg, const ProtobufCMessage *message),
                          bool (*poll)(void *arg), void *arg, struct reply *ret);

/* A call that streams its answers, for who takes each when it has the time. One thread. */
struct client_stream;

/* Begins it. `poll`, where it is not NULL, is called some twenty times a second while an answer is
 * waited for, and ends the call when it returns false. Times as of client_watch. */
struct client_stream *client_stream_open(const struct options *options, const char *method,
                                         const ProtobufCMessage *request, uint64_t interval_ms,
                                         bool (*poll)(void *arg), void *arg);

/* Waits for the next answer, which is the caller's; NULL: there is none any more. */
ProtobufCMessage *client_stream_next(struct client_stream *stream,
                                     const ProtobufCMessageDescriptor *type);

/* Ends it. *ret is filled in as client_watch does: OK where there might have been more. */
void client_stream_close(struct client_stream *stream, struct reply *ret);

/* What a client says after its first message. */
struct client_source {
    /* Appends the next message, packed, to *ret, which is empty; false: there is none any more. It
     * may wait, but not for long after *is_over, and is called on a thread of its own. */
    bool (*next)(void *arg, const atomic_bool *is_over, struct buffer *ret);
    void *arg;
};

/* client_watch of a method whose requests stream, too: the first one, and what the source has. The
 * server's end of the call is the source's. */
void client_talk(const struct options *options, const char *method, const ProtobufCMessage *first,
                 const struct client_source *source, const ProtobufCMessageDescriptor *type,
                 bool (*each)(void *arg, const ProtobufCMessage *message), void *arg,
                 struct reply *ret);

/* From now on the first SIGINT, SIGTERM or SIGHUP (unless that is ignored, as by nohup) cancels the
 * call of client_watch, whose *ret is CANCELLED then. Main thread. */
void client_catch_signals(void);

/* Which one came; 0: none. */
int client_end_signal(void);

/* Ends the program by it, as though it had not been caught. Only after it came. */
void client_end_by_signal(void);

void reply_release(struct reply *reply);

#endif
