/* Failures: filling them in, copying them, freeing them. */
#include "api/failure.h"

#include "api/bytes.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static char *format_text(const char *format, va_list args)
{
    char *text;

    if (vasprintf(&text, format, args) < 0)
        abort();
    return text;
}

void failure_set(struct failure *f, enum failure_reason reason, enum phase phase,
                 const char *format, ...)
{
    va_list args;
    char *message;

    /* Before anything is freed: the arguments may be the old message's. */
    va_start(args, format);
    message = format_text(format, args);
    va_end(args);
    failure_release(f);
    f->reason = reason;
    f->phase = phase;
    f->message = message;
}

void failure_set_limit(struct failure *f, enum limit limit, enum phase phase, uint64_t used,
                       uint64_t allowed)
{
    failure_set(f, FAILURE_LIMIT_EXCEEDED, phase,
                "the worker reached its limit of %s: %" PRIu64 " %s used, %" PRIu64 " %s allowed",
                limit_title(limit), used, limit_unit(limit), allowed, limit_unit(limit));
    f->limit = limit;
    f->used = used;
    f->allowed = allowed;
}

static char *copy_text(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

void failure_copy(struct failure *ret, const struct failure *src)
{
    *ret = *src;
    ret->message = copy_text(src->message);
    ret->stack = copy_text(src->stack);
    ret->file = copy_text(src->file);
}

void failure_release(struct failure *f)
{
    free(f->message);
    free(f->stack);
    free(f->file);
    *f = (struct failure){0};
}

const char *failure_reason_name(enum failure_reason reason)
{
    switch (reason) {
    case FAILURE_NONE:
        break;
    case FAILURE_EXCEPTION:
        return "EXCEPTION";
    case FAILURE_LIMIT_EXCEEDED:
        return "LIMIT_EXCEEDED";
    case FAILURE_NEVER_SETTLES:
        return "NEVER_SETTLES";
    case FAILURE_INVALID_RESPONSE:
        return "INVALID_RESPONSE";
    case FAILURE_NO_HANDLER:
        return "NO_HANDLER";
    case FAILURE_SYNTAX:
        return "SYNTAX";
    case FAILURE_UNRESOLVED_IMPORT:
        return "UNRESOLVED_IMPORT";
    case FAILURE_CANCELLED:
        return "CANCELLED";
    case FAILURE_ISOLATE_CONDEMNED:
        return "ISOLATE_CONDEMNED";
    case FAILURE_QUEUE_FULL:
        return "QUEUE_FULL";
    case FAILURE_DRAINING:
        return "DRAINING";
    case FAILURE_INVALID_PAYLOAD:
        return "INVALID_PAYLOAD";
    case FAILURE_INTERNAL:
        return "INTERNAL";
    }
    return "UNSPECIFIED";
}
