/* The fixture of crypto's tests. */
#include "crypto_fixture.h"

#include "api/bytes.h"

#include <openssl/err.h>
#include <stdio.h>

static int value_of(char digit)
{
    return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

/* What from_hex has made. */
struct piece {
    struct piece *next;
    char data[];
};

static struct piece *pieces;

struct bytes from_hex(const char *hex)
{
    size_t len = strlen(hex) / 2;
    struct piece *piece = xmalloc(sizeof(*piece) + len + 1);

    piece->next = pieces;
    pieces = piece;
    for (size_t i = 0; i < len; i++)
        piece->data[i] = (char)(value_of(hex[2 * i]) << 4 | value_of(hex[2 * i + 1]));
    return (struct bytes){piece->data, len};
}

/* TLS may come on the same thread. */
static void run(struct crypto_job *job)
{
    crypto_job_run(job);
    ck_assert_uint_eq(ERR_peek_error(), 0);
}

struct crypto_key *import_key(enum crypto_algorithm algorithm, enum crypto_curve curve,
                              enum crypto_format format, struct bytes bytes,
                              enum crypto_status *ret)
{
    struct crypto_job *job = crypto_job_new(CRYPTO_IMPORT, algorithm);
    struct crypto_key *key;

    job->curve = curve;
    job->format = format;
    job->inputs[CRYPTO_DATA] = bytes;
    run(job);
    if (ret)
        *ret = job->status;
    key = crypto_key_ref(job->keys[0]);
    ck_assert_int_eq(job->status == CRYPTO_OK, key != NULL);
    crypto_job_free(job);
    return key;
}

struct crypto_key *secret_of(enum crypto_algorithm algorithm, struct bytes bytes)
{
    return import_key(algorithm, CRYPTO_NO_CURVE, CRYPTO_RAW, bytes, NULL);
}

struct crypto_job *job_with(enum crypto_operation operation, enum crypto_algorithm algorithm,
                            struct crypto_key *key)
{
    struct crypto_job *job = crypto_job_new(operation, algorithm);

    job->key = crypto_key_ref(key);
    return job;
}

static void print_hex(const struct crypto_output *output, char *text)
{
    for (size_t i = 0; i < output->len; i++)
        sprintf(text + 2 * i, "%02x", (unsigned char)output->data[i]);
    text[2 * output->len] = '\0';
}

void expect_hex(struct crypto_job *job, const char *hex)
{
    char *text;

    run(job);
    ck_assert_int_eq(job->status, CRYPTO_OK);
    text = xmalloc(2 * job->outputs[0].len + 1);
    print_hex(&job->outputs[0], text);
    ck_assert_str_eq(text, hex);
    free(text);
    crypto_job_free(job);
}

void expect_status(struct crypto_job *job, enum crypto_status status)
{
    run(job);
    ck_assert_int_eq(job->status, status);
    crypto_job_free(job);
}

void expect_valid(struct crypto_job *job, bool is_valid)
{
    run(job);
    ck_assert_int_eq(job->status, CRYPTO_OK);
    ck_assert_int_eq(job->is_valid, is_valid);
    crypto_job_free(job);
}
