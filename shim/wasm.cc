/*
 * WebAssembly, bounded: whatever compiles asks first whether the code may take more memory. V8
 * installs WebAssembly in each context after the snapshot, so that what replaces functions of it is
 * done there, too.
 *
 * Compiling happens in the turn (flags.h), so that the reservation of the code that follows the
 * asking is that module's.
 */
#include "shim/isolate.h"
#include "shim/ops/ops.h"

bool wasm_admit(struct isolate *isolate, size_t wire_bytes)
{
    if (isolate->allocator->admit_module(wire_bytes))
        return true;
    isolate->v8->LowMemoryNotification(); /* modules that nobody uses any more are freed by this */
    if (isolate->allocator->admit_module(wire_bytes))
        return true;
    throw_range_error(isolate->v8, "WebAssembly: the code would take too much memory");
    return false;
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

/* Calls V8's own function with the same arguments, where the bytes are admitted; else gives a
 * promise that is rejected. What is no bytes is V8's affair. */
static void forward(op_info info, v8::Local<v8::Function> original)
{
    v8::Isolate *v8 = info.GetIsolate();
    v8::Local<v8::Context> context = v8->GetCurrentContext();
    v8::Local<v8::Value> arguments[] = {info[0], info[1]};
    v8::Local<v8::Value> result;
    v8::Local<v8::Promise> promise;
    struct byte_view bytes;
    v8::TryCatch caught(v8);

    if (!op_bytes(info[0], &bytes) || wasm_admit(isolate_of(v8), bytes.len)) {
        if (original->Call(context, info.This(), std::min(info.Length(), 2), arguments)
                .ToLocal(&result))
            info.GetReturnValue().Set(result);
    } else if (!caught.HasTerminated() && rejected(context, caught.Exception()).ToLocal(&promise)) {
        info.GetReturnValue().Set(promise);
        return;
    }
    if (caught.HasCaught())
        caught.ReThrow();
}

static void compile(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();

    forward(info, isolate_of(v8)->wasm[WASM_COMPILE].Get(v8));
}

static void instantiate(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();

    forward(info, isolate_of(v8)->wasm[WASM_INSTANTIATE].Get(v8));
}

bool wasm_construct_module(op_info info)
{
    struct byte_view bytes;

    return op_bytes(info[0], &bytes) && !wasm_admit(isolate_of(info.GetIsolate()), bytes.len);
}

v8::MaybeLocal<v8::WasmModuleObject> wasm_compile_module(struct isolate *isolate, const char *data,
                                                         size_t len)
{
    if (!wasm_admit(isolate, len))
        return {};
    return v8::WasmModuleObject::Compile(isolate->v8, {(const uint8_t *)data, len});
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

/* Puts a function of ours in the place of V8's, and gives that. */
static bool replace(v8::Local<v8::Context> context, v8::Local<v8::Object> object, const char *name,
                    v8::FunctionCallback callback, v8::Local<v8::Function> *ret)
{
    v8::Isolate *v8 = context->GetIsolate();
    v8::Local<v8::String> key = string_of(v8, name);
    v8::Local<v8::Value> original;
    v8::Local<v8::Function> function;

    if (!object->Get(context, key).ToLocal(&original) || !original->IsFunction() ||
        !v8::Function::New(context, callback, {}, 1, v8::ConstructorBehavior::kThrow)
             .ToLocal(&function))
        return false;
    function->SetName(key);
    *ret = original.As<v8::Function>();
    return object->Set(context, key, function).FromMaybe(false);
}

static bool put(v8::Local<v8::Context> context, v8::Local<v8::Object> object, const char *name,
                v8::Local<v8::Function> function)
{
    return object->Set(context, string_of(context->GetIsolate(), name), function).FromMaybe(false);
}

bool wasm_install(v8::Local<v8::Context> context, v8::Local<v8::Function> compile_streaming,
                  v8::Local<v8::Function> instantiate_streaming,
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
           put(context, wasm, "compileStreaming", compile_streaming) &&
           put(context, wasm, "instantiateStreaming", instantiate_streaming);
}
