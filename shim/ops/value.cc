/* Random bytes, and what structured clones have to know of objects. */
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

/* The numbers are those of js/clone/record.js. */
enum clone_kind {
    CLONE_PLAIN = 0, /* or of a kind that the API has no question for */
    CLONE_ARRAY = 1,
    CLONE_BOXED = 2,
    CLONE_DATE = 3,
    CLONE_REGEXP = 4,
    CLONE_MAP = 5,
    CLONE_SET = 6,
    CLONE_BUFFER = 7,
    CLONE_TYPED_ARRAY = 8,
    CLONE_DATA_VIEW = 9,
    CLONE_ERROR = 10,
    CLONE_WASM_MODULE = 11,
    CLONE_NEVER = 12,
};

static bool is_never_cloned(v8::Local<v8::Value> value)
{
    return !value->IsObject() || value->IsFunction() || value->IsProxy() || value->IsPromise() ||
           value->IsWeakMap() || value->IsWeakSet() || value->IsSymbolObject() ||
           value->IsGeneratorObject() || value->IsMapIterator() || value->IsSetIterator() ||
           value->IsModuleNamespaceObject() || value->IsWasmMemoryObject() ||
           value->IsSharedArrayBuffer();
}

static enum clone_kind clone_kind_of(v8::Local<v8::Value> value)
{
    if (value->IsArray())
        return CLONE_ARRAY;
    if (value->IsDate())
        return CLONE_DATE;
    if (value->IsRegExp())
        return CLONE_REGEXP;
    if (value->IsMap())
        return CLONE_MAP;
    if (value->IsSet())
        return CLONE_SET;
    if (value->IsArrayBuffer())
        return CLONE_BUFFER;
    if (value->IsTypedArray())
        return CLONE_TYPED_ARRAY;
    if (value->IsDataView())
        return CLONE_DATA_VIEW;
    if (value->IsNativeError())
        return CLONE_ERROR;
    if (value->IsWasmModuleObject())
        return CLONE_WASM_MODULE;
    if (value->IsBooleanObject() || value->IsNumberObject() || value->IsStringObject() ||
        value->IsBigIntObject())
        return CLONE_BOXED;
    return is_never_cloned(value) ? CLONE_NEVER : CLONE_PLAIN;
}

void op_clone_kind(op_info info)
{
    info.GetReturnValue().Set((int32_t)clone_kind_of(info[0]));
}

void op_clone_wasm_module(op_info info)
{
    v8::Local<v8::WasmModuleObject> clone;

    if (!info[0]->IsWasmModuleObject())
        return throw_type_error(info.GetIsolate(), "cloneWasmModule: a module is needed");
    if (v8::WasmModuleObject::FromCompiledModule(
            info.GetIsolate(), info[0].As<v8::WasmModuleObject>()->GetCompiledModule())
            .ToLocal(&clone)) {
        wasm_charge_clone(isolate_of(info.GetIsolate()), clone);
        info.GetReturnValue().Set(clone);
    }
}
