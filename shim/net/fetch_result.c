/* Results: freeing them, naming their errors. */
#include "shim/net/fetch_result.h"

#include "api/pipe.h"

#include <stdlib.h>

void fetch_result_free(struct fetch_result *result)
{
    if (!result)
        return;
    free(result->message);
    free(result->status_text);
    free((char *)result->moved_to.data);
    free((char *)result->headers.data);
    free((char *)result->body.data);
    pipe_unref(result->stream);
    free(result);
}

const char *fetch_error_name(enum fetch_error error)
{
    switch (error) {
    case FETCH_OK:
        return "OK";
    case FETCH_BAD_REQUEST:
        return "BAD_REQUEST";
    case FETCH_REFUSED_ADDRESS:
        return "REFUSED_ADDRESS";
    case FETCH_REFUSED_PORT:
        return "REFUSED_PORT";
    case FETCH_BUSY:
        return "BUSY";
    case FETCH_DNS:
        return "DNS";
    case FETCH_CONNECT:
        return "CONNECT";
    case FETCH_TLS:
        return "TLS";
    case FETCH_TIMEOUT:
        return "TIMEOUT";
    case FETCH_CUT_OFF:
        return "CUT_OFF";
    case FETCH_BAD_RESPONSE:
        return "BAD_RESPONSE";
    case FETCH_TOO_LARGE:
        return "TOO_LARGE";
    case FETCH_REDIRECT:
        return "REDIRECT";
    case FETCH_INTERNAL:
        break;
    }
    return "INTERNAL";
}
