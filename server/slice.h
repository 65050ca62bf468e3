/*
 * A slice of gRPC's as bytes: a view, which lives as long as the slice stays where it is. (Small
 * slices hold their bytes themselves.)
 */
#ifndef ISOYARD_SLICE_H
#define ISOYARD_SLICE_H

#include "api/bytes.h"

#include <grpc/slice.h>

static inline struct bytes slice_bytes(const grpc_slice *slice)
{
    return (struct bytes){(const char *)GRPC_SLICE_START_PTR(*slice), GRPC_SLICE_LENGTH(*slice)};
}

#endif
