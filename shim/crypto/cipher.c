/* AES: CBC, CTR and GCM (NIST SP 800-38A and D), KW (RFC 3394). */
#include "shim/crypto/internal.h"

#include <limits.h>

#define BLOCK_BYTES 16u
#define GCM_TAG_BYTES_MAX 16u

static const EVP_CIPHER *find_cipher(enum crypto_algorithm algorithm, size_t key_len)
{
    static const EVP_CIPHER *(*const ciphers[][3])(void) = {
        {EVP_aes_128_cbc, EVP_aes_192_cbc, EVP_aes_256_cbc},
        {EVP_aes_128_ctr, EVP_aes_192_ctr, EVP_aes_256_ctr},
        {EVP_aes_128_gcm, EVP_aes_192_gcm, EVP_aes_256_gcm},
        {EVP_aes_128_wrap, EVP_aes_192_wrap, EVP_aes_256_wrap},
    };

    if (algorithm < CRYPTO_AES_CBC || algorithm > CRYPTO_AES_KW)
        return NULL;
    if (key_len != 16 && key_len != 24 && key_len != 32)
        return NULL;
    return ciphers[algorithm - CRYPTO_AES_CBC][key_len / 8 - 2]();
}

struct cipher {
    struct crypto_job *job;
    EVP_CIPHER_CTX *context;
    bool encrypts;
    char *at; /* where its output goes on */
};

/* In slices, since lengths are ints, and since somebody may want it to stop. */
static bool update(struct cipher *cipher, struct bytes data)
{
    for (size_t at = 0; at < data.len;) {
        size_t left = data.len - at;
        size_t slice = left < CRYPTO_SLICE_BYTES ? left : CRYPTO_SLICE_BYTES;
        int written;

        if (at > 0 && crypto_job_must_stop(cipher->job))
            return false;
        if (EVP_CipherUpdate(cipher->context, (unsigned char *)cipher->at, &written,
                             (const unsigned char *)data.data + at, (int)slice) != 1)
            return false;
        cipher->at += written;
        at += slice;
    }
    return true;
}

static bool finish(struct cipher *cipher)
{
    int written;

    if (EVP_CipherFinal_ex(cipher->context, (unsigned char *)cipher->at, &written) != 1)
        return false;
    cipher->at += written;
    return true;
}

/* Of the algorithm; the rest of its parameters comes after this. */
static bool start(struct cipher *cipher, const char *iv)
{
    const struct crypto_key *key = cipher->job->key;

    return EVP_CipherInit_ex2(cipher->context, find_cipher(cipher->job->algorithm, key->secret_len),
                              key->secret, (const unsigned char *)iv, cipher->encrypts, NULL) == 1;
}

static bool run_cbc(struct cipher *cipher)
{
    struct crypto_job *job = cipher->job;

    return job->inputs[CRYPTO_IV].len == BLOCK_BYTES &&
           start(cipher, job->inputs[CRYPTO_IV].data) && update(cipher, job->inputs[CRYPTO_DATA]) &&
           finish(cipher);
}

/* CTR, whose counter is the last bits of a block and leaves the others alone. OpenSSL's is the
 * whole block: where the counter comes round it is started anew. */

/* Blocks until the counter is 0 again, at most `blocks`. */
static uint64_t blocks_to_zero(const unsigned char counter[BLOCK_BYTES], unsigned bits,
                               uint64_t blocks)
{
    uint64_t value = 0;

    /* With more bits it cannot come round in what memory holds, unless all above are ones. */
    for (unsigned i = 0; i < BLOCK_BYTES - 8 && bits > 64; i++) {
        unsigned mask = (bits - 64) / 8 > 7 - i ? 0xff : 0;

        if ((bits - 64) / 8 == 7 - i)
            mask = (1u << bits % 8) - 1;
        if ((counter[i] & mask) != mask)
            return blocks;
    }
    for (unsigned i = BLOCK_BYTES - 8; i < BLOCK_BYTES; i++)
        value = value << 8 | counter[i];
    if (bits < 64) {
        value |= UINT64_MAX << bits;
    }
    /* 2^64 - value, which is 0 for value 0 */
    return value != 0 && -value < blocks ? -value : blocks;
}

static void zero_counter(unsigned char counter[BLOCK_BYTES], unsigned bits)
{
    for (unsigned i = BLOCK_BYTES; bits > 0 && i-- > 0;) {
        unsigned here = bits < 8 ? bits : 8;

        counter[i] &= (unsigned char)(0xffu << here);
        bits -= here;
    }
}

/* Whether the counter would repeat itself. */
static bool is_too_long(uint64_t blocks, unsigned bits)
{
    return bits < 64 && blocks > UINT64_C(1) << bits;
}

static bool run_ctr(struct cipher *cipher)
{
    struct crypto_job *job = cipher->job;
    struct bytes data = job->inputs[CRYPTO_DATA], first = data;
    uint64_t blocks = (data.len + BLOCK_BYTES - 1) / BLOCK_BYTES, before;
    unsigned char counter[BLOCK_BYTES];

    if (job->inputs[CRYPTO_IV].len != BLOCK_BYTES || job->length < 1 || job->length > 128 ||
        is_too_long(blocks, job->length))
        return false;
    memcpy(counter, job->inputs[CRYPTO_IV].data, BLOCK_BYTES);
    before = blocks_to_zero(counter, job->length, blocks);
    if (before < blocks)
        first.len = before * BLOCK_BYTES;
    if (!start(cipher, (const char *)counter) || !update(cipher, first))
        return false;
    zero_counter(counter, job->length);
    data.data += first.len;
    data.len -= first.len;
    return data.len == 0 || (start(cipher, (const char *)counter) && update(cipher, data));
}

/* GCM: the tag stands behind the data. */

static bool start_gcm(struct cipher *cipher)
{
    struct crypto_job *job = cipher->job;
    struct bytes iv = job->inputs[CRYPTO_IV], more = job->inputs[CRYPTO_MORE_DATA];
    int written;

    return iv.len > 0 && iv.len <= INT_MAX && more.len <= INT_MAX && start(cipher, NULL) &&
           EVP_CIPHER_CTX_ctrl(cipher->context, EVP_CTRL_AEAD_SET_IVLEN, (int)iv.len, NULL) == 1 &&
           EVP_CipherInit_ex2(cipher->context, NULL, NULL, (const unsigned char *)iv.data, -1,
                              NULL) == 1 &&
           (more.len == 0 ||
            EVP_CipherUpdate(cipher->context, NULL, &written, (const unsigned char *)more.data,
                             (int)more.len) == 1);
}

static bool encrypt_gcm(struct cipher *cipher, size_t tag_len)
{
    if (!update(cipher, cipher->job->inputs[CRYPTO_DATA]) || !finish(cipher) ||
        EVP_CIPHER_CTX_ctrl(cipher->context, EVP_CTRL_AEAD_GET_TAG, (int)tag_len, cipher->at) != 1)
        return false;
    cipher->at += tag_len;
    return true;
}

static bool decrypt_gcm(struct cipher *cipher, size_t tag_len)
{
    struct bytes data = cipher->job->inputs[CRYPTO_DATA];

    if (data.len < tag_len)
        return false;
    data.len -= tag_len;
    return EVP_CIPHER_CTX_ctrl(cipher->context, EVP_CTRL_AEAD_SET_TAG, (int)tag_len,
                               (void *)(data.data + data.len)) == 1 &&
           update(cipher, data) && finish(cipher);
}

static bool run_gcm(struct cipher *cipher)
{
    size_t tag_len = cipher->job->length / 8;

    if (tag_len < 4 || tag_len > GCM_TAG_BYTES_MAX || !start_gcm(cipher))
        return false;
    return cipher->encrypts ? encrypt_gcm(cipher, tag_len) : decrypt_gcm(cipher, tag_len);
}

/* It takes its input at once, since it goes over the whole six times. */
static bool run_kw(struct cipher *cipher)
{
    struct bytes data = cipher->job->inputs[CRYPTO_DATA];
    int written;

    if (data.len % 8 != 0 || data.len < (cipher->encrypts ? 16 : 24) ||
        data.len > CRYPTO_SLICE_BYTES)
        return false;
    EVP_CIPHER_CTX_set_flags(cipher->context, EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
    if (!start(cipher, NULL) ||
        EVP_CipherUpdate(cipher->context, (unsigned char *)cipher->at, &written,
                         (const unsigned char *)data.data, (int)data.len) != 1)
        return false;
    cipher->at += written;
    return true;
}

static bool run(struct cipher *cipher)
{
    switch (cipher->job->algorithm) {
    case CRYPTO_AES_CBC:
        return run_cbc(cipher);
    case CRYPTO_AES_CTR:
        return run_ctr(cipher);
    case CRYPTO_AES_GCM:
        return run_gcm(cipher);
    default:
        return run_kw(cipher);
    }
}

enum crypto_status crypto_aes(struct crypto_job *job)
{
    struct cipher cipher = {.job = job, .encrypts = job->operation == CRYPTO_ENCRYPT};
    size_t room = job->inputs[CRYPTO_DATA].len + BLOCK_BYTES + GCM_TAG_BYTES_MAX;
    bool is_done;

    if (!find_cipher(job->algorithm, job->key->secret_len))
        return CRYPTO_FAILED;
    cipher.at = crypto_job_output(job, 0, room);
    if (!cipher.at)
        return CRYPTO_NO_MEMORY;
    cipher.context = EVP_CIPHER_CTX_new();
    is_done = cipher.context && run(&cipher);
    EVP_CIPHER_CTX_free(cipher.context);
    if (!is_done)
        return CRYPTO_FAILED;
    job->outputs[0].len = (size_t)(cipher.at - job->outputs[0].data);
    return CRYPTO_OK;
}
