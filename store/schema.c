/* The migrations, and whether a database has the tables that they make. */
#include "store/schema.h"

#include "api/bytes.h"
#include "store/result.h"

#include <assert.h>
#include <stdio.h>

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

/*
 * latest_version stands with the worker, and is not the highest number among its versions, so that
 * no number is used twice when versions can be deleted. Contents come last in their rows: reading
 * names does not touch the pages of contents.
 */
static const char first_tables[] = "PRAGMA application_id = " TEXT(
    SCHEMA_APPLICATION_ID) ";"
                           "CREATE TABLE workers ("
                           "  id INTEGER PRIMARY KEY,"
                           "  tenant TEXT NOT NULL,"
                           "  name TEXT NOT NULL,"
                           "  active_version INTEGER," /* NULL: none */
                           "  latest_version INTEGER NOT NULL,"
                           "  created_us INTEGER NOT NULL,"
                           "  updated_us INTEGER NOT NULL,"
                           "  UNIQUE (tenant, name),"
                           "  FOREIGN KEY (id, active_version) REFERENCES versions (worker, number)"
                           ") STRICT;"
                           "CREATE TABLE versions ("
                           "  id INTEGER PRIMARY KEY,"
                           "  worker INTEGER NOT NULL REFERENCES workers (id) ON DELETE CASCADE,"
                           "  number INTEGER NOT NULL CHECK (number > 0),"
                           "  sha256 BLOB NOT NULL CHECK (length(sha256) = 32),"
                           "  size_bytes INTEGER NOT NULL,"
                           "  created_us INTEGER NOT NULL,"
                           "  message TEXT NOT NULL,"
                           "  UNIQUE (worker, number)"
                           ") STRICT;"
                           "CREATE TABLE files ("
                           "  id INTEGER PRIMARY KEY,"
                           "  version INTEGER NOT NULL REFERENCES versions (id) ON DELETE CASCADE,"
                           "  position INTEGER NOT NULL," /* 0: the main file */
                           "  name TEXT NOT NULL,"
                           "  kind INTEGER NOT NULL," /* enum file_kind */
                           "  content BLOB NOT NULL,"
                           "  UNIQUE (version, position)"
                           ") STRICT;";

/* 0: none of its own. */
static const char max_tasks[] =
    "ALTER TABLE versions ADD COLUMN max_tasks INTEGER NOT NULL DEFAULT 0 CHECK (max_tasks >= 0);";

/* What the last switch of pools chose, by the names of the server's flags. */
static const char pool_choice[] = "CREATE TABLE pool_choice ("
                                  "  name TEXT PRIMARY KEY,"
                                  "  value TEXT NOT NULL"
                                  ") STRICT, WITHOUT ROWID;";

/* AUTOINCREMENT: the id of a comparison that was removed is not given to another one. The report
 * comes last: a list does not touch its pages. */
static const char comparisons[] = "CREATE TABLE comparisons ("
                                  "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
                                  "  created_us INTEGER NOT NULL,"
                                  "  title TEXT NOT NULL,"
                                  "  verdict TEXT NOT NULL,"
                                  "  is_decided INTEGER NOT NULL,"
                                  "  report BLOB NOT NULL"
                                  ") STRICT;";

static const char allow_eval[] =
    "ALTER TABLE versions ADD COLUMN allow_eval INTEGER NOT NULL DEFAULT 0 CHECK (allow_eval IN (0, 1));";

/* migrations[n] brings version n to n + 1. */
static const char *const migrations[] = {first_tables, max_tasks, pool_choice, comparisons,
                                         allow_eval};

int schema_latest(void)
{
    return (int)(sizeof(migrations) / sizeof(migrations[0]));
}

static int apply(sqlite3 *db, int version)
{
    char set_version[64];
    int status = sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL);

    if (status)
        return status;
    snprintf(set_version, sizeof(set_version), "PRAGMA user_version = %d", version + 1);
    status = sqlite3_exec(db, migrations[version], NULL, NULL, NULL);
    if (!status)
        status = sqlite3_exec(db, set_version, NULL, NULL, NULL);
    if (!status)
        status = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
    return status;
}

static int migrate(sqlite3 *db, int from, int to, struct error *error)
{
    for (int version = from; version < to; version++) {
        int status = apply(db, version);

        if (status) {
            int err = result_error(db, status, error);

            sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
            return err;
        }
    }
    return 0;
}

int schema_migrate(sqlite3 *db, int version, struct error *error)
{
    assert(version >= 0 && version <= schema_latest());
    return migrate(db, version, schema_latest(), error);
}

/* Tables and indexes with their columns, as text. Their names and types, not the SQL that made
 * them: SQLite rewrites that as it alters tables, and not every version of it to the same text.
 * Names with sqlite_ are SQLite's own (statistics, indexes of UNIQUE). */
static const char list_columns[] =
    "SELECT concat.line FROM (SELECT m.type || ' ' || m.name || ' ' || m.tbl_name || ' ' ||"
    "    coalesce(c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || c.pk, '') AS line"
    "  FROM sqlite_schema AS m LEFT JOIN pragma_table_xinfo(m.name) AS c"
    "  WHERE m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\') AS concat ORDER BY concat.line";

static int describe(sqlite3 *db, struct buffer *ret, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    int status = sqlite3_prepare_v2(db, list_columns, -1, &statement, NULL);
    int err = 0;

    while (!status && (status = sqlite3_step(statement)) == SQLITE_ROW) {
        buffer_append_format(ret, "%s\n", (const char *)sqlite3_column_text(statement, 0));
        status = SQLITE_OK;
    }
    if (status != SQLITE_DONE)
        err = result_error(db, status, error);
    sqlite3_finalize(statement);
    return err;
}

/* What the migrations up to `version` make of an empty database. */
static int describe_expected(int version, struct buffer *ret, struct error *error)
{
    sqlite3 *memory = NULL;
    int status = sqlite3_open(":memory:", &memory);
    int err = status ? result_error(memory, status, error) : migrate(memory, 0, version, error);

    if (!err)
        err = describe(memory, ret, error);
    sqlite3_close(memory);
    return err;
}

int schema_matches(sqlite3 *db, int version, bool *ret, struct error *error)
{
    struct buffer expected = {0}, found = {0};
    int err = describe_expected(version, &expected, error);

    if (!err)
        err = describe(db, &found, error);
    if (!err)
        *ret = bytes_equal((struct bytes){expected.data, expected.len},
                           (struct bytes){found.data, found.len});
    buffer_release(&expected);
    buffer_release(&found);
    return err;
}
