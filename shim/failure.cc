/* From JavaScript's exceptions to failures: message, place, stack, and the limits that show
 * themselves as exceptions. */
#include "shim/isolate.h"

#include <algorithm>
#include <charconv>
#include <string_view>

/* A place in a stack line: "    at name (file:line:column)" or "    at file:line:column". */
struct place {
    std::string_view file;
    uint32_t line = 0;
    uint32_t column = 0;
};

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

/* Cuts ":number" off the end. */
static bool cut_number(std::string_view *text, uint32_t *ret)
{
    size_t colon = text->rfind(':');
    const char *end = text->data() + text->size();

    if (colon == std::string_view::npos || colon + 1 == text->size())
        return false;
    auto parsed = std::from_chars(text->data() + colon + 1, end, *ret);
    if (parsed.ec != std::errc() || parsed.ptr != end)
        return false;
    *text = text->substr(0, colon);
    return true;
}

static bool parse_place(std::string_view line, struct place *ret)
{
    size_t at = line.find("at ");
    size_t open;

    if (at == std::string_view::npos)
        return false;
    line.remove_prefix(at + 3);
    if (line.ends_with(')')) {
        line.remove_suffix(1);
        open = line.rfind('(');
        if (open != std::string_view::npos)
            line.remove_prefix(open + 1);
    } else if (line.starts_with("async ")) {
        line.remove_prefix(6);
    }
    if (!cut_number(&line, &ret->column) || !cut_number(&line, &ret->line))
        return false;
    ret->file = line;
    return true;
}

static bool is_of_prelude(std::string_view line)
{
    return line.find(PRELUDE_NAME) != std::string_view::npos;
}

/* Calls visit(line) for each line until it returns false. */
template <typename F> static void each_line(std::string_view text, F visit)
{
    while (!text.empty()) {
        size_t end = std::min(text.find('\n'), text.size());

        if (!visit(text.substr(0, end)))
            return;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
}

/* The stack without the frames of the prelude. */
static std::string workers_stack(std::string_view stack)
{
    std::string kept;

    each_line(stack, [&](std::string_view line) {
        if (is_of_prelude(line))
            return true;
        if (!kept.empty())
            kept += '\n';
        kept += line;
        return true;
    });
    return kept;
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
    each_line(f->stack, [&](std::string_view line) {
        struct place place;

        if (!parse_place(line, &place))
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
        f->stack = copy_of(workers_stack(text_of(v8, stack)));
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
    if (exception->IsNativeError())
        recognise_limit(isolate, ret);
}
