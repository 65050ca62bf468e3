/* Jobs: what all operations have in common. */
#include "shim/crypto/internal.h"

#include "api/bytes.h"
#include "api/clock.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdlib.h>

struct crypto_job *crypto_job_new(enum crypto_operation operation, enum crypto_algorithm algorithm)
{
    struct crypto_job *job = xcalloc(1, sizeof(*job));

    job->operation = operation;
    job->algorithm = algorithm;
    job->cpu_allowed_ns = UINT64_MAX;
    atomic_init(&job->is_cancelled, 0);
    return job;
}

static void free_wiped(char *data, size_t len)
{
    if (data)
        OPENSSL_cleanse(data, len);
    free(data);
}

void crypto_job_free(struct crypto_job *job)
{
    if (!job)
        return;
    crypto_key_unref(job->key);
    crypto_key_unref(job->peer);
    for (unsigned i = 0; i < 2; i++)
        crypto_key_unref(job->keys[i]);
    for (unsigned i = 0; i < CRYPTO_OUTPUTS_MAX; i++)
        free_wiped(job->outputs[i].data, job->outputs[i].len);
    free_wiped(job->kept, job->kept_bytes);
    free(job);
}

size_t crypto_job_input_bytes(const struct crypto_job *job)
{
    size_t bytes = 0;

    for (unsigned i = 0; i < CRYPTO_INPUTS_MAX; i++)
        bytes += job->inputs[i].len;
    return bytes;
}

bool crypto_job_keep(struct crypto_job *job)
{
    size_t bytes = crypto_job_input_bytes(job);
    char *at = malloc(bytes > 0 ? bytes : 1);

    if (!at)
        return false;
    job->kept = at;
    job->kept_bytes = bytes;
    for (unsigned i = 0; i < CRYPTO_INPUTS_MAX; i++) {
        struct bytes *input = &job->inputs[i];

        if (!input->data)
            continue;
        memcpy(at, input->data, input->len);
        input->data = at;
        at += input->len;
    }
    return true;
}

/* How long things take on a core of 2020, in the worst of their kind. */
#define SHORT_INPUT_BYTES ((size_t)64 << 10) /* SHA-512: 150 us */
#define SHORT_ITERATIONS 256u                /* PBKDF2: 1 us each, and block */
#define SHORT_RSA_BITS 4096u                 /* a signature's verification: 110 us */

/* P-384 and P-521, which OpenSSL computes 10 to 30 times as slowly as P-256. */
static bool is_slow_curve(enum crypto_curve curve)
{
    return curve == CRYPTO_P384 || curve == CRYPTO_P521;
}

static bool is_slow_key(const struct crypto_key *key)
{
    if (!key)
        return false;
    if (key->family == CRYPTO_RSA)
        return key->is_private || key->bits > SHORT_RSA_BITS;
    return is_slow_curve(key->curve);
}

/* What is derived comes in blocks of at least 20 bytes, each of which takes all iterations. */
static bool is_long_derivation(const struct crypto_job *job)
{
    uint64_t blocks = job->length / 160 + 1;

    return job->algorithm == CRYPTO_PBKDF2 && job->iterations * blocks > SHORT_ITERATIONS;
}

bool crypto_job_is_long(const struct crypto_job *job)
{
    if (crypto_job_input_bytes(job) > SHORT_INPUT_BYTES)
        return true;
    switch (job->operation) {
    case CRYPTO_GENERATE:
    case CRYPTO_IMPORT: /* private keys are checked, by a multiplication on the curve */
        return (job->operation == CRYPTO_GENERATE &&
                crypto_family_of(job->algorithm) == CRYPTO_RSA) ||
               is_slow_curve(job->curve);
    case CRYPTO_DERIVE:
        return is_long_derivation(job) || is_slow_key(job->key);
    case CRYPTO_EXPORT:
        return false;
    default:
        return is_slow_key(job->key);
    }
}

bool crypto_job_must_stop(struct crypto_job *job)
{
    if (atomic_load_explicit(&job->is_cancelled, memory_order_relaxed))
        job->status = CRYPTO_CANCELLED;
    else if (job->cpu_allowed_ns != UINT64_MAX &&
             clock_thread_cpu_ns() - job->cpu_started_ns > job->cpu_allowed_ns)
        job->status = CRYPTO_OVERDRAWN;
    return job->status != CRYPTO_OK;
}

void crypto_job_cancel(struct crypto_job *job)
{
    atomic_store_explicit(&job->is_cancelled, 1, memory_order_relaxed);
}

char *crypto_job_output(struct crypto_job *job, unsigned index, size_t len)
{
    char *data = malloc(len > 0 ? len : 1);

    if (!data)
        return NULL;
    job->outputs[index] = (struct crypto_output){data, len};
    return data;
}

enum crypto_family crypto_family_of(enum crypto_algorithm algorithm)
{
    switch (algorithm) {
    case CRYPTO_RSASSA_PKCS1:
    case CRYPTO_RSA_PSS:
    case CRYPTO_RSA_OAEP:
        return CRYPTO_RSA;
    case CRYPTO_ECDSA:
    case CRYPTO_ECDH:
        return CRYPTO_EC;
    case CRYPTO_ED25519:
    case CRYPTO_X25519:
        return CRYPTO_OKP;
    default:
        return CRYPTO_SECRET;
    }
}

const EVP_MD *crypto_md(enum crypto_hash hash)
{
    switch (hash) {
    case CRYPTO_SHA1:
        return EVP_sha1();
    case CRYPTO_SHA256:
        return EVP_sha256();
    case CRYPTO_SHA384:
        return EVP_sha384();
    case CRYPTO_SHA512:
        return EVP_sha512();
    default:
        return NULL;
    }
}

const char *crypto_md_name(enum crypto_hash hash)
{
    const EVP_MD *md = crypto_md(hash);

    return md ? EVP_MD_get0_name(md) : NULL;
}

/* Whether the keys are there, and of the algorithm's family. */
static bool has_its_keys(const struct crypto_job *job)
{
    switch (job->operation) {
    case CRYPTO_DIGEST:
    case CRYPTO_GENERATE:
    case CRYPTO_IMPORT:
        return true;
    default:
        return job->key && job->key->family == crypto_family_of(job->algorithm);
    }
}

static enum crypto_status run(struct crypto_job *job)
{
    switch (job->operation) {
    case CRYPTO_DIGEST:
        return crypto_digest(job);
    case CRYPTO_SIGN:
        return job->algorithm == CRYPTO_HMAC ? crypto_hmac_sign(job) : crypto_sign(job);
    case CRYPTO_VERIFY:
        return job->algorithm == CRYPTO_HMAC ? crypto_hmac_verify(job) : crypto_verify(job);
    case CRYPTO_ENCRYPT:
    case CRYPTO_DECRYPT:
        return job->algorithm == CRYPTO_RSA_OAEP ? crypto_oaep(job) : crypto_aes(job);
    case CRYPTO_GENERATE:
        return crypto_generate(job);
    case CRYPTO_IMPORT:
        return crypto_import(job);
    case CRYPTO_EXPORT:
        return crypto_export(job);
    case CRYPTO_DERIVE:
        return crypto_derive(job);
    default:
        return CRYPTO_FAILED;
    }
}

void crypto_job_run(struct crypto_job *job)
{
    enum crypto_status status = CRYPTO_FAILED;

    job->cpu_started_ns = clock_thread_cpu_ns();
    if (crypto_job_must_stop(job))
        return;
    if (has_its_keys(job))
        status = run(job);
    /* A step that was stopped fails; why is in the job already. */
    if (job->status == CRYPTO_OK)
        job->status = status;
    /* A signature that is not valid leaves errors, too. TLS on this thread would take them for its
     * own. */
    ERR_clear_error();
    job->cpu_ns = clock_thread_cpu_ns() - job->cpu_started_ns;
}
