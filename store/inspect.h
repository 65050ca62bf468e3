/*
 * Whether a file is a database of ours, of a version that this program knows, and undamaged.
 * Looking changes nothing in the file.
 */
#ifndef ISOYARD_STORE_INSPECT_H
#define ISOYARD_STORE_INSPECT_H

#include "api/err.h"

#include <sqlite3.h>

/*
 * Looks at the first bytes of an open file that SQLite has not read yet: from its first read on,
 * SQLite recovers what a crash left, which in a foreign file is not ours to do. Takes no lock. An
 * empty file is fine. Store thread.
 */
int inspect_header(sqlite3 *db, struct error *error);

/*
 * Looks at everything else, by way of SQLite. *ret is the schema's version, 0 of an empty file.
 * Costs no more than reading INSPECT_WHOLE_BYTES_MAX, and the two smallest tables. Store thread.
 */
int inspect_content(sqlite3 *db, int *ret, struct error *error);

/* A file up to this size is checked page by page; of a larger one only the tables that everything
 * hangs on. Contents of files have their hash, which is checked whenever they are loaded. */
#define INSPECT_WHOLE_BYTES_MAX ((int64_t)64 << 20)

#endif
