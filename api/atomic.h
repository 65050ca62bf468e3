/* C11's atomics, under the same names in the C++ of the shim (which has them in <stdatomic.h> only
 * from C++23 on). */
#ifndef ISOYARD_ATOMIC_H
#define ISOYARD_ATOMIC_H

#ifdef __cplusplus
#include <atomic>
using std::atomic_size_t;
using std::atomic_uint;
using std::memory_order_acq_rel;
using std::memory_order_relaxed;
#else
#include <stdatomic.h>
#endif

#endif
