/* Paths and connections. */
#include "store/file.h"

#include "api/bytes.h"
#include "store/result.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
    case EACCES:
    case EPERM:
    case EROFS:
        return error_set(error, E_IO, "",
                         "'%.512s' cannot be written by this user (%s): change the permissions of "
                         "its folder, or give the path of another file",
                         path, strerror(cause));
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

static int open_connection(const char *path, sqlite3 **ret, struct error *error)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    int status = sqlite3_open_v2(path, ret, flags, NULL);
    int cause = sqlite3_system_errno(*ret);

    if (status)
        return error_set(error, E_IO, "", "'%.512s' cannot be opened: %s", path,
                         cause ? strerror(cause) : sqlite3_errstr(status));
    /* SQLite opens for reading what it may not write. */
    if (sqlite3_db_readonly(*ret, "main"))
        return error_set(error, E_IO, "",
                         "'%.512s' cannot be written by this user: change its permissions, or give "
                         "the path of another file",
                         path);
    return 0;
}

int file_open(const char *path, sqlite3 **ret, struct error *error)
{
    char *plain = plain_path(path);
    int err;

    *ret = NULL;
    err = path[0] ? ensure_file(plain, error) : refuse_path(path, EISDIR, error);
    if (!err)
        err = open_connection(plain, ret, error);
    free(plain);
    return err;
}

int file_run(sqlite3 *db, const char *sql, struct error *error)
{
    int status = sqlite3_exec(db, sql, NULL, NULL, NULL);

    return status ? result_error(db, status, error) : 0;
}

int file_ask(sqlite3 *db, const char *question, int64_t *ret, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    int status = sqlite3_prepare_v2(db, question, -1, &statement, NULL);
    int err = 0;

    if (!status)
        status = sqlite3_step(statement);
    if (status == SQLITE_ROW)
        *ret = sqlite3_column_int64(statement, 0);
    else
        err = result_error(db, status, error);
    sqlite3_finalize(statement);
    return err;
}

int file_use_wal(sqlite3 *db, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    int status = sqlite3_prepare_v2(db, "PRAGMA journal_mode = WAL", -1, &statement, NULL);
    int err = 0;

    if (!status)
        status = sqlite3_step(statement);
    if (status != SQLITE_ROW)
        err = result_error(db, status, error);
    /* Where it cannot be, SQLite answers with the mode that stays. */
    else if (sqlite3_stricmp((const char *)sqlite3_column_text(statement, 0), "wal") != 0)
        err = error_set(error, E_IO, "", "'%.512s' cannot have a write-ahead log", result_path(db));
    sqlite3_finalize(statement);
    return err;
}

/* Renames PATH, or PATH-wal, which belongs to it. */
static int rename_aside(const char *path, const char *suffix, struct error *error)
{
    char *from, *to;
    int err = 0;

    if (asprintf(&from, "%s%s", path, suffix) < 0 ||
        asprintf(&to, "%s.damaged%s", path, suffix) < 0)
        abort();
    if (rename(from, to) != 0 && errno != ENOENT)
        err =
            error_set(error, E_IO, "", "'%.400s' is damaged, and cannot be renamed to '%.400s': %s",
                      from, to, strerror(errno));
    free(from);
    free(to);
    return err;
}

int file_put_aside(const char *path, struct error *error)
{
    int err = rename_aside(path, "", error);

    return err ? err : rename_aside(path, "-wal", error);
}
