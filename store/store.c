/*
 * Opening and closing.
 *
 * A store has its file for itself. The registry in the server's memory is filled from it once, so a
 * second server that changed the file would leave this one serving what is no longer there; sharing
 * would be wrong even where SQLite's locks kept the file whole. locking_mode=EXCLUSIVE, set before
 * the first access, takes the lock at that access and keeps it until the connection closes or the
 * process dies; the index of the WAL then stands in memory, and no -shm file is made. A locked file
 * is refused at once: a supervisor knows better how long to wait. (Of two that open one file in the
 * same microseconds both may be refused.)
 *
 * The order of the steps matters. The header is looked at before SQLite's first access, which
 * recovers what a crash left behind; the content before the first write; and the first tables come
 * before the journal becomes a WAL (see inspect.c).
 */
#include "store/store.h"

#include "api/bytes.h"
#include "store/file.h"
#include "store/inspect.h"
#include "store/internal.h"
#include "store/result.h"
#include "store/schema.h"

#include <assert.h>
#include <stdlib.h>
#include <unistd.h>

/* synchronous=FULL: a commit returns after the fsync of its WAL frames. secure_delete=FAST: freed
 * pages are not overwritten where that would be further writes, so that deleting a worker costs
 * what its index costs; Debian's SQLite overwrites them all by default. */
static const char settings[] = "PRAGMA locking_mode = EXCLUSIVE;"
                               "PRAGMA synchronous = FULL;"
                               "PRAGMA foreign_keys = ON;"
                               "PRAGMA cell_size_check = ON;"
                               "PRAGMA trusted_schema = OFF;"
                               "PRAGMA secure_delete = FAST;";

static int set_up(struct store *store, struct error *error)
{
    int version;
    int err = file_run(store->db, settings, error);

    if (!err)
        err = inspect_content(store->db, &version, error);
    if (!err)
        err = schema_migrate(store->db, version, error);
    if (!err)
        err = file_use_wal(store->db, error);
    if (!err)
        err = statements_init(&store->statements, store->db, error);
    return err;
}

static bool has_wal(struct store *store)
{
    return access(sqlite3_filename_wal(sqlite3_db_filename(store->db, "main")), F_OK) == 0;
}

static int set_up_or_leave_alone(struct store *store, struct error *error)
{
    bool had_wal = has_wal(store);
    int err = set_up(store, error);

    /* Closing would move the WAL's pages into a file that was just refused. A WAL that was made by
     * opening is empty, and goes with the closing. */
    if (err && had_wal)
        sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return err;
}

int store_open(const char *path, struct store **ret, struct error *error)
{
    struct store *store = xcalloc(1, sizeof(*store));
    int err = file_open(path, &store->db, error);

    if (!err)
        err = inspect_header(store->db, error);
    if (!err)
        err = set_up_or_leave_alone(store, error);
    if (err)
        store_close(store);
    else
        *ret = store;
    return err;
}

void store_close(struct store *store)
{
    int status;

    if (!store)
        return;
    statements_release(&store->statements);
    status = sqlite3_close(store->db);
    assert(status == SQLITE_OK); /* otherwise a statement was forgotten */
    free(store);
}
