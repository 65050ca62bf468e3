/* A list of paths, each once. Owns them. All zeroes is an empty one. */
#ifndef ISOYARD_CLI_PATHS_H
#define ISOYARD_CLI_PATHS_H

#include <stddef.h>

struct paths {
    char **list;
    size_t count, capacity;
};

/* Adds a copy, unless it is there. */
void paths_add(struct paths *paths, const char *path);

void paths_release(struct paths *paths);

#endif
