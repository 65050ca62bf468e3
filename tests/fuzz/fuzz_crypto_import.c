/*
 * Keys from any bytes: raw, spki, pkcs8, JWK. What is taken must come out again as it would go in:
 * its export is imported, and exported alike.
 *
 * The first byte says which algorithm, the second which curve and format; members of a JWK are
 * separated by zeroes.
 */
#include "shim/crypto/job.h"

#include <stdlib.h>

static enum crypto_algorithm algorithm_of(uint8_t byte)
{
    static const enum crypto_algorithm algorithms[] = {
        CRYPTO_HMAC, CRYPTO_RSA_PSS, CRYPTO_ECDSA, CRYPTO_ECDH, CRYPTO_ED25519, CRYPTO_X25519,
    };

    return algorithms[byte % (sizeof(algorithms) / sizeof(algorithms[0]))];
}

static void split(struct crypto_job *job, struct bytes text)
{
    for (unsigned i = 0; i < CRYPTO_INPUTS_MAX && text.len > 0; i++) {
        const char *end = memchr(text.data, 0, text.len);
        size_t len = end ? (size_t)(end - text.data) : text.len;

        if (len > 0)
            job->inputs[i] = (struct bytes){text.data, len};
        len += end ? 1 : 0;
        text.data += len;
        text.len -= len;
    }
}

static struct crypto_job *import(const struct crypto_job *like)
{
    struct crypto_job *job = crypto_job_new(CRYPTO_IMPORT, like->algorithm);

    job->curve = like->curve;
    job->format = like->format;
    return job;
}

static struct crypto_job *export(const struct crypto_job *imported)
{
    struct crypto_job *job = crypto_job_new(CRYPTO_EXPORT, imported->algorithm);

    job->format = imported->format;
    job->key = crypto_key_ref(imported->keys[0]);
    crypto_job_run(job);
    if (job->status != CRYPTO_OK)
        abort();
    return job;
}

static void expect_same(const struct crypto_job *one, const struct crypto_job *other)
{
    for (unsigned i = 0; i < CRYPTO_OUTPUTS_MAX; i++) {
        const struct crypto_output *a = &one->outputs[i], *b = &other->outputs[i];

        if (a->len != b->len || (a->len > 0 && memcmp(a->data, b->data, a->len) != 0))
            abort();
    }
}

static void check(const struct crypto_job *imported)
{
    struct crypto_job *out = export(imported), *again = import(imported), *twice;

    for (unsigned i = 0; i < CRYPTO_INPUTS_MAX; i++)
        again->inputs[i] = (struct bytes){out->outputs[i].data, out->outputs[i].len};
    crypto_job_run(again);
    if (again->status != CRYPTO_OK)
        abort();
    twice = export(again);
    expect_same(out, twice);
    crypto_job_free(twice);
    crypto_job_free(again);
    crypto_job_free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct crypto_job *job;
    struct bytes rest;

    if (size < 2)
        return 0;
    rest = (struct bytes){(const char *)data + 2, size - 2};
    job = crypto_job_new(CRYPTO_IMPORT, algorithm_of(data[0]));
    job->curve = (enum crypto_curve)(CRYPTO_P256 + data[1] % 3);
    job->format = (enum crypto_format)(data[1] / 3 % CRYPTO_FORMATS);
    if (job->format == CRYPTO_JWK)
        split(job, rest);
    else
        job->inputs[CRYPTO_DATA] = rest;
    crypto_job_run(job);
    if (job->status == CRYPTO_OK)
        check(job);
    crypto_job_free(job);
    return 0;
}
