/* Random bytes, structured clones, and buffers that change hands. */
#include "shim/isolate.h"
#include "shim/ops/ops.h"

#include <openssl/rand.h>

void op_random(op_info info)
{
    struct byte_view view;

    if (!op_bytes(info[0], &view) || view.len > INT32_MAX)
        return throw_type_error(info.GetIsolate(), "random: a view is needed");
    if (view.len > 0 && RAND_bytes((unsigned char *)view.data, (int)view.len) != 1)
        abort(); /* the system has no random bytes: nothing that follows could be trusted */
}

/* Says why a value cannot be cloned, with what the prelude's function makes of V8's message: a
 * DOMException. */
class clone_delegate final : public v8::ValueSerializer::Delegate
{
  public:
    clone_delegate(v8::Isolate *v8, v8::Local<v8::Function> make_error)
        : v8_(v8), make_error_(make_error)
    {
    }
    void ThrowDataCloneError(v8::Local<v8::String> message) override
    {
        v8::Local<v8::Value> argument = message;
        v8::Local<v8::Value> error;

        if (make_error_->Call(v8_->GetCurrentContext(), v8::Undefined(v8_), 1, &argument)
                .ToLocal(&error))
            v8_->ThrowException(error);
    }

  private:
    v8::Isolate *v8_;
    v8::Local<v8::Function> make_error_;
};

/* Reads the clone back. V8 says only that it cannot where there is no memory for an ArrayBuffer. */
static v8::MaybeLocal<v8::Value> read_clone(v8::Isolate *v8, v8::Local<v8::Context> context,
                                            const std::pair<uint8_t *, size_t> &data)
{
    v8::ValueDeserializer deserializer(v8, data.first, data.second);
    v8::TryCatch caught(v8);
    v8::Local<v8::Value> clone;

    if (deserializer.ReadHeader(context).FromMaybe(false) &&
        deserializer.ReadValue(context).ToLocal(&clone))
        return clone;
    if (isolate_of(v8)->allocator->has_refused() && caught.CanContinue()) {
        caught.Reset();
        throw_range_error(v8, "Array buffer allocation failed");
    }
    caught.ReThrow();
    return {};
}

void op_structured_clone(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    v8::Local<v8::Context> context = v8->GetCurrentContext();

    if (!info[1]->IsFunction())
        return throw_type_error(v8, "structuredClone: a function that makes errors is needed");
    clone_delegate delegate(v8, info[1].As<v8::Function>());
    v8::ValueSerializer serializer(v8, &delegate);
    v8::Local<v8::Value> clone;

    isolate_of(v8)->allocator->take_refused();
    serializer.WriteHeader();
    if (!serializer.WriteValue(context, info[0]).FromMaybe(false))
        return;
    std::pair<uint8_t *, size_t> data = serializer.Release();
    if (read_clone(v8, context, data).ToLocal(&clone))
        info.GetReturnValue().Set(clone);
    free(data.first);
}
