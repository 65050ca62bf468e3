/* What an exception says of itself, for events about it. */
#include "shim/isolate.h"
#include "shim/ops/ops.h"
#include "shim/stack.h"

/* Characters of a text that is looked at; V8 prints ten frames unless it is told otherwise.
 */
#define STACK_MAX (64 << 10)

static v8::Local<v8::Value> text_value(v8::Isolate *v8, const char *text)
{
    v8::Local<v8::String> value;

    if (text && string_from_utf8(v8, text, strlen(text)).ToLocal(&value))
        return value;
    return v8::String::Empty(v8);
}

void op_show_stack(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    const struct script *script = isolate_of(v8)->script;
    v8::Local<v8::String> shown;
    std::string text;

    info.GetReturnValue().Set(info[0]);
    if (!script || !info[0]->IsString() || info[0].As<v8::String>()->Length() > STACK_MAX)
        return;
    text.resize(op_utf8_length(v8, info[0].As<v8::String>()));
    op_utf8_write(v8, info[0].As<v8::String>(), text.data(), text.size());
    text = stack_map(script, stack_without_prelude(text));
    if (string_from_utf8(v8, text.data(), text.size()).ToLocal(&shown))
        info.GetReturnValue().Set(shown);
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
