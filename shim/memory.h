/*
 * An isolate's memory outside the heap, counted and bounded: ArrayBuffers, WebAssembly's memories
 * (page_allocator.h), what ICU takes for objects of Intl (icu_memory.h); and, apart from these,
 * WebAssembly's code.
 */
#ifndef ISOYARD_MEMORY_H
#define ISOYARD_MEMORY_H

#include <atomic>
#include <cstddef>
#include <memory>
#include <v8.h>

/*
 * The allocator of one isolate's ArrayBuffers. Above its budget it returns NULL, which V8 turns
 * into a RangeError. Buffers can outlive the isolate for a moment (V8 frees them on its own
 * threads), so it is held by shared_ptr. Any thread.
 */
class buffer_allocator final : public v8::ArrayBuffer::Allocator
{
  public:
    explicit buffer_allocator(size_t budget) : budget_(budget)
    {
    }

    void *Allocate(size_t length) override;
    void *AllocateUninitialized(size_t length) override;
    void Free(void *data, size_t length) override;

    /* Counts memory that is not the allocator's own against the budget; false above it. */
    bool charge(size_t length);
    void discharge(size_t length);

    /* Counts what cannot be refused: it may pass the budget. */
    void charge_anyway(size_t length)
    {
        used_.fetch_add(length, std::memory_order_relaxed);
    }
    /* Whether so much could be charged. Counts as a refusal where it could not. */
    bool has_room(size_t length);

    /* Whether a module of so many bytes may be compiled. Where it may, take_module gives them,
     * once, to whoever counts the code that is then reserved. In a turn. */
    bool admit_module(size_t wire_bytes);
    size_t take_module();
    /* Code, with what it was compiled from. */
    void charge_code(size_t length);
    void discharge_code(size_t length);
    size_t code_bytes() const
    {
        return code_.load(std::memory_order_relaxed);
    }

    size_t used() const
    {
        return used_.load(std::memory_order_relaxed);
    }
    size_t budget() const
    {
        return budget_;
    }
    bool has_refused() const
    {
        return refused_.load(std::memory_order_relaxed) != 0;
    }
    /* Bytes that the last refused request would have come to, since the last call; 0: none was
     * refused. */
    size_t take_refused()
    {
        return refused_.exchange(0, std::memory_order_relaxed);
    }

  private:
    void *allocate(size_t length, void *(*make)(size_t count, size_t size));

    const size_t budget_;
    /* Relaxed: counters, which order nothing. */
    std::atomic<size_t> used_{0};
    std::atomic<size_t> refused_{0};
    std::atomic<size_t> code_{0};
    size_t module_bytes_ = 0; /* in a turn only */
};

/* Code of WebAssembly, in bytes that are reserved for it, and what it was compiled from: of an
 * isolate, and of the process. V8 ends the process where more than 4 GiB would be needed. */
#define WASM_CODE_BYTES_MAX ((size_t)128 << 20)
#define WASM_CODE_TOTAL_MAX ((size_t)2 << 30)

/* Counts memory against the budget, after a collection of garbage where it would be above. In a
 * turn. */
bool external_charge(v8::Isolate *isolate, const std::shared_ptr<buffer_allocator> &allocator,
                     size_t length);

/*
 * An ArrayBuffer of uninitialised bytes, or of a copy; nothing above the budget (V8's own
 * constructor would end the process). In a turn.
 */
v8::MaybeLocal<v8::ArrayBuffer> array_buffer_new(v8::Isolate *isolate,
                                                 const std::shared_ptr<buffer_allocator> &allocator,
                                                 size_t length);
v8::MaybeLocal<v8::ArrayBuffer>
array_buffer_copy(v8::Isolate *isolate, const std::shared_ptr<buffer_allocator> &allocator,
                  const void *data, size_t length);

/* An ArrayBuffer over memory of malloc's, which it takes; above the budget nothing, and the memory
 * is still the caller's. In a turn. */
v8::MaybeLocal<v8::ArrayBuffer>
array_buffer_adopt(v8::Isolate *isolate, const std::shared_ptr<buffer_allocator> &allocator,
                   void *data, size_t length);

#endif
