/* V8's pages, and what WebAssembly takes of them. */
#include "shim/page_allocator.h"

#include "shim/isolate.h"

#include <algorithm>
#include <cstdio>

/* The heap's reservations are aligned to more. */
#define WASM_ALIGNMENT_MAX ((size_t)64 << 10)

/* A memory has two mappings, and isolates need theirs: an eighth of what the kernel allows are
 * memories, at most. */
static size_t memories_max()
{
    FILE *file = fopen("/proc/sys/vm/max_map_count", "r");
    size_t mappings = 65530;

    if (file) {
        if (fscanf(file, "%zu", &mappings) != 1)
            mappings = 65530;
        fclose(file);
    }
    return mappings / 8;
}

page_allocator::page_allocator(v8::PageAllocator *base) : base_(base), memories_max_(memories_max())
{
}

void *page_allocator::AllocatePages(void *hint, size_t length, size_t alignment,
                                    Permission permissions)
{
    if (alignment <= WASM_ALIGNMENT_MAX && permissions == kNoAccess)
        return reserve_memory(hint, length, alignment);
    if (alignment <= WASM_ALIGNMENT_MAX && permissions == kNoAccessWillJitLater)
        return reserve_code(hint, length, alignment);
    return base_->AllocatePages(hint, length, alignment, permissions);
}

void page_allocator::add(void *address, struct reservation region)
{
    std::lock_guard<counted_lock> guard(lock_);

    memories_ += !region.is_code;
    reservations_[address] = std::move(region);
}

/* Without an owner where it is none that is counted. */
struct page_allocator::reservation page_allocator::take(void *address)
{
    struct reservation region = {};
    std::lock_guard<counted_lock> guard(lock_);
    auto found = reservations_.find(address);

    if (found == reservations_.end())
        return region;
    region = std::move(found->second);
    memories_ -= !region.is_code;
    reservations_.erase(found);
    return region;
}

void *page_allocator::reserve_memory(void *hint, size_t length, size_t alignment)
{
    const std::shared_ptr<buffer_allocator> *owner = isolate_allocator();
    void *address;

    if (!owner)
        return base_->AllocatePages(hint, length, alignment, kNoAccess);
    {
        std::lock_guard<counted_lock> guard(lock_);
        if (memories_ >= memories_max_)
            return nullptr;
    }
    if (!(*owner)->charge(WASM_MEMORY_BYTES_MIN))
        return nullptr;
    address = base_->AllocatePages(hint, length, alignment, kNoAccess);
    if (address)
        add(address, {*owner, length, WASM_MEMORY_BYTES_MIN, false});
    else
        (*owner)->discharge(WASM_MEMORY_BYTES_MIN);
    return address;
}

/* Another thread than a turn's asks where a module needs more code than was reserved: for what
 * comes after that. From V8 13 on it asks for what comes after the code reserved last, whosever
 * that is: so nobody is charged for it. */
std::shared_ptr<buffer_allocator> page_allocator::owner_of_code(void *hint)
{
#if ISOYARD_V8 < 1300
    std::lock_guard<counted_lock> guard(lock_);
    auto after = reservations_.lower_bound(hint);

    if (after == reservations_.begin())
        return nullptr;
    auto before = std::prev(after);
    bool is_next = before->second.is_code && (char *)before->first + before->second.length == hint;
    return is_next ? before->second.owner : nullptr;
#else
    (void)hint;
    return nullptr;
#endif
}

void *page_allocator::reserve_code(void *hint, size_t length, size_t alignment)
{
    const std::shared_ptr<buffer_allocator> *current = isolate_allocator();
    std::shared_ptr<buffer_allocator> owner = current ? *current : owner_of_code(hint);
    void *address = base_->AllocatePages(hint, length, alignment, kNoAccessWillJitLater);
    size_t charged = length;

    if (!owner || !address)
        return address;
    if (current)
        charged += owner->take_module();
    owner->charge_code(charged);
    add(address, {owner, length, charged, true});
    return address;
}

bool page_allocator::FreePages(void *address, size_t length)
{
    struct reservation region = take(address);

    if (region.owner && region.is_code)
        region.owner->discharge_code(region.charged);
    else if (region.owner)
        region.owner->discharge(region.charged);
    return base_->FreePages(address, length);
}

/* Charges a memory that has so many accessible bytes from now on. */
bool page_allocator::grow(void *address, size_t length)
{
    std::lock_guard<counted_lock> guard(lock_);
    auto found = reservations_.find(address);

    if (found == reservations_.end() || found->second.is_code || length <= found->second.charged)
        return true;
    if (!found->second.owner->charge(length - found->second.charged))
        return false;
    found->second.charged = length;
    return true;
}

/* Where the kernel has no more memory the charge stays, until the memory is freed. */
bool page_allocator::SetPermissions(void *address, size_t length, Permission permissions)
{
    if (permissions == kReadWrite && !grow(address, length))
        return false;
    return base_->SetPermissions(address, length, permissions);
}

#if ISOYARD_V8 >= 1100
bool page_allocator::RecommitPages(void *address, size_t length, Permission permissions)
{
    if (permissions == kReadWrite && !grow(address, length))
        return false;
    return base_->RecommitPages(address, length, permissions);
}
#endif
