/* What V8 holds for objects, charged by weak handles of them. */
#include "shim/held.h"

#include "shim/isolate.h"

struct held {
    struct isolate *isolate;
    enum held_kind kind;
    size_t bytes;
    v8::Global<v8::Object> object;
    struct held *previous, *next; /* isolate.held */
};

static void release(struct held *held)
{
    struct isolate *isolate = held->isolate;

    if (held->previous)
        held->previous->next = held->next;
    else
        isolate->held = held->next;
    if (held->next)
        held->next->previous = held->previous;
    held->object.Reset();
    if (held->kind == HELD_CODE)
        isolate->allocator->discharge_code(held->bytes);
    else
        isolate->allocator->discharge(held->bytes);
    delete held;
}

static void on_collected(const v8::WeakCallbackInfo<struct held> &info)
{
    release(info.GetParameter());
}

void held_charge(struct isolate *isolate, v8::Local<v8::Object> object, enum held_kind kind,
                 size_t bytes)
{
    if (isolate->context.IsEmpty())
        return;
    auto *held = new struct held();

    held->isolate = isolate;
    held->kind = kind;
    held->bytes = bytes;
    held->next = isolate->held;
    if (held->next)
        held->next->previous = held;
    isolate->held = held;
    held->object.Reset(isolate->v8, object);
    held->object.SetWeak(held, on_collected, v8::WeakCallbackType::kParameter);
    if (kind == HELD_CODE)
        isolate->allocator->charge_code(bytes);
    else
        isolate->allocator->charge_anyway(bytes);
}

void held_drop(struct isolate *isolate)
{
    while (isolate->held)
        release(isolate->held);
}
