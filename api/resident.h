/* The memory of this process that is in RAM. */
#ifndef ISOYARD_RESIDENT_H
#define ISOYARD_RESIDENT_H

#include <stdint.h>

/* 0 where the system does not say. Any thread. */
uint64_t resident_bytes(void);

#endif
