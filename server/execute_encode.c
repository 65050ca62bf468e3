/* ExecuteResponse, by hand. The field numbers are those of execution.proto. */
#include "server/execute_codec.h"

#include "api/wire.h"
#include "server/message.h"

#include <assert.h>
#include <stdlib.h>

struct header {
    struct bytes name, value;
};

/* A body from this size on is sent from where it lies; below, copying is cheaper. */
#define BODY_COPY_MAX ((size_t)16 << 10)

static size_t report_size(const struct report *r)
{
    size_t ids = (r->execution[0] ? wire_bytes_size(15, HEX_ID_LEN) : 0) +
                 (r->trace[0] ? wire_bytes_size(16, TRACE_ID_LEN) : 0) + r->spans.len;

    return ids + wire_number_size(1, r->version) + wire_number_size(2, r->architecture) +
           wire_number_size(3, r->lane) + wire_number_size(4, start_kind(r)) +
           wire_number_size(5, r->queue_us) + wire_number_size(6, r->lock_wait_us) +
           wire_number_size(7, r->startup_us) + wire_number_size(8, r->cpu_us) +
           wire_number_size(9, r->wall_us) + wire_number_size(10, r->heap_bytes) +
           wire_number_size(11, r->subrequests) + wire_number_size(12, r->subrequest_us) +
           wire_number_size(13, r->subrequest_sent_bytes) +
           wire_number_size(14, r->subrequest_received_bytes);
}

static uint8_t *put_report(uint8_t *at, const struct report *r)
{
    at = wire_put_number(at, 1, r->version);
    at = wire_put_number(at, 2, r->architecture);
    at = wire_put_number(at, 3, r->lane);
    at = wire_put_number(at, 4, start_kind(r));
    at = wire_put_number(at, 5, r->queue_us);
    at = wire_put_number(at, 6, r->lock_wait_us);
    at = wire_put_number(at, 7, r->startup_us);
    at = wire_put_number(at, 8, r->cpu_us);
    at = wire_put_number(at, 9, r->wall_us);
    at = wire_put_number(at, 10, r->heap_bytes);
    at = wire_put_number(at, 11, r->subrequests);
    at = wire_put_number(at, 12, r->subrequest_us);
    at = wire_put_number(at, 13, r->subrequest_sent_bytes);
    at = wire_put_number(at, 14, r->subrequest_received_bytes);
    if (r->execution[0])
        at = wire_put_bytes(at, 15, (struct bytes){r->execution, HEX_ID_LEN});
    if (r->trace[0])
        at = wire_put_bytes(at, 16, (struct bytes){r->trace, TRACE_ID_LEN});
    if (r->spans.len > 0)
        memcpy(at, r->spans.data, r->spans.len);
    return at + r->spans.len;
}

/* Takes one line off the block. */
static struct bytes take_line(struct bytes *block)
{
    const char *end = memchr(block->data, '\n', block->len);
    struct bytes line;

    assert(end);
    line = (struct bytes){block->data, (size_t)(end - block->data)};
    block->data += line.len + 1;
    block->len -= line.len + 1;
    return line;
}

static size_t header_size(const struct header *header)
{
    return wire_bytes_size(1, header->name.len) +
           (header->value.len > 0 ? wire_bytes_size(2, header->value.len) : 0);
}

static size_t headers_size(struct bytes block)
{
    size_t size = 0;

    while (block.len > 0) {
        struct header header;

        header.name = take_line(&block);
        header.value = take_line(&block);
        size += wire_bytes_size(2, header_size(&header));
    }
    return size;
}

static uint8_t *put_response_headers(uint8_t *at, struct bytes block)
{
    while (block.len > 0) {
        struct header header;

        header.name = take_line(&block);
        header.value = take_line(&block);
        at = wire_put_head(at, 2, header_size(&header));
        at = wire_put_bytes(at, 1, header.name);
        if (header.value.len > 0)
            at = wire_put_bytes(at, 2, header.value);
    }
    return at;
}

/* HttpResponse without the bytes of its body, which come last. */
static size_t response_head_size(const struct response *r)
{
    size_t size = wire_number_size(1, r->status) + headers_size(r->headers);

    if (r->has_body)
        size += wire_bytes_size(3, r->body.len) - r->body.len;
    return size;
}

static uint8_t *put_response_head(uint8_t *at, const struct response *r)
{
    at = wire_put_number(at, 1, r->status);
    at = put_response_headers(at, r->headers);
    if (r->has_body)
        at = wire_put_head(at, r->is_body_text ? 4 : 3, r->body.len);
    return at;
}

static void free_response(void *response)
{
    response_free(response);
}

size_t execute_encode(struct response *response, const struct report *report,
                      grpc_slice ret[EXECUTE_SLICES_MAX])
{
    /* The report first and the response last, so that the message ends with the body. */
    size_t body = response->has_body ? response->body.len : 0;
    size_t copied = body < BODY_COPY_MAX ? body : 0;
    size_t report_bytes = report_size(report);
    size_t head = response_head_size(response);
    size_t size = wire_bytes_size(3, report_bytes) + wire_bytes_size(1, head + body) - body;
    uint8_t *at;

    ret[0] = grpc_slice_malloc(size + copied);
    at = wire_put_head(GRPC_SLICE_START_PTR(ret[0]), 3, report_bytes);
    at = put_report(at, report);
    at = wire_put_head(at, 1, head + body);
    at = put_response_head(at, response);
    if (copied > 0)
        memcpy(at, response->body.data, copied);
    if (copied == body) {
        assert(at + copied == GRPC_SLICE_END_PTR(ret[0]));
        response_free(response);
        return 1;
    }
    ret[1] =
        grpc_slice_new_with_user_data((void *)response->body.data, body, free_response, response);
    return 2;
}

grpc_slice execute_encode_result(struct bytes result, const struct report *report)
{
    size_t report_bytes = report_size(report);
    size_t inner = wire_bytes_size(1, result.len);
    grpc_slice slice =
        grpc_slice_malloc(wire_bytes_size(3, report_bytes) + wire_bytes_size(5, inner));
    uint8_t *at = wire_put_head(GRPC_SLICE_START_PTR(slice), 3, report_bytes);

    at = put_report(at, report);
    at = wire_put_head(at, 5, inner);
    at = wire_put_bytes(at, 1, result);
    assert(at == GRPC_SLICE_END_PTR(slice));
    return slice;
}

/* A head that is no body's: HttpResponse says nothing of one. */
grpc_slice execute_encode_head(const struct response *response)
{
    struct response head = *response;
    size_t response_bytes, inner;
    grpc_slice slice;
    uint8_t *at;

    head.has_body = false;
    response_bytes = response_head_size(&head);
    inner = wire_bytes_size(1, response_bytes) + wire_number_size(2, response->has_body);
    slice = grpc_slice_malloc(wire_bytes_size(1, inner));
    at = wire_put_head(GRPC_SLICE_START_PTR(slice), 1, inner);
    at = wire_put_head(at, 1, response_bytes);
    at = put_response_head(at, &head);
    at = wire_put_number(at, 2, response->has_body);
    assert(at == GRPC_SLICE_END_PTR(slice));
    return slice;
}

static grpc_slice chunk_head(size_t len)
{
    grpc_slice slice = grpc_slice_malloc(wire_bytes_size(2, len) - len);

    wire_put_head(GRPC_SLICE_START_PTR(slice), 2, len);
    return slice;
}

void execute_encode_chunk(struct pipe_chunk chunk, grpc_slice ret[EXECUTE_SLICES_MAX])
{
    ret[0] = chunk_head(chunk.len);
    ret[1] = grpc_slice_new(chunk.data, chunk.len, free);
}

void execute_encode_slice(grpc_slice chunk, grpc_slice ret[EXECUTE_SLICES_MAX])
{
    ret[0] = chunk_head(GRPC_SLICE_LENGTH(chunk));
    ret[1] = grpc_slice_ref(chunk);
}
