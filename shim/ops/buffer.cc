/* What JavaScript has no words for in this V8: detached ArrayBuffers. */
#include "shim/isolate.h"
#include "shim/ops/ops.h"

void op_is_detached(op_info info)
{
    if (!info[0]->IsArrayBuffer())
        return throw_type_error(info.GetIsolate(), "isDetached: an ArrayBuffer is needed");
    info.GetReturnValue().Set(info[0].As<v8::ArrayBuffer>()->WasDetached());
}

/* The buffer's own memory in a new one. */
static v8::Local<v8::ArrayBuffer> move_whole(v8::Isolate *v8, v8::Local<v8::ArrayBuffer> buffer)
{
    std::shared_ptr<v8::BackingStore> store = buffer->GetBackingStore();

    compat::detach(buffer);
    return v8::ArrayBuffer::New(v8, std::move(store));
}

/* A copy of another length, zeros at its end. */
static v8::MaybeLocal<v8::ArrayBuffer>
move_resized(v8::Isolate *v8, v8::Local<v8::ArrayBuffer> buffer, double length)
{
    struct isolate *isolate = isolate_of(v8);
    v8::Local<v8::ArrayBuffer> moved;
    struct byte_view from, to;

    if (length > (double)isolate->allocator->budget() ||
        !array_buffer_new(v8, isolate->allocator, (size_t)length).ToLocal(&moved))
        return {};
    op_bytes(buffer, &from);
    op_bytes(moved, &to);
    if (from.len > to.len)
        from.len = to.len;
    if (from.len > 0)
        memcpy(to.data, from.data, from.len);
    if (to.len > from.len)
        memset(to.data + from.len, 0, to.len - from.len);
    compat::detach(buffer);
    return moved;
}

void op_transfer_buffer(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    v8::Local<v8::ArrayBuffer> buffer, moved;
    double length;

    if (!info[0]->IsArrayBuffer())
        return throw_type_error(v8, "transferBuffer: an ArrayBuffer is needed");
    buffer = info[0].As<v8::ArrayBuffer>();
    if (!buffer->IsDetachable() || buffer->WasDetached())
        return throw_type_error(v8, "The ArrayBuffer cannot be detached");
    length = info[1]->IsNumber() ? info[1].As<v8::Number>()->Value() : (double)buffer->ByteLength();
    if (length == (double)buffer->ByteLength())
        return info.GetReturnValue().Set(move_whole(v8, buffer));
    if (!(length >= 0) || !move_resized(v8, buffer, length).ToLocal(&moved))
        return throw_range_error(v8, "Array buffer allocation failed");
    info.GetReturnValue().Set(moved);
}
