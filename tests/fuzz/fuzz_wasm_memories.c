/* What follows a module's head: whatever it is, it is read within its bounds. */
#include "shim/wasm_memories.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char head[8] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    char *module = malloc(sizeof(head) + size);

    if (!module)
        return 0;
    memcpy(module, head, sizeof(head));
    if (size > 0)
        memcpy(module + sizeof(head), data, size);
    wasm_memories_of((struct bytes){module, sizeof(head) + size});
    free(module);
    return 0;
}
