/* Bodies that stream: what the prelude asks for, and what it hears. */
#include "shim/isolate.h"
#include "shim/ops/ops.h"

/* What writeBody() takes at once: a window's worth. */
#define WRITE_MAX PIPE_WINDOW

/* An operation of the arguments' ticket and body, or nothing where that task is not in flight. */
static struct op *body_op(op_info info, enum op_kind kind)
{
    struct isolate *isolate = isolate_of(info.GetIsolate());
    struct op *op;

    if (!info[0]->IsUint32() || !info[1]->IsUint32()) {
        throw_type_error(isolate->v8, "a ticket and the number of a body are needed");
        return nullptr;
    }
    if (!isolate_slot(isolate, info[0].As<v8::Uint32>()->Value()))
        return nullptr;
    op = op_new(kind, info[0].As<v8::Uint32>()->Value());
    op->body.id = info[1].As<v8::Uint32>()->Value();
    return op;
}

static void add(op_info info, enum op_kind kind)
{
    struct op *op = body_op(info, kind);

    if (op)
        isolate_add_op(isolate_of(info.GetIsolate()), op);
}

void op_pull_body(op_info info)
{
    add(info, OP_BODY_PULL);
}

void op_cancel_body(op_info info)
{
    add(info, OP_BODY_CANCEL);
}

void op_end_body(op_info info)
{
    add(info, OP_BODY_END);
}

void op_write_body(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    struct byte_view view;
    struct op *op;
    size_t offset, len;

    if (!op_bytes(info[2], &view) || !info[3]->IsUint32() || !info[4]->IsUint32())
        return throw_type_error(v8, "writeBody: bytes, an offset and a length are needed");
    offset = info[3].As<v8::Uint32>()->Value();
    len = info[4].As<v8::Uint32>()->Value();
    if (offset > view.len || len > view.len - offset || len > WRITE_MAX)
        return throw_range_error(v8, "writeBody: that is more than there is, or may be written");
    op = body_op(info, OP_BODY_CHUNK);
    if (!op)
        return;
    op->body.chunk = {(char *)xmalloc(len ? len : 1), len};
    memcpy(op->body.chunk.data, view.data + offset, len);
    isolate_add_op(isolate_of(v8), op);
}

void op_fail_body(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    struct isolate *isolate = isolate_of(v8);
    struct failure failure = {};
    struct op *op;

    failure_from_exception(isolate, v8->GetCurrentContext(), info[2], {}, FAILURE_EXCEPTION,
                           PHASE_HANDLER, &failure);
    /* After that: describing the failure may have run the worker's code. */
    op = body_op(info, OP_BODY_FAIL);
    if (!op) {
        failure_release(&failure);
        return;
    }
    op->body.failure = failure;
    isolate_add_op(isolate, op);
}

/* An ArrayBuffer that the chunk's memory becomes part of; nothing where that would be too much. */
static v8::MaybeLocal<v8::ArrayBuffer> take_chunk(struct isolate *isolate, struct pipe_chunk *chunk)
{
    v8::Local<v8::ArrayBuffer> buffer;

    if (!array_buffer_adopt(isolate->v8, isolate->allocator, chunk->data, chunk->len)
             .ToLocal(&buffer))
        return {};
    *chunk = {nullptr, 0};
    return buffer;
}

static v8::Local<v8::Value> value_of(struct isolate *isolate, struct body_event *body)
{
    v8::Isolate *v8 = isolate->v8;
    v8::Local<v8::ArrayBuffer> buffer;
    v8::Local<v8::String> text;

    switch (body->change) {
    case BODY_CHUNK:
        if (take_chunk(isolate, &body->chunk).ToLocal(&buffer))
            return buffer;
        break;
    case BODY_FAILED:
        if (string_from_utf8(v8, body->chunk.data, body->chunk.len).ToLocal(&text))
            return text;
        break;
    case BODY_ROOM:
        return v8::Integer::NewFromUnsigned(v8, (uint32_t)body->room);
    case BODY_ENDED:
    case BODY_CANCELLED:
        break;
    }
    return v8::Undefined(v8);
}

void body_deliver(struct isolate *isolate, v8::Local<v8::Context> context,
                  const struct event *event)
{
    v8::Isolate *v8 = isolate->v8;
    v8::Local<v8::Value> value = value_of(isolate, event->body);
    v8::Local<v8::Value> arguments[] = {v8::Integer::NewFromUnsigned(v8, event->ticket),
                                        v8::Integer::NewFromUnsigned(v8, event->body_id),
                                        v8::Integer::New(v8, event->body->change), value};

    isolate_call_prelude(isolate, context, PRELUDE_BODY, 4, arguments);
}
