/*
 * Compiled code of workers in a SQLite file of its own, for the processes to come: by key, with a
 * SHA-256 that is looked at in reading, of one engine (version and flags). It has a bounded size;
 * what was written longest ago goes. All of it can be made again, so that nothing in it is worth an
 * error to anybody: what is damaged, or another engine's, is removed and counted.
 *
 * Durability: what was put survives the end of the process, however that comes, as in the log's
 * store.
 *
 * Threads: one at a time.
 */
#ifndef ISOYARD_STORE_CODE_STORE_H
#define ISOYARD_STORE_CODE_STORE_H

#include "api/bytes.h"
#include "api/err.h"

#include <stdint.h>

struct code_store;

/*
 * Opens the file, making it (mode 0600) where there is none, and removes what another engine has
 * left. max_bytes: of keys and code together. Nobody else can open it until code_store_close.
 * E_INVALID: the path cannot be a database's, or it is one of somebody else's; E_CORRUPT: it is
 * damaged, or of another isoyardd, and can be put aside; E_CONDITION, E_IO as store_open.
 */
int code_store_open(const char *path, const char *engine, uint64_t max_bytes,
                    struct code_store **ret, struct error *error);
void code_store_close(struct code_store *store); /* NULL is fine */

/* Keeps code under a key, in place of what was there; the oldest goes where there is no room. What
 * is larger than the bound is not kept. On error nothing is changed. */
int code_store_put(struct code_store *store, struct bytes key, struct bytes code,
                   struct error *error);

/* One that was read. */
struct stored_code {
    int64_t id;
    struct bytes key, code; /* the store's, until its next call */
};

/*
 * Reads the one that was written last before `before` (an id; INT64_MAX: of all), and removes those
 * that it finds damaged. 1: there is one; 0: there is none; or an error.
 */
int code_store_read(struct code_store *store, int64_t before, struct stored_code *ret,
                    struct error *error);

/* Of keys and code. */
uint64_t code_store_bytes(const struct code_store *store);

/* Entries that were removed because they were damaged, or another engine's. */
uint64_t code_store_discarded(const struct code_store *store);

#endif
