/*
 * An isolate's memory outside the heap: ArrayBuffers, counted and bounded.
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
};

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
