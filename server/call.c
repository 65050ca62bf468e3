/* Unary calls. */
#include "server/call.h"

#include "api/log.h"
#include "server/container_of.h"
#include "server/deadline.h"
#include "server/rpc_server.h"
#include "server/slice.h"

#include <assert.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/support/alloc.h>
#include <stdio.h>
#include <stdlib.h>

/* begun and answered; closed, where it is asked for alone */
#define TAGS 2

enum close_state {
    CLOSE_OPEN,    /* nobody asks for it yet */
    CLOSE_WATCHED, /* a batch of its own does */
    CLOSE_JOINED,  /* the answer's batch does */
};

static void on_begun(void *arg, bool ok);
static void on_closed(void *arg, bool ok);
static void on_answered(void *arg, bool ok);
static void on_late(struct later *later);

void call_listen(struct rpc_server *server, const struct method *method)
{
    struct call *call = xcalloc(1, method->call_size);
    grpc_completion_queue *queue = rpc_server_queue(server);
    grpc_call_error error;

    call->method = method;
    call->server = server;
    call->cq = rpc_server_call_cq(server);
    call->piece = grpc_empty_slice();
    call->begun = (struct tag){on_begun, call, &call->rpc};
    call->closed = (struct tag){on_closed, call, NULL};
    call->answered = (struct tag){on_answered, call, NULL};
    call->later.fn = on_late;
    atomic_init(&call->close, CLOSE_OPEN);
    atomic_init(&call->pending, TAGS);
    atomic_init(&call->refs, 1);
    grpc_metadata_array_init(&call->metadata);
    error = grpc_server_request_registered_call(
        rpc_server_grpc(server), method->registered, &call->rpc, &call->deadline, &call->metadata,
        &call->payload, cq_queue(call->cq), queue, &call->begun);
    assert(error == GRPC_CALL_OK);
    (void)error;
}

void call_ref(struct call *call)
{
    /* Relaxed: whoever takes a reference already has one. */
    atomic_fetch_add_explicit(&call->refs, 1, memory_order_relaxed);
}

void call_unref(struct call *call)
{
    /* Release: what this holder did comes before the freeing. Acquire: the freeing comes after all
     * of that. */
    if (atomic_fetch_sub_explicit(&call->refs, 1, memory_order_acq_rel) > 1)
        return;
    if (call->method->release)
        call->method->release(call);
    grpc_slice_unref(call->piece);
    grpc_byte_buffer_destroy(call->payload);
    free(call);
}

/* One tag less to come; with the last, gRPC's part of the call ends. */
static void settle(struct call *call)
{
    if (atomic_fetch_sub_explicit(&call->pending, 1, memory_order_acq_rel) > 1)
        return;
    grpc_metadata_array_destroy(&call->metadata);
    grpc_call_unref(call->rpc);
    call_unref(call);
}

/* One tag more to come, unless all have. */
static bool expect_tag(struct call *call)
{
    unsigned pending = atomic_load_explicit(&call->pending, memory_order_relaxed);

    /* Relaxed: whether it succeeds is all that matters here. */
    while (pending > 0) {
        if (atomic_compare_exchange_weak_explicit(&call->pending, &pending, pending + 1,
                                                  memory_order_relaxed, memory_order_relaxed))
            return true;
    }
    return false;
}

/* Whether it is up to the caller to ask for the close. */
static bool claim_close(struct call *call, enum close_state state)
{
    unsigned open = CLOSE_OPEN;

    /* Relaxed: what the winner does next, it does by itself. */
    return atomic_compare_exchange_strong_explicit(&call->close, &open, state, memory_order_relaxed,
                                                   memory_order_relaxed);
}

static void watch_close(struct call *call)
{
    grpc_op op = {.op = GRPC_OP_RECV_CLOSE_ON_SERVER};
    grpc_call_error error;

    op.data.recv_close_on_server.cancelled = &call->was_cancelled;
    rpc_server_count_waiting(call->server, 1);
    error = grpc_call_start_batch(call->rpc, &op, 1, &call->closed, NULL);
    assert(error == GRPC_CALL_OK);
    (void)error;
}

/* The payload as one run of bytes: where it lies, if gRPC has it in one piece, else as a copy. */
static struct bytes payload_bytes(struct call *call)
{
    grpc_byte_buffer_reader reader;
    grpc_slice *first;
    struct bytes bytes = {"", 0};

    if (!grpc_byte_buffer_reader_init(&reader, call->payload))
        return bytes;
    if (grpc_byte_buffer_reader_peek(&reader, &first)) {
        bytes = slice_bytes(first);
        if (bytes.len < grpc_byte_buffer_length(call->payload)) {
            grpc_byte_buffer_reader_destroy(&reader);
            grpc_byte_buffer_reader_init(&reader, call->payload);
            call->piece = grpc_byte_buffer_reader_readall(&reader);
            bytes = slice_bytes(&call->piece);
        }
    }
    grpc_byte_buffer_reader_destroy(&reader);
    return bytes;
}

static void fail_too_large(struct call *call, size_t size)
{
    struct status status;
    char message[160];

    snprintf(message, sizeof(message),
             "the request has %zu bytes; at most %zu are allowed for this method", size,
             call->method->message_bytes);
    status_set(&status, GRPC_STATUS_RESOURCE_EXHAUSTED, message);
    status.reason = "MESSAGE_TOO_LARGE";
    call_fail(call, &status);
}

static bool enter(struct call *call)
{
    if (!call->method->is_admitted)
        return true;
    call->is_inside = admission_enter(rpc_server_admission(call->server));
    return call->is_inside;
}

static void begin(struct call *call)
{
    size_t size = call->payload ? grpc_byte_buffer_length(call->payload) : 0;
    struct error error = {0};

    if (!call->payload) {
        error_set(&error, E_INVALID, NULL, "the call came without a message");
        call_fail_error(call, E_INVALID, &error);
    } else if (size > call->method->message_bytes) {
        fail_too_large(call, size);
    } else if (!enter(call)) {
        call_fail_error(call, E_CLOSED, NULL);
    } else {
        call->message = payload_bytes(call);
        call->method->handle(call);
    }
}

static bool is_unanswered(const struct call *call)
{
    return atomic_load_explicit(&call->close, memory_order_relaxed) == CLOSE_OPEN;
}

static void on_begun(void *arg, bool ok)
{
    struct call *call = arg;

    if (!ok) {
        /* The server stops; no call came. */
        grpc_metadata_array_destroy(&call->metadata);
        free(call);
        return;
    }
    call_listen(call->server, call->method);
    begin(call);
    if (is_unanswered(call)) {
        call_ref(call);
        cq_later(&call->later);
    }
    settle(call);
}

static void on_late(struct later *later)
{
    struct call *call = container_of(later, struct call, later);

    if (expect_tag(call)) {
        if (claim_close(call, CLOSE_WATCHED))
            watch_close(call);
        else
            settle(call);
    }
    call_unref(call);
}

static void on_closed(void *arg, bool ok)
{
    struct call *call = arg;

    (void)ok;
    rpc_server_count_waiting(call->server, -1);
    if (call->was_cancelled && call->method->cancel)
        call->method->cancel(call);
    settle(call);
}

static void on_answered(void *arg, bool ok)
{
    struct call *call = arg;

    (void)ok;
    unsent_remove(rpc_server_unsent(call->server), call->reply_bytes, call->connection);
    grpc_byte_buffer_destroy(call->reply);
    for (size_t i = 0; i < call->trailing_count; i++)
        grpc_slice_unref(call->trailing[i].value);
    settle(call);
}

uint64_t call_deadline_ns(const struct call *call)
{
    return deadline_ns(call->deadline);
}

bool call_is_late(const struct call *call)
{
    return deadline_has_passed(call->deadline);
}

/* Sends head, status, message (unless there is none) in one batch, and asks for the close in it
 * unless that is done. */
static size_t answer_ops(struct call *call, grpc_status_code code, grpc_slice *text, grpc_op ops[4])
{
    size_t count = 2;

    ops[0] = (grpc_op){.op = GRPC_OP_SEND_INITIAL_METADATA};
    ops[1] = (grpc_op){.op = GRPC_OP_SEND_STATUS_FROM_SERVER};
    ops[1].data.send_status_from_server.status = code;
    ops[1].data.send_status_from_server.status_details = text;
    ops[1].data.send_status_from_server.trailing_metadata = call->trailing;
    ops[1].data.send_status_from_server.trailing_metadata_count = call->trailing_count;
    if (call->reply) {
        ops[count] = (grpc_op){.op = GRPC_OP_SEND_MESSAGE};
        ops[count++].data.send_message.send_message = call->reply;
    }
    if (claim_close(call, CLOSE_JOINED)) {
        ops[count] = (grpc_op){.op = GRPC_OP_RECV_CLOSE_ON_SERVER};
        ops[count++].data.recv_close_on_server.cancelled = &call->was_cancelled;
    }
    return count;
}

static void answer(struct call *call, grpc_status_code code, const char *message)
{
    struct admission *left = call->is_inside ? rpc_server_admission(call->server) : NULL;
    struct cq *cq = call->cq; /* the call may be gone once the batch is begun */
    grpc_slice text = grpc_slice_from_copied_string(message);
    grpc_op ops[4];
    size_t count = answer_ops(call, code, &text, ops);
    grpc_call_error error;

    cq_catch(cq);
    error = grpc_call_start_batch(call->rpc, ops, count, &call->answered, NULL);
    assert(error == GRPC_CALL_OK);
    (void)error;
    cq_release(cq);
    grpc_slice_unref(text);
    if (left)
        admission_leave(left);
}

/* Counts the reply as under way; false where the client, or all together, have too much of that. */
static bool count_unsent(struct call *call, size_t bytes)
{
    struct unsent *unsent = rpc_server_unsent(call->server);
    char *peer = bytes > UNSENT_SMALL_BYTES ? grpc_call_get_peer(call->rpc) : NULL;
    bool is_allowed = unsent_add(unsent, bytes, peer, &call->connection);

    gpr_free(peer);
    if (is_allowed)
        call->reply_bytes = bytes;
    return is_allowed;
}

static void fail_unsent(struct call *call)
{
    struct error error;

    error_set(&error, E_BUSY, NULL,
              "too many answers wait for a client that reads slowly; try again a little later");
    call_fail_error(call, E_BUSY, &error);
}

void call_reply(struct call *call, grpc_slice *slices, size_t count)
{
    grpc_byte_buffer *reply = grpc_raw_byte_buffer_create(slices, count);

    for (size_t i = 0; i < count; i++)
        grpc_slice_unref(slices[i]);
    if (!count_unsent(call, grpc_byte_buffer_length(reply))) {
        grpc_byte_buffer_destroy(reply);
        fail_unsent(call);
        return;
    }
    call->reply = reply;
    answer(call, GRPC_STATUS_OK, "");
}

void call_reply_message(struct call *call, const ProtobufCMessage *message)
{
    grpc_slice packed = grpc_slice_malloc(protobuf_c_message_get_packed_size(message));

    protobuf_c_message_pack(message, GRPC_SLICE_START_PTR(packed));
    call_reply(call, &packed, 1);
}

static void log_failure(const struct call *call, const struct status *status)
{
    if (status->code == GRPC_STATUS_INTERNAL || status->code == GRPC_STATUS_DATA_LOSS)
        log_error("call failed", log_text("method", call->method->name),
                  log_text("reason", status->reason), log_text("error", status->message));
}

void call_fail(struct call *call, const struct status *status)
{
    log_failure(call, status);
    call->trailing_count = status_trailing(status, call->trailing);
    answer(call, status->code, status->message);
}

void call_fail_error(struct call *call, int err, const struct error *error)
{
    struct status status;

    status_of_error(err, error, &status);
    call_fail(call, &status);
}
