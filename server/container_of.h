/* The structure that a member lies in. */
#ifndef ISOYARD_CONTAINER_OF_H
#define ISOYARD_CONTAINER_OF_H

#include <stddef.h>

#define container_of(pointer, type, member)                                                        \
    ((type *)((char *)(1 ? (pointer) : &((type *)0)->member) - offsetof(type, member)))

#endif
