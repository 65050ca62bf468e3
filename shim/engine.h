/* The engine from the inside: what the server's and the snapshot tool's have in common. */
#ifndef ISOYARD_ENGINE_H
#define ISOYARD_ENGINE_H

#include "api/bytes.h"
#include "shim/platform.h"

/* Starts V8 with our flags and platform. */
void engine_start(unsigned worker_threads);

/* The source of the prelude that is part of this program. */
struct bytes engine_prelude_source();

/* The snapshot that is part of this program, and its SHA-256 as of the build; in the snapshot tool:
 * none yet. */
v8::StartupData *engine_snapshot();
const unsigned char *engine_snapshot_sha256();

#endif
