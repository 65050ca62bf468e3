/*
 * Counters that only grow, as somebody reads them who is not their writer.
 */
#ifndef ISOYARD_COUNTER_H
#define ISOYARD_COUNTER_H

#include <stdint.h>

/* By how much it grew. Figures that are read one after the other, while they are written, may seem
 * to go back a little: 0. */
static inline uint64_t counter_grown(uint64_t before, uint64_t now)
{
    return now > before ? now - before : 0;
}

#endif
