/*
 * Rows of the table of workers, for the files of this folder.
 */
#ifndef ISOYARD_STORE_WORKER_H
#define ISOYARD_STORE_WORKER_H

#include "store/store.h"

struct worker_row {
    int64_t id;
    struct worker_info info;
};

/* E_NOT_FOUND where there is none. Store thread. */
int worker_find(struct store *store, const char *tenant, const char *name, struct worker_row *ret,
                struct error *error);

/* Like worker_find, and makes the worker where there is none. In a transaction. Store thread. */
int worker_find_or_add(struct store *store, const char *tenant, const char *name, int64_t now_us,
                       struct worker_row *ret, struct error *error);

/* In a transaction. Store thread. */
int worker_set_latest(struct store *store, int64_t id, uint32_t version, int64_t now_us,
                      struct error *error);
int worker_set_active(struct store *store, int64_t id, uint32_t version, int64_t now_us,
                      struct error *error);

/* The time for created_us and updated_us. Any thread. */
int64_t worker_now_us(void);

#endif
