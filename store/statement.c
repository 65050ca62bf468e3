/* The SQL. Every value is a bound parameter. */
#include "store/statement.h"

#include "store/result.h"

#include <stddef.h>

#define WORKER_COLUMNS "id, tenant, name, active_version, latest_version, created_us, updated_us"
#define COMPARISON_COLUMNS "id, created_us, title, verdict, is_decided"
#define VERSION_COLUMNS "id, number, sha256, size_bytes, created_us, message, max_tasks, allow_eval"

static const char *const sql[STATEMENT_COUNT] = {
    [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
    [STATEMENT_COMMIT] = "COMMIT",
    [STATEMENT_ROLLBACK] = "ROLLBACK",

    [STATEMENT_WORKER_FIND] =
        "SELECT " WORKER_COLUMNS " FROM workers WHERE tenant = ?1 AND name = ?2",
    [STATEMENT_WORKER_LIST] =
        "SELECT " WORKER_COLUMNS
        " FROM workers WHERE tenant = ?1 AND name > ?2 ORDER BY name LIMIT ?3",
    [STATEMENT_WORKER_INSERT] = "INSERT INTO workers (tenant, name, latest_version, created_us,"
                                " updated_us) VALUES (?1, ?2, 0, ?3, ?3)",
    [STATEMENT_WORKER_SET_LATEST] =
        "UPDATE workers SET latest_version = ?2, updated_us = ?3 WHERE id = ?1",
    [STATEMENT_WORKER_SET_ACTIVE] =
        "UPDATE workers SET active_version = ?2, updated_us = ?3 WHERE id = ?1",
    [STATEMENT_WORKER_DELETE] = "DELETE FROM workers WHERE id = ?1",

    [STATEMENT_VERSION_COUNT] = "SELECT count(*) FROM versions WHERE worker = ?1",
    [STATEMENT_VERSION_FIND] =
        "SELECT " VERSION_COLUMNS " FROM versions WHERE worker = ?1 AND number = ?2",
    [STATEMENT_VERSION_LIST] = "SELECT " VERSION_COLUMNS " FROM versions WHERE worker = ?1"
                               " AND number < ?2 ORDER BY number DESC LIMIT ?3",
    [STATEMENT_WORKER_LIST_ACTIVE] =
        "SELECT w.tenant, w.name, v.id, v.number, v.sha256, v.max_tasks, v.allow_eval"
        " FROM workers AS w"
        " LEFT JOIN versions AS v ON v.worker = w.id AND v.number = w.active_version"
        " ORDER BY w.tenant, w.name",
    [STATEMENT_VERSION_INSERT] = "INSERT INTO versions (worker, number, sha256, size_bytes,"
                                 " created_us, message, max_tasks, allow_eval)"
                                 " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",

    [STATEMENT_FILE_COUNT] = "SELECT count(*) FROM files WHERE version = ?1",
    [STATEMENT_FILE_NAMES] = "SELECT name FROM files WHERE version = ?1 ORDER BY position",
    [STATEMENT_FILE_LIST] =
        "SELECT name, kind, content FROM files WHERE version = ?1 ORDER BY position",
    [STATEMENT_FILE_INSERT] = "INSERT INTO files (version, position, name, kind, content)"
                              " VALUES (?1, ?2, ?3, ?4, ?5)",

    [STATEMENT_CHOICE_LIST] = "SELECT name, value FROM pool_choice ORDER BY name",
    [STATEMENT_CHOICE_CLEAR] = "DELETE FROM pool_choice",
    [STATEMENT_CHOICE_INSERT] = "INSERT INTO pool_choice (name, value) VALUES (?1, ?2)",

    [STATEMENT_COMPARISON_INSERT] =
        "INSERT INTO comparisons (created_us, title, verdict, is_decided,"
        " report) VALUES (?1, ?2, ?3, ?4, ?5)",
    /* All but the newest ?1; where there are no more, the comparison is with NULL. */
    [STATEMENT_COMPARISON_TRIM] =
        "DELETE FROM comparisons WHERE id <="
        " (SELECT id FROM comparisons ORDER BY id DESC LIMIT 1 OFFSET ?1)",
    [STATEMENT_COMPARISON_FIND] =
        "SELECT " COMPARISON_COLUMNS ", report FROM comparisons WHERE id = ?1",
    [STATEMENT_COMPARISON_LIST] = "SELECT " COMPARISON_COLUMNS " FROM comparisons WHERE id < ?1"
                                  " ORDER BY id DESC LIMIT ?2",
};

int statements_init(struct statements *s, sqlite3 *db, struct error *error)
{
    *s = (struct statements){0};
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        int status =
            sqlite3_prepare_v3(db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &s->prepared[i], NULL);

        if (status)
            return result_error(db, status, error);
    }
    return 0;
}

void statements_release(struct statements *s)
{
    for (int i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(s->prepared[i]);
    *s = (struct statements){0};
}
