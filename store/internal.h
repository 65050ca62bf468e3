/*
 * What the files of this folder share: one open database.
 */
#ifndef ISOYARD_STORE_INTERNAL_H
#define ISOYARD_STORE_INTERNAL_H

#include "store/statement.h"

#include <sqlite3.h>

/* Store thread only. Outside a transaction no statement stands on a row. */
struct store {
    sqlite3 *db;
    struct statements statements;
};

#endif
