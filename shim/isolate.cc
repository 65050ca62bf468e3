/*
 * Isolates: opening from the snapshot, turns, events, limits, closing.
 */
#include "shim/isolate.h"

#include "shim/engine.h"
#include "shim/held.h"

#include <cassert>
#include <pthread.h>

const char *const prelude_function_names[PRELUDE_FUNCTIONS] = {"fetch",
                                                               "scheduled",
                                                               "task",
                                                               "timer",
                                                               "fetched",
                                                               "computed",
                                                               "body",
                                                               "rejected",
                                                               "handled",
                                                               "end",
                                                               "load",
                                                               "compileStreaming",
                                                               "instantiateStreaming",
                                                               "Memory"};

/* When the heap limit is reached V8 needs room to unwind, and one allocation above the raised limit
 * ends the process: so the limit, which is no memory yet, is raised by much. */
#define HEAP_HEADROOM_BYTES ((size_t)4 << 30)

v8::MaybeLocal<v8::String> string_from_utf8(v8::Isolate *v8, const char *data, size_t len)
{
    if (len > (size_t)v8::String::kMaxLength)
        return {};
    return v8::String::NewFromUtf8(v8, data ? data : "", v8::NewStringType::kNormal, (int)len);
}

v8::Local<v8::String> string_of(v8::Isolate *v8, const char *text)
{
    return v8::String::NewFromUtf8(v8, text).ToLocalChecked();
}

void throw_type_error(v8::Isolate *v8, const char *message)
{
    v8->ThrowException(v8::Exception::TypeError(string_of(v8, message)));
}

void throw_range_error(v8::Isolate *v8, const char *message)
{
    v8->ThrowException(v8::Exception::RangeError(string_of(v8, message)));
}

struct ticket_slot *isolate_slot(struct isolate *isolate, uint32_t ticket)
{
    size_t index = TICKET_SLOT(ticket);
    struct ticket_slot *slot;

    if (index >= isolate->slots.size())
        return nullptr;
    slot = &isolate->slots[index];
    return slot->is_open && slot->ticket == ticket ? slot : nullptr;
}

struct ticket_slot *isolate_open_slot(struct isolate *isolate, uint32_t ticket)
{
    size_t index = TICKET_SLOT(ticket);

    if (index >= isolate->slots.size())
        isolate->slots.resize(index + 1);
    isolate_close_slot(&isolate->slots[index]);
    isolate->slots[index] = {};
    isolate->slots[index].ticket = ticket;
    isolate->slots[index].is_open = true;
    return &isolate->slots[index];
}

void isolate_close_slot(struct ticket_slot *slot)
{
    request_unref(slot->request);
    slot->request = nullptr;
    slot->is_open = false;
}

/* V8's own tasks may run code of a context that was dropped and is not yet collected. Its timers
 * and subrequests have the numbers of the new one's. */
static bool is_of_dropped_context(const struct isolate *isolate)
{
    return isolate->context != isolate->v8->GetCurrentContext();
}

bool isolate_add_op(struct isolate *isolate, struct op *op)
{
    if (is_of_dropped_context(isolate)) {
        op_free(op);
        return true;
    }
    if (isolate->op_count >= OPS_PER_EVENT_MAX) {
        op_free(op);
        throw_range_error(isolate->v8, "too many operations in one event");
        return false;
    }
    isolate->op_count++;
    op_list_append(&isolate->ops, op);
    return true;
}

/* V8 calls this on the turn's thread when a collection has left too little room. It must return
 * more than the limit, allocate nothing, and stay installed. */
static size_t near_heap_limit(void *data, size_t current, size_t)
{
    struct isolate *isolate = static_cast<struct isolate *>(data);

    if (!isolate->is_heap_limit_hit) {
        isolate->is_heap_limit_hit = true;
        isolate->heap_used_at_limit = current;
    }
    isolate->v8->TerminateExecution();
    return current + HEAP_HEADROOM_BYTES;
}

void isolate_init(struct isolate *isolate, struct script *script, const struct isolate_host *host)
{
    op_list_init(&isolate->ops);
    isolate->script = script_ref(script);
    isolate->runner = std::make_shared<foreground_runner>(*host);
    isolate->allocator = std::make_shared<buffer_allocator>(script->limits.external_bytes);
    isolate->v8 = v8::Isolate::Allocate();
    engine_platform()->add_isolate(isolate->v8, isolate->runner);
}

void isolate_configure(struct isolate *isolate)
{
    v8::Isolate *v8 = isolate->v8;

    v8->SetData(ISOLATE_DATA_SLOT, isolate);
    v8->SetMicrotasksPolicy(v8::MicrotasksPolicy::kExplicit);
    v8->SetHostImportModuleDynamicallyCallback(loader_import);
    v8->SetHostInitializeImportMetaObjectCallback(loader_init_import_meta);
    v8->AddNearHeapLimitCallback(near_heap_limit, isolate);
    v8->SetWasmModuleCallback(wasm_construct_module);
}

/* The limit is that of the old generation, where what a worker keeps ends up; the young one, a few
 * MiB that V8 derives from it, comes on top. */
static void configure_heap(v8::ResourceConstraints *constraints, size_t heap_bytes)
{
    constraints->ConfigureDefaultsFromHeapSize(0, heap_bytes);
    constraints->set_max_old_generation_size_in_bytes(heap_bytes);
}

static bool open_first_context(struct isolate *isolate)
{
    v8::Locker locker(isolate->v8);
    v8::Isolate::Scope isolate_scope(isolate->v8);

    return isolate_open_context(isolate);
}

int isolate_open(struct script *script, const struct isolate_host *host, struct isolate **ret)
{
    struct isolate *isolate = new struct isolate();
    v8::Isolate::CreateParams params;

    isolate_init(isolate, script, host);
    params.snapshot_blob = engine_snapshot();
    params.external_references = host_references();
    params.array_buffer_allocator_shared = isolate->allocator;
    configure_heap(&params.constraints, script->limits.heap_bytes);
    v8::Isolate::Initialize(isolate->v8, params);
    isolate_configure(isolate);
    isolate_handle_fatal_errors(isolate);
    isolate->v8->SetPromiseRejectCallback(rejection_note);
    if (!open_first_context(isolate)) {
        isolate_close(isolate);
        return E_NOMEM;
    }
    *ret = isolate;
    return 0;
}

static void drop_handles(struct isolate *isolate)
{
    v8::Locker locker(isolate->v8);
    v8::Isolate::Scope isolate_scope(isolate->v8);

    isolate_drop_handles(isolate);
    held_drop(isolate);
    codecs_free(isolate);
    crypto_drop_keys(isolate);
}

void isolate_close(struct isolate *isolate)
{
    struct op_list ops;

    if (!isolate)
        return;
    isolate->runner->close();
    drop_handles(isolate);
    isolate->v8->Dispose();
    engine_platform()->remove_isolate(isolate->v8, isolate->runner.get());
    for (struct ticket_slot &slot : isolate->slots)
        isolate_close_slot(&slot);
    isolate_take_ops(isolate, &ops);
    while (struct op *op = ops.first) {
        ops.first = op->next;
        op_free(op);
    }
    script_unref(isolate->script);
    delete isolate;
}

/* V8 remembers the limit for each pair of isolate and thread, while a Locker is used. */
void isolate_set_stack_limit(struct isolate *isolate)
{
    static thread_local char thread_mark;
    char here;

    if (isolate->stack_owner == &thread_mark)
        return;
    isolate->v8->SetStackLimit((uintptr_t)&here - LIMIT_STACK_BYTES);
    isolate->stack_owner = &thread_mark;
}

void isolate_enter(struct isolate *isolate, void (*turn)(void *arg), void *arg)
{
    v8::Locker locker(isolate->v8);
    v8::Isolate::Scope isolate_scope(isolate->v8);
    v8::HandleScope handles(isolate->v8);
    v8::Context::Scope context_scope(isolate->context.Get(isolate->v8));

    isolate_set_stack_limit(isolate);
    turn(arg);
}

void isolate_call_prelude(struct isolate *isolate, v8::Local<v8::Context> context,
                          enum prelude_function function, int argc, v8::Local<v8::Value> *argv)
{
    v8::MaybeLocal<v8::Value> ignored = isolate->prelude[function]
                                            .Get(isolate->v8)
                                            ->Call(context, v8::Undefined(isolate->v8), argc, argv);

    (void)ignored;
}

/* Without a body 0, with one of unknown bytes 1, with text 2, with a stream 3. */
static int body_kind(const struct request *request)
{
    if (!request->has_body)
        return 0;
    if (request->stream)
        return 3;
    return request->is_body_text ? 2 : 1;
}

static void deliver_fetch(struct isolate *isolate, v8::Local<v8::Context> context,
                          const struct event *event)
{
    v8::Isolate *v8 = isolate->v8;
    struct request *request = event->request;
    v8::Local<v8::String> method, url, headers;

    if (request->has_body && !request->stream)
        isolate_open_slot(isolate, event->ticket)->request = request_ref(request);
    else
        isolate_open_slot(isolate, event->ticket);
    /* Bounded far below V8's longest string by whoever made the request. */
    if (!v8::String::NewFromUtf8(v8, request->method.data, v8::NewStringType::kInternalized,
                                 (int)request->method.len)
             .ToLocal(&method) ||
        !string_from_utf8(v8, request->url.data, request->url.len).ToLocal(&url) ||
        !string_from_utf8(v8, request->headers.data, request->headers.len).ToLocal(&headers))
        return;
    v8::Local<v8::Value> arguments[] = {v8::Integer::NewFromUnsigned(v8, event->ticket),
                                        method,
                                        url,
                                        headers,
                                        v8::Integer::New(v8, body_kind(request)),
                                        v8::Boolean::New(v8, request->takes_stream)};
    isolate_call_prelude(isolate, context, PRELUDE_FETCH, 6, arguments);
}

static void deliver_scheduled(struct isolate *isolate, v8::Local<v8::Context> context,
                              const struct event *event)
{
    v8::Isolate *v8 = isolate->v8;
    const struct request *request = event->request;
    v8::Local<v8::String> cron;

    isolate_open_slot(isolate, event->ticket);
    if (!string_from_utf8(v8, request->cron.data, request->cron.len).ToLocal(&cron))
        return;
    v8::Local<v8::Value> arguments[] = {v8::Integer::NewFromUnsigned(v8, event->ticket),
                                        v8::Number::New(v8, (double)request->scheduled_ms), cron};
    isolate_call_prelude(isolate, context, PRELUDE_SCHEDULED, 3, arguments);
}

static void deliver_task(struct isolate *isolate, v8::Local<v8::Context> context,
                         const struct event *event)
{
    v8::Isolate *v8 = isolate->v8;
    struct bytes payload = event->request->has_body ? event->request->body : bytes_of("null");
    v8::Local<v8::String> json;

    isolate_open_slot(isolate, event->ticket);
    if (!string_from_utf8(v8, payload.data, payload.len).ToLocal(&json))
        return;
    v8::Local<v8::Value> arguments[] = {v8::Integer::NewFromUnsigned(v8, event->ticket), json,
                                        v8::Integer::NewFromUnsigned(v8, event->request->attempt)};
    isolate_call_prelude(isolate, context, PRELUDE_TASK, 3, arguments);
}

static void deliver_request(struct isolate *isolate, v8::Local<v8::Context> context,
                            const struct event *event)
{
    switch (event->request->kind) {
    case REQUEST_FETCH:
        deliver_fetch(isolate, context, event);
        break;
    case REQUEST_SCHEDULED:
        deliver_scheduled(isolate, context, event);
        break;
    case REQUEST_TASK:
        deliver_task(isolate, context, event);
        break;
    }
}

static void deliver_timer(struct isolate *isolate, v8::Local<v8::Context> context,
                          const struct event *event)
{
    v8::Local<v8::Value> id = v8::Integer::NewFromUnsigned(isolate->v8, event->timer);

    isolate_call_prelude(isolate, context, PRELUDE_TIMER, 1, &id);
}

static void deliver_end(struct isolate *isolate, v8::Local<v8::Context> context,
                        const struct event *event)
{
    v8::Local<v8::Value> ticket = v8::Integer::NewFromUnsigned(isolate->v8, event->ticket);

    if (struct ticket_slot *slot = isolate_slot(isolate, event->ticket))
        isolate_close_slot(slot);
    isolate_call_prelude(isolate, context, PRELUDE_END, 1, &ticket);
}

/* V8's tasks may run the worker's JavaScript and swallow its termination, so no more of them than
 * this before the turn looks up. */
#define PLATFORM_TASKS_PER_EVENT 16

static void deliver_platform(struct isolate *isolate)
{
    for (int i = 0; i < PLATFORM_TASKS_PER_EVENT; i++) {
        std::unique_ptr<v8::Task> task = isolate->runner->next();

        if (!task)
            break;
        task->Run();
    }
    isolate->runner->announce();
}

static void deliver_one(struct isolate *isolate, v8::Local<v8::Context> context,
                        const v8::TryCatch &caught, const struct event *event)
{
    switch (event->kind) {
    case EVENT_LOAD:
        loader_load(isolate, context, caught);
        break;
    case EVENT_REQUEST:
        deliver_request(isolate, context, event);
        break;
    case EVENT_TIMER:
        deliver_timer(isolate, context, event);
        break;
    case EVENT_FETCHED:
        fetch_deliver(isolate, context, event);
        break;
    case EVENT_BODY:
        body_deliver(isolate, context, event);
        break;
    case EVENT_COMPUTED:
        crypto_deliver(isolate, context, event);
        break;
    case EVENT_END:
        deliver_end(isolate, context, event);
        break;
    case EVENT_PLATFORM:
        deliver_platform(isolate);
        break;
    }
}

static void set_heap_limit_result(const struct isolate *isolate, struct event_result *result)
{
    if (!isolate->is_heap_limit_hit)
        return;
    result->is_unusable = true;
    result->limit = LIMIT_HEAP;
    result->used = isolate->heap_used_at_limit;
    result->allowed = isolate->script->limits.heap_bytes;
}

static bool is_terminated(struct isolate *isolate, const v8::TryCatch &caught)
{
    return caught.HasTerminated() || isolate->v8->IsExecutionTerminating();
}

/* Whether the event has answered a task: then functions that a task calls are compiled. */
static bool has_answered(const struct isolate *isolate)
{
    for (const struct op *op = isolate->ops.first; op; op = op->next) {
        if (op->kind == OP_ANSWER)
            return true;
    }
    return false;
}

struct event_result isolate_deliver(struct isolate *isolate, const struct event *event)
{
    struct event_result result = {};
    v8::HandleScope handles(isolate->v8);
    v8::Local<v8::Context> context = isolate->v8->GetCurrentContext();
    v8::TryCatch caught(isolate->v8);

    isolate->op_count = 0;
    isolate->event_ticket = event->ticket;
    isolate_begin_samples(isolate, event->ticket);
    compat::set_owner(isolate->v8, context, event->ticket);
    deliver_one(isolate, context, caught, event);
    result.was_terminated = is_terminated(isolate, caught);
    caught.Reset();
    if (!result.was_terminated)
        result = isolate_checkpoint(isolate);
    set_heap_limit_result(isolate, &result);
    if (!isolate->fresh_code.empty() && !result.was_terminated && has_answered(isolate))
        loader_keep_code(isolate);
    return result;
}

/* False where it was cut off: V8 has then thrown the rest of the queue away, and with it
 * continuations of any task. */
static bool run_microtasks(struct isolate *isolate)
{
    v8::TryCatch caught(isolate->v8);

    isolate->v8->PerformMicrotaskCheckpoint();
    return !is_terminated(isolate, caught);
}

/* Listeners that are told of rejected promises may leave further ones; after so many rounds they
 * are dropped. */
#define REJECTION_ROUNDS_MAX 8

struct event_result isolate_checkpoint(struct isolate *isolate)
{
    v8::HandleScope handles(isolate->v8);
    v8::Local<v8::Context> context = isolate->v8->GetCurrentContext();
    struct event_result result = {};

    result.was_terminated = result.is_unusable = !run_microtasks(isolate);
    for (int i = 0; i < REJECTION_ROUNDS_MAX; i++) {
        if (result.was_terminated || isolate->rejections.empty())
            break;
        if (rejections_report(isolate, context))
            result.was_terminated = result.is_unusable = !run_microtasks(isolate);
        else
            result.was_terminated = true;
    }
    isolate->rejections.clear();
    set_heap_limit_result(isolate, &result);
    return result;
}

void isolate_take_ops(struct isolate *isolate, struct op_list *ret)
{
    ret->first = isolate->ops.first;
    ret->end = isolate->ops.first ? isolate->ops.end : &ret->first;
    op_list_init(&isolate->ops);
}

bool isolate_has_platform_task(struct isolate *isolate)
{
    return isolate->runner->has_task();
}

void isolate_terminate(struct isolate *isolate)
{
    isolate->v8->TerminateExecution();
}

void isolate_clear_termination(struct isolate *isolate)
{
    isolate->v8->CancelTerminateExecution();
}

const char *isolate_tenant(const struct isolate *isolate)
{
    return isolate->script->tenant;
}

size_t isolate_heap_bytes(struct isolate *isolate)
{
    v8::HeapStatistics statistics;

    isolate->v8->GetHeapStatistics(&statistics);
    return statistics.used_heap_size();
}
