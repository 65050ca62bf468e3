/* fetch(): its start, its stop, and what has become of it. */
#include "api/utf8.h"
#include "shim/isolate.h"
#include "shim/net/fetcher.h"
#include "shim/ops/ops.h"

/* The arguments of startFetch(). */
enum {
    ARGUMENT_TICKET,
    ARGUMENT_ID,
    ARGUMENT_METHOD,
    ARGUMENT_URL,
    ARGUMENT_HEADERS,
    ARGUMENT_BODY,
    ARGUMENT_REDIRECT,
};

static bool are_well_formed(op_info info)
{
    return info[ARGUMENT_ID]->IsUint32() && info[ARGUMENT_METHOD]->IsString() &&
           info[ARGUMENT_URL]->IsString() && info[ARGUMENT_HEADERS]->IsString() &&
           info[ARGUMENT_REDIRECT]->IsUint32() &&
           info[ARGUMENT_REDIRECT].As<v8::Uint32>()->Value() <= FETCH_REDIRECT_MANUAL;
}

static size_t text_length(op_info info, int argument)
{
    return op_utf8_length(info.GetIsolate(), info[argument].As<v8::String>());
}

/* How long the strings behind a request are. */
static size_t tail_length(op_info info, const char *tenant)
{
    bool has_body;

    return text_length(info, ARGUMENT_METHOD) + text_length(info, ARGUMENT_URL) +
           text_length(info, ARGUMENT_HEADERS) +
           op_body_length(info.GetIsolate(), info[ARGUMENT_BODY], &has_body) + strlen(tenant) + 1;
}

static struct bytes place_text(op_info info, int argument, char **at)
{
    struct bytes placed = {*at, text_length(info, argument)};

    op_utf8_write(info.GetIsolate(), info[argument].As<v8::String>(), *at, placed.len);
    *at += placed.len;
    return placed;
}

static struct bytes place_body(op_info info, char **at, bool *ret_has_body)
{
    v8::Isolate *v8 = info.GetIsolate();
    struct bytes placed = {*at, op_body_length(v8, info[ARGUMENT_BODY], ret_has_body)};

    op_body_write(v8, info[ARGUMENT_BODY], *at, placed.len);
    *at += placed.len;
    return placed;
}

/* One piece of memory of `size` bytes; NULL where there is none. */
static struct fetch_request *request_of(op_info info, const struct script *script, size_t size)
{
    struct fetch_request *request = (struct fetch_request *)calloc(1, size);
    char *at = (char *)(request + 1);

    if (!request)
        return nullptr;
    request->method = place_text(info, ARGUMENT_METHOD, &at);
    request->url = place_text(info, ARGUMENT_URL, &at);
    request->headers = place_text(info, ARGUMENT_HEADERS, &at);
    request->body = place_body(info, &at, &request->has_body);
    request->has_stream = info[ARGUMENT_BODY]->IsNull();
    request->has_body |= request->has_stream;
    request->redirect = (enum fetch_redirect)info[ARGUMENT_REDIRECT].As<v8::Uint32>()->Value();
    request->body_bytes_max = script->limits.fetch_body_bytes;
    request->header_bytes_max = script->limits.fetch_header_bytes;
    request->tenant = strcpy(at, script->tenant);
    return request; /* its time is its task's */
}

/* What requests hold until they are answered is counted with the ArrayBuffers. */
static void end_charge(struct isolate *isolate, uint32_t id)
{
    auto found = isolate->fetches.find(id);

    if (found == isolate->fetches.end())
        return;
    isolate->allocator->discharge(found->second);
    isolate->fetches.erase(found);
}

static void start(op_info info, struct isolate *isolate, uint32_t ticket)
{
    size_t size = sizeof(struct fetch_request) + tail_length(info, isolate->script->tenant);
    uint32_t id = info[ARGUMENT_ID].As<v8::Uint32>()->Value();
    struct fetch_request *request = nullptr;
    struct op *op;

    if (isolate->allocator->charge(size)) {
        isolate->fetches[id] = size;
        request = request_of(info, isolate->script, size);
    }
    if (!request) {
        end_charge(isolate, id);
        return throw_range_error(isolate->v8, "there is no memory for the request");
    }
    op = op_new(OP_FETCH_START, ticket);
    op->fetch.id = id;
    op->fetch.request = request;
    if (!isolate_add_op(isolate, op))
        end_charge(isolate, id);
}

void op_start_fetch(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    struct isolate *isolate = isolate_of(v8);
    uint32_t ticket =
        info[ARGUMENT_TICKET]->IsUint32() ? info[ARGUMENT_TICKET].As<v8::Uint32>()->Value() : 0;

    if (!are_well_formed(info))
        return throw_type_error(v8, "startFetch: the arguments are of other types");
    if (isolate_slot(isolate, ticket))
        start(info, isolate, ticket);
}

/* As many come as were started, so they are not counted. */
void op_stop_fetch(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    struct isolate *isolate = isolate_of(v8);
    struct op *op;

    if (!info[0]->IsUint32() || !info[1]->IsUint32())
        return throw_type_error(v8, "stopFetch: a ticket and an id are needed");
    op = op_new(OP_FETCH_STOP, info[0].As<v8::Uint32>()->Value());
    op->fetch.id = info[1].As<v8::Uint32>()->Value();
    end_charge(isolate, op->fetch.id);
    op_list_append(&isolate->ops, op);
}

void op_max_subrequests(op_info info)
{
    info.GetReturnValue().Set(isolate_of(info.GetIsolate())->script->limits.subrequests);
}

void op_max_concurrent_subrequests(op_info info)
{
    info.GetReturnValue().Set(isolate_of(info.GetIsolate())->script->limits.concurrent_subrequests);
}

/* A small body is most often text that is read as such: a string is cheaper to make and to collect
 * than an ArrayBuffer, and encodes to the same bytes. */
#define TEXT_BODY_MAX ((size_t)16 << 10)

static bool is_small_text(struct bytes body)
{
    /* Decoding takes a byte order mark away, which is for whoever reads the body to do. */
    return body.len <= TEXT_BODY_MAX && !(body.len > 0 && body.data[0] == '\xef') &&
           utf8_is_valid(body.data, body.len);
}

/* A string, or an ArrayBuffer that the body's memory becomes part of. Nothing where that would be
 * too much. */
static v8::MaybeLocal<v8::Value> take_body(struct isolate *isolate, struct fetch_result *result)
{
    struct bytes body = result->body;
    v8::Local<v8::ArrayBuffer> buffer;
    v8::Local<v8::String> text;

    if (result->stream)
        return v8::Null(isolate->v8);
    if (is_small_text(body) && string_from_utf8(isolate->v8, body.data, body.len).ToLocal(&text))
        return text;
    if (!array_buffer_adopt(isolate->v8, isolate->allocator, (void *)body.data, body.len)
             .ToLocal(&buffer))
        return {};
    result->body = {nullptr, 0};
    return buffer;
}

/* The prelude's function with an id and, where there is no answer, a sentence. */
static void call_with_failure(struct isolate *isolate, v8::Local<v8::Context> context, uint32_t id,
                              const char *message)
{
    v8::Isolate *v8 = isolate->v8;
    v8::Local<v8::Value> arguments[] = {v8::Integer::NewFromUnsigned(v8, id),
                                        string_of(v8, message)};

    isolate_call_prelude(isolate, context, PRELUDE_FETCHED, 2, arguments);
}

static void call_with_answer(struct isolate *isolate, v8::Local<v8::Context> context, uint32_t id,
                             const struct fetch_result *result, v8::Local<v8::Value> body)
{
    v8::Isolate *v8 = isolate->v8;
    struct bytes reason = result->status_text ? bytes_of(result->status_text) : bytes{"", 0};
    v8::Local<v8::String> status_text, moved_to, headers;

    if (!string_from_utf8(v8, reason.data, reason.len).ToLocal(&status_text) ||
        !string_from_utf8(v8, result->moved_to.data, result->moved_to.len).ToLocal(&moved_to) ||
        !string_from_utf8(v8, result->headers.data, result->headers.len).ToLocal(&headers))
        return call_with_failure(isolate, context, id, "the answer is too long for V8");
    v8::Local<v8::Value> arguments[] = {v8::Integer::NewFromUnsigned(v8, id),
                                        v8::Undefined(v8),
                                        v8::Integer::NewFromUnsigned(v8, result->status),
                                        status_text,
                                        moved_to,
                                        headers,
                                        body};
    isolate_call_prelude(isolate, context, PRELUDE_FETCHED, 7, arguments);
}

void fetch_deliver(struct isolate *isolate, v8::Local<v8::Context> context,
                   const struct event *event)
{
    struct fetch_result *result = event->result;
    v8::Local<v8::Value> body;

    end_charge(isolate, event->fetch);
    if (result->error != FETCH_OK)
        call_with_failure(isolate, context, event->fetch, result->message);
    else if (take_body(isolate, result).ToLocal(&body))
        call_with_answer(isolate, context, event->fetch, result, body);
    else
        call_with_failure(isolate, context, event->fetch,
                          "the body of the answer is more than this worker may keep in memory");
}
