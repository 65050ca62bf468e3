/*
 * The flags of V8: one fixed list, for the server and for the tool that makes the snapshot, since
 * snapshots and compiled code are only accepted under the flags they were made with.
 */
#ifndef ISOYARD_FLAGS_H
#define ISOYARD_FLAGS_H

#include "shim/v8_compat.h"

static const char *const v8_flags[] = {
    /* An outermost Locker drops the request to install what a background compilation has made, so
     * with a Locker per turn hot functions would never be optimised. Compiling in the turn also
     * lands the cost on the tenant who caused it. */
    "--no-concurrent-recompilation",
#if ISOYARD_V8 >= 1300
    "--no-concurrent-sparkplug", /* for the same reasons; not there by default in earlier ones */
#endif
/* No SharedArrayBuffer: it is a clock. That of WebAssembly is refused by wasm.cc; where V8 can, it
   refuses it, too. */
#if ISOYARD_V8 < 1100
    "--no-experimental-wasm-threads",
#endif
#if ISOYARD_V8 < 1300
    "--no-harmony-sharedarraybuffer",
#else
    "--enable-sharedarraybuffer-per-context",
#endif
/* V8 adds these to each context, but not to the one that goes into the snapshot, to which the
 * prelude has added its own then: it aborts where it finds them. */
#if ISOYARD_V8 >= 1100 && ISOYARD_V8 < 1300
    "--no-harmony-change-array-by-copy",
#elif ISOYARD_V8 >= 1300
    "--no-js-promise-try",
    "--no-js-regexp-escape",
#endif
#if ISOYARD_V8 < 1300
    "--harmony-import-assertions",
#endif
#if ISOYARD_V8 >= 1100 && ISOYARD_V8 < 1300
    "--harmony-import-attributes", /* the same by their later name, which Node.js has added */
#endif
    /* WebAssembly is compiled in the turn of whoever asks for it: so it is known whose code it is
       that takes memory, and whose time. All of it at once: V8 11 and later would compile each
       function at its first call, when the code cannot be refused any more. */
    "--no-wasm-async-compilation",
    "--no-wasm-lazy-compilation",
#if ISOYARD_V8 >= 1300
    /* What a module imports is given, in each V8; wasm.cc relies on there being no options. */
    "--no-experimental-wasm-imported-strings",
#endif
    /* V8 would check the whole blob for every isolate: 0.15 ms each. engine_open checks it once. */
    "--no-verify-snapshot-checksum",
};

#endif
