/*
 * Changes that happen as a whole, or not at all, and are durable when they have.
 */
#ifndef ISOYARD_STORE_TRANSACTION_H
#define ISOYARD_STORE_TRANSACTION_H

#include "api/err.h"

struct store;

/* Transactions do not nest. Store thread. */
int transaction_begin(struct store *store, struct error *error);

/* Commits where err is 0, and takes everything back otherwise. Returns err, or the error of a
 * commit that failed, in which case nothing has changed either. Store thread. */
int transaction_end(struct store *store, int err, struct error *error);

#endif
