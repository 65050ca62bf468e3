/*
 * From the dashboard's JSON to the messages of pool.proto, whose readers check the rest.
 */
#ifndef ISOYARD_CONTROL_REQUEST_H
#define ISOYARD_CONTROL_REQUEST_H

#include "api/err.h"

#include <isoyard/v1/pool.pb-c.h>
#include <jansson.h>

/* A request with the messages that it points to; it stays where it is. */
struct switch_asked {
    Isoyard__V1__SwitchArchitectureRequest request;
    Isoyard__V1__PoolSettings settings;
    Google__Protobuf__Duration drain;
};

/* See control_switch. E_INVALID with the field. Any thread. */
int control_read_switch(const json_t *request, struct switch_asked *ret, struct error *error);

/* See control_compare. *ret is the caller's, for isoyard__v1__compare_pools_request__free_unpacked.
 * E_INVALID with the field. Any thread. */
int control_read_compare(const json_t *request, Isoyard__V1__ComparePoolsRequest **ret,
                         struct error *error);

#endif
