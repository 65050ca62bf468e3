/*
 * V8's pages. They come from V8's own allocator; what WebAssembly takes is counted on the way, for
 * V8 has no bound of its own for an isolate, and asks nobody else.
 *
 * A memory of WebAssembly is an inaccessible reservation of addresses, of which the beginning is
 * made accessible, more of it as it grows. It counts with the isolate's ArrayBuffers, and with
 * WASM_MEMORY_BYTES_MIN at least: a small one takes mappings, of which the kernel gives a process a
 * bounded number. What is refused becomes a RangeError. Code is a reservation of another kind,
 * which cannot be refused (V8 would end the process): it is counted, and wasm_admit looks at that
 * before anything is compiled.
 *
 * Any thread. Both kinds are reserved in a turn of their isolate, and freed by whoever collects.
 */
#ifndef ISOYARD_PAGE_ALLOCATOR_H
#define ISOYARD_PAGE_ALLOCATOR_H

#include "shim/counted_lock.h"
#include "shim/memory.h"
#include "shim/v8_compat.h"

#include <map>
#include <memory>
#include <mutex>
#include <v8-platform.h>

#define WASM_MEMORY_BYTES_MIN ((size_t)512 << 10)

class page_allocator final : public v8::PageAllocator
{
  public:
    explicit page_allocator(v8::PageAllocator *base);

    size_t AllocatePageSize() override
    {
        return base_->AllocatePageSize();
    }
    size_t CommitPageSize() override
    {
        return base_->CommitPageSize();
    }
    void SetRandomMmapSeed(int64_t seed) override
    {
        base_->SetRandomMmapSeed(seed);
    }
    void *GetRandomMmapAddr() override
    {
        return base_->GetRandomMmapAddr();
    }
    void *AllocatePages(void *hint, size_t length, size_t alignment,
                        Permission permissions) override;
    bool FreePages(void *address, size_t length) override;
    bool ReleasePages(void *address, size_t length, size_t new_length) override
    {
        return base_->ReleasePages(address, length, new_length);
    }
    bool SetPermissions(void *address, size_t length, Permission permissions) override;
#if ISOYARD_V8 >= 1100
    bool RecommitPages(void *address, size_t length, Permission permissions) override;
#endif
    bool DiscardSystemPages(void *address, size_t size) override
    {
        return base_->DiscardSystemPages(address, size);
    }
    bool DecommitPages(void *address, size_t size) override
    {
        return base_->DecommitPages(address, size);
    }

  private:
    struct reservation {
        std::shared_ptr<buffer_allocator> owner;
        size_t length;
        size_t charged;
        bool is_code;
    };

    void *reserve_memory(void *hint, size_t length, size_t alignment);
    void *reserve_code(void *hint, size_t length, size_t alignment);
    std::shared_ptr<buffer_allocator> owner_of_code(void *hint);
    void add(void *address, struct reservation region);
    struct reservation take(void *address);
    bool grow(void *address, size_t length);

    v8::PageAllocator *const base_;
    const size_t memories_max_;
    counted_lock lock_{LOCK_WASM_MEMORY}; /* guards all below; a leaf */
    std::map<void *, struct reservation> reservations_;
    size_t memories_ = 0;
};

#endif
