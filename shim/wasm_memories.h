/*
 * Whether a WebAssembly module has shared memory, read from its bytes before they are compiled:
 * what is shared is a clock, and V8 has no flag against it from version 11 on.
 *
 * Only what leads to imports and memories is read; whatever cannot be followed is `unknown`, and
 * must be refused: so nothing depends on V8's reading it the same way, nor on what later versions
 * can read.
 * https://webassembly.github.io/spec/core/binary/modules.html
 */
#ifndef ISOYARD_WASM_MEMORIES_H
#define ISOYARD_WASM_MEMORIES_H

#include "api/bytes.h"

#ifdef __cplusplus
extern "C" {
#endif

enum wasm_memories {
    WASM_MEMORIES_PLAIN, /* none is shared; or the bytes do not begin as a module does */
    WASM_MEMORIES_SHARED,
    WASM_MEMORIES_UNKNOWN,
};

/* Any thread. */
enum wasm_memories wasm_memories_of(struct bytes module);

#ifdef __cplusplus
}
#endif

#endif
