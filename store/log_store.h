/*
 * The log's database: records in a SQLite file of their own, so that they neither bloat nor slow
 * down the store of deployments. It has a bounded size; what is oldest goes.
 *
 * Durability: what log_store_append has written survives the end of the process, however that comes
 * (WAL, synchronous=NORMAL: no fsync for each commit). Where the system itself fails, the newest
 * records may be lost, and the file stays whole.
 *
 * Threads: one at a time.
 */
#ifndef ISOYARD_STORE_LOG_STORE_H
#define ISOYARD_STORE_LOG_STORE_H

#include "api/err.h"
#include "store/log_record.h"

struct log_store;

/*
 * Opens the file, making it (mode 0600) where there is none. Nobody else can open it until
 * log_store_close, or the process's end. E_INVALID, E_CONDITION, E_IO as store_open; E_CORRUPT: it
 * is damaged, or not a log of ours.
 */
int log_store_open(const char *path, struct log_store **ret, struct error *error);
void log_store_close(struct log_store *store); /* NULL is fine */

/* The greatest id that there is; 0: none. */
int64_t log_store_last_id(const struct log_store *store);

/* Writes a list of records in one transaction; their ids go on from log_store_last_id. On error
 * nothing is written. */
int log_store_append(struct log_store *store, const struct log_record *first, struct error *error);

/* What is to be read, and how much of it. */
struct log_read {
    struct log_filter filter;
    int64_t after, before; /* ids: only what is between; before 0: no end */
    bool is_oldest_first;
    size_t limit;      /* records */
    size_t bytes_max;  /* of records; one is given even if it is larger */
    size_t looked_max; /* at records that do not match, too */
};

struct log_page {
    struct log_record **records; /* in the order of reading */
    size_t count;
    bool has_more; /* where there is more to look at, ... */
    int64_t last;  /* ... the last id that was looked at */
};

/* Reads records that match. Release the page whatever is returned. E_CONDITION where the store is
 * NULL. */
int log_store_read(struct log_store *store, const struct log_read *read, struct log_page *ret,
                   struct error *error);
void log_page_release(struct log_page *page);

/* What is to stay. */
struct log_bounds {
    int64_t now_us, from_us; /* times: now, and of the oldest record */
    uint64_t max_bytes;      /* of the database */
};

/*
 * Removes the oldest records, until none is out of bounds. Where the clock was ahead ids are, too,
 * for as long; then it is the times of those that say how old they and what came before are. At
 * most about a thousand at once; *ret_more: call again.
 */
int log_store_trim(struct log_store *store, const struct log_bounds *bounds, bool *ret_more,
                   struct error *error);

/* Bytes of the database that are in use. */
uint64_t log_store_bytes(const struct log_store *store);

#endif
