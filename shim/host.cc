/* The table of host functions, by name: for the snapshot, which refers to their addresses, and for
 * $host. */
#include "shim/isolate.h"
#include "shim/ops/ops.h"

struct host_function {
    const char *name;
    void (*call)(op_info info);
};

static const struct host_function functions[] = {
    {"answer", op_answer},
    {"answerEvent", op_answer_event},
    {"endTask", op_end_task},
    {"fail", op_fail},
    {"loaded", op_loaded},
    {"loadFailed", op_load_failed},
    {"bodyText", op_body_text},
    {"bodyBytes", op_body_bytes},
    {"releaseBody", op_release_body},
    {"answerStream", op_answer_stream},
    {"maxResponseBody", op_max_response_body},
    {"pullBody", op_pull_body},
    {"cancelBody", op_cancel_body},
    {"writeBody", op_write_body},
    {"endBody", op_end_body},
    {"failBody", op_fail_body},
    {"owner", op_owner},
    {"startFetch", op_start_fetch},
    {"stopFetch", op_stop_fetch},
    {"maxSubrequests", op_max_subrequests},
    {"maxConcurrentSubrequests", op_max_concurrent_subrequests},
    {"describeException", op_describe_exception},
    {"showStack", op_show_stack},
    {"startTimer", op_start_timer},
    {"stopTimer", op_stop_timer},
    {"now", op_now},
    {"timeOrigin", op_time_origin},
    {"log", op_log},
    {"encodeUtf8", op_encode_utf8},
    {"encodeUtf8Into", op_encode_utf8_into},
    {"decodeUtf8", op_decode_utf8},
    {"findEncoding", op_find_encoding},
    {"decodeLegacy", op_decode_legacy},
    {"base64Encode", op_base64_encode},
    {"base64Decode", op_base64_decode},
    {"domainToAscii", op_domain_to_ascii},
    {"isDetached", op_is_detached},
    {"random", op_random},
    {"compute", op_compute},
    {"stopCompute", op_stop_compute},
    {"cloneKind", op_clone_kind},
    {"cloneWasmModule", op_clone_wasm_module},
    {"newCodec", op_new_codec},
    {"runCodec", op_run_codec},
    {"endCodec", op_end_codec},
    {"compileWasm", op_compile_wasm},
    {"instantiateWasm", op_instantiate_wasm},
    {"wasmMemory", op_wasm_memory},
    {"admitIntl", op_admit_intl},
    {"chargeIntl", op_charge_intl},
    {"transferBuffer", op_transfer_buffer},
};

#define FUNCTION_COUNT (sizeof(functions) / sizeof(functions[0]))

prelude_source the_prelude_source;

const intptr_t *host_references()
{
    static intptr_t references[FUNCTION_COUNT + 2];

    for (size_t i = 0; i < FUNCTION_COUNT; i++)
        references[i] = (intptr_t)functions[i].call;
    references[FUNCTION_COUNT] = (intptr_t)&the_prelude_source;
    return references;
}

v8::Local<v8::Object> host_object(v8::Local<v8::Context> context)
{
    v8::Isolate *v8 = context->GetIsolate();
    v8::Local<v8::Object> host = v8::Object::New(v8);

    for (const struct host_function &function : functions) {
        v8::Local<v8::String> name = string_of(v8, function.name);
        v8::Local<v8::FunctionTemplate> callable = v8::FunctionTemplate::New(
            v8, function.call, {}, {}, 0, v8::ConstructorBehavior::kThrow);

        callable->SetClassName(name);
        host->Set(context, name, callable->GetFunction(context).ToLocalChecked()).Check();
    }
    return host;
}
