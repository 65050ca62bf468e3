/*
 * SQLite's result codes as errors of ours, with what to do about them.
 */
#ifndef ISOYARD_STORE_RESULT_H
#define ISOYARD_STORE_RESULT_H

#include "api/err.h"

#include <sqlite3.h>

/* Fills in *ret for a result code of db, and returns its error number. Store thread. */
int result_error(sqlite3 *db, int status, struct error *ret);

/* Where db's file is, for messages. Never NULL. Store thread. */
const char *result_path(sqlite3 *db);

#endif
