/* ArrayBuffer memory: counted, bounded. */
#include "shim/memory.h"

#include <cstdlib>
#include <cstring>

bool buffer_allocator::charge(size_t length)
{
    size_t before = used_.fetch_add(length, std::memory_order_relaxed);

    if (length <= budget_ && before <= budget_ - length)
        return true;
    used_.fetch_sub(length, std::memory_order_relaxed);
    refused_.store(before + length, std::memory_order_relaxed);
    return false;
}

void buffer_allocator::discharge(size_t length)
{
    used_.fetch_sub(length, std::memory_order_relaxed);
}

bool buffer_allocator::has_room(size_t length)
{
    bool fits = charge(length);

    if (fits)
        discharge(length);
    return fits;
}

/* V8 reserves five times the functions' bytes for code, more or less; and it keeps what it
 * compiles. */
#define CODE_FACTOR ((size_t)6)

static std::atomic<size_t> code_total; /* relaxed, as all of these */

bool buffer_allocator::admit_module(size_t wire_bytes)
{
    size_t total = code_total.load(std::memory_order_relaxed);

    if (wire_bytes > WASM_CODE_BYTES_MAX / CODE_FACTOR ||
        code_bytes() + wire_bytes * CODE_FACTOR > WASM_CODE_BYTES_MAX ||
        total + wire_bytes * CODE_FACTOR > WASM_CODE_TOTAL_MAX)
        return false;
    module_bytes_ = wire_bytes;
    return true;
}

size_t buffer_allocator::take_module()
{
    size_t bytes = module_bytes_;

    module_bytes_ = 0;
    return bytes;
}

void buffer_allocator::charge_code(size_t length)
{
    code_.fetch_add(length, std::memory_order_relaxed);
    code_total.fetch_add(length, std::memory_order_relaxed);
}

void buffer_allocator::discharge_code(size_t length)
{
    code_.fetch_sub(length, std::memory_order_relaxed);
    code_total.fetch_sub(length, std::memory_order_relaxed);
}

void *buffer_allocator::allocate(size_t length, void *(*make)(size_t count, size_t size))
{
    void *data;

    if (!charge(length))
        return nullptr;
    data = make(length ? length : 1, 1);
    if (!data)
        discharge(length);
    return data;
}

void *buffer_allocator::Allocate(size_t length)
{
    return allocate(length, calloc);
}

void *buffer_allocator::AllocateUninitialized(size_t length)
{
    return allocate(length, [](size_t count, size_t size) { return malloc(count * size); });
}

void buffer_allocator::Free(void *data, size_t length)
{
    discharge(length);
    free(data);
}

static void free_buffer(void *data, size_t length, void *arg)
{
    auto *allocator = static_cast<std::shared_ptr<buffer_allocator> *>(arg);

    (*allocator)->Free(data, length);
    delete allocator;
}

/* Of memory that is charged to the allocator. */
static v8::Local<v8::ArrayBuffer> buffer_over(v8::Isolate *isolate,
                                              const std::shared_ptr<buffer_allocator> &allocator,
                                              void *data, size_t length)
{
    return v8::ArrayBuffer::New(
        isolate, v8::ArrayBuffer::NewBackingStore(
                     data, length, free_buffer, new std::shared_ptr<buffer_allocator>(allocator)));
}

/* Has buffers collected that nobody uses any more, as V8 does before an allocation of its own
 * fails. False where that cannot help. */
static bool collect(v8::Isolate *isolate, const std::shared_ptr<buffer_allocator> &allocator,
                    size_t length)
{
    if (length > allocator->budget())
        return false;
    isolate->LowMemoryNotification();
    return true;
}

bool external_charge(v8::Isolate *isolate, const std::shared_ptr<buffer_allocator> &allocator,
                     size_t length)
{
    return allocator->charge(length) ||
           (collect(isolate, allocator, length) && allocator->charge(length));
}

v8::MaybeLocal<v8::ArrayBuffer> array_buffer_new(v8::Isolate *isolate,
                                                 const std::shared_ptr<buffer_allocator> &allocator,
                                                 size_t length)
{
    void *data = allocator->AllocateUninitialized(length);

    if (!data && collect(isolate, allocator, length))
        data = allocator->AllocateUninitialized(length);
    if (!data)
        return {};
    return buffer_over(isolate, allocator, data, length);
}

v8::MaybeLocal<v8::ArrayBuffer>
array_buffer_adopt(v8::Isolate *isolate, const std::shared_ptr<buffer_allocator> &allocator,
                   void *data, size_t length)
{
    if (!external_charge(isolate, allocator, length))
        return {};
    return buffer_over(isolate, allocator, data, length);
}

v8::MaybeLocal<v8::ArrayBuffer>
array_buffer_copy(v8::Isolate *isolate, const std::shared_ptr<buffer_allocator> &allocator,
                  const void *data, size_t length)
{
    v8::Local<v8::ArrayBuffer> buffer;

    if (array_buffer_new(isolate, allocator, length).ToLocal(&buffer) && length > 0)
        memcpy(buffer->GetBackingStore()->Data(), data, length);
    return buffer;
}
