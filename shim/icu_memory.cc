/* ICU's memory, counted. */
#include "shim/icu_memory.h"

#include "shim/isolate.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <unicode/uclean.h>

/* Before each block. The owner may have to outlive its isolate. */
struct alignas(16) header {
    std::shared_ptr<buffer_allocator> owner; /* empty: nobody's */
    size_t size;
};

static struct header *header_of(void *data)
{
    return static_cast<struct header *>(data) - 1;
}

static void *allocate(const void *, size_t size)
{
    const std::shared_ptr<buffer_allocator> *owner = isolate_allocator();
    void *memory =
        size <= SIZE_MAX - sizeof(struct header) ? malloc(sizeof(struct header) + size) : nullptr;
    struct header *block;

    if (!memory)
        return nullptr;
    block = new (memory) header{owner ? *owner : nullptr, size};
    if (owner)
        (*owner)->charge_anyway(size);
    return block + 1;
}

static void release(const void *, void *data)
{
    struct header *block;

    if (!data)
        return;
    block = header_of(data);
    if (block->owner)
        block->owner->discharge(block->size);
    block->~header();
    free(block);
}

static void *reallocate(const void *context, void *data, size_t size)
{
    void *grown = allocate(context, size);

    if (grown && data)
        memcpy(grown, data, std::min(size, header_of(data)->size));
    if (grown)
        release(context, data);
    return grown;
}

bool icu_memory_init()
{
    UErrorCode status = U_ZERO_ERROR;

    u_setMemoryFunctions(nullptr, allocate, reallocate, release, &status);
    return U_SUCCESS(status);
}
