/*
 * Loading a worker: its modules are compiled, linked among themselves and evaluated, or its classic
 * script is run. Only files of the bundle can be imported; what cannot be resolved is refused
 * before anything runs, with the place and the remedy. What a file is, its kind says, which the
 * deployment has given it; an import may assert it, and must not be wrong then.
 */
#include "shim/code_cache.h"
#include "shim/isolate.h"

#include <cassert>
#include <string_view>

/* import.meta.url and stacks name files by these. */
static constexpr std::string_view url_prefix = "file:///";

static void add_load_failure(struct isolate *isolate, struct op *op)
{
    struct ticket_slot *slot = isolate_slot(isolate, 0);

    if (!slot) {
        op_free(op);
        return;
    }
    isolate_close_slot(slot);
    op_list_append(&isolate->ops, op);
}

static void fail_with_exception(struct isolate *isolate, v8::Local<v8::Context> context,
                                const v8::TryCatch &caught, enum failure_reason reason)
{
    struct op *op;

    if (!caught.HasCaught() || caught.HasTerminated())
        return; /* a termination is the turn's affair */
    op = op_new(OP_LOAD_FAILED, 0);
    failure_from_exception(isolate, context, caught.Exception(), caught.Message(), reason,
                           PHASE_STARTUP, &op->failure);
    add_load_failure(isolate, op);
}

/* Resolves a specifier to a file's name: relative to the importing file, or from the bundle's root.
 * False where it leaves the bundle. */
static bool resolve_path(std::string_view importer, std::string_view specifier, std::string *ret)
{
    std::string path;

    if (specifier.starts_with(url_prefix)) {
        specifier.remove_prefix(url_prefix.size());
    } else if (specifier.starts_with('/')) {
        specifier.remove_prefix(1);
    } else {
        size_t slash = importer.rfind('/');

        path = slash == std::string_view::npos ? "" : importer.substr(0, slash);
    }
    while (!specifier.empty()) {
        size_t end = std::min(specifier.find('/'), specifier.size());
        std::string_view part = specifier.substr(0, end);

        specifier.remove_prefix(std::min(end + 1, specifier.size()));
        if (part == "..") {
            if (path.empty())
                return false;
            path.erase(path.find_last_of('/') == std::string::npos ? 0 : path.find_last_of('/'));
        } else if (!part.empty() && part != ".") {
            path += path.empty() ? "" : "/";
            path += part;
        }
    }
    *ret = path;
    return true;
}

static bool is_path(std::string_view specifier)
{
    return specifier.starts_with("./") || specifier.starts_with("../") ||
           specifier.starts_with('/') || specifier.starts_with(url_prefix);
}

/* A name that differs from a file's only by what people leave out. */
static std::string near_name(const struct script *script, const std::string &path)
{
    static const char *const endings[] = {".js", ".mjs", "/index.js", "/index.mjs"};

    for (const char *ending : endings) {
        std::string candidate = path + ending;

        if (script_find(script, candidate.data(), candidate.size()))
            return candidate;
    }
    return "";
}

/* The client can; whoever calls the server by other means has a bundler do it. */
#define BUNDLE_ADVICE "bundle it: 'isoyard deploy --bundle', or 'esbuild --bundle --format=esm'"

/* Why a specifier names nothing here, and what to do about it. */
static std::string import_problem(const struct script *script, const std::string &importer,
                                  const std::string &specifier)
{
    std::string path, near;

    if (specifier.starts_with("node:"))
        return "cannot import '" + specifier +
               "': it is a module of Node.js, which there is none of here; use the web's APIs, or "
               "a package in its place, and " BUNDLE_ADVICE;
    if (specifier.starts_with("http:") || specifier.starts_with("https:"))
        return "cannot import '" + specifier +
               "': modules are not fetched from the network; install it, import it by its name, "
               "and " BUNDLE_ADVICE;
    if (!is_path(specifier))
        return "cannot import '" + specifier +
               "': it is a bare name, and only files of the bundle can be imported, by paths like "
               "'./" +
               specifier + ".js'; if it is a package, " BUNDLE_ADVICE;
    if (!resolve_path(importer, specifier, &path))
        return "cannot import '" + specifier +
               "': it lies outside the bundle, whose root is the folder of the main file; move it "
               "there, or " BUNDLE_ADVICE;
    near = near_name(script, path);
    return "cannot import '" + specifier + "': the bundle has no file '" + path + "'; " +
           (near.empty() ? "deploy it with the main file, or " BUNDLE_ADVICE
                         : "did you mean '" + near + "'? Endings are not guessed");
}

static const struct script_file *
find_import(const struct script *script, const std::string &importer, const std::string &specifier)
{
    std::string path;

    if (!is_path(specifier) || !resolve_path(importer, specifier, &path))
        return nullptr;
    return script_find(script, path.data(), path.size());
}

static struct loaded_module *find_loaded(struct isolate *isolate, std::string_view name)
{
    for (struct loaded_module &loaded : isolate->modules) {
        if (loaded.name == name)
            return &loaded;
    }
    return nullptr;
}

struct loaded_module *loader_find(struct isolate *isolate, v8::Local<v8::Module> module)
{
    for (struct loaded_module &loaded : isolate->modules) {
        if (loaded.module == module)
            return &loaded;
    }
    return nullptr;
}

static std::string utf8_of(v8::Isolate *v8, v8::Local<v8::Value> value)
{
    v8::String::Utf8Value text(v8, value);

    return *text ? std::string(*text, (size_t)text.length()) : std::string();
}

/* What is kept of a file's compiled code, while it is compiled again. Short texts are not worth it.
 */
struct code_use {
    code_use(const struct script *script, const struct script_file *file)
        : is_of_use(file->size >= CODE_CACHE_TEXT_BYTES_MIN)
    {
        if (!is_of_use)
            return;
        key = code_cache_key(script, file);
        code = code_cache_find(key);
    }
    /* Owned by the source that it is given to; the bytes are not. */
    v8::ScriptCompiler::CachedData *data() const
    {
        return code ? new v8::ScriptCompiler::CachedData(code->data(), (int)code->size()) : nullptr;
    }
    v8::ScriptCompiler::CompileOptions options() const
    {
        return code ? v8::ScriptCompiler::kConsumeCodeCache : v8::ScriptCompiler::kNoCompileOptions;
    }
    /* Whether V8 took it, or there is nothing to keep. */
    bool is_accepted(const v8::ScriptCompiler::Source &unit) const
    {
        bool was_rejected = code && unit.GetCachedData()->rejected;

        if (code)
            code_cache_note(key, was_rejected);
        return !is_of_use || (code && !was_rejected);
    }

    bool is_of_use;
    std::string key;
    cached_code code;
};

static v8::MaybeLocal<v8::Module> compile_source(struct isolate *isolate,
                                                 const struct script_file *file)
{
    v8::Isolate *v8 = isolate->v8;
    v8::Local<v8::Module> module;
    v8::Local<v8::String> source;

    if (!string_from_utf8(v8, file->content, file->size).ToLocal(&source)) {
        throw_range_error(v8, "the source text is too long for V8");
        return {};
    }
    struct code_use use(isolate->script, file);
    v8::ScriptCompiler::Source unit(source, compat::origin(v8, string_of(v8, file->name), true),
                                    use.data());
    if (!v8::ScriptCompiler::CompileModule(v8, &unit, use.options()).ToLocal(&module))
        return {};
    if (!use.is_accepted(unit))
        isolate->fresh_code.push_back(
            {use.key,
             v8::Global<v8::UnboundModuleScript>(v8, module->GetUnboundModuleScript()),
             {}});
    return module;
}

/* The compiled module of a file, compiled now if it was not before. Nothing, with an exception,
 * where it does not compile. */
static v8::MaybeLocal<v8::Module> compile_module(struct isolate *isolate,
                                                 v8::Local<v8::Context> context,
                                                 const struct script_file *file)
{
    v8::Isolate *v8 = isolate->v8;
    struct loaded_module *loaded = find_loaded(isolate, file->name);
    v8::Local<v8::Value> value;
    v8::Local<v8::Module> module;
    v8::MaybeLocal<v8::Module> compiled;

    if (loaded)
        return loaded->module.Get(v8);
    compiled = file->kind == FILE_MODULE ? compile_source(isolate, file)
                                         : synthetic_compile(isolate, context, file, &value);
    if (compiled.ToLocal(&module))
        isolate->modules.push_back(
            {file->name, v8::Global<v8::Module>(v8, module), v8::Global<v8::Value>(v8, value)});
    return compiled;
}

/* The kinds of files as imports and people name them. */
static const char *kind_name(enum file_kind kind)
{
    switch (kind) {
    case FILE_TEXT:
        return "text";
    case FILE_JSON:
        return "json";
    case FILE_WASM:
        return "wasm";
    case FILE_DATA:
        return "data";
    case FILE_MODULE:
    case FILE_SCRIPT:
    case FILE_SOURCE_MAP:
        break;
    }
    return "module";
}

/* What is wrong with what an import asserts of a file; empty where nothing is. `stride`: how many
 * elements the list has for an attribute, key and value first. */
static std::string assertion_problem(struct isolate *isolate, v8::Local<v8::Context> context,
                                     v8::Local<v8::FixedArray> attributes, int stride,
                                     const std::string &specifier, enum file_kind kind)
{
    for (int i = 0; i + 1 < attributes->Length(); i += stride) {
        std::string key = utf8_of(isolate->v8, attributes->Get(context, i).As<v8::Value>());
        std::string value = utf8_of(isolate->v8, attributes->Get(context, i + 1).As<v8::Value>());

        if (key != "type")
            return "cannot import '" + specifier + "': there is nothing like '" + key +
                   "' to assert, only 'type'";
        if (kind == FILE_MODULE || value != kind_name(kind))
            return "cannot import '" + specifier + "' as type '" + value +
                   "': the file was deployed as a " +
                   (kind == FILE_MODULE ? "module, of which no type is asserted"
                                        : "file of type '" + std::string(kind_name(kind)) + "'");
    }
    return "";
}

/* Where a request for a module stands in its file. */
static void set_request_place(struct failure *f, v8::Local<v8::Module> module,
                              v8::Local<v8::ModuleRequest> request, const std::string &file)
{
    v8::Location location = module->SourceOffsetToLocation(request->GetSourceOffset());

    f->file = xstrdup(file.c_str());
    f->line = (uint32_t)location.GetLineNumber() + 1;
    f->column = (uint32_t)location.GetColumnNumber() + 1;
}

/* What kept a file's imports from being compiled: an exception, or else an operation. */
struct import_result {
    bool is_complete = false;
    struct op *failure = nullptr;
};

static struct op *unresolved(v8::Local<v8::Module> module, v8::Local<v8::ModuleRequest> request,
                             const std::string &importer, const std::string &problem)
{
    struct op *op = op_new(OP_LOAD_FAILED, 0);

    failure_set(&op->failure, FAILURE_UNRESOLVED_IMPORT, PHASE_STARTUP, "%s", problem.c_str());
    set_request_place(&op->failure, module, request, importer);
    return op;
}

#define STATIC_STRIDE 3 /* key, value, place */
#define DYNAMIC_STRIDE 2

/* The file that a request of a module names; else *ret_problem says why there is none. */
static const struct script_file *find_requested(struct isolate *isolate,
                                                v8::Local<v8::Context> context,
                                                v8::Local<v8::ModuleRequest> request,
                                                const std::string &importer,
                                                std::string *ret_problem)
{
    std::string specifier = utf8_of(isolate->v8, request->GetSpecifier());
    const struct script_file *file = find_import(isolate->script, importer, specifier);

    *ret_problem = file ? assertion_problem(isolate, context, compat::import_attributes(request),
                                            STATIC_STRIDE, specifier, file->kind)
                        : import_problem(isolate->script, importer, specifier);
    return ret_problem->empty() ? file : nullptr;
}

/* Compiles what the module at `index` imports. */
static struct import_result compile_imports(struct isolate *isolate, v8::Local<v8::Context> context,
                                            size_t index)
{
    std::string importer = isolate->modules[index].name;
    v8::Local<v8::Module> module = isolate->modules[index].module.Get(isolate->v8);
    v8::Local<v8::FixedArray> requests = module->GetModuleRequests();

    for (int i = 0; i < requests->Length(); i++) {
        v8::Local<v8::ModuleRequest> request = requests->Get(context, i).As<v8::ModuleRequest>();
        std::string problem;
        const struct script_file *file =
            find_requested(isolate, context, request, importer, &problem);

        if (!file)
            return {false, unresolved(module, request, importer, problem)};
        if (compile_module(isolate, context, file).IsEmpty())
            return {};
    }
    return {true, nullptr};
}

/* Compiles a file and everything it imports statically. Nothing of a graph that fails is kept: it
 * would be linked without having been checked when it is asked for again. */
static struct import_result compile_graph(struct isolate *isolate, v8::Local<v8::Context> context,
                                          const struct script_file *main,
                                          v8::Local<v8::Module> *ret)
{
    size_t before = isolate->modules.size();
    struct import_result result = {true, nullptr};

    if (!compile_module(isolate, context, main).ToLocal(ret))
        return {};
    for (size_t next = before; result.is_complete && next < isolate->modules.size(); next++)
        result = compile_imports(isolate, context, next);
    if (!result.is_complete)
        isolate->modules.resize(before);
    return result;
}

static v8::MaybeLocal<v8::Module> resolve_import(v8::Local<v8::Context> context,
                                                 v8::Local<v8::String> specifier,
                                                 v8::Local<v8::FixedArray>,
                                                 v8::Local<v8::Module> referrer)
{
    v8::Isolate *v8 = context->GetIsolate();
    struct isolate *isolate = isolate_of(v8);
    struct loaded_module *importer = loader_find(isolate, referrer);
    const struct script_file *file =
        importer ? find_import(isolate->script, importer->name, utf8_of(v8, specifier)) : nullptr;

    assert(file); /* compile_graph has seen to it */
    return compile_module(isolate, context, file);
}

static bool evaluate_module(v8::Local<v8::Context> context, v8::Local<v8::Module> module,
                            v8::Local<v8::Value> *ret_promise)
{
    if (!module->InstantiateModule(context, resolve_import).FromMaybe(false))
        return false;
    return module->Evaluate(context).ToLocal(ret_promise);
}

static void load_module(struct isolate *isolate, v8::Local<v8::Context> context,
                        const v8::TryCatch &caught)
{
    v8::Local<v8::Module> module;
    v8::Local<v8::Value> promise;
    struct import_result graph =
        compile_graph(isolate, context, &isolate->script->files[0], &module);

    if (!graph.is_complete) {
        if (graph.failure)
            add_load_failure(isolate, graph.failure);
        else
            fail_with_exception(isolate, context, caught, FAILURE_SYNTAX);
        return;
    }
    if (!evaluate_module(context, module, &promise)) {
        /* A name that another module does not export is a SyntaxError at linking. */
        fail_with_exception(isolate, context, caught,
                            module->GetStatus() == v8::Module::kErrored ? FAILURE_EXCEPTION
                                                                        : FAILURE_SYNTAX);
        return;
    }
    v8::Local<v8::Value> arguments[] = {promise, module->GetModuleNamespace()};
    isolate_call_prelude(isolate, context, PRELUDE_LOAD, 2, arguments);
}

static void load_script(struct isolate *isolate, v8::Local<v8::Context> context,
                        const v8::TryCatch &caught)
{
    v8::Isolate *v8 = isolate->v8;
    const struct script_file *file = &isolate->script->files[0];
    v8::Local<v8::String> source;
    v8::Local<v8::Script> compiled;
    v8::Local<v8::Value> ignored;

    if (!string_from_utf8(v8, file->content, file->size).ToLocal(&source)) {
        throw_range_error(v8, "the source text is too long for V8");
        fail_with_exception(isolate, context, caught, FAILURE_SYNTAX);
        return;
    }
    struct code_use use(isolate->script, file);
    v8::ScriptCompiler::Source unit(source, compat::origin(v8, string_of(v8, file->name), false),
                                    use.data());
    if (!v8::ScriptCompiler::Compile(context, &unit, use.options()).ToLocal(&compiled)) {
        fail_with_exception(isolate, context, caught, FAILURE_SYNTAX);
        return;
    }
    if (!use.is_accepted(unit))
        isolate->fresh_code.push_back(
            {use.key, {}, v8::Global<v8::UnboundScript>(v8, compiled->GetUnboundScript())});
    if (!compiled->Run(context).ToLocal(&ignored)) {
        fail_with_exception(isolate, context, caught, FAILURE_EXCEPTION);
        return;
    }
    v8::Local<v8::Value> arguments[] = {v8::Undefined(v8), v8::Undefined(v8)};
    isolate_call_prelude(isolate, context, PRELUDE_LOAD, 2, arguments);
}

void loader_keep_code(struct isolate *isolate)
{
    v8::Isolate *v8 = isolate->v8;
    std::vector<struct fresh_code> fresh = std::move(isolate->fresh_code);

    isolate->fresh_code.clear();
    for (const struct fresh_code &code : fresh) {
        v8::HandleScope handles(v8);
        std::unique_ptr<v8::ScriptCompiler::CachedData> data(
            code.module.IsEmpty() ? v8::ScriptCompiler::CreateCodeCache(code.script.Get(v8))
                                  : v8::ScriptCompiler::CreateCodeCache(code.module.Get(v8)));

        if (data)
            code_cache_put(code.key, data->data, (size_t)data->length);
    }
}

void loader_load(struct isolate *isolate, v8::Local<v8::Context> context,
                 const v8::TryCatch &caught)
{
    isolate_open_slot(isolate, 0);
    if (isolate->script->files[0].kind == FILE_SCRIPT)
        load_script(isolate, context, caught);
    else
        load_module(isolate, context, caught);
}

void loader_init_import_meta(v8::Local<v8::Context> context, v8::Local<v8::Module> module,
                             v8::Local<v8::Object> meta)
{
    v8::Isolate *v8 = context->GetIsolate();
    struct loaded_module *loaded = loader_find(isolate_of(v8), module);
    std::string url(url_prefix);

    if (!loaded)
        return;
    url += loaded->name;
    meta->CreateDataProperty(context, string_of(v8, "url"), string_of(v8, url.c_str())).Check();
}

/* Compiles, links and evaluates a file for import(). Nothing, with an exception, where that fails.
 */
static v8::MaybeLocal<v8::Value>
evaluate_dynamic(struct isolate *isolate, v8::Local<v8::Context> context,
                 const std::string &importer, const std::string &specifier,
                 v8::Local<v8::FixedArray> attributes, v8::Local<v8::Module> *ret)
{
    const struct script_file *file = find_import(isolate->script, importer, specifier);
    struct import_result graph;
    v8::Local<v8::Value> promise;
    std::string problem = file ? assertion_problem(isolate, context, attributes, DYNAMIC_STRIDE,
                                                   specifier, file->kind)
                               : import_problem(isolate->script, importer, specifier);

    if (!problem.empty()) {
        throw_type_error(isolate->v8, problem.c_str());
        return {};
    }
    graph = compile_graph(isolate, context, file, ret);
    if (!graph.is_complete) {
        if (graph.failure)
            throw_type_error(isolate->v8, graph.failure->failure.message);
        op_free(graph.failure);
        return {};
    }
    if (!evaluate_module(context, *ret, &promise))
        return {};
    return promise;
}

/* What an import() promise gives when the evaluation has ended: the namespace, which is the data of
 * this function. */
static void return_data(const v8::FunctionCallbackInfo<v8::Value> &info)
{
    info.GetReturnValue().Set(info.Data());
}

/* A promise of the namespace, for when the evaluation has ended. */
static v8::MaybeLocal<v8::Promise> promise_namespace(v8::Local<v8::Context> context,
                                                     v8::Local<v8::Value> evaluation,
                                                     v8::Local<v8::Module> module)
{
    v8::Local<v8::Function> give;

    if (!v8::Function::New(context, return_data, module->GetModuleNamespace(), 0,
                           v8::ConstructorBehavior::kThrow)
             .ToLocal(&give))
        return {};
    return evaluation.As<v8::Promise>()->Then(context, give);
}

static v8::MaybeLocal<v8::Promise> promise_rejected(v8::Local<v8::Context> context,
                                                    v8::Local<v8::Value> reason)
{
    v8::Local<v8::Promise::Resolver> resolver;

    if (!v8::Promise::Resolver::New(context).ToLocal(&resolver) ||
        resolver->Reject(context, reason).IsNothing())
        return {};
    return resolver->GetPromise();
}

v8::MaybeLocal<v8::Promise> loader_import(v8::Local<v8::Context> context, v8::Local<v8::Data>,
                                          v8::Local<v8::Value> referrer,
                                          v8::Local<v8::String> specifier,
                                          v8::Local<v8::FixedArray> attributes)
{
    v8::Isolate *v8 = context->GetIsolate();
    v8::TryCatch caught(v8);
    v8::Local<v8::Module> module;
    v8::Local<v8::Value> evaluation;
    v8::MaybeLocal<v8::Promise> promise;

    if (evaluate_dynamic(isolate_of(v8), context, utf8_of(v8, referrer), utf8_of(v8, specifier),
                         attributes, &module)
            .ToLocal(&evaluation))
        promise = promise_namespace(context, evaluation, module);
    else if (caught.HasCaught() && !caught.HasTerminated())
        promise = promise_rejected(context, caught.Exception());
    /* A termination stays scheduled by itself: ReThrow would make an exception of it. */
    if (promise.IsEmpty() && !caught.HasTerminated())
        caught.ReThrow();
    return promise;
}
