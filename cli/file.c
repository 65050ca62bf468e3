/* Reading whole files. */
#include "cli/file.h"

#include "api/suggest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CHUNK ((size_t)64 << 10)

static int read_rest(int fd, const char *path, size_t max, struct buffer *ret, struct error *error)
{
    size_t before = ret->len;

    for (;;) {
        ssize_t count = read(fd, buffer_reserve(ret, CHUNK), CHUNK);

        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return error_set(error, E_IO, NULL, "cannot read %s: %s", path, strerror(errno));
        if (count == 0)
            return 0;
        ret->len += (size_t)count;
        if (ret->len - before > max)
            return error_set(error, E_LIMIT, NULL, "%s is larger than %zu bytes", path, max);
    }
}

/* The nearest name beside the one that is not there; NULL: none is near. The caller frees. */
static char *near_file(const char *path)
{
    char *name = xstrdup(path), *folder = xstrdup(path), *found = NULL;
    const char *where = dirname(folder);
    struct dirent **entries = NULL;
    struct suggestion suggestion;
    int count = scandir(where, &entries, NULL, alphasort);

    suggest_begin(&suggestion, basename(name));
    for (int i = 0; i < count; i++)
        suggest_consider(&suggestion, entries[i]->d_name);
    /* A link to nothing is there by its own name. */
    if (suggestion.distance == 0)
        suggestion.best = NULL;
    if (suggestion.best && !strchr(path, '/'))
        found = xstrdup(suggestion.best);
    else if (suggestion.best && asprintf(&found, "%s/%s", where, suggestion.best) < 0)
        abort();
    for (int i = 0; i < count; i++)
        free(entries[i]);
    free(entries);
    free(folder);
    free(name);
    return found;
}

static int missing(const char *path, struct error *error)
{
    char *near = near_file(path), *here = path[0] == '/' ? NULL : getcwd(NULL, 0);
    const char *what = near ? "; did you mean " : here ? "; it is looked for in " : "";
    int err = error_set(error, E_IO, NULL, "cannot read %s: %s%s%s%s", path, strerror(ENOENT), what,
                        near   ? near
                        : here ? here
                               : "",
                        near ? "?" : "");

    free(here);
    free(near);
    return err;
}

int file_error(const char *path, int cause, struct error *error)
{
    if (cause == ENOENT)
        return missing(path, error);
    return error_set(error, E_IO, NULL, "cannot read %s: %s", path, strerror(cause));
}

int file_read(const char *path, size_t max, struct buffer *ret, struct error *error)
{
    int fd, err;

    if (strcmp(path, "-") == 0)
        return read_rest(STDIN_FILENO, "stdin", max, ret, error);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return file_error(path, errno, error);
    err = read_rest(fd, path, max, ret, error);
    close(fd);
    return err;
}
