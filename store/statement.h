/*
 * All the SQL that runs once the store is open: prepared at its opening, kept until its end.
 */
#ifndef ISOYARD_STORE_STATEMENT_H
#define ISOYARD_STORE_STATEMENT_H

#include "api/err.h"

#include <sqlite3.h>

enum statement {
    STATEMENT_BEGIN,
    STATEMENT_COMMIT,
    STATEMENT_ROLLBACK,
    STATEMENT_WORKER_FIND,
    STATEMENT_WORKER_LIST,
    STATEMENT_WORKER_INSERT,
    STATEMENT_WORKER_SET_LATEST,
    STATEMENT_WORKER_SET_ACTIVE,
    STATEMENT_WORKER_DELETE,
    STATEMENT_VERSION_COUNT,
    STATEMENT_VERSION_FIND,
    STATEMENT_VERSION_LIST,
    STATEMENT_WORKER_LIST_ACTIVE,
    STATEMENT_VERSION_INSERT,
    STATEMENT_FILE_COUNT,
    STATEMENT_FILE_NAMES,
    STATEMENT_FILE_LIST,
    STATEMENT_FILE_INSERT,
    STATEMENT_CHOICE_LIST,
    STATEMENT_CHOICE_CLEAR,
    STATEMENT_CHOICE_INSERT,
    STATEMENT_COMPARISON_INSERT,
    STATEMENT_COMPARISON_TRIM,
    STATEMENT_COMPARISON_FIND,
    STATEMENT_COMPARISON_LIST,
    STATEMENT_COUNT,
};

struct statements {
    sqlite3_stmt *prepared[STATEMENT_COUNT];
};

/* Prepares them all for db, whose schema must be the latest. Release after success and failure
 * alike. Store thread. */
int statements_init(struct statements *s, sqlite3 *db, struct error *error);

/* Store thread; before db is closed. All zeroes is fine. */
void statements_release(struct statements *s);

#endif
