/*
 * Source maps (ECMA-426, "Source map format specification", version 3): from places in a file that
 * a bundler wrote to those that its author wrote.
 *
 * A map is somebody else's input. It is read in one pass without recursion, and nothing of it is
 * copied but where its sources and each couple of KiB of its mappings begin: what it costs follows
 * from its length. Names, contents of sources and maps in sections are not looked at.
 */
#ifndef ISOYARD_SOURCE_MAP_H
#define ISOYARD_SOURCE_MAP_H

#include "api/bytes.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Larger ones are as good as none. */
#define SOURCE_MAP_BYTES_MAX ((size_t)16 << 20)

struct source_map;

/* A place, line and column counted from 1. */
struct source_place {
    char file[512]; /* cut where it is longer */
    uint32_t line, column;
};

/* Reads a map; NULL where it is malformed, too large, or of another kind. The text must outlive it.
 * Any thread. */
struct source_map *source_map_new(struct bytes text);
void source_map_free(struct source_map *map); /* NULL is fine */

/* Where the code at a place of the bundled file comes from; false where the map does not say. Takes
 * some microseconds. Any thread. */
bool source_map_find(const struct source_map *map, uint32_t line, uint32_t column,
                     struct source_place *ret);

#ifdef __cplusplus
}
#endif

#endif
