/* When a client stops waiting. */
#ifndef ISOYARD_DEADLINE_H
#define ISOYARD_DEADLINE_H

#include "api/clock.h"

#include <grpc/support/time.h>
#include <stdbool.h>
#include <stdint.h>

/* In nanoseconds of CLOCK_MONOTONIC; 0: never. */
static inline uint64_t deadline_ns(gpr_timespec deadline)
{
    gpr_timespec at = gpr_convert_clock_type(deadline, GPR_CLOCK_MONOTONIC);

    /* Later than a century from the boot is for ever: gRPC says so with the largest time. */
    if (at.tv_sec > INT64_C(100) * 365 * 86400)
        return 0;
    return at.tv_sec < 0 ? 1 : (uint64_t)at.tv_sec * NS_PER_S + (uint64_t)at.tv_nsec;
}

static inline bool deadline_has_passed(gpr_timespec deadline)
{
    uint64_t at_ns = deadline_ns(deadline);

    return at_ns != 0 && clock_now_ns() >= at_ns;
}

#endif
