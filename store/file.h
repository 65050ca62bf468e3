/*
 * Opening the file of a database.
 */
#ifndef ISOYARD_STORE_FILE_H
#define ISOYARD_STORE_FILE_H

#include "api/err.h"

#include <sqlite3.h>
#include <stdint.h>

/* Opens the file, making it (mode 0600) where there is none. *ret is set whatever is returned, for
 * sqlite3_close; NULL is fine there. E_INVALID: the path cannot be a database's; E_IO: the system
 * refused. */
int file_open(const char *path, sqlite3 **ret, struct error *error);

/* Runs statements that give no rows. */
int file_run(sqlite3 *db, const char *sql, struct error *error);

/* The number in the first column of the only row that a statement gives. */
int file_ask(sqlite3 *db, const char *question, int64_t *ret, struct error *error);

/* Gives the database a write-ahead log. */
int file_use_wal(sqlite3 *db, struct error *error);

/* Renames a database that nobody has open, and its write-ahead log, to PATH.damaged; what had that
 * name goes. One that is not there is fine. E_IO. */
int file_put_aside(const char *path, struct error *error);

#endif
