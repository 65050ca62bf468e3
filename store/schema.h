/*
 * The tables, as a row of migrations. A database's user_version is the number of those that were
 * applied to it. A migration that was released is never changed: what comes later is a new one.
 */
#ifndef ISOYARD_STORE_SCHEMA_H
#define ISOYARD_STORE_SCHEMA_H

#include "api/err.h"

#include <sqlite3.h>
#include <stdbool.h>

#define SCHEMA_APPLICATION_ID 0x49736f79 /* "Isoy"; in the header of every database of ours */

/* The version that schema_migrate brings a database to. */
int schema_latest(void);

/* Applies the migrations after `version`, each in a transaction of its own. Store thread. */
int schema_migrate(sqlite3 *db, int version, struct error *error);

/* Whether db has the tables and indexes of that version, neither fewer nor more. 0 and *ret, or the
 * error that kept it from being read. Store thread. */
int schema_matches(sqlite3 *db, int version, bool *ret, struct error *error);

#endif
