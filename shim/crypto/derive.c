/* Derivation: HKDF (RFC 5869), ECDH (SP 800-56A) and X25519 (RFC 7748); PBKDF2 has its own file. */
#include "shim/crypto/internal.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

/* OpenSSL refuses a NULL for what is empty. */
static OSSL_PARAM octets(const char *name, const void *data, size_t len)
{
    return OSSL_PARAM_construct_octet_string(name, len > 0 ? (void *)data : (void *)"", len);
}

static bool run_hkdf(const struct crypto_job *job, EVP_KDF_CTX *context, unsigned char *output,
                     size_t len)
{
    struct bytes salt = job->inputs[CRYPTO_SALT], info = job->inputs[CRYPTO_INFO];
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)crypto_md_name(job->hash),
                                         0),
        octets(OSSL_KDF_PARAM_KEY, job->key->secret, job->key->secret_len),
        octets(OSSL_KDF_PARAM_SALT, salt.data, salt.len),
        octets(OSSL_KDF_PARAM_INFO, info.data, info.len),
        OSSL_PARAM_construct_end(),
    };

    return EVP_KDF_derive(context, output, len, params) == 1;
}

static bool hkdf_into(const struct crypto_job *job, unsigned char *output, size_t len)
{
    EVP_KDF *method = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *context = method ? EVP_KDF_CTX_new(method) : NULL;
    bool is_done = context && run_hkdf(job, context, output, len);

    EVP_KDF_CTX_free(context);
    EVP_KDF_free(method);
    return is_done;
}

static enum crypto_status hkdf(struct crypto_job *job)
{
    size_t len = job->length / 8;
    const EVP_MD *md = crypto_md(job->hash);
    char *output;

    if (!md || len > 255 * (size_t)EVP_MD_get_size(md))
        return CRYPTO_FAILED;
    output = crypto_job_output(job, 0, len);
    if (!output)
        return CRYPTO_NO_MEMORY;
    if (len > 0 && !hkdf_into(job, (unsigned char *)output, len))
        return CRYPTO_FAILED;
    return CRYPTO_OK;
}

static bool agree(struct crypto_job *job, unsigned char *secret, size_t *len)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, job->key->pkey, NULL);
    bool is_done = context && EVP_PKEY_derive_init(context) == 1 &&
                   EVP_PKEY_derive_set_peer(context, job->peer->pkey) == 1 &&
                   EVP_PKEY_derive(context, secret, len) == 1;

    EVP_PKEY_CTX_free(context);
    return is_done;
}

static bool are_of_a_kind(const struct crypto_key *a, const struct crypto_key *b)
{
    return b && a->family == b->family && a->curve == b->curve && a->algorithm == b->algorithm &&
           a->is_private && !b->is_private;
}

/* The whole secret: the caller takes what it wants of it. */
static enum crypto_status agreement(struct crypto_job *job)
{
    unsigned char secret[CRYPTO_FIELD_BYTES_MAX];
    size_t len = sizeof(secret);
    enum crypto_status status = CRYPTO_FAILED;
    char *output;

    if (!are_of_a_kind(job->key, job->peer) || !agree(job, secret, &len))
        return CRYPTO_FAILED;
    output = crypto_job_output(job, 0, len);
    if (output) {
        memcpy(output, secret, len);
        status = CRYPTO_OK;
    } else {
        status = CRYPTO_NO_MEMORY;
    }
    OPENSSL_cleanse(secret, sizeof(secret));
    return status;
}

enum crypto_status crypto_derive(struct crypto_job *job)
{
    switch (job->algorithm) {
    case CRYPTO_HKDF:
        return hkdf(job);
    case CRYPTO_PBKDF2:
        return crypto_pbkdf2(job);
    case CRYPTO_ECDH:
    case CRYPTO_X25519:
        return agreement(job);
    default:
        return CRYPTO_FAILED;
    }
}
