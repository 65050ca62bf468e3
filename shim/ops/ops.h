/*
 * The host functions: what the prelude can call, by name. Each checks its arguments, since a worker
 * may get at the prelude's callers with anything; none blocks.
 */
#ifndef ISOYARD_OPS_H
#define ISOYARD_OPS_H

#include <v8.h>

typedef const v8::FunctionCallbackInfo<v8::Value> &op_info;

/* task.cc: the ends of a task, and its request's body */
void op_answer(op_info info);        /* answer(ticket, hasMore, status, headers, body) -> boolean */
void op_answer_stream(op_info info); /* answerStream(ticket, status, headers) -> boolean */
void op_max_response_body(op_info info); /* maxResponseBody() -> number */
void op_answer_event(op_info info);      /* answerEvent(ticket, hasMore, json) -> boolean */
void op_end_task(op_info info);          /* endTask(ticket) */
void op_fail(op_info info);              /* fail(ticket, reason, value) */
void op_loaded(op_info info);            /* loaded() */
void op_load_failed(op_info info);       /* loadFailed(reason, value) */
void op_body_text(op_info info);         /* bodyText(ticket) -> string */
void op_body_bytes(op_info info);        /* bodyBytes(ticket) -> ArrayBuffer */
void op_release_body(op_info info);      /* releaseBody(ticket) */
void op_owner(
    op_info info); /* owner() -> ticket of the task whose continuation runs; 0: nobody's */

/* body.cc: bodies that stream; id 0 is the task's own, else that of the subrequest */
void op_pull_body(op_info info);   /* pullBody(ticket, id) */
void op_cancel_body(op_info info); /* cancelBody(ticket, id) */
void op_write_body(op_info info);  /* writeBody(ticket, id, view, offset, length) */
void op_end_body(op_info info);    /* endBody(ticket, id) */
void op_fail_body(op_info info);   /* failBody(ticket, id, value) */

/* fetch.cc */
void op_start_fetch(
    op_info info);                /* startFetch(ticket, id, method, url, headers, body, redirect) */
void op_stop_fetch(op_info info); /* stopFetch(ticket, id) */
void op_max_subrequests(op_info info);            /* maxSubrequests() -> number */
void op_max_concurrent_subrequests(op_info info); /* maxConcurrentSubrequests() -> number */

/* crypto.cc */
void op_compute(op_info info); /* compute(ticket, id, operation, algorithm, hash, curve, format,
                                  length, iterations, key, peer, inputs) -> result */
void op_stop_compute(op_info info); /* stopCompute(ticket, id) */

/* error.cc */
void op_show_stack(op_info info); /* showStack(text) -> text */
void op_describe_exception(
    op_info info); /* describeException(value) -> [message, file, line, column] */

/* timer.cc */
void op_start_timer(op_info info); /* startTimer(id, delayMs) */
void op_stop_timer(op_info info);  /* stopTimer(id) */
void op_now(op_info info);         /* now() -> ms since the process started, in steps of 0.1 */
void op_time_origin(
    op_info info); /* timeOrigin() -> ms since the Unix epoch at which now() was 0 */

/* console.cc */
void op_log(op_info info); /* log(level, text) */

/* text.cc */
void op_encode_utf8(op_info info);      /* encodeUtf8(string) -> Uint8Array */
void op_encode_utf8_into(op_info info); /* encodeUtf8Into(string, Uint8Array) -> {read, written} */
void op_decode_utf8(op_info info);      /* decodeUtf8(buffer or view, fatal, ignoreBOM) -> string */
void op_find_encoding(op_info info);    /* findEncoding(name) -> number */
void op_decode_legacy(
    op_info info); /* decodeLegacy(number, state, buffer or view, isLast, fatal) -> string */
void op_base64_encode(
    op_info info); /* base64Encode(string) -> string; undefined where a character is above 255 */
void op_base64_decode(
    op_info info); /* base64Decode(string) -> string; undefined where it is not base64 */
void op_domain_to_ascii(op_info info); /* domainToAscii(string, beStrict) -> string, or null */

/* buffer.cc */
void op_is_detached(op_info info);     /* isDetached(ArrayBuffer) -> boolean */
void op_transfer_buffer(op_info info); /* transferBuffer(ArrayBuffer[, length]) -> ArrayBuffer */

/* value.cc */
void op_random(op_info info);     /* random(view): fills it with random bytes */
void op_clone_kind(op_info info); /* cloneKind(value) -> number: js/clone/record.js */
void op_clone_wasm_module(
    op_info info); /* cloneWasmModule(WebAssembly.Module) -> another one of the same code */

/* compression.cc */
void op_new_codec(op_info info); /* newCodec(format, isCompression) -> codec */
void op_run_codec(op_info info); /* runCodec(codec, input, isLast, output, counts) */
void op_end_codec(op_info info); /* endCodec(codec) */

/* intl.cc */
void op_admit_intl(op_info info);  /* admitIntl() */
void op_charge_intl(op_info info); /* chargeIntl(object) */

/* shim/wasm.cc */
void op_compile_wasm(op_info info);     /* compileWasm(bytes) -> WebAssembly.Module */
void op_instantiate_wasm(op_info info); /* instantiateWasm(module, importObject) -> promise */
void op_wasm_memory(op_info info);      /* wasmMemory() -> V8's own WebAssembly.Memory */

/* A view of the bytes of an ArrayBuffer or a view of one; false where the value is neither. */
struct byte_view {
    char *data;
    size_t len;
};
bool op_bytes(v8::Local<v8::Value> value, struct byte_view *ret);

/* The UTF-8 length of a string, and its writing, with U+FFFD for lone surrogates. */
size_t op_utf8_length(v8::Isolate *v8, v8::Local<v8::String> text);
void op_utf8_write(v8::Isolate *v8, v8::Local<v8::String> text, char *to, size_t len);

/* The same for a body: a string, an ArrayBuffer, a view of one, or undefined, which is none. */
size_t op_body_length(v8::Isolate *v8, v8::Local<v8::Value> body, bool *ret_has_body);
void op_body_write(v8::Isolate *v8, v8::Local<v8::Value> body, char *to, size_t len);

#endif
