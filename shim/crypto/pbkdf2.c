/*
 * PBKDF2 with HMAC (RFC 8018, 5.2).
 *
 * OpenSSL's own cannot be stopped, and takes half as long again: it goes over the key for each
 * iteration. Here the states after the key's two paddings are kept.
 */
#include "shim/crypto/internal.h"

#include <openssl/crypto.h>

#define BLOCK_BYTES_MAX 128u /* of SHA-512 */

struct pbkdf2 {
    struct crypto_job *job;
    EVP_MD *md;
    size_t len;                      /* of a hash */
    EVP_MD_CTX *inner, *outer, *now; /* the states after the key, and the one that is worked on */
    unsigned char round[EVP_MAX_MD_SIZE];
    unsigned char sum[EVP_MAX_MD_SIZE];
};

static bool start(EVP_MD_CTX *context, const EVP_MD *md, const unsigned char *key, size_t len,
                  unsigned char mask)
{
    unsigned char padded[BLOCK_BYTES_MAX];
    bool is_done;

    for (size_t i = 0; i < len; i++)
        padded[i] = key[i] ^ mask;
    is_done =
        EVP_DigestInit_ex(context, md, NULL) == 1 && EVP_DigestUpdate(context, padded, len) == 1;
    OPENSSL_cleanse(padded, sizeof(padded));
    return is_done;
}

/* A key that is longer than a block counts by its hash. */
static bool set_key(struct pbkdf2 *pbkdf2, const struct crypto_key *password)
{
    size_t block = (size_t)EVP_MD_get_block_size(pbkdf2->md);
    unsigned char key[BLOCK_BYTES_MAX] = {0};
    bool is_done = true;

    if (password->secret_len > block)
        is_done =
            EVP_Digest(password->secret, password->secret_len, key, NULL, pbkdf2->md, NULL) == 1;
    else
        memcpy(key, password->secret, password->secret_len);
    is_done = is_done && start(pbkdf2->inner, pbkdf2->md, key, block, 0x36) &&
              start(pbkdf2->outer, pbkdf2->md, key, block, 0x5c);
    OPENSSL_cleanse(key, sizeof(key));
    return is_done;
}

/* The inner hash of the HMAC is under way in `now`; its result goes into `round`. */
static bool finish_hmac(struct pbkdf2 *pbkdf2)
{
    return EVP_DigestFinal_ex(pbkdf2->now, pbkdf2->round, NULL) == 1 &&
           EVP_MD_CTX_copy_ex(pbkdf2->now, pbkdf2->outer) == 1 &&
           EVP_DigestUpdate(pbkdf2->now, pbkdf2->round, pbkdf2->len) == 1 &&
           EVP_DigestFinal_ex(pbkdf2->now, pbkdf2->round, NULL) == 1;
}

static bool first_round(struct pbkdf2 *pbkdf2, uint32_t block)
{
    struct bytes salt = pbkdf2->job->inputs[CRYPTO_SALT];
    unsigned char number[4] = {(unsigned char)(block >> 24), (unsigned char)(block >> 16),
                               (unsigned char)(block >> 8), (unsigned char)block};

    return EVP_MD_CTX_copy_ex(pbkdf2->now, pbkdf2->inner) == 1 &&
           crypto_digest_update(pbkdf2->job, pbkdf2->now, salt) == CRYPTO_OK &&
           EVP_DigestUpdate(pbkdf2->now, number, sizeof(number)) == 1 && finish_hmac(pbkdf2);
}

static bool next_round(struct pbkdf2 *pbkdf2)
{
    return EVP_MD_CTX_copy_ex(pbkdf2->now, pbkdf2->inner) == 1 &&
           EVP_DigestUpdate(pbkdf2->now, pbkdf2->round, pbkdf2->len) == 1 && finish_hmac(pbkdf2);
}

/* One block of the result, into `sum`. */
static bool compute_block(struct pbkdf2 *pbkdf2, uint32_t block)
{
    if (!first_round(pbkdf2, block))
        return false;
    memcpy(pbkdf2->sum, pbkdf2->round, pbkdf2->len);
    for (uint32_t i = 1; i < pbkdf2->job->iterations; i++) {
        if (i % CRYPTO_SLICE_ROUNDS == 0 && crypto_job_must_stop(pbkdf2->job))
            return false;
        if (!next_round(pbkdf2))
            return false;
        for (size_t j = 0; j < pbkdf2->len; j++)
            pbkdf2->sum[j] ^= pbkdf2->round[j];
    }
    return true;
}

static enum crypto_status compute(struct pbkdf2 *pbkdf2)
{
    size_t left = pbkdf2->job->length / 8;
    char *at = crypto_job_output(pbkdf2->job, 0, left);

    if (!at)
        return CRYPTO_NO_MEMORY;
    for (uint32_t block = 1; left > 0; block++) {
        size_t part = left < pbkdf2->len ? left : pbkdf2->len;

        if (crypto_job_must_stop(pbkdf2->job) || !compute_block(pbkdf2, block))
            return CRYPTO_FAILED;
        memcpy(at, pbkdf2->sum, part);
        at += part;
        left -= part;
    }
    return CRYPTO_OK;
}

static bool init(struct pbkdf2 *pbkdf2)
{
    pbkdf2->md = EVP_MD_fetch(NULL, crypto_md_name(pbkdf2->job->hash), NULL);
    pbkdf2->inner = EVP_MD_CTX_new();
    pbkdf2->outer = EVP_MD_CTX_new();
    pbkdf2->now = EVP_MD_CTX_new();
    if (!pbkdf2->md || !pbkdf2->inner || !pbkdf2->outer || !pbkdf2->now)
        return false;
    pbkdf2->len = (size_t)EVP_MD_get_size(pbkdf2->md);
    return set_key(pbkdf2, pbkdf2->job->key);
}

static void release(struct pbkdf2 *pbkdf2)
{
    EVP_MD_CTX_free(pbkdf2->now);
    EVP_MD_CTX_free(pbkdf2->outer);
    EVP_MD_CTX_free(pbkdf2->inner);
    EVP_MD_free(pbkdf2->md);
    OPENSSL_cleanse(pbkdf2, sizeof(*pbkdf2));
}

enum crypto_status crypto_pbkdf2(struct crypto_job *job)
{
    struct pbkdf2 pbkdf2 = {.job = job};
    enum crypto_status status = CRYPTO_FAILED;

    if (crypto_md(job->hash) && job->iterations > 0 && init(&pbkdf2))
        status = compute(&pbkdf2);
    release(&pbkdf2);
    return status;
}
