/* A certificate store of OpenSSL's. */
#include "shim/net/roots.h"

#include "api/bytes.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

struct roots {
    X509_STORE *store;
};

/* As curl finds them on this system: a file first, which is read here and not during handshakes. */
static void load_system(X509_STORE *store)
{
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);

    if (info->cainfo && X509_STORE_load_file(store, info->cainfo))
        return;
    if (info->capath && X509_STORE_load_path(store, info->capath))
        return;
    X509_STORE_set_default_paths(store);
}

int roots_new(const char *ca_file, struct roots **ret, struct error *error)
{
    X509_STORE *store = X509_STORE_new();
    int err = 0;

    if (!store)
        return error_set(error, E_NOMEM, "", "no store of certificates can be made");
    /* As curl has them by default: a trusted certificate ends a chain, be it a root or not. */
    X509_STORE_set_flags(store, X509_V_FLAG_TRUSTED_FIRST | X509_V_FLAG_PARTIAL_CHAIN);
    if (!ca_file)
        load_system(store);
    else if (!X509_STORE_load_file(store, ca_file))
        err =
            error_set(error, E_INVALID, "ca_file", "no certificates can be read from %s", ca_file);
    /* The queue is the thread's: what stays in it would be taken for a later connection's error. */
    ERR_clear_error();
    if (err) {
        X509_STORE_free(store);
        return err;
    }
    *ret = xmalloc(sizeof(**ret));
    (*ret)->store = store;
    return 0;
}

void roots_free(struct roots *roots)
{
    if (!roots)
        return;
    X509_STORE_free(roots->store);
    free(roots);
}

CURLcode roots_use(CURL *easy, void *ssl_ctx, void *roots)
{
    struct roots *r = roots;

    (void)easy;
    SSL_CTX_set1_cert_store(ssl_ctx, r->store);
    return CURLE_OK;
}
