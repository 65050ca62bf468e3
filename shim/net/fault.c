/* Faults: writing their sentences. */
#include "shim/net/fault.h"

#include <stdarg.h>
#include <stdio.h>

bool fault_set(struct fault *fault, enum fetch_error error, const char *format, ...)
{
    va_list args;

    fault->error = error;
    va_start(args, format);
    vsnprintf(fault->message, sizeof(fault->message), format, args);
    va_end(args);
    for (char *c = fault->message; *c; c++) {
        if (*c < ' ' || *c >= 0x7f)
            *c = '?';
    }
    return false;
}
