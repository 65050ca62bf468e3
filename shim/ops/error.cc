/* What an exception says of itself, for events about it. */
#include "shim/isolate.h"
#include "shim/ops/ops.h"

static v8::Local<v8::Value> text_value(v8::Isolate *v8, const char *text)
{
    v8::Local<v8::String> value;

    if (text && string_from_utf8(v8, text, strlen(text)).ToLocal(&value))
        return value;
    return v8::String::Empty(v8);
}

void op_describe_exception(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    struct failure failure = {};

    failure_from_exception(isolate_of(v8), v8->GetCurrentContext(), info[0], {}, FAILURE_EXCEPTION,
                           PHASE_HANDLER, &failure);
    v8::Local<v8::Value> parts[] = {text_value(v8, failure.message), text_value(v8, failure.file),
                                    v8::Integer::NewFromUnsigned(v8, failure.line),
                                    v8::Integer::NewFromUnsigned(v8, failure.column)};
    failure_release(&failure);
    info.GetReturnValue().Set(v8::Array::New(v8, parts, 4));
}
