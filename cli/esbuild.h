/*
 * Bundling with esbuild, which is looked for where people have it: $ISOYARD_ESBUILD, node_modules
 * of the file's folder and of those above, PATH.
 */
#ifndef ISOYARD_ESBUILD_H
#define ISOYARD_ESBUILD_H

#include "api/bytes.h"
#include "api/err.h"
#include "cli/paths.h"

#include <stdbool.h>

/* Whether a file is one that only a bundler makes JavaScript of: .ts, .mts, .cts, .tsx, .jsx. */
bool esbuild_is_needed(const char *path);

/*
 * Bundles a file with all that it imports into one module, whose source map is in a comment at its
 * end. Imports of .wasm and .bin files are left. esbuild's messages go to stderr. E_NOT_FOUND:
 * there is no esbuild; E_INVALID: it does not like the file; E_LIMIT: the module is larger than
 * max_bytes; E_IO.
 */
int esbuild_bundle(const char *path, size_t max_bytes, struct buffer *ret, struct error *error);

/* Adds the files that such a bundle is made of, relative to the working directory; it is made once
 * more for that. Errors as esbuild_bundle's, without messages of esbuild. */
int esbuild_inputs(const char *path, struct paths *ret, struct error *error);

#endif
