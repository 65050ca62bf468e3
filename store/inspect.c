/*
 * Refusing what is not a sound database of ours.
 *
 * The header (SQLite's file format, section 1.3) is read through SQLite's own descriptor: opening
 * the file a second time, and closing that, would drop the locks that a store of this process may
 * hold on it, as POSIX has it.
 *
 * The main file's header always carries our application_id: the transaction that makes the tables
 * comes before the journal becomes a WAL, so that it reaches the main file. The user_version there
 * may be older than the one in the WAL, which inspect_content sees.
 */
#include "store/inspect.h"

#include "store/file.h"
#include "store/result.h"
#include "store/schema.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define HEADER_BYTES 100
#define USER_VERSION_OFFSET 60
#define APPLICATION_ID_OFFSET 68

static const char magic[16] = "SQLite format 3";

static int refuse_foreign(sqlite3 *db, struct error *error)
{
    return error_set(error, E_CORRUPT, "",
                     "'%.512s' is not a database of Isoyard: it is left as it is; give the path of "
                     "another file",
                     result_path(db));
}

static int refuse_newer(sqlite3 *db, int64_t version, struct error *error)
{
    return error_set(
        error, E_CONDITION, "",
        "'%.512s' has schema version %d, and this isoyardd knows those up to %d: it is "
        "left as it is; start the newer isoyardd that wrote it, or restore a backup",
        result_path(db), (int)version, schema_latest());
}

static int check_ids(sqlite3 *db, int64_t application_id, int64_t version, struct error *error)
{
    if (application_id != SCHEMA_APPLICATION_ID)
        return refuse_foreign(db, error);
    if (version > schema_latest())
        return refuse_newer(db, version, error);
    /* Both numbers are written in one transaction. */
    if (version < 1)
        return result_error(db, SQLITE_CORRUPT, error);
    return 0;
}

static int32_t read_number(const unsigned char *at)
{
    return (int32_t)((uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 |
                     (uint32_t)at[3]);
}

int inspect_header(sqlite3 *db, struct error *error)
{
    unsigned char header[HEADER_BYTES];
    sqlite3_file *file;
    int status = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);

    /* Not by its size: SQLite says 0 for a file of one byte. */
    if (!status)
        status = file->pMethods->xRead(file, header, 1, 0);
    if (status == SQLITE_IOERR_SHORT_READ)
        return 0;
    if (!status)
        status = file->pMethods->xRead(file, header, sizeof(header), 0);
    if (status == SQLITE_IOERR_SHORT_READ)
        return refuse_foreign(db, error);
    if (status)
        return result_error(db, status, error);
    if (memcmp(header, magic, sizeof(magic)) != 0)
        return refuse_foreign(db, error);
    return check_ids(db, read_number(header + APPLICATION_ID_OFFSET),
                     read_number(header + USER_VERSION_OFFSET), error);
}

/* Whether a check says "ok", and nothing else, in its first row. */
static bool is_sound(sqlite3 *db, const char *check)
{
    sqlite3_stmt *statement = NULL;
    bool is_ok = sqlite3_prepare_v2(db, check, -1, &statement, NULL) == SQLITE_OK &&
                 sqlite3_step(statement) == SQLITE_ROW &&
                 strcmp((const char *)sqlite3_column_text(statement, 0), "ok") == 0;

    sqlite3_finalize(statement);
    return is_ok;
}

static bool are_pages_sound(sqlite3 *db, int64_t size_bytes)
{
    if (size_bytes <= INSPECT_WHOLE_BYTES_MAX)
        return is_sound(db, "PRAGMA quick_check(1)");
    return is_sound(db, "PRAGMA quick_check('workers')") &&
           is_sound(db, "PRAGMA quick_check('versions')");
}

static int check_content(sqlite3 *db, int64_t size_bytes, int *ret, struct error *error)
{
    int64_t application_id, version;
    bool is_expected;
    int err = file_ask(db, "PRAGMA application_id", &application_id, error);

    if (!err)
        err = file_ask(db, "PRAGMA user_version", &version, error);
    if (!err)
        err = check_ids(db, application_id, version, error);
    if (!err)
        err = schema_matches(db, (int)version, &is_expected, error);
    if (err)
        return err;
    if (!is_expected || !are_pages_sound(db, size_bytes))
        return result_error(db, SQLITE_CORRUPT, error);
    *ret = (int)version;
    return 0;
}

int inspect_content(sqlite3 *db, int *ret, struct error *error)
{
    int64_t page_count, page_bytes;
    int err = file_ask(db, "PRAGMA page_count", &page_count, error);

    if (!err)
        err = file_ask(db, "PRAGMA page_size", &page_bytes, error);
    if (err)
        return err;
    if (page_count == 0) {
        *ret = 0;
        return 0;
    }
    return check_content(db, page_count * page_bytes, ret, error);
}
