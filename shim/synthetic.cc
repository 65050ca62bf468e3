/*
 * Modules that are no JavaScript: text, JSON, WebAssembly and data files of a bundle. Each exports
 * one value, as `default`, which is made when the module is compiled: so what is malformed is known
 * before anything runs.
 * https://tc39.es/ecma262/#sec-synthetic-module-records
 */
#include "shim/isolate.h"

#include <string_view>

/* Without a byte order mark, as whatever decodes UTF-8 has it on the web. */
static v8::MaybeLocal<v8::String> text_of(struct isolate *isolate, const struct script_file *file)
{
    static constexpr std::string_view mark = "\xef\xbb\xbf";
    std::string_view text(file->content, file->size);
    v8::Local<v8::String> string;

    if (text.starts_with(mark))
        text.remove_prefix(mark.size());
    if (string_from_utf8(isolate->v8, text.data(), text.size()).ToLocal(&string))
        return string;
    throw_range_error(isolate->v8, "the text is too long for V8");
    return {};
}

static v8::MaybeLocal<v8::Value> json_of(struct isolate *isolate, v8::Local<v8::Context> context,
                                         const struct script_file *file)
{
    v8::Local<v8::String> text;

    if (!text_of(isolate, file).ToLocal(&text))
        return {};
    return v8::JSON::Parse(context, text);
}

static v8::MaybeLocal<v8::Value> wasm_of(struct isolate *isolate, const struct script_file *file)
{
    v8::Local<v8::WasmModuleObject> module;

    if (!wasm_compile_module(isolate, file->content, file->size).ToLocal(&module))
        return {};
    return module;
}

static v8::MaybeLocal<v8::Value> data_of(struct isolate *isolate, const struct script_file *file)
{
    v8::Local<v8::ArrayBuffer> buffer;

    if (array_buffer_copy(isolate->v8, isolate->allocator, file->content, file->size)
            .ToLocal(&buffer))
        return buffer;
    throw_range_error(isolate->v8, "Array buffer allocation failed");
    return {};
}

static v8::MaybeLocal<v8::Value> value_of(struct isolate *isolate, v8::Local<v8::Context> context,
                                          const struct script_file *file)
{
    switch (file->kind) {
    case FILE_TEXT:
        return text_of(isolate, file).FromMaybe(v8::Local<v8::String>());
    case FILE_JSON:
        return json_of(isolate, context, file);
    case FILE_WASM:
        return wasm_of(isolate, file);
    case FILE_DATA:
        return data_of(isolate, file);
    case FILE_MODULE:
    case FILE_SCRIPT:
    case FILE_SOURCE_MAP:
        break;
    }
    return {};
}

/* ":line:column" of JSON; of others it would be where the import stands. */
static std::string place_of(v8::Local<v8::Context> context, const struct script_file *file,
                            const v8::TryCatch &caught)
{
    v8::Local<v8::Message> message = caught.Message();

    if (file->kind != FILE_JSON || message.IsEmpty() ||
        message->GetLineNumber(context).FromMaybe(0) == 0)
        return "";
    return ":" + std::to_string(message->GetLineNumber(context).FromMaybe(0)) + ":" +
           std::to_string(message->GetStartColumn() + 1);
}

/* What V8 says, without the name of its own function. */
static std::string words_of(v8::Isolate *v8, v8::Local<v8::Value> message)
{
    static constexpr std::string_view prefix = "WasmModuleObject::Compile(): ";
    v8::String::Utf8Value text(v8, message);
    std::string_view words(*text ? *text : "", *text ? (size_t)text.length() : 0);

    if (words.starts_with(prefix))
        words.remove_prefix(prefix.size());
    return std::string(words);
}

/* Throws what was caught again, with the file's name in its message. */
static void rethrow_named(v8::Isolate *v8, v8::Local<v8::Context> context,
                          const struct script_file *file, v8::TryCatch *caught)
{
    v8::Local<v8::String> key = string_of(v8, "message");
    v8::Local<v8::Value> message;
    v8::Local<v8::Object> error;

    if (!caught->HasCaught() || caught->HasTerminated())
        return; /* a termination stays scheduled by itself */
    if (caught->Exception()->IsNativeError()) {
        error = caught->Exception().As<v8::Object>();
        if (error->Get(context, key).ToLocal(&message)) {
            std::string text =
                file->name + place_of(context, file, *caught) + ": " + words_of(v8, message);

            error->Set(context, key, string_of(v8, text.c_str())).Check();
            v8->ThrowException(error);
        }
    }
    caught->ReThrow();
}

static v8::MaybeLocal<v8::Value> evaluate(v8::Local<v8::Context> context,
                                          v8::Local<v8::Module> module)
{
    v8::Isolate *v8 = context->GetIsolate();
    struct loaded_module *loaded = loader_find(isolate_of(v8), module);
    v8::Local<v8::Promise::Resolver> resolver;

    if (!loaded ||
        module->SetSyntheticModuleExport(v8, string_of(v8, "default"), loaded->value.Get(v8))
            .IsNothing() ||
        !v8::Promise::Resolver::New(context).ToLocal(&resolver) ||
        resolver->Resolve(context, v8::Undefined(v8)).IsNothing())
        return {};
    return resolver->GetPromise();
}

v8::MaybeLocal<v8::Module> synthetic_compile(struct isolate *isolate,
                                             v8::Local<v8::Context> context,
                                             const struct script_file *file,
                                             v8::Local<v8::Value> *ret_default)
{
    v8::Isolate *v8 = isolate->v8;
    v8::TryCatch caught(v8);

    if (!value_of(isolate, context, file).ToLocal(ret_default)) {
        rethrow_named(v8, context, file, &caught);
        return {};
    }
    return compat::synthetic_module(v8, string_of(v8, file->name), evaluate);
}
