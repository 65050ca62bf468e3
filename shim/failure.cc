/* From JavaScript's exceptions to failures: message, place, stack, and the limits that show
 * themselves as exceptions. */
#include "shim/isolate.h"

#include "api/script_map.h"
#include "shim/stack.h"

#include <algorithm>
#include <string_view>

/* More of a text is of no use to anybody, and a worker can make one of hundreds of MiB. */
#define TEXT_MAX ((size_t)64 << 10)

static std::string text_of(v8::Isolate *v8, v8::Local<v8::Value> value)
{
    v8::Local<v8::String> text;
    std::string ret;

    if (!value->ToString(v8->GetCurrentContext()).ToLocal(&text))
        return ret;
    /* A UTF-16 unit becomes at most three bytes. */
    ret.resize(std::min((size_t)text->Length() * 3, TEXT_MAX));
    ret.resize(compat::utf8_write(v8, text, ret.data(), ret.size(), nullptr));
    return ret;
}

static char *copy_of(std::string_view text)
{
    return text.empty() ? nullptr : strndup(text.data(), text.size());
}

/* V8 says where the exception was made; where that is in the prelude, the caller of it in the
 * worker's code is meant. */
static void set_place(struct failure *f, v8::Isolate *v8, v8::Local<v8::Context> context,
                      v8::Local<v8::Message> message)
{
    std::string file = text_of(v8, message->GetScriptResourceName());

    if (!file.empty() && file != "undefined" && file != PRELUDE_NAME) {
        f->file = copy_of(file);
        f->line = (uint32_t)message->GetLineNumber(context).FromMaybe(0);
        f->column = (uint32_t)message->GetStartColumn() + 1;
        return;
    }
    if (!f->stack)
        return;
    stack_each_line(f->stack, [&](std::string_view line) {
        struct stack_place place;

        if (!stack_parse_line(line, &place))
            return true;
        f->file = copy_of(place.file);
        f->line = place.line;
        f->column = place.column;
        return false;
    });
}

static void set_stack(struct failure *f, v8::Isolate *v8, v8::Local<v8::Context> context,
                      v8::Local<v8::Value> exception)
{
    v8::Local<v8::Value> stack;

    if (!exception->IsNativeError())
        return;
    if (v8::TryCatch::StackTrace(context, exception).ToLocal(&stack) && stack->IsString())
        f->stack = copy_of(stack_without_prelude(text_of(v8, stack)));
}

static std::string message_text(v8::Isolate *v8, v8::Local<v8::Message> message)
{
    static constexpr std::string_view prefix = "Uncaught ";
    std::string text = text_of(v8, message->Get());

    return text.starts_with(prefix) ? text.substr(prefix.size()) : text;
}

/* ": sentence" of the error that an error names as its cause, as that of fetch() does. */
static std::string cause_text(v8::Isolate *v8, v8::Local<v8::Context> context,
                              v8::Local<v8::Value> exception)
{
    v8::Local<v8::Value> cause, message;

    if (!exception->IsNativeError() ||
        !exception.As<v8::Object>()->Get(context, string_of(v8, "cause")).ToLocal(&cause) ||
        !cause->IsNativeError() ||
        !cause.As<v8::Object>()->Get(context, string_of(v8, "message")).ToLocal(&message) ||
        !message->IsString())
        return "";
    return ": " + text_of(v8, message);
}

/* How RangeErrors begin that come of memory outside the heap which was refused. */
static bool is_of_memory(std::string_view message)
{
    static constexpr std::string_view beginnings[] = {
        "RangeError: Array buffer allocation failed", "RangeError: Invalid typed array length",
        "RangeError: WebAssembly.", "RangeError: " INTL_REFUSED};

    return std::any_of(std::begin(beginnings), std::end(beginnings),
                       [&](std::string_view text) { return message.starts_with(text); });
}

/* Two limits show themselves as RangeErrors that a worker may catch. Where nothing caught them,
 * they are the reason. */
static void recognise_limit(struct isolate *isolate, struct failure *f)
{
    std::string_view message = f->message ? f->message : "";
    size_t refused = isolate->allocator->take_refused();

    if (message == "RangeError: Maximum call stack size exceeded") {
        f->reason = FAILURE_LIMIT_EXCEEDED;
        f->limit = LIMIT_STACK;
        f->used = f->allowed = LIMIT_STACK_BYTES;
    } else if (refused && is_of_memory(message)) {
        f->reason = FAILURE_LIMIT_EXCEEDED;
        f->limit = LIMIT_EXTERNAL_MEMORY;
        f->used = refused;
        f->allowed = isolate->allocator->budget();
    }
}

/* In terms of the files that the worker was bundled from. */
static void map_sources(const struct script *script, struct failure *f)
{
    struct source_place source;

    if (!script || !script->maps)
        return;
    if (f->stack) {
        std::string mapped = stack_map(script, f->stack);

        free(f->stack);
        f->stack = copy_of(mapped);
    }
    if (f->file && script_find_source(script, bytes_of(f->file), f->line, f->column, &source)) {
        free(f->file);
        f->file = copy_of(source.file);
        f->line = source.line;
        f->column = source.column;
    }
}

void failure_from_exception(struct isolate *isolate, v8::Local<v8::Context> context,
                            v8::Local<v8::Value> exception, v8::Local<v8::Message> message,
                            enum failure_reason reason, enum phase phase, struct failure *ret)
{
    v8::Isolate *v8 = isolate->v8;
    v8::TryCatch guard(v8); /* what getters of the exception throw is of no interest */

    if (message.IsEmpty())
        message = v8::Exception::CreateMessage(v8, exception);
    failure_set(ret, reason, phase, "%s%s", message_text(v8, message).c_str(),
                cause_text(v8, context, exception).c_str());
    set_stack(ret, v8, context, exception);
    set_place(ret, v8, context, message);
    map_sources(isolate->script, ret);
    if (exception->IsNativeError())
        recognise_limit(isolate, ret);
}
