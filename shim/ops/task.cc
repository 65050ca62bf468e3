/* The ends of a task, its request's body, and who owns the continuation that runs. */
#include "shim/isolate.h"
#include "shim/ops/ops.h"

static uint32_t ticket_argument(op_info info)
{
    return info[0]->IsUint32() ? info[0].As<v8::Uint32>()->Value() : UINT32_MAX;
}

/* The slot of a task that is neither answered nor given up, or NULL. */
static struct ticket_slot *unanswered_slot(op_info info)
{
    struct ticket_slot *slot = isolate_slot(isolate_of(info.GetIsolate()), ticket_argument(info));

    return slot && !slot->is_answered ? slot : nullptr;
}

/* Ends the task with a failure for a limit that its answer has reached. */
static void fail_limit(struct isolate *isolate, struct ticket_slot *slot, enum limit limit,
                       size_t used, size_t allowed)
{
    struct op *op = op_new(OP_FAIL, slot->ticket);

    failure_set_limit(&op->failure, limit, PHASE_HANDLER, used, allowed);
    isolate_close_slot(slot);
    op_list_append(&isolate->ops, op);
}

/* Adds the operation that answers the task. */
static void add_answer(struct isolate *isolate, struct ticket_slot *slot, struct op *op,
                       bool has_more)
{
    op->answer.has_more = has_more;
    if (has_more)
        slot->is_answered = true;
    else
        isolate_close_slot(slot);
    op_list_append(&isolate->ops, op);
}

/* The response of an answer's arguments, or nothing where it passes a limit, which is then the
 * task's failure. */
static struct response *response_of(struct isolate *isolate, struct ticket_slot *slot,
                                    v8::Local<v8::Value> status, v8::Local<v8::Value> header_text,
                                    v8::Local<v8::Value> body)
{
    v8::Isolate *v8 = isolate->v8;
    const struct limits *limits = &isolate->script->limits;
    v8::Local<v8::String> headers = header_text.As<v8::String>();
    size_t header_len = op_utf8_length(v8, headers);
    bool has_body;
    size_t body_len = op_body_length(v8, body, &has_body);
    struct response *response;

    if (header_len > limits->response_header_bytes) {
        fail_limit(isolate, slot, LIMIT_RESPONSE_HEADERS, header_len,
                   limits->response_header_bytes);
        return nullptr;
    }
    if (body_len > limits->response_body_bytes) {
        fail_limit(isolate, slot, LIMIT_RESPONSE_BODY, body_len, limits->response_body_bytes);
        return nullptr;
    }
    response = response_new((uint16_t)status.As<v8::Uint32>()->Value(), header_len, body_len);
    if (!response)
        abort();
    response->has_body = has_body;
    response->is_body_text = body->IsString();
    op_utf8_write(v8, headers, response->data, header_len);
    op_body_write(v8, body, response->data + header_len, body_len);
    return response;
}

void op_answer(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    struct isolate *isolate = isolate_of(v8);
    struct ticket_slot *slot = unanswered_slot(info);
    struct response *response;
    struct op *op;

    info.GetReturnValue().Set(false);
    if (!slot)
        return;
    if (!info[2]->IsUint32() || !info[3]->IsString())
        return throw_type_error(v8, "answer: a status and a string of headers are needed");
    response = response_of(isolate, slot, info[2], info[3], info[4]);
    if (!response)
        return;
    op = op_new(OP_ANSWER, slot->ticket);
    op->answer.response = response;
    add_answer(isolate, slot, op, info[1]->IsTrue());
    info.GetReturnValue().Set(true);
}

/* As answer() with hasMore; the body follows. */
void op_answer_stream(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    struct isolate *isolate = isolate_of(v8);
    struct ticket_slot *slot = unanswered_slot(info);
    struct response *response;
    struct op *op;

    info.GetReturnValue().Set(false);
    if (!slot)
        return;
    if (!info[1]->IsUint32() || !info[2]->IsString())
        return throw_type_error(v8, "answerStream: a status and a string of headers are needed");
    response = response_of(isolate, slot, info[1], info[2], v8::Undefined(v8));
    if (!response)
        return;
    response->has_body = true;
    op = op_new(OP_ANSWER, slot->ticket);
    op->answer.response = response;
    op->answer.has_stream = true;
    add_answer(isolate, slot, op, true);
    info.GetReturnValue().Set(true);
}

void op_max_response_body(op_info info)
{
    info.GetReturnValue().Set(
        (double)isolate_of(info.GetIsolate())->script->limits.response_body_bytes);
}

void op_answer_event(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    struct isolate *isolate = isolate_of(v8);
    struct ticket_slot *slot = unanswered_slot(info);
    size_t allowed = isolate->script->limits.response_body_bytes;
    bool has_result;
    size_t len = op_body_length(v8, info[2], &has_result);
    struct op *op;

    info.GetReturnValue().Set(false);
    if (!slot)
        return;
    if (len > allowed)
        return fail_limit(isolate, slot, LIMIT_RESPONSE_BODY, len, allowed);
    op = op_new(OP_ANSWER, slot->ticket);
    if (has_result) {
        op->answer.result = (char *)xmalloc(len ? len : 1);
        op->answer.len = len;
        op_body_write(v8, info[2], op->answer.result, len);
    }
    add_answer(isolate, slot, op, info[1]->IsTrue());
    info.GetReturnValue().Set(true);
}

void op_end_task(op_info info)
{
    struct isolate *isolate = isolate_of(info.GetIsolate());
    struct ticket_slot *slot = isolate_slot(isolate, ticket_argument(info));

    if (!slot || !slot->is_answered)
        return;
    op_list_append(&isolate->ops, op_new(OP_END, slot->ticket));
    isolate_close_slot(slot);
}

/* A failure whose reason and cause are the arguments at `first`. */
static struct op *failure_op(op_info info, enum op_kind kind, uint32_t ticket, int first,
                             enum phase phase)
{
    v8::Isolate *v8 = info.GetIsolate();
    v8::Local<v8::Context> context = v8->GetCurrentContext();
    enum failure_reason reason = info[first]->IsUint32()
                                     ? (enum failure_reason)info[first].As<v8::Uint32>()->Value()
                                     : FAILURE_EXCEPTION;
    struct op *op = op_new(kind, ticket);

    if (reason != FAILURE_EXCEPTION && info[first + 1]->IsString()) {
        v8::String::Utf8Value text(v8, info[first + 1]);

        failure_set(&op->failure, reason, phase, "%s", *text ? *text : "");
    } else {
        failure_from_exception(isolate_of(v8), context, info[first + 1], {}, reason, phase,
                               &op->failure);
    }
    return op;
}

void op_fail(op_info info)
{
    struct isolate *isolate = isolate_of(info.GetIsolate());
    struct op *op;

    if (!unanswered_slot(info))
        return;
    op = failure_op(info, OP_FAIL, ticket_argument(info), 1, PHASE_HANDLER);
    /* Looked up again: describing the failure may have run the worker's code. */
    if (struct ticket_slot *slot = unanswered_slot(info)) {
        isolate_close_slot(slot);
        op_list_append(&isolate->ops, op);
    } else {
        op_free(op);
    }
}

static void end_loading(struct isolate *isolate, struct op *op)
{
    struct ticket_slot *slot = isolate_slot(isolate, 0);

    if (!slot) {
        op_free(op);
        return;
    }
    isolate_close_slot(slot);
    op_list_append(&isolate->ops, op);
}

void op_loaded(op_info info)
{
    end_loading(isolate_of(info.GetIsolate()), op_new(OP_LOADED, 0));
}

void op_load_failed(op_info info)
{
    end_loading(isolate_of(info.GetIsolate()),
                failure_op(info, OP_LOAD_FAILED, 0, 0, PHASE_STARTUP));
}

static struct request *body_of(op_info info)
{
    struct ticket_slot *slot = isolate_slot(isolate_of(info.GetIsolate()), ticket_argument(info));

    if (slot && slot->request)
        return slot->request;
    throw_type_error(info.GetIsolate(), "the body is no longer there: its request has ended");
    return nullptr;
}

void op_body_text(op_info info)
{
    static constexpr char bom[] = {'\xef', '\xbb', '\xbf'};
    struct request *request = body_of(info);
    v8::Local<v8::String> text;
    struct bytes body;

    if (!request)
        return;
    body = request->body;
    if (body.len >= sizeof(bom) && memcmp(body.data, bom, sizeof(bom)) == 0)
        body = {body.data + sizeof(bom), body.len - sizeof(bom)};
    if (string_from_utf8(info.GetIsolate(), body.data, body.len).ToLocal(&text))
        info.GetReturnValue().Set(text);
    else
        throw_range_error(info.GetIsolate(), "the body is too long for a string");
}

void op_body_bytes(op_info info)
{
    struct isolate *isolate = isolate_of(info.GetIsolate());
    struct request *request = body_of(info);
    v8::Local<v8::ArrayBuffer> buffer;

    if (!request)
        return;
    if (array_buffer_copy(isolate->v8, isolate->allocator, request->body.data, request->body.len)
            .ToLocal(&buffer))
        info.GetReturnValue().Set(buffer);
    else
        throw_range_error(isolate->v8, "Array buffer allocation failed");
}

void op_release_body(op_info info)
{
    struct ticket_slot *slot = isolate_slot(isolate_of(info.GetIsolate()), ticket_argument(info));

    if (!slot)
        return;
    request_unref(slot->request);
    slot->request = nullptr;
}

void op_owner(op_info info)
{
    info.GetReturnValue().Set(running_ticket(isolate_of(info.GetIsolate())));
}
