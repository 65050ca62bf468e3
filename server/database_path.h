/* Where the database is when nobody says. */
#ifndef ISOYARD_SERVER_DATABASE_PATH_H
#define ISOYARD_SERVER_DATABASE_PATH_H

#include "api/err.h"

/* isoyard.db in $STATE_DIRECTORY, $XDG_STATE_HOME/isoyard or ~/.local/state/isoyard; NULL: there is
 * none of them. The caller frees. */
char *database_path_default(void);

/* Makes the folder of `path` where that is the default one and missing. E_IO. */
int database_path_prepare(const char *path, struct error *error);

#endif
