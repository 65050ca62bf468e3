/* Marks, tables, statements. */
#include "store/side.h"

#include "store/file.h"
#include "store/result.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

static const char settings[] = "PRAGMA locking_mode = EXCLUSIVE;"
                               "PRAGMA synchronous = NORMAL;"
                               "PRAGMA cell_size_check = ON;"
                               "PRAGMA trusted_schema = OFF;"
                               "PRAGMA secure_delete = FAST;"
                               "PRAGMA journal_size_limit = 8388608;";

/* Opening. */

/* The marks said that the tables are ours: without them, or with other ones, it is damage. */
static int damage_of(int status)
{
    return status == SQLITE_ERROR ? SQLITE_CORRUPT : status;
}

static bool is_ours(const struct side_kind *kind, int64_t version)
{
    return version == kind->version || (kind->upgrade && version == kind->version - 1);
}

static int check_marks(const struct side_kind *kind, sqlite3 *db, int64_t *ret_version,
                       struct error *error)
{
    int64_t application_id, version;
    int err = file_ask(db, "PRAGMA application_id", &application_id, error);

    if (!err)
        err = file_ask(db, "PRAGMA user_version", &version, error);
    if (err)
        return err;
    if (application_id != kind->application_id)
        return error_set(error, E_INVALID, "", "'%.512s' is %s", result_path(db), kind->foreign);
    if (!is_ours(kind, version))
        return error_set(error, kind->version_err, "", "'%.512s' is %s", result_path(db),
                         kind->other_version);
    *ret_version = version;
    return 0;
}

/* All of it, or nothing. A table of ours that is missing is damage. */
static int make(const struct side_kind *kind, const char *statements, sqlite3 *db,
                struct error *error)
{
    struct buffer sql = {0};
    int status;

    buffer_append_format(&sql,
                         "BEGIN EXCLUSIVE; PRAGMA application_id = %d; %s"
                         "PRAGMA user_version = %d; COMMIT;",
                         kind->application_id, statements, kind->version);
    buffer_append(&sql, "", 1);
    status = sqlite3_exec(db, sql.data, NULL, NULL, NULL);
    buffer_release(&sql);
    return status ? result_error(db, damage_of(status), error) : 0;
}

static int see_to_tables(const struct side_kind *kind, sqlite3 *db, struct error *error)
{
    int64_t pages, version = 0;
    int err = file_ask(db, "PRAGMA page_count", &pages, error);

    if (!err && pages == 0)
        return make(kind, kind->tables, db, error);
    if (!err)
        err = check_marks(kind, db, &version, error);
    return err || version == kind->version ? err : make(kind, kind->upgrade, db, error);
}

static int prepare_all(const struct side_kind *kind, struct side *side, struct error *error)
{
    side->count = kind->count;
    side->statements = xcalloc(kind->count, sizeof(side->statements[0]));
    for (size_t i = 0; i < kind->count; i++) {
        int status = sqlite3_prepare_v3(side->db, kind->sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                                        &side->statements[i], NULL);

        if (status)
            return result_error(side->db, damage_of(status), error);
    }
    return 0;
}

static int set_up(const struct side_kind *kind, struct side *side, struct error *error)
{
    int err = file_run(side->db, settings, error);

    if (!err)
        err = see_to_tables(kind, side->db, error);
    if (!err)
        err = file_use_wal(side->db, error);
    return err ? err : prepare_all(kind, side, error);
}

int side_open(const struct side_kind *kind, const char *path, struct side *ret, struct error *error)
{
    int err;

    *ret = (struct side){.db = NULL};
    err = file_open(path, &ret->db, error);
    return err ? err : set_up(kind, ret, error);
}

void side_close(struct side *side)
{
    int status;

    for (size_t i = 0; i < side->count; i++)
        sqlite3_finalize(side->statements[i]);
    free(side->statements);
    status = sqlite3_close(side->db);
    assert(status == SQLITE_OK); /* otherwise a statement was forgotten */
    *side = (struct side){.db = NULL};
}

/* Running. */

sqlite3_stmt *side_statement(const struct side *side, int which)
{
    sqlite3_stmt *statement = side->statements[which];

    assert(!sqlite3_stmt_busy(statement));
    return statement;
}

int side_step(const struct side *side, sqlite3_stmt *statement, struct error *error)
{
    int status = sqlite3_step(statement);

    if (status == SQLITE_ROW)
        return 1;
    return status == SQLITE_DONE ? 0 : result_error(side->db, status, error);
}

void side_finish(sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

int side_run(const struct side *side, int which, int64_t *ret, struct error *error)
{
    sqlite3_stmt *statement = side_statement(side, which);
    int more = side_step(side, statement, error);

    if (ret)
        *ret = more > 0 ? sqlite3_column_int64(statement, 0) : 0;
    /* What RETURNING gives comes when all is done; the end belongs to it nevertheless. */
    if (more > 0)
        more = side_step(side, statement, error);
    side_finish(statement);
    return more < 0 ? more : 0;
}

void side_roll_back(const struct side *side, int which)
{
    if (!sqlite3_get_autocommit(side->db))
        side_run(side, which, NULL, NULL);
}

struct bytes side_column(sqlite3_stmt *row, int index)
{
    /* In this order: column_blob may change the value's form, and with it its length. */
    const char *data = sqlite3_column_blob(row, index);

    return (struct bytes){data, (size_t)sqlite3_column_bytes(row, index)};
}
