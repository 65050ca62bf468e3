/*
 * The build's snapshot tool: runs the prelude once, warms its functions, and writes the heap with
 * their compiled code as V8's startup snapshot. Usage: make_snapshot PRELUDE.js SNAPSHOT SHA256
 */
#include "shim/engine.h"
#include "shim/isolate.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <openssl/evp.h>
#include <sstream>

/* The tool makes the snapshot; it has none. */
v8::StartupData *engine_snapshot()
{
    return nullptr;
}

const unsigned char *engine_snapshot_sha256()
{
    return nullptr;
}

struct bytes engine_prelude_source()
{
    return {nullptr, 0};
}

[[noreturn]] static void die(const char *what, const char *detail)
{
    fprintf(stderr, "make_snapshot: %s: %s\n", what, detail);
    exit(1);
}

static std::string read_file(const char *path)
{
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;

    text << file.rdbuf();
    if (!file)
        die("cannot read", path);
    return text.str();
}

static void write_file(const char *path, const void *data, size_t len)
{
    std::ofstream file(path, std::ios::binary | std::ios::trunc);

    file.write((const char *)data, (std::streamsize)len);
    file.close();
    if (!file)
        die("cannot write", path);
}

static void die_of(v8::Isolate *v8, const char *what, v8::TryCatch *caught)
{
    v8::Local<v8::Context> context = v8->GetCurrentContext();
    v8::Local<v8::Value> stack;

    if (v8::TryCatch::StackTrace(context, caught->Exception()).ToLocal(&stack))
        die(what, *v8::String::Utf8Value(v8, stack));
    die(what, *v8::String::Utf8Value(v8, caught->Exception()));
}

/* Runs the bundle as the body of a function of $host, and returns what it exports. */
static v8::Local<v8::Object> run_prelude(v8::Local<v8::Context> context)
{
    v8::Isolate *v8 = context->GetIsolate();
    v8::TryCatch caught(v8);
    v8::Local<v8::String> text =
        v8::String::NewExternalOneByte(v8, &the_prelude_source).ToLocalChecked();
    v8::Local<v8::String> parameter = string_of(v8, "$host");
    v8::Local<v8::Value> host = host_object(context);
    v8::Local<v8::Value> exports;
    v8::Local<v8::Function> function;
    v8::ScriptCompiler::Source unit(text, compat::origin(v8, string_of(v8, PRELUDE_NAME), false));

    if (!compat::compile_function(context, &unit, 1, &parameter).ToLocal(&function))
        die_of(v8, "the prelude does not compile", &caught);
    if (!function->Call(context, v8::Undefined(v8), 1, &host).ToLocal(&exports))
        die_of(v8, "the prelude throws", &caught);
    if (!exports->IsObject())
        die("the prelude", "exports nothing");
    return exports.As<v8::Object>();
}

static v8::Local<v8::Function> exported(v8::Local<v8::Context> context,
                                        v8::Local<v8::Object> exports, const char *name)
{
    v8::Local<v8::Value> value;

    if (!exports->Get(context, string_of(context->GetIsolate(), name)).ToLocal(&value) ||
        !value->IsFunction())
        die("the prelude does not export the function", name);
    return value.As<v8::Function>();
}

/* Has the prelude run what most workers use, so that its bytecode is in the snapshot. */
static void warm_up(v8::Local<v8::Context> context, v8::Local<v8::Object> exports)
{
    v8::Isolate *v8 = context->GetIsolate();
    v8::TryCatch caught(v8);

    if (exported(context, exports, "warmUp")
            ->Call(context, v8::Undefined(v8), 0, nullptr)
            .IsEmpty())
        die_of(v8, "the prelude does not warm up", &caught);
    v8->PerformMicrotaskCheckpoint();
}

static v8::Local<v8::Context> prelude_context(v8::Isolate *v8, v8::SnapshotCreator *creator)
{
    v8::Local<v8::Context> context = v8::Context::New(v8);
    v8::Context::Scope scope(context);
    v8::Local<v8::Object> exports = run_prelude(context);

    warm_up(context, exports);
    for (size_t i = 0; i < PRELUDE_FUNCTIONS; i++) {
        size_t index =
            creator->AddData(context, exported(context, exports, prelude_function_names[i]));

        if (index != i)
            die("the snapshot", "does not keep the order of the prelude's functions");
    }
    return context;
}

static v8::StartupData make_snapshot()
{
    static const struct isolate_host nobody = {};
    struct limits limits = limits_default();
    struct script *script = script_new("snapshot", "snapshot", 0, &limits);
    struct isolate isolate;

    isolate_init(&isolate, script, &nobody);
    v8::SnapshotCreator creator(isolate.v8, host_references());
    isolate_configure(&isolate);
    {
        v8::HandleScope handles(isolate.v8);

        creator.SetDefaultContext(prelude_context(isolate.v8, &creator));
    }
    return creator.CreateBlob(v8::SnapshotCreator::FunctionCodeHandling::kKeep);
}

int main(int argc, char **argv)
{
    unsigned char sha256[EVP_MAX_MD_SIZE];

    if (argc != 4)
        die("usage", "make_snapshot PRELUDE.js SNAPSHOT SHA256");
    std::string source = read_file(argv[1]);

    the_prelude_source.set(source.data(), source.size());
    engine_start(1);
    v8::StartupData blob = make_snapshot();
    if (!blob.data)
        die("V8", "made no snapshot");
    if (EVP_Digest(blob.data, (size_t)blob.raw_size, sha256, nullptr, EVP_sha256(), nullptr) != 1)
        die("OpenSSL", "made no digest");
    write_file(argv[2], blob.data, (size_t)blob.raw_size);
    write_file(argv[3], sha256, 32);
    fflush(nullptr);
    _Exit(0); /* V8's end is of no interest to a tool */
}
