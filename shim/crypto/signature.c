/* Signatures: RSASSA-PKCS1-v1_5 and RSA-PSS (RFC 8017), ECDSA (FIPS 186-5), Ed25519 (RFC 8032). */
#include "shim/crypto/internal.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>

/* The length of each half of an ECDSA signature. */
static size_t half_len(const struct crypto_key *key)
{
    return (key->bits + 7) / 8;
}

static bool set_padding(const struct crypto_job *job, EVP_PKEY_CTX *context)
{
    if (job->algorithm == CRYPTO_RSASSA_PKCS1)
        return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1;
    if (job->algorithm == CRYPTO_RSA_PSS)
        return job->length <= INT32_MAX &&
               EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(context, (int)job->length) == 1;
    return true;
}

static bool is_fit(const struct crypto_job *job)
{
    bool wants_private = job->operation == CRYPTO_SIGN;

    if (job->key->is_private != wants_private)
        return false;
    if (job->algorithm == CRYPTO_ED25519)
        return job->key->algorithm == CRYPTO_ED25519;
    return crypto_md(job->hash) && crypto_family_of(job->algorithm) != CRYPTO_SECRET;
}

static bool init(const struct crypto_job *job, EVP_MD_CTX *context)
{
    const EVP_MD *md = job->algorithm == CRYPTO_ED25519 ? NULL : crypto_md(job->hash);
    EVP_PKEY_CTX *parameters;
    int (*start)(EVP_MD_CTX *, EVP_PKEY_CTX **, const EVP_MD *, ENGINE *, EVP_PKEY *) =
        job->operation == CRYPTO_SIGN ? EVP_DigestSignInit : EVP_DigestVerifyInit;

    return is_fit(job) && start(context, &parameters, md, NULL, job->key->pkey) == 1 &&
           set_padding(job, parameters);
}

/* Ed25519 goes over the data twice, so that it has to have it at once. */
static bool sign(struct crypto_job *job, EVP_MD_CTX *context, unsigned char *signature, size_t *len)
{
    struct bytes data = job->inputs[CRYPTO_DATA];

    if (job->algorithm == CRYPTO_ED25519)
        return EVP_DigestSign(context, signature, len, (const unsigned char *)data.data,
                              data.len) == 1;
    return crypto_digest_update(job, context, data) == CRYPTO_OK &&
           EVP_DigestSignFinal(context, signature, len) == 1;
}

static bool verify(struct crypto_job *job, EVP_MD_CTX *context, const unsigned char *signature,
                   size_t len)
{
    struct bytes data = job->inputs[CRYPTO_DATA];

    if (job->algorithm == CRYPTO_ED25519)
        return EVP_DigestVerify(context, signature, len, (const unsigned char *)data.data,
                                data.len) == 1;
    return crypto_digest_update(job, context, data) == CRYPTO_OK &&
           EVP_DigestVerifyFinal(context, signature, len) == 1;
}

/* The API has r and s one after the other (IEEE P1363), OpenSSL a DER sequence of them. */

static bool halves_of_der(const unsigned char *der, size_t der_len, size_t half,
                          unsigned char *halves)
{
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)der_len);
    bool is_done = signature &&
                   BN_bn2binpad(ECDSA_SIG_get0_r(signature), halves, (int)half) == (int)half &&
                   BN_bn2binpad(ECDSA_SIG_get0_s(signature), halves + half, (int)half) == (int)half;

    ECDSA_SIG_free(signature);
    return is_done;
}

/* The length, or 0. Free *ret with OPENSSL_free. */
static size_t der_of_halves(const unsigned char *halves, size_t half, unsigned char **ret)
{
    ECDSA_SIG *signature = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(halves, (int)half, NULL), *s = BN_bin2bn(halves + half, (int)half, NULL);
    int len = 0;

    if (signature && r && s && ECDSA_SIG_set0(signature, r, s) == 1) {
        r = s = NULL; /* the signature has them */
        *ret = NULL;
        len = i2d_ECDSA_SIG(signature, ret);
    }
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(signature);
    return len > 0 ? (size_t)len : 0;
}

#define ECDSA_DER_BYTES_MAX (2u * (CRYPTO_FIELD_BYTES_MAX + 4u) + 8u)

static enum crypto_status sign_ecdsa(struct crypto_job *job, EVP_MD_CTX *context)
{
    unsigned char der[ECDSA_DER_BYTES_MAX];
    size_t len = sizeof(der), half = half_len(job->key);
    char *output;

    if (!sign(job, context, der, &len))
        return CRYPTO_FAILED;
    output = crypto_job_output(job, 0, 2 * half);
    if (!output)
        return CRYPTO_NO_MEMORY;
    return halves_of_der(der, len, half, (unsigned char *)output) ? CRYPTO_OK : CRYPTO_FAILED;
}

static enum crypto_status sign_plain(struct crypto_job *job, EVP_MD_CTX *context)
{
    size_t len = (size_t)EVP_PKEY_get_size(job->key->pkey);
    char *output = crypto_job_output(job, 0, len);

    if (!output)
        return CRYPTO_NO_MEMORY;
    if (!sign(job, context, (unsigned char *)output, &len))
        return CRYPTO_FAILED;
    job->outputs[0].len = len;
    return CRYPTO_OK;
}

enum crypto_status crypto_sign(struct crypto_job *job)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    enum crypto_status status = CRYPTO_FAILED;

    if (context && init(job, context))
        status =
            job->algorithm == CRYPTO_ECDSA ? sign_ecdsa(job, context) : sign_plain(job, context);
    EVP_MD_CTX_free(context);
    return status;
}

static bool verify_ecdsa(struct crypto_job *job, EVP_MD_CTX *context)
{
    struct bytes signature = job->inputs[CRYPTO_SIGNATURE];
    size_t half = half_len(job->key), len;
    unsigned char *der = NULL;
    bool is_valid;

    if (signature.len != 2 * half)
        return false;
    len = der_of_halves((const unsigned char *)signature.data, half, &der);
    is_valid = len > 0 && verify(job, context, der, len);
    OPENSSL_free(der);
    return is_valid;
}

/* OpenSSL takes an RSA-PSS signature without its leading zeros, too, which is none (RFC
 * 8017, 8.1.2, step 1). */
static bool verify_plain(struct crypto_job *job, EVP_MD_CTX *context)
{
    struct bytes signature = job->inputs[CRYPTO_SIGNATURE];

    return signature.len == (size_t)EVP_PKEY_get_size(job->key->pkey) &&
           verify(job, context, (const unsigned char *)signature.data, signature.len);
}

/* A signature that cannot be one is none, whatever the reason. */
enum crypto_status crypto_verify(struct crypto_job *job)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    enum crypto_status status = CRYPTO_FAILED;

    if (context && init(job, context)) {
        job->is_valid = job->algorithm == CRYPTO_ECDSA ? verify_ecdsa(job, context)
                                                       : verify_plain(job, context);
        status = CRYPTO_OK;
    }
    EVP_MD_CTX_free(context);
    return status;
}
