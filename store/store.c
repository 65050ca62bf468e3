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
#include "store/inspect.h"
#include "store/internal.h"
#include "store/result.h"
#include "store/schema.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

static int refuse_path(const char *path, int cause, struct error *error)
{
    switch (cause) {
    case ENOENT:
        return error_set(error, E_INVALID, "",
                         "'%.512s' cannot be made, since its folder does not exist: make the "
                         "folder, or give the path of another file",
                         path);
    case ENOLINK:
        return error_set(error, E_INVALID, "",
                         "'%.512s' is a link to nothing: remove it, or give the path of another "
                         "file",
                         path);
    case EISDIR:
    case ENOTDIR:
    case ENAMETOOLONG:
    case ELOOP:
        return error_set(error, E_INVALID, "",
                         "'%.512s' cannot be a database (%s): give the path of a file", path,
                         strerror(cause));
    default:
        return error_set(error, E_IO, "", "'%.512s' cannot be opened: %s", path, strerror(cause));
    }
}

static int check_regular_file(const char *path, struct error *error)
{
    struct stat status;

    if (stat(path, &status) < 0)
        return refuse_path(path, errno == ENOENT ? ENOLINK : errno, error);
    if (S_ISDIR(status.st_mode))
        return refuse_path(path, EISDIR, error);
    if (!S_ISREG(status.st_mode))
        return error_set(error, E_INVALID, "",
                         "'%.512s' cannot be a database (not a regular file): give the path of a "
                         "file",
                         path);
    return 0;
}

/* Makes the file where there is none: not readable for others, which SQLite would not see to. */
static int ensure_file(const char *path, struct error *error)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0) {
        /* Closing drops this process's locks on the file, and nobody has any on a new one. */
        close(fd);
        return 0;
    }
    if (errno == EEXIST)
        return check_regular_file(path, error);
    return refuse_path(path, errno, error);
}

/* A path is a path: SQLite takes some names for something else (":memory:", "file:...?..."). */
static char *plain_path(const char *path)
{
    struct buffer plain = {0};

    buffer_append_text(&plain, path[0] == '/' ? "" : "./");
    buffer_append_text(&plain, path);
    buffer_append(&plain, "", 1);
    return plain.data;
}

static int open_connection(struct store *store, const char *path, struct error *error)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int status = sqlite3_open_v2(path, &store->db, flags, NULL);
    int cause = sqlite3_system_errno(store->db);

    if (status)
        return error_set(error, E_IO, "", "'%.512s' cannot be opened: %s", path,
                         cause ? strerror(cause) : sqlite3_errstr(status));
    /* SQLite opens for reading what it may not write. */
    if (sqlite3_db_readonly(store->db, "main"))
        return error_set(error, E_IO, "",
                         "'%.512s' cannot be written by this user: change its permissions, or give "
                         "the path of another file",
                         path);
    return 0;
}

static int open_file(struct store *store, const char *path, struct error *error)
{
    char *plain = plain_path(path);
    int err = path[0] ? ensure_file(plain, error) : refuse_path(path, EISDIR, error);

    if (!err)
        err = open_connection(store, plain, error);
    free(plain);
    return err;
}

static int run_sql(struct store *store, const char *sql, struct error *error)
{
    int status = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

    return status ? result_error(store->db, status, error) : 0;
}

static int use_wal(struct store *store, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    int status = sqlite3_prepare_v2(store->db, "PRAGMA journal_mode = WAL", -1, &statement, NULL);
    int err = 0;

    if (!status)
        status = sqlite3_step(statement);
    if (status != SQLITE_ROW)
        err = result_error(store->db, status, error);
    /* Where it cannot be, SQLite answers with the mode that stays. */
    else if (sqlite3_stricmp((const char *)sqlite3_column_text(statement, 0), "wal") != 0)
        err = error_set(error, E_IO, "", "'%.512s' cannot have a write-ahead log",
                        result_path(store->db));
    sqlite3_finalize(statement);
    return err;
}

static int set_up(struct store *store, struct error *error)
{
    int version;
    int err = run_sql(store, settings, error);

    if (!err)
        err = inspect_content(store->db, &version, error);
    if (!err)
        err = schema_migrate(store->db, version, error);
    if (!err)
        err = use_wal(store, error);
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
    int err = open_file(store, path, error);

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
