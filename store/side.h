/*
 * A database beside the store's, of few tables, that one thread has to itself: the log, compiled
 * code. It bears marks of its own (application_id, user_version), and its statements are prepared
 * when it is opened, and finalized when it is closed.
 *
 * Durability: what was committed survives the end of the process, however that comes; not always
 * that of the machine (synchronous = NORMAL, with a write-ahead log).
 *
 * Threads: one at a time.
 */
#ifndef ISOYARD_STORE_SIDE_H
#define ISOYARD_STORE_SIDE_H

#include "api/bytes.h"
#include "api/err.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

/* What such a database is. Static. */
struct side_kind {
    int application_id, version; /* the marks; neither is 0 */
    const char *tables;          /* statements that make them */
    const char *upgrade;         /* those that make of the version before this one; NULL: none do */
    const char *const *sql;      /* of the prepared statements */
    size_t count;

    /* How errors go on after "'PATH' is ": a database of somebody else (E_INVALID), or one of ours
     * of another version, which is version_err. */
    const char *foreign, *other_version;
    int version_err;
};

/* All zeroes is a closed one. */
struct side {
    sqlite3 *db;
    size_t count;
    sqlite3_stmt **statements;
};

/*
 * Opens the file, making it (mode 0600) where there is none, and the tables where it is empty.
 * Close *ret after success and failure alike. E_INVALID: the path cannot be a database's, or it is
 * one of somebody else's; E_CORRUPT: it is damaged, or the tables are not those of its marks, and
 * it can be put aside; the kind's version_err; E_CONDITION, E_IO as store_open.
 */
int side_open(const struct side_kind *kind, const char *path, struct side *ret,
              struct error *error);
void side_close(struct side *side);

/* A prepared statement, which nobody is at. */
sqlite3_stmt *side_statement(const struct side *side, int which);

/* One step: 1 at a row, 0 at the end, or an error. */
int side_step(const struct side *side, sqlite3_stmt *statement, struct error *error);

/* Makes it ready for the next use. */
void side_finish(sqlite3_stmt *statement);

/* Runs a prepared statement that is bound by now, to its end; *ret (NULL: of no interest) is the
 * number in the first column of its first row, or 0 where there is none. */
int side_run(const struct side *side, int which, int64_t *ret, struct error *error);

/* Runs the statement unless no transaction is open: a rollback after an error, which is no further
 * one. */
void side_roll_back(const struct side *side, int which);

/* The bytes in a row's column, until the statement's next step. */
struct bytes side_column(sqlite3_stmt *row, int index);

#endif
