/*
 * Source maps that a bundler left: in a comment at a file's end, or beside it.
 */
#ifndef ISOYARD_MAP_COMMENT_H
#define ISOYARD_MAP_COMMENT_H

#include "api/bytes.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Looks for the map that the last "//# sourceMappingURL=" of a file names, as a data: URL or a path
 * beside it. True: *ret is the map, without what is of no use for stacks (names, contents of the
 * sources); where it was in the comment that is cut off the code. `path`: of the file. A map that
 * cannot be read is as good as none.
 */
bool map_comment_take(const char *path, char *code, size_t *len, size_t max_bytes,
                      struct buffer *ret);

#endif
