/*
 * An isolate's context: made from the snapshot, and replaced by a new one.
 *
 * What is of a context hangs on its handles, which are dropped with it: its modules, its globals,
 * what the prelude knows of tasks. V8's compiled code is the isolate's: where the new context
 * compiles the same source it finds it again.
 */
#include "shim/engine.h"
#include "shim/isolate.h"

/* The constructors of functions of all kinds ask the same. */
static void decide_on_eval(const struct isolate *isolate, v8::Local<v8::Context> context)
{
    context->AllowCodeGenerationFromStrings(isolate->script->allows_eval);
    context->SetErrorMessageForCodeGenerationFromStrings(
        string_of(isolate->v8,
                  "code may not be made of strings (eval, new Function and their kin) unless the "
                  "worker is deployed with --allow-eval"));
}

/* A context before it is the isolate's. */
struct new_context {
    v8::Local<v8::Context> context;
    v8::Local<v8::Function> prelude[PRELUDE_FUNCTIONS];
    v8::Local<v8::Function> wasm[WASM_FUNCTIONS];
};

/* False where V8 could not make it. */
static bool make_context(const struct isolate *isolate, struct new_context *ret)
{
    ret->context = v8::Context::New(isolate->v8);
    if (ret->context.IsEmpty())
        return false;
    for (size_t i = 0; i < PRELUDE_FUNCTIONS; i++) {
        if (!ret->context->GetDataFromSnapshotOnce<v8::Function>(i).ToLocal(&ret->prelude[i]))
            return false;
    }
    decide_on_eval(isolate, ret->context);
    return wasm_install(ret->context, ret->prelude, ret->wasm);
}

/* V8 forgets what it keeps for a context's sake: callbacks of FinalizationRegistry that are due,
 * and hidden classes. */
static void tell_disposed(struct isolate *isolate)
{
    v8::Context::Scope scope(isolate->context.Get(isolate->v8));

    isolate->v8->ContextDisposedNotification();
}

void isolate_drop_handles(struct isolate *isolate)
{
    isolate->modules.clear();
    isolate->fresh_code.clear();
    isolate->rejections.clear();
    isolate->has_reported_rejection = false;
    for (v8::Global<v8::Function> &function : isolate->prelude)
        function.Reset();
    for (v8::Global<v8::Function> &function : isolate->wasm)
        function.Reset();
    isolate->context.Reset();
}

/* Nothing is in flight: what is left is of tasks that were given up. */
static void drop_slots(struct isolate *isolate)
{
    for (struct ticket_slot &slot : isolate->slots)
        isolate_close_slot(&slot);
    isolate->slots.clear();
    for (const auto &fetch : isolate->fetches)
        isolate->allocator->discharge(fetch.second);
    isolate->fetches.clear();
    for (const auto &computation : isolate->computations)
        isolate->allocator->discharge(computation.second);
    isolate->computations.clear();
}

/* The one before is kept until the new one is there: while there is a context a fatal error parks
 * the thread. */
bool isolate_open_context(struct isolate *isolate)
{
    v8::HandleScope handles(isolate->v8);
    struct new_context made;

    if (!make_context(isolate, &made))
        return false;
    if (!isolate->context.IsEmpty())
        tell_disposed(isolate);
    isolate_drop_handles(isolate);
    drop_slots(isolate);
    for (size_t i = 0; i < PRELUDE_FUNCTIONS; i++)
        isolate->prelude[i].Reset(isolate->v8, made.prelude[i]);
    for (size_t i = 0; i < WASM_FUNCTIONS; i++)
        isolate->wasm[i].Reset(isolate->v8, made.wasm[i]);
    isolate->context.Reset(isolate->v8, made.context);
    return true;
}

int isolate_renew(struct isolate *isolate)
{
    v8::Locker locker(isolate->v8);
    v8::Isolate::Scope isolate_scope(isolate->v8);

    isolate_set_stack_limit(isolate);
    return isolate_open_context(isolate) ? 0 : E_NOMEM;
}
