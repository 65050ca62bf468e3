/* RSA-OAEP (RFC 8017, 7.1). */
#include "shim/crypto/internal.h"

#include <openssl/rsa.h>

/* OpenSSL takes the label, and has none where it is empty. */
static bool set_label(EVP_PKEY_CTX *context, struct bytes label)
{
    void *copy;

    if (label.len == 0)
        return true;
    copy = OPENSSL_memdup(label.data, label.len);
    if (copy && EVP_PKEY_CTX_set0_rsa_oaep_label(context, copy, (int)label.len) == 1)
        return true;
    OPENSSL_free(copy);
    return false;
}

static bool init(const struct crypto_job *job, EVP_PKEY_CTX *context)
{
    const EVP_MD *md = crypto_md(job->hash);
    bool decrypts = job->operation == CRYPTO_DECRYPT;

    return md && job->key->is_private == decrypts && job->inputs[CRYPTO_LABEL].len <= INT32_MAX &&
           (decrypts ? EVP_PKEY_decrypt_init(context) : EVP_PKEY_encrypt_init(context)) == 1 &&
           EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_oaep_md(context, md) == 1 &&
           EVP_PKEY_CTX_set_rsa_mgf1_md(context, md) == 1 &&
           set_label(context, job->inputs[CRYPTO_LABEL]);
}

static enum crypto_status run(struct crypto_job *job, EVP_PKEY_CTX *context)
{
    struct bytes data = job->inputs[CRYPTO_DATA];
    size_t len = (size_t)EVP_PKEY_get_size(job->key->pkey);
    unsigned char *output = (unsigned char *)crypto_job_output(job, 0, len);
    int (*transform)(EVP_PKEY_CTX *, unsigned char *, size_t *, const unsigned char *, size_t) =
        job->operation == CRYPTO_DECRYPT ? EVP_PKEY_decrypt : EVP_PKEY_encrypt;

    if (!output)
        return CRYPTO_NO_MEMORY;
    if (transform(context, output, &len, (const unsigned char *)data.data, data.len) != 1)
        return CRYPTO_FAILED;
    job->outputs[0].len = len;
    return CRYPTO_OK;
}

enum crypto_status crypto_oaep(struct crypto_job *job)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, job->key->pkey, NULL);
    enum crypto_status status = CRYPTO_FAILED;

    if (context && init(job, context))
        status = run(job, context);
    EVP_PKEY_CTX_free(context);
    return status;
}
