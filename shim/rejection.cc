/*
 * Promises that are rejected and that nobody handles.
 * https://html.spec.whatwg.org/multipage/webappapis.html#unhandled-promise-rejections
 *
 * V8 tells of each at once, and of each that gets a handler after all. Most do, before the event is
 * over: so they are noted, and the prelude hears of what is left after the event's microtasks. Each
 * is its owner's, the task whose code rejected it: what the prelude says of it goes there.
 */
#include "shim/isolate.h"

static void note(struct isolate *isolate, v8::Local<v8::Promise> promise, bool is_handled)
{
    v8::Isolate *v8 = isolate->v8;

    if (isolate->rejections.size() >= REJECTIONS_MAX)
        return;
    isolate->rejections.push_back(
        {v8::Global<v8::Promise>(v8, promise), running_ticket(isolate), is_handled});
}

/* From the end: a promise is mostly handled soon after it was rejected. */
static bool forget(struct isolate *isolate, v8::Local<v8::Promise> promise)
{
    std::vector<struct rejection> &rejections = isolate->rejections;

    for (size_t i = rejections.size(); i > 0; i--) {
        if (rejections[i - 1].promise == promise) {
            rejections.erase(rejections.begin() + (ptrdiff_t)i - 1);
            return true;
        }
    }
    return false;
}

void rejection_note(v8::PromiseRejectMessage message)
{
    v8::Local<v8::Promise> promise = message.GetPromise();
    struct isolate *isolate = isolate_of(promise->GetIsolate());

    if (message.GetEvent() == v8::kPromiseRejectWithNoHandler)
        note(isolate, promise, false);
    else if (message.GetEvent() == v8::kPromiseHandlerAddedAfterReject &&
             !forget(isolate, promise) && isolate->has_reported_rejection)
        note(isolate, promise, true);
}

static void report(struct isolate *isolate, v8::Local<v8::Context> context,
                   const struct rejection *rejection)
{
    v8::Local<v8::Promise> promise = rejection->promise.Get(isolate->v8);
    v8::Local<v8::Value> arguments[] = {promise, promise->Result()};

    if (!rejection->is_handled && promise->HasHandler())
        return; /* a listener that was told of another one has seen to it */
    isolate->has_reported_rejection = true;
    compat::set_owner(isolate->v8, context, rejection->owner);
    isolate_call_prelude(isolate, context,
                         rejection->is_handled ? PRELUDE_HANDLED : PRELUDE_REJECTED, 2, arguments);
}

bool rejections_report(struct isolate *isolate, v8::Local<v8::Context> context)
{
    std::vector<struct rejection> rejections = std::move(isolate->rejections);

    isolate->rejections.clear();
    for (const struct rejection &rejection : rejections) {
        v8::HandleScope handles(isolate->v8);
        v8::TryCatch caught(isolate->v8);

        report(isolate, context, &rejection);
        if (caught.HasTerminated() || isolate->v8->IsExecutionTerminating())
            return false;
    }
    return true;
}
