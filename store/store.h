/*
 * The store: workers and their versions, the choice of a pool, and comparisons (comparison.h), in
 * one SQLite file.
 *
 * Versions are immutable and numbered from 1 in each worker. Numbers are never used twice while the
 * worker exists. Every call that changes something returns once the change is durable (WAL,
 * synchronous=FULL). A file of a newer schema, of another application, or that is damaged, is
 * refused and left as it is.
 *
 * Threads: one at a time, the store thread.
 */
#ifndef ISOYARD_STORE_H
#define ISOYARD_STORE_H

#include "api/err.h"
#include "api/script.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

#define STORE_PAGE_MAX 1000 /* elements that one call for a list gives */

struct version_info {
    uint32_t number;
    unsigned char sha256[SCRIPT_SHA256_BYTES];
    uint64_t size_bytes;
    int64_t created_us; /* since the Unix epoch */
    bool is_active;
    char *message;      /* never NULL */
    uint32_t max_tasks; /* script.max_tasks */
    bool allows_eval;   /* script.allows_eval */
    size_t file_count;
    char **file_names; /* the main one first */
};

struct worker_info {
    char tenant[SCRIPT_NAME_MAX + 1];
    char name[SCRIPT_NAME_MAX + 1];
    uint32_t active_version; /* 0: none */
    uint32_t latest_version;
    int64_t created_us;
    int64_t updated_us; /* last deployment or activation */
};

/*
 * Opens the file, making it (mode 0600) where there is none, filling it where it is empty, and
 * bringing an older schema up to date. Nobody else can open it until store_close, or the process's
 * end. E_INVALID: a path that cannot be a database (a directory; a folder that does not exist);
 * E_CORRUPT: not a database of ours, or damaged; E_CONDITION: of a newer schema, or open elsewhere
 * (which is not waited for); E_IO: the system refused. error->message says what to do.
 */
int store_open(const char *path, struct store **ret, struct error *error);
void store_close(struct store *store); /* NULL is fine */

/*
 * Stores a sealed script as its worker's next version, making the worker where there is none, and
 * activates it where told to, in one transaction. ret owns strings: version_info_release. message
 * is UTF-8 of at most SCRIPT_MESSAGE_MAX bytes. E_INVALID: that, or a name (script_check_name), is
 * not as it should be; E_CONDITION: the worker's numbers are used up.
 */
int store_put_version(struct store *store, const struct script *script, const char *message,
                      bool activate, struct version_info *ret, struct error *error);

/* Makes a stored version the active one, in one transaction. ret_previous is the one before (0:
 * none). E_NOT_FOUND: no such worker, or no such version. */
int store_activate(struct store *store, const char *tenant, const char *worker, uint32_t version,
                   struct worker_info *ret, uint32_t *ret_previous, struct error *error);

/* E_NOT_FOUND where there is no such worker. */
int store_get_worker(struct store *store, const char *tenant, const char *worker,
                     struct worker_info *ret, struct error *error);

/*
 * Up to limit (and STORE_PAGE_MAX) workers of a tenant whose names come after `after` ("": from the
 * first), by name. *ret is an array to free() of *ret_count elements; *ret_more: whether there are
 * further ones.
 */
int store_list_workers(struct store *store, const char *tenant, const char *after, size_t limit,
                       struct worker_info **ret, size_t *ret_count, bool *ret_more,
                       struct error *error);

/*
 * Up to limit (and STORE_PAGE_MAX) versions of a worker with numbers below `before` (0: from the
 * newest), the newest first. *ret is an array to free with version_list_free. E_NOT_FOUND where
 * there is no such worker.
 */
int store_list_versions(struct store *store, const char *tenant, const char *worker,
                        uint32_t before, size_t limit, struct version_info **ret, size_t *ret_count,
                        bool *ret_more, struct error *error);

/* Removes a worker with all its versions. E_NOT_FOUND where there is none. */
int store_delete_worker(struct store *store, const char *tenant, const char *worker,
                        uint32_t *ret_versions, struct error *error);

/*
 * Reads a version back as a sealed script with one reference. E_NOT_FOUND where there is none;
 * E_CORRUPT where its hash is not the stored one.
 */
int store_load_version(struct store *store, const char *tenant, const char *worker,
                       uint32_t version, const struct limits *limits, struct script **ret,
                       struct error *error);

/* Who is told of each worker. None may call the store; names and error are valid during the call.
 */
struct worker_visitor {
    void *arg;
    void (*active)(void *arg, struct script *script); /* takes the reference */
    void (*inactive)(void *arg, const char *tenant, const char *worker);
    /* Its active version cannot be read back; the error says why, and which. */
    void (*damaged)(void *arg, const char *tenant, const char *worker, const struct error *error);
};

/* Visits all workers, by tenant and name. An error is the database's, not a single version's. */
int store_each_worker(struct store *store, const struct limits *limits,
                      const struct worker_visitor *visitor, struct error *error);

/* What the last switch of pools chose, as names and values of the server's flags; none: nobody has
 * switched. */
struct pool_setting {
    char name[32];
    char value[32];
};

#define POOL_CHOICE_MAX 16

struct pool_choice {
    size_t count;
    struct pool_setting settings[POOL_CHOICE_MAX]; /* no name twice */
};

/* Replaces the whole choice, in one transaction. */
int store_put_pool_choice(struct store *store, const struct pool_choice *choice,
                          struct error *error);

/* By name. E_CORRUPT where the database holds what this server would not have written. */
int store_get_pool_choice(struct store *store, struct pool_choice *ret, struct error *error);

void version_info_release(struct version_info *version);
void version_list_free(struct version_info *versions, size_t count);

#endif
