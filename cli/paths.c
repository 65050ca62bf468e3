/* Paths. */
#include "cli/paths.h"

#include "api/bytes.h"

#include <stdbool.h>
#include <stdlib.h>

static bool has(const struct paths *paths, const char *path)
{
    for (size_t i = 0; i < paths->count; i++) {
        if (strcmp(paths->list[i], path) == 0)
            return true;
    }
    return false;
}

void paths_add(struct paths *paths, const char *path)
{
    if (has(paths, path))
        return;
    if (paths->count == paths->capacity) {
        paths->capacity = paths->capacity * 2 + 16;
        paths->list = realloc(paths->list, paths->capacity * sizeof(paths->list[0]));
        if (!paths->list)
            abort();
    }
    paths->list[paths->count++] = xstrdup(path);
}

void paths_release(struct paths *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        free(paths->list[i]);
    free(paths->list);
    *paths = (struct paths){0};
}
