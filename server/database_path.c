/* The default path, and its folder. */
#include "server/database_path.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Where the operating system or the user wants state to be; NULL: nowhere known. */
static char *state_directory(void)
{
    const char *systemd = getenv("STATE_DIRECTORY");
    const char *xdg = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    char *path = NULL;
    int len = 0;

    if (systemd && systemd[0])
        len = asprintf(&path, "%.*s", (int)strcspn(systemd, ":"), systemd);
    else if (xdg && xdg[0] == '/')
        len = asprintf(&path, "%s/isoyard", xdg);
    else if (home && home[0] == '/')
        len = asprintf(&path, "%s/.local/state/isoyard", home);
    if (len < 0)
        abort();
    return path;
}

char *database_path_default(void)
{
    char *directory = state_directory();
    char *path = NULL;

    if (!directory)
        return NULL;
    if (asprintf(&path, "%s/isoyard.db", directory) < 0)
        abort();
    free(directory);
    return path;
}

/* Makes a folder and those above it. */
static int make_folders(char *path, struct error *error)
{
    for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
        int failed;

        if (slash)
            *slash = '\0';
        failed = mkdir(path, 0700) < 0 && errno != EEXIST;
        if (failed)
            return error_set(
                error, E_IO, "db",
                "cannot make the folder %s for the database: %s; say with --db where it "
                "is to be",
                path, strerror(errno));
        if (!slash)
            return 0;
        *slash = '/';
    }
}

int database_path_prepare(const char *db_path, struct error *error)
{
    char *path = database_path_default();
    int err = 0;

    if (path && strcmp(path, db_path) == 0) {
        *strrchr(path, '/') = '\0';
        err = make_folders(path, error);
    }
    free(path);
    return err;
}
