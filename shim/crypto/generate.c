/* New keys. */
#include "shim/crypto/build.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

static enum crypto_status generate_secret(struct crypto_job *job)
{
    size_t len = (job->length + (size_t)7) / 8;
    unsigned char *secret;

    if (job->length == 0 || len > CRYPTO_SECRET_BYTES_MAX)
        return CRYPTO_FAILED;
    secret = OPENSSL_malloc(len);
    if (!secret)
        return CRYPTO_NO_MEMORY;
    if (RAND_priv_bytes(secret, (int)len) == 1) {
        crypto_clear_last_bits(secret, job->length);
        job->keys[0] = crypto_key_of_secret(secret, len);
        if (job->keys[0])
            job->keys[0]->bits = job->length;
    }
    OPENSSL_clear_free(secret, len);
    return job->keys[0] ? CRYPTO_OK : CRYPTO_FAILED;
}

/* The public key is the same EVP_PKEY: what may be done with it is the record's to say. */
static enum crypto_status keep_pair(struct crypto_job *job, EVP_PKEY *pkey, unsigned bits)
{
    enum crypto_family family = crypto_family_of(job->algorithm);

    if (!pkey || EVP_PKEY_up_ref(pkey) != 1) {
        EVP_PKEY_free(pkey);
        return CRYPTO_FAILED;
    }
    for (unsigned i = 0; i < 2; i++) {
        job->keys[i] = crypto_key_of_pkey(pkey, family, i == 0, bits);
        job->keys[i]->algorithm = family == CRYPTO_OKP ? job->algorithm : 0;
        job->keys[i]->curve = job->curve;
    }
    return CRYPTO_OK;
}

/* OpenSSL's question, between two steps of its search for primes, whether it is to go on. */
static int go_on(EVP_PKEY_CTX *context)
{
    return !crypto_job_must_stop(EVP_PKEY_CTX_get_app_data(context));
}

static EVP_PKEY *new_rsa(struct crypto_job *job, BIGNUM *exponent)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *pkey = NULL;

    if (!context)
        return NULL;
    EVP_PKEY_CTX_set_app_data(context, job);
    EVP_PKEY_CTX_set_cb(context, go_on);
    if (EVP_PKEY_keygen_init(context) != 1 ||
        EVP_PKEY_CTX_set_rsa_keygen_bits(context, (int)job->length) != 1 ||
        EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context, exponent) != 1 ||
        EVP_PKEY_generate(context, &pkey) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(context);
    return pkey;
}

/* Odd, from 3 on; OpenSSL's search for primes would go on for ever with some others. */
static bool is_fit_exponent(const BIGNUM *exponent)
{
    return BN_is_odd(exponent) && !BN_is_one(exponent) &&
           BN_num_bits(exponent) <= CRYPTO_RSA_EXPONENT_BITS_MAX;
}

static enum crypto_status generate_rsa(struct crypto_job *job)
{
    struct bytes bytes = job->inputs[CRYPTO_EXPONENT];
    EVP_PKEY *pkey = NULL;
    BIGNUM *exponent;

    if (job->length < CRYPTO_RSA_BITS_MIN || job->length > CRYPTO_RSA_BITS_MAX)
        return CRYPTO_FAILED;
    if (bytes.len > CRYPTO_RSA_BITS_MAX / 8)
        return CRYPTO_FAILED;
    exponent = BN_bin2bn((const unsigned char *)bytes.data, (int)bytes.len, NULL);
    if (exponent && is_fit_exponent(exponent))
        pkey = new_rsa(job, exponent);
    BN_free(exponent);
    return keep_pair(job, pkey, job->length);
}

static enum crypto_status generate_ec(struct crypto_job *job)
{
    const char *group = crypto_group_name(job->curve);

    if (!group)
        return CRYPTO_FAILED;
    return keep_pair(job, EVP_PKEY_Q_keygen(NULL, NULL, "EC", group),
                     crypto_curve_bits(job->curve));
}

static enum crypto_status generate_okp(struct crypto_job *job)
{
    const char *type = job->algorithm == CRYPTO_ED25519 ? "ED25519" : "X25519";

    return keep_pair(job, EVP_PKEY_Q_keygen(NULL, NULL, type), CRYPTO_OKP_BYTES * 8);
}

enum crypto_status crypto_generate(struct crypto_job *job)
{
    switch (crypto_family_of(job->algorithm)) {
    case CRYPTO_RSA:
        return generate_rsa(job);
    case CRYPTO_EC:
        return generate_ec(job);
    case CRYPTO_OKP:
        return generate_okp(job);
    default:
        return generate_secret(job);
    }
}
