/* Digests (FIPS 180-4) and HMAC (RFC 2104). */
#include "shim/crypto/internal.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

static size_t slice_of(size_t left)
{
    return left < CRYPTO_SLICE_BYTES ? left : CRYPTO_SLICE_BYTES;
}

enum crypto_status crypto_digest_update(struct crypto_job *job, EVP_MD_CTX *context,
                                        struct bytes data)
{
    for (size_t at = 0; at < data.len; at += slice_of(data.len - at)) {
        if (at > 0 && crypto_job_must_stop(job))
            return CRYPTO_FAILED;
        if (EVP_DigestUpdate(context, data.data + at, slice_of(data.len - at)) != 1)
            return CRYPTO_FAILED;
    }
    return CRYPTO_OK;
}

static enum crypto_status run_digest(struct crypto_job *job, const EVP_MD *md, EVP_MD_CTX *context)
{
    char *digest = crypto_job_output(job, 0, (size_t)EVP_MD_get_size(md));

    if (!digest)
        return CRYPTO_NO_MEMORY;
    if (EVP_DigestInit_ex(context, md, NULL) != 1 ||
        crypto_digest_update(job, context, job->inputs[CRYPTO_DATA]) != CRYPTO_OK ||
        EVP_DigestFinal_ex(context, (unsigned char *)digest, NULL) != 1)
        return CRYPTO_FAILED;
    return CRYPTO_OK;
}

enum crypto_status crypto_digest(struct crypto_job *job)
{
    const EVP_MD *md = crypto_md(job->hash);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    enum crypto_status status = CRYPTO_FAILED;

    if (md && context)
        status = run_digest(job, md, context);
    EVP_MD_CTX_free(context);
    return status;
}

static bool update_mac(struct crypto_job *job, EVP_MAC_CTX *context, struct bytes data)
{
    for (size_t at = 0; at < data.len; at += slice_of(data.len - at)) {
        if (at > 0 && crypto_job_must_stop(job))
            return false;
        if (EVP_MAC_update(context, (const unsigned char *)data.data + at,
                           slice_of(data.len - at)) != 1)
            return false;
    }
    return true;
}

static bool run_mac(struct crypto_job *job, EVP_MAC_CTX *context, unsigned char *mac, size_t *len)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)crypto_md_name(job->hash),
                                         0),
        OSSL_PARAM_construct_end(),
    };

    return EVP_MAC_init(context, job->key->secret, job->key->secret_len, params) == 1 &&
           update_mac(job, context, job->inputs[CRYPTO_DATA]) &&
           EVP_MAC_final(context, mac, len, EVP_MAX_MD_SIZE) == 1;
}

static bool hmac(struct crypto_job *job, unsigned char mac[EVP_MAX_MD_SIZE], size_t *len)
{
    EVP_MAC *method = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = method ? EVP_MAC_CTX_new(method) : NULL;
    bool is_done = context && crypto_md(job->hash) && run_mac(job, context, mac, len);

    EVP_MAC_CTX_free(context);
    EVP_MAC_free(method);
    return is_done;
}

enum crypto_status crypto_hmac_sign(struct crypto_job *job)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    size_t len;
    char *output;

    if (!hmac(job, mac, &len))
        return CRYPTO_FAILED;
    output = crypto_job_output(job, 0, len);
    if (!output)
        return CRYPTO_NO_MEMORY;
    memcpy(output, mac, len);
    return CRYPTO_OK;
}

enum crypto_status crypto_hmac_verify(struct crypto_job *job)
{
    struct bytes signature = job->inputs[CRYPTO_SIGNATURE];
    unsigned char mac[EVP_MAX_MD_SIZE];
    size_t len;

    if (!hmac(job, mac, &len))
        return CRYPTO_FAILED;
    job->is_valid = signature.len == len && CRYPTO_memcmp(mac, signature.data, len) == 0;
    OPENSSL_cleanse(mac, sizeof(mac));
    return CRYPTO_OK;
}
