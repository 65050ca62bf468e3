/* Reading whole files. */
#include "cli/file.h"

#include <errno.h>
#include <fcntl.h>
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

int file_read(const char *path, size_t max, struct buffer *ret, struct error *error)
{
    int fd, err;

    if (strcmp(path, "-") == 0)
        return read_rest(STDIN_FILENO, "stdin", max, ret, error);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set(error, E_IO, NULL, "cannot read %s: %s", path, strerror(errno));
    err = read_rest(fd, path, max, ret, error);
    close(fd);
    return err;
}
