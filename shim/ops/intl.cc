/* Whether there may be one more object of Intl. */
#include "shim/held.h"
#include "shim/isolate.h"
#include "shim/ops/ops.h"

/* What the larger ones of them take. */
#define INTL_BYTES ((size_t)64 << 10)

void op_admit_intl(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    const std::shared_ptr<buffer_allocator> &allocator = isolate_of(v8)->allocator;

    if (allocator->has_room(INTL_BYTES))
        return;
    v8->LowMemoryNotification(); /* objects that nobody uses any more are freed by this */
    if (!allocator->has_room(INTL_BYTES))
        throw_range_error(v8, INTL_REFUSED);
}

void op_charge_intl(op_info info)
{
    if (compat::intl_bytes_unseen > 0 && info[0]->IsObject())
        held_charge(isolate_of(info.GetIsolate()), info[0].As<v8::Object>(), HELD_MEMORY,
                    compat::intl_bytes_unseen);
}
