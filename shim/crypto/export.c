/* Keys as bytes: the formats of import.c, the other way. */
#include "shim/crypto/base64url.h"
#include "shim/crypto/build.h"
#include "shim/crypto/identifier.h"

#include <openssl/crypto.h>

/* What stands around the numbers: tags, lengths, identifiers, zeroes. */
#define DER_OVERHEAD 256u

static void put_octets(struct der_writer *writer, unsigned tag, struct bytes octets)
{
    size_t mark = der_mark(writer);

    der_put(writer, octets.data, octets.len);
    der_wrap(writer, tag, mark);
}

/* SubjectPublicKeyInfo. */

static void put_rsa_public(struct der_writer *writer, const struct key_parts *parts)
{
    size_t mark = der_mark(writer);

    der_put_unsigned(writer, parts->part[PART_RSA_E]);
    der_put_unsigned(writer, parts->part[PART_RSA_N]);
    der_wrap(writer, DER_SEQUENCE, mark);
}

static void put_spki(struct der_writer *writer, const struct crypto_key *key,
                     const struct key_parts *parts)
{
    if (key->family == CRYPTO_RSA)
        put_rsa_public(writer, parts);
    else
        der_put(writer, parts->part[PART_PUBLIC].data, parts->part[PART_PUBLIC].len);
    der_put_byte(writer, 0); /* no unused bits */
    der_wrap(writer, DER_BIT_STRING, 0);
    identifier_put(writer, key);
    der_wrap(writer, DER_SEQUENCE, 0);
}

/* PKCS #8. */

static void put_rsa_private(struct der_writer *writer, const struct key_parts *parts)
{
    for (unsigned i = PARTS_MAX; i-- > 0;)
        der_put_unsigned(writer, parts->part[i]);
    der_put_unsigned(writer, (struct bytes){0});
    der_wrap(writer, DER_SEQUENCE, 0);
}

static void put_ec_private(struct der_writer *writer, const struct key_parts *parts)
{
    der_put(writer, parts->part[PART_PUBLIC].data, parts->part[PART_PUBLIC].len);
    der_put_byte(writer, 0);
    der_wrap(writer, DER_BIT_STRING, 0);
    der_wrap(writer, DER_CONTEXT_1, 0);
    put_octets(writer, DER_OCTET_STRING, parts->part[PART_PRIVATE]);
    der_put_unsigned(writer, (struct bytes){"\1", 1});
    der_wrap(writer, DER_SEQUENCE, 0);
}

static void put_pkcs8(struct der_writer *writer, const struct crypto_key *key,
                      const struct key_parts *parts)
{
    if (key->family == CRYPTO_RSA)
        put_rsa_private(writer, parts);
    else if (key->family == CRYPTO_EC)
        put_ec_private(writer, parts);
    else
        put_octets(writer, DER_OCTET_STRING, parts->part[PART_PRIVATE]);
    der_wrap(writer, DER_OCTET_STRING, 0);
    identifier_put(writer, key);
    der_put_unsigned(writer, (struct bytes){0});
    der_wrap(writer, DER_SEQUENCE, 0);
}

static enum crypto_status output_written(struct crypto_job *job, const struct der_writer *writer)
{
    size_t len = writer->size - writer->at;
    char *output;

    if (writer->is_full)
        return CRYPTO_FAILED;
    output = crypto_job_output(job, 0, len);
    if (!output)
        return CRYPTO_NO_MEMORY;
    memcpy(output, writer->memory + writer->at, len);
    return CRYPTO_OK;
}

static enum crypto_status export_der(struct crypto_job *job, const struct key_parts *parts)
{
    size_t size = parts->used + DER_OVERHEAD;
    unsigned char *memory = OPENSSL_malloc(size);
    enum crypto_status status;
    struct der_writer writer;

    if (!memory)
        return CRYPTO_NO_MEMORY;
    der_writer_init(&writer, memory, size);
    if (job->format == CRYPTO_SPKI)
        put_spki(&writer, job->key, parts);
    else
        put_pkcs8(&writer, job->key, parts);
    status = output_written(job, &writer);
    OPENSSL_clear_free(memory, size);
    return status;
}

/* JWK. */

static bool output_member(struct crypto_job *job, unsigned member, struct bytes part)
{
    char *output;

    if (!part.data)
        return true;
    output = crypto_job_output(job, member, base64url_encoded_len(part.len));
    if (!output)
        return false;
    base64url_encode(part, output);
    return true;
}

static bool output_coordinates(struct crypto_job *job, struct bytes point)
{
    size_t width = point.len / 2;

    return output_member(job, CRYPTO_JWK_X, (struct bytes){point.data + 1, width}) &&
           output_member(job, CRYPTO_JWK_Y, (struct bytes){point.data + 1 + width, width});
}

static bool output_members(struct crypto_job *job, const struct key_parts *parts)
{
    bool is_done = true;

    switch (job->key->family) {
    case CRYPTO_SECRET:
        return output_member(job, CRYPTO_JWK_K,
                             (struct bytes){(const char *)job->key->secret, job->key->secret_len});
    case CRYPTO_RSA:
        for (unsigned i = 0; i < PARTS_MAX && is_done; i++)
            is_done = output_member(job, CRYPTO_JWK_RSA_N + i, parts->part[i]);
        return is_done;
    case CRYPTO_EC:
        return output_coordinates(job, parts->part[PART_PUBLIC]) &&
               output_member(job, CRYPTO_JWK_D, parts->part[PART_PRIVATE]);
    case CRYPTO_OKP:
        return output_member(job, CRYPTO_JWK_X, parts->part[PART_PUBLIC]) &&
               output_member(job, CRYPTO_JWK_D, parts->part[PART_PRIVATE]);
    }
    return false;
}

static enum crypto_status output_raw(struct crypto_job *job, struct bytes raw)
{
    char *output = crypto_job_output(job, 0, raw.len);

    if (!output)
        return CRYPTO_NO_MEMORY;
    if (raw.len > 0)
        memcpy(output, raw.data, raw.len);
    return CRYPTO_OK;
}

static enum crypto_status export_secret(struct crypto_job *job)
{
    if (job->format == CRYPTO_RAW)
        return output_raw(job,
                          (struct bytes){(const char *)job->key->secret, job->key->secret_len});
    if (job->format != CRYPTO_JWK)
        return CRYPTO_FAILED;
    return output_members(job, NULL) ? CRYPTO_OK : CRYPTO_NO_MEMORY;
}

static bool is_format_of(enum crypto_format format, const struct crypto_key *key)
{
    if (format == CRYPTO_PKCS8)
        return key->is_private;
    if (format == CRYPTO_RAW && key->family == CRYPTO_RSA)
        return false;
    return format == CRYPTO_JWK || !key->is_private;
}

static enum crypto_status export_parts(struct crypto_job *job, const struct key_parts *parts)
{
    switch (job->format) {
    case CRYPTO_RAW:
        return output_raw(job, parts->part[PART_PUBLIC]);
    case CRYPTO_JWK:
        return output_members(job, parts) ? CRYPTO_OK : CRYPTO_NO_MEMORY;
    default:
        return export_der(job, parts);
    }
}

enum crypto_status crypto_export(struct crypto_job *job)
{
    struct key_parts parts;
    enum crypto_status status;

    if (job->key->family == CRYPTO_SECRET)
        return export_secret(job);
    if (!is_format_of(job->format, job->key))
        return CRYPTO_FAILED;
    if (!crypto_take_apart(job->key, &parts))
        return CRYPTO_FAILED;
    status = export_parts(job, &parts);
    key_parts_release(&parts);
    return status;
}
