/* Access to what stands in blob.S. */
#include "shim/engine.h"

extern "C" {
extern const char isoyard_snapshot[];
extern const char isoyard_snapshot_end[];
extern const unsigned char isoyard_snapshot_sha256[];
extern const char isoyard_prelude[];
extern const char isoyard_prelude_end[];
}

struct bytes engine_prelude_source()
{
    return {isoyard_prelude, (size_t)(isoyard_prelude_end - isoyard_prelude)};
}

v8::StartupData *engine_snapshot()
{
    static v8::StartupData blob = {isoyard_snapshot,
                                   (int)(isoyard_snapshot_end - isoyard_snapshot)};

    return &blob;
}

const unsigned char *engine_snapshot_sha256()
{
    return isoyard_snapshot_sha256;
}
