/*
 * Comparisons that are stored: ListComparisons, GetComparison, and how one is stored.
 *
 * The store has the packed Comparison as it was before it had an id; id and time are the row's.
 */
#ifndef ISOYARD_COMPARISON_SERVICE_H
#define ISOYARD_COMPARISON_SERVICE_H

#include "server/pool_service.h"

#include <isoyard/v1/pool.pb-c.h>

/* For pool_service.c: the part of PoolService that is here. */
void comparison_register(struct pool_service *service, struct rpc_server *server);

/*
 * Stores a report, whatever id and time it has; gives those that it gets. Waits for the store's
 * thread: not on that one, nor on a lane's or a completion queue's. E_BUSY, E_CLOSED: the store's
 * thread takes nothing; E_INVALID: it is too large; or the database's error.
 */
int comparison_save(struct store_thread *thread, const Isoyard__V1__Comparison *report,
                    uint64_t *ret_id, int64_t *ret_created_us, struct error *error);

#endif
