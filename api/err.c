/* Error numbers and their names. */
#include "api/err.h"

#include "api/utf8.h"

#include <stdarg.h>
#include <stdio.h>

const char *err_name(int err)
{
    switch ((enum err)err) {
    case E_OK:
        return "E_OK";
    case E_NOMEM:
        return "E_NOMEM";
    case E_INVALID:
        return "E_INVALID";
    case E_NOT_FOUND:
        return "E_NOT_FOUND";
    case E_CONDITION:
        return "E_CONDITION";
    case E_BUSY:
        return "E_BUSY";
    case E_CLOSED:
        return "E_CLOSED";
    case E_LIMIT:
        return "E_LIMIT";
    case E_DEADLINE:
        return "E_DEADLINE";
    case E_CANCELLED:
        return "E_CANCELLED";
    case E_CONDEMNED:
        return "E_CONDEMNED";
    case E_WORKER:
        return "E_WORKER";
    case E_CORRUPT:
        return "E_CORRUPT";
    case E_IO:
        return "E_IO";
    case E_UNREACHABLE:
        return "E_UNREACHABLE";
    case E_INTERNAL:
        return "E_INTERNAL";
    }
    return "E_UNKNOWN";
}

int error_set(struct error *ret, enum err err, const char *field, const char *format, ...)
{
    va_list args;

    if (!ret)
        return err;
    ret->code = err;
    snprintf(ret->field, sizeof(ret->field), "%s", field ? field : "");
    va_start(args, format);
    vsnprintf(ret->message, sizeof(ret->message), format, args);
    va_end(args);
    utf8_repair(ret->message); /* it may have been cut, there or by the format */
    return err;
}
