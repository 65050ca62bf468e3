/*
 * WebAssembly, bounded: whatever compiles asks first whether the code may take more memory, and
 * whether none of it is shared. V8 installs WebAssembly in each context after the snapshot, so that
 * what replaces functions of it is done there, too.
 *
 * Compiling happens in the turn (flags.h), so that the reservation of the code that follows the
 * asking is that module's. Where V8 reserves none for some modules, all are compiled here rather
 * than by V8's own functions, so that what such a module was compiled from is charged to its
 * object.
 */
#include "shim/held.h"
#include "shim/isolate.h"
#include "shim/ops/ops.h"
#include "shim/wasm_memories.h"

static bool admit_memories(v8::Isolate *v8, struct bytes module)
{
    const char *problem = "WebAssembly: shared memory is not supported";

    switch (wasm_memories_of(module)) {
    case WASM_MEMORIES_PLAIN:
        return true;
    case WASM_MEMORIES_SHARED:
        break;
    case WASM_MEMORIES_UNKNOWN:
        problem = "WebAssembly: what the module imports, or its memories, cannot be read";
        break;
    }
    v8->ThrowException(v8::Exception::WasmCompileError(string_of(v8, problem)));
    return false;
}

static bool admit_code(struct isolate *isolate, size_t wire_bytes)
{
    if (isolate->allocator->admit_module(wire_bytes))
        return true;
    isolate->v8->LowMemoryNotification(); /* modules that nobody uses any more are freed by this */
    if (isolate->allocator->admit_module(wire_bytes))
        return true;
    throw_range_error(isolate->v8, "WebAssembly: the code would take too much memory");
    return false;
}

/* Whether the module may be compiled now; else an exception is thrown. */
static bool admit(struct isolate *isolate, struct bytes module)
{
    return admit_memories(isolate->v8, module) && admit_code(isolate, module.len);
}

/* Compiles what was admitted. */
static v8::MaybeLocal<v8::WasmModuleObject> compile_admitted(struct isolate *isolate,
                                                             struct bytes bytes)
{
    v8::Local<v8::WasmModuleObject> module;

    if (!v8::WasmModuleObject::Compile(isolate->v8, {(const uint8_t *)bytes.data, bytes.len})
             .ToLocal(&module))
        return {};
    if (size_t left = isolate->allocator->take_module())
        held_charge(isolate, module, HELD_CODE, left);
    return module;
}

/* The same where V8's own function would not do, and the module can be compiled: of why not, that
 * function tells. */
static v8::MaybeLocal<v8::WasmModuleObject> compile_instead(struct isolate *isolate,
                                                            struct bytes bytes)
{
    if (compat::wasm_always_reserves)
        return {};
    v8::TryCatch caught(isolate->v8);

    return compile_admitted(isolate, bytes);
}

void wasm_charge_clone(struct isolate *isolate, v8::Local<v8::WasmModuleObject> clone)
{
    if (!compat::wasm_always_reserves)
        held_charge(isolate, clone, HELD_CODE, clone->GetCompiledModule().GetWireBytesRef().size());
}

static v8::MaybeLocal<v8::Promise> resolved(v8::Local<v8::Context> context,
                                            v8::Local<v8::Value> value)
{
    v8::Local<v8::Promise::Resolver> resolver;

    if (!v8::Promise::Resolver::New(context).ToLocal(&resolver) ||
        resolver->Resolve(context, value).IsNothing())
        return {};
    return resolver->GetPromise();
}

static v8::MaybeLocal<v8::Promise> rejected(v8::Local<v8::Context> context,
                                            v8::Local<v8::Value> reason)
{
    v8::Local<v8::Promise::Resolver> resolver;

    if (!v8::Promise::Resolver::New(context).ToLocal(&resolver) ||
        resolver->Reject(context, reason).IsNothing())
        return {};
    return resolver->GetPromise();
}

/* V8's own function, with the same arguments but for the first. */
static v8::MaybeLocal<v8::Value> call_with(op_info info, enum wasm_function function,
                                           v8::Local<v8::Value> first)
{
    v8::Isolate *v8 = info.GetIsolate();
    v8::Local<v8::Value> arguments[] = {first, info[1]};

    return isolate_of(v8)->wasm[function].Get(v8)->Call(v8->GetCurrentContext(), info.This(),
                                                        std::min(info.Length(), 2), arguments);
}

static void call_original(op_info info, enum wasm_function function)
{
    v8::Local<v8::Value> result;

    if (call_with(info, function, info[0]).ToLocal(&result))
        info.GetReturnValue().Set(result);
}

/* An instance has come, of the module in Data(). */
static void give_both(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    v8::Local<v8::Context> context = v8->GetCurrentContext();
    v8::Local<v8::Object> both = v8::Object::New(v8);

    if (both->CreateDataProperty(context, string_of(v8, "module"), info.Data()).IsJust() &&
        both->CreateDataProperty(context, string_of(v8, "instance"), info[0]).IsJust())
        info.GetReturnValue().Set(both);
}

/* What compile or instantiate gives of bytes, which are this module. */
static v8::MaybeLocal<v8::Promise> promise_of(op_info info, enum wasm_function function,
                                              v8::Local<v8::WasmModuleObject> module)
{
    v8::Local<v8::Context> context = info.GetIsolate()->GetCurrentContext();
    v8::Local<v8::Value> instance;
    v8::Local<v8::Function> then;

    if (function == WASM_COMPILE)
        return resolved(context, module);
    if (!call_with(info, function, module).ToLocal(&instance) || !instance->IsPromise() ||
        !v8::Function::New(context, give_both, module).ToLocal(&then))
        return {};
    return instance.As<v8::Promise>()->Then(context, then);
}

/* Of bytes that were admitted. */
static void run_admitted(op_info info, enum wasm_function function, struct bytes bytes)
{
    v8::Local<v8::WasmModuleObject> module;
    v8::Local<v8::Promise> promise;

    if (!compile_instead(isolate_of(info.GetIsolate()), bytes).ToLocal(&module))
        call_original(info, function);
    else if (promise_of(info, function, module).ToLocal(&promise))
        info.GetReturnValue().Set(promise);
}

/* The same where the bytes are admitted; else gives a promise that is rejected. What is no bytes is
 * V8's affair. */
static void compile_with(op_info info, enum wasm_function function)
{
    v8::Isolate *v8 = info.GetIsolate();
    v8::Local<v8::Promise> promise;
    v8::Local<v8::Value> reason;
    struct byte_view bytes;
    v8::TryCatch caught(v8);

    if (!op_bytes(info[0], &bytes)) {
        call_original(info, function);
    } else if (admit(isolate_of(v8), {bytes.data, bytes.len})) {
        run_admitted(info, function, {bytes.data, bytes.len});
    } else if (!caught.HasTerminated()) {
        reason = caught.Exception();
        caught.Reset();
        if (rejected(v8->GetCurrentContext(), reason).ToLocal(&promise))
            info.GetReturnValue().Set(promise);
    }
    if (caught.HasCaught())
        caught.ReThrow();
}

static void compile(op_info info)
{
    compile_with(info, WASM_COMPILE);
}

static void instantiate(op_info info)
{
    compile_with(info, WASM_INSTANTIATE);
}

static void validate(op_info info)
{
    struct byte_view bytes;

    if (op_bytes(info[0], &bytes) &&
        wasm_memories_of({bytes.data, bytes.len}) != WASM_MEMORIES_PLAIN)
        info.GetReturnValue().Set(false);
    else
        call_original(info, WASM_VALIDATE);
}

bool wasm_construct_module(op_info info)
{
    struct isolate *isolate = isolate_of(info.GetIsolate());
    struct byte_view bytes;
    v8::Local<v8::WasmModuleObject> module;

    if (!op_bytes(info[0], &bytes))
        return false;
    if (!admit(isolate, {bytes.data, bytes.len}))
        return true;
    if (!info.IsConstructCall() ||
        !compile_instead(isolate, {bytes.data, bytes.len}).ToLocal(&module))
        return false;
    /* That may be of a class which extends V8's. */
    if (compat::copy_prototype(isolate->v8->GetCurrentContext(), info.This(), module))
        info.GetReturnValue().Set(module);
    return true;
}

v8::MaybeLocal<v8::WasmModuleObject> wasm_compile_module(struct isolate *isolate, const char *data,
                                                         size_t len)
{
    if (!admit(isolate, {data, len}))
        return {};
    return compile_admitted(isolate, {data, len});
}

void op_compile_wasm(op_info info)
{
    struct byte_view bytes;
    v8::Local<v8::WasmModuleObject> module;

    if (op_bytes(info[0], &bytes) &&
        wasm_compile_module(isolate_of(info.GetIsolate()), bytes.data, bytes.len).ToLocal(&module))
        info.GetReturnValue().Set(module);
}

void op_instantiate_wasm(op_info info)
{
    instantiate(info);
}

void op_wasm_memory(op_info info)
{
    info.GetReturnValue().Set(
        isolate_of(info.GetIsolate())->wasm[WASM_MEMORY].Get(info.GetIsolate()));
}

static bool take(v8::Local<v8::Context> context, v8::Local<v8::Object> object, const char *name,
                 v8::Local<v8::Function> *ret)
{
    v8::Local<v8::Value> value;

    if (!object->Get(context, string_of(context->GetIsolate(), name)).ToLocal(&value) ||
        !value->IsFunction())
        return false;
    *ret = value.As<v8::Function>();
    return true;
}

static bool put(v8::Local<v8::Context> context, v8::Local<v8::Object> object, const char *name,
                v8::Local<v8::Function> function)
{
    return object->Set(context, string_of(context->GetIsolate(), name), function).FromMaybe(false);
}

/* Puts a function of ours in the place of V8's, and gives that. */
static bool replace(v8::Local<v8::Context> context, v8::Local<v8::Object> object, const char *name,
                    v8::FunctionCallback callback, v8::Local<v8::Function> *ret)
{
    v8::Local<v8::Function> function;

    if (!take(context, object, name, ret) ||
        !v8::Function::New(context, callback, {}, 1, v8::ConstructorBehavior::kThrow)
             .ToLocal(&function))
        return false;
    function->SetName(string_of(context->GetIsolate(), name));
    return put(context, object, name, function);
}

static const auto unchanging =
    (v8::PropertyAttribute)(v8::ReadOnly | v8::DontEnum | v8::DontDelete);

/* The prelude's constructor has the prototype of V8's, to which only the prelude has a way then. */
static bool replace_memory(v8::Local<v8::Context> context, v8::Local<v8::Object> wasm,
                           v8::Local<v8::Function> constructor, v8::Local<v8::Function> *ret)
{
    v8::Local<v8::String> key = string_of(context->GetIsolate(), "prototype");
    v8::Local<v8::Value> prototype;

    return take(context, wasm, "Memory", ret) && (*ret)->Get(context, key).ToLocal(&prototype) &&
           prototype->IsObject() &&
           put(context, prototype.As<v8::Object>(), "constructor", constructor) &&
           constructor->DefineOwnProperty(context, key, prototype, unchanging).FromMaybe(false) &&
           put(context, wasm, "Memory", constructor);
}

bool wasm_install(v8::Local<v8::Context> context,
                  const v8::Local<v8::Function> prelude[PRELUDE_FUNCTIONS],
                  v8::Local<v8::Function> ret_originals[WASM_FUNCTIONS])
{
    v8::Context::Scope scope(context);
    v8::Local<v8::Value> value;
    v8::Local<v8::Object> wasm;

    if (!context->Global()
             ->Get(context, string_of(context->GetIsolate(), "WebAssembly"))
             .ToLocal(&value) ||
        !value->IsObject())
        return false;
    wasm = value.As<v8::Object>();
    return replace(context, wasm, "compile", compile, &ret_originals[WASM_COMPILE]) &&
           replace(context, wasm, "instantiate", instantiate, &ret_originals[WASM_INSTANTIATE]) &&
           replace(context, wasm, "validate", validate, &ret_originals[WASM_VALIDATE]) &&
           replace_memory(context, wasm, prelude[PRELUDE_MEMORY], &ret_originals[WASM_MEMORY]) &&
           put(context, wasm, "compileStreaming", prelude[PRELUDE_COMPILE_STREAMING]) &&
           put(context, wasm, "instantiateStreaming", prelude[PRELUDE_INSTANTIATE_STREAMING]);
}
