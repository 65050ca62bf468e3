/* Which of our errors each refusal of SQLite is. */
#include "store/result.h"

#include <string.h>

const char *result_path(sqlite3 *db)
{
    const char *path = sqlite3_db_filename(db, "main");

    return path ? path : "";
}

static int io_error(sqlite3 *db, int status, struct error *ret)
{
    int cause = sqlite3_system_errno(db);

    return error_set(ret, E_IO, "", "'%.512s': %s%s%s", result_path(db), sqlite3_errstr(status),
                     cause ? ": " : "", cause ? strerror(cause) : "");
}

int result_error(sqlite3 *db, int status, struct error *ret)
{
    switch (status & 0xff) { /* the primary code of an extended one */
    case SQLITE_NOMEM:
        return error_set(ret, E_NOMEM, "", "no memory for the database");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return error_set(ret, E_CONDITION, "",
                         "'%.512s' is in use by another process, and only one may have it open: "
                         "stop that one, or give the path of another file",
                         result_path(db));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return error_set(
            ret, E_CORRUPT, "",
            "'%.512s' is a damaged database: restore a backup in its place, or see with "
            "\"PRAGMA integrity_check\" in sqlite3 what is lost",
            result_path(db));
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return io_error(db, status, ret);
    default:
        return error_set(ret, E_INTERNAL, "", "SQLite: %s", sqlite3_errmsg(db));
    }
}
