/*
 * Execute's messages, read and written without protobuf-c: the request as views of what came, the
 * response straight from a worker's answer. See wire.h for why.
 */
#ifndef ISOYARD_EXECUTE_CODEC_H
#define ISOYARD_EXECUTE_CODEC_H

#include "api/bytes.h"
#include "api/err.h"
#include "api/pipe.h"
#include "api/request.h"
#include "api/response.h"
#include "pools/task.h"

#include <grpc/slice.h>
#include <stdbool.h>
#include <stddef.h>

/* Bytes of a request's header block, as request.headers has it. */
#define EXECUTE_HEADERS_MAX ((size_t)48 << 10)
/* Bytes of a URL. */
#define EXECUTE_URL_MAX ((size_t)8 << 10)
/* Bytes of a schedule's text. */
#define EXECUTE_CRON_MAX ((size_t)256)
/* What an ExecuteRequest may have beside its body. */
#define EXECUTE_HEAD_MAX ((size_t)64 << 10)

/* An ExecuteRequest; points into the message. */
struct execute_request {
    struct bytes message;
    struct bytes tenant; /* "default" where none was given */
    struct bytes worker;
    bool has_event;
    enum request_kind kind;
    struct bytes method; /* GET where none was given */
    struct bytes url;    /* "/" where none was given */
    struct bytes body;
    bool has_body;
    bool is_body_text;
    size_t header_bytes; /* of the header block */
    struct bytes cron;
    bool has_time;
    int64_t time_s; /* of a scheduled event, since 1970, and ... */
    int32_t time_ns;
    uint32_t attempt; /* 1 where none was given */

    bool wants_spans;

    /* Not of the message: set by who has the call's metadata. */
    struct trace trace;      /* zeroes: none */
    struct bytes tracestate; /* of it; may be empty */
};

/*
 * Reads a message and checks the event in it: method, URL, headers, body against body_max; that a
 * payload is JSON is not checked here.
 * E_INVALID with the field otherwise. Tenant and worker may be anything (see execute_check_names).
 * Any thread.
 */
int execute_decode(struct bytes message, size_t body_max, struct execute_request *ret,
                   struct error *error);

/* Checks the names, for when there is no such worker. */
int execute_check_names(const struct execute_request *request, struct error *error);

/* Bytes of memory that execute_build needs. */
size_t execute_room(const struct execute_request *request);

/*
 * Fills in method, url, headers and body of *ret. What is not simply in the message (the whole URL,
 * the header block) is written to `room`; both must live as long as *ret.
 */
void execute_build(const struct execute_request *request, char *room, struct request *ret);

#define EXECUTE_SLICES_MAX 2

/*
 * An ExecuteResponse with a worker's answer, which it takes: a large body is sent from where it
 * lies. Returns the number of slices, which are the caller's to unref. Any thread.
 */
size_t execute_encode(struct response *response, const struct report *report,
                      grpc_slice ret[EXECUTE_SLICES_MAX]);

/* An ExecuteResponse with the JSON text of a task's result; the caller unrefs it. Any thread. */
grpc_slice execute_encode_result(struct bytes result, const struct report *report);

/* ExecuteStream. */

/* Bytes of a chunk that a client sends. */
#define EXECUTE_CHUNK_MAX ((size_t)1 << 20)

enum execute_part_kind {
    EXECUTE_PART_NONE,
    EXECUTE_PART_START,
    EXECUTE_PART_CHUNK,
    EXECUTE_PART_ERROR,
};

/* An ExecuteStreamRequest; points into the message. */
struct execute_part {
    enum execute_part_kind kind;
    struct bytes request; /* START: an ExecuteRequest */
    bool has_body;        /* START */
    struct bytes chunk;   /* CHUNK */
    struct bytes text;    /* ERROR: UTF-8 */
};

/* E_INVALID where it is not well-formed. Any thread. */
int execute_decode_part(struct bytes message, struct execute_part *ret, struct error *error);

/* What a request must be to be streamed, beyond what execute_decode asks. E_INVALID with the field.
 */
int execute_check_stream(const struct execute_request *request, bool has_body, struct error *error);

/* An ExecuteStreamResponse with the head of a worker's answer. The caller unrefs it. Any thread. */
grpc_slice execute_encode_head(const struct response *response);

/* An ExecuteStreamResponse with a chunk of a body, in EXECUTE_SLICES_MAX slices, which are the
 * caller's to unref. The chunk's memory is taken, the slice is referred to. Any thread. */
void execute_encode_chunk(struct pipe_chunk chunk, grpc_slice ret[EXECUTE_SLICES_MAX]);
void execute_encode_slice(grpc_slice chunk, grpc_slice ret[EXECUTE_SLICES_MAX]);

#endif
