/*
 * A SwitchArchitectureRequest as the switcher takes it, wherever it came from: checked, and with
 * the defaults filled in.
 */
#ifndef ISOYARD_SWITCH_REQUEST_H
#define ISOYARD_SWITCH_REQUEST_H

#include "server/pool_service.h"

#include <isoyard/v1/pool.pb-c.h>

/* The order, with what it takes to save the choice. The service outlives it. */
struct switch_request {
    struct switch_order order; /* but for done, which is the caller's to set */
    struct pool_choice choice;
    const struct pool_service *service;
};

/* E_INVALID with the field. Any thread. */
int switch_request_read(const struct pool_service *service,
                        const Isoyard__V1__SwitchArchitectureRequest *m, struct switch_request *ret,
                        struct error *error);

/* The response, which points to config, and that to nothing. */
void switch_response_init(Isoyard__V1__SwitchArchitectureResponse *ret,
                          Isoyard__V1__PoolConfig *config, const struct switch_report *report);

/* What done was told, with the field as the request has it. */
struct error switch_request_error(int err, const struct error *error);

#endif
