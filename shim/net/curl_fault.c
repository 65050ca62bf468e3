/* curl's errors in this client's words. */
#include "shim/net/transfer.h"

#include <string.h>

static enum fetch_error error_of(CURLcode code)
{
    switch (code) {
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_USE_SSL_FAILED:
        return FETCH_TLS;
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
        return FETCH_CONNECT;
    case CURLE_OPERATION_TIMEDOUT: /* curl knows no other time than the connection's */
        return FETCH_TIMEOUT;
    case CURLE_PARTIAL_FILE:
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
        return FETCH_CUT_OFF;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_ABORTED_BY_CALLBACK:
    case CURLE_URL_MALFORMAT:
        return FETCH_INTERNAL;
    default:
        return FETCH_BAD_RESPONSE;
    }
}

/* curl's word for header lines of more than 100 KB; before 8.6 it has no memory, as it says. */
#if LIBCURL_VERSION_NUM >= 0x080600
#define LONG_LINE CURLE_TOO_LARGE
#else
#define LONG_LINE CURLE_OUT_OF_MEMORY
#endif

static bool is_long_line(CURLcode code, const struct answer *a)
{
    return code == LONG_LINE && a->bytes > 0 && !a->is_complete;
}

static void connect_fault(struct fault *fault, const struct transfer *t)
{
    const struct target *target = &t->context.outgoing->target;
    long system_error = 0;
    const char *why;

    if (t->is_refused) {
        fault_set(fault, FETCH_REFUSED_ADDRESS, "workers may not reach the address of '%s'",
                  target->host);
        return;
    }
    curl_easy_getinfo(t->handle->easy, CURLINFO_OS_ERRNO, &system_error);
    why = system_error ? strerrordesc_np((int)system_error) : NULL;
    fault_set(fault, FETCH_CONNECT, "no connection to '%s' on port %u could be made%s%s",
              target->host, target->port, why ? ": " : "", why ? why : "");
}

void curl_fault(struct fault *fault, CURLcode code, const struct transfer *t)
{
    const char *host = t->context.outgoing->target.host;
    enum fetch_error error = is_long_line(code, &t->answer) ? FETCH_TOO_LARGE : error_of(code);

    switch (error) {
    case FETCH_CONNECT:
        connect_fault(fault, t);
        break;
    case FETCH_TLS: /* curl's own words tell what is wrong with a certificate */
        fault_set(fault, error, "no secure connection to '%s' could be made: %s", host,
                  t->curl_error[0] ? t->curl_error : curl_easy_strerror(code));
        break;
    case FETCH_TIMEOUT:
        fault_set(fault, error, "no connection to '%s' could be made in time", host);
        break;
    case FETCH_CUT_OFF:
        fault_set(fault, error, "'%s' ended the connection before the answer was whole", host);
        break;
    case FETCH_TOO_LARGE:
        fault_set(fault, error, "'%s' sent more headers than a response may have", host);
        break;
    default:
        fault_set(fault, error, "the request to '%s' failed: %s", host, curl_easy_strerror(code));
        break;
    }
}
