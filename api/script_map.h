/*
 * The source maps of a version. "main.js.map" of kind FILE_SOURCE_MAP belongs to "main.js". Each is
 * read when somebody asks it for the first time, which for a large one takes some milliseconds.
 */
#ifndef ISOYARD_SCRIPT_MAP_H
#define ISOYARD_SCRIPT_MAP_H

#include "api/script.h"
#include "api/source_map.h"

#ifdef __cplusplus
extern "C" {
#endif

/* For script.c: what a sealed script keeps of them; NULL where it has none. */
struct script_maps *script_maps_new(const struct script *s);
void script_maps_free(struct script_maps *maps); /* NULL is fine */

/* Where the code at a place of a file comes from; false where no map says. Any thread. */
bool script_find_source(const struct script *s, struct bytes file, uint32_t line, uint32_t column,
                        struct source_place *ret);

#ifdef __cplusplus
}
#endif

#endif
