/*
 * Keys from bytes: raw, SubjectPublicKeyInfo (RFC 5280), PKCS #8 (RFC 5208, RFC 5958), and the
 * members of a JWK (RFC 7518, RFC 8037). Which members there are, and what stands in the others,
 * the prelude has seen to.
 */
#include "shim/crypto/base64url.h"
#include "shim/crypto/build.h"
#include "shim/crypto/identifier.h"

#include <openssl/bn.h>

/* SubjectPublicKeyInfo. */

static bool parse_rsa_public(struct bytes key, struct key_parts *parts)
{
    struct bytes sequence;

    return der_take(&key, DER_SEQUENCE, &sequence) && key.len == 0 &&
           der_take_unsigned(&sequence, &parts->part[PART_RSA_N]) &&
           der_take_unsigned(&sequence, &parts->part[PART_RSA_E]) && sequence.len == 0;
}

static bool parse_spki(const struct crypto_job *job, struct key_parts *parts)
{
    struct bytes data = job->inputs[CRYPTO_DATA], info, key;

    if (!der_take(&data, DER_SEQUENCE, &info) || data.len > 0 ||
        !identifier_take(&info, job->algorithm, job->curve) || !der_take_bits(&info, &key) ||
        info.len > 0)
        return false;
    if (crypto_family_of(job->algorithm) == CRYPTO_RSA)
        return parse_rsa_public(key, parts);
    parts->part[PART_PUBLIC] = key;
    return true;
}

/* PKCS #8. */

/* RSAPrivateKey (RFC 8017, A.1.2), of two primes: version 0. */
static bool parse_rsa_private(struct bytes key, struct key_parts *parts)
{
    struct bytes sequence;
    unsigned version;

    if (!der_take(&key, DER_SEQUENCE, &sequence) || key.len > 0 ||
        !der_take_number(&sequence, &version) || version != 0)
        return false;
    for (unsigned i = 0; i < PARTS_MAX; i++) {
        if (!der_take_unsigned(&sequence, &parts->part[i]))
            return false;
    }
    return sequence.len == 0;
}

/* ECPrivateKey (RFC 5915): the curve, where it stands in here, too, must be the same; so must the
 * public half be that of the private one. */
static bool parse_ec_private(const struct crypto_job *job, struct bytes key,
                             struct key_parts *parts)
{
    struct bytes sequence, inside;
    unsigned version;

    if (!der_take(&key, DER_SEQUENCE, &sequence) || key.len > 0 ||
        !der_take_number(&sequence, &version) || version != 1 ||
        !der_take(&sequence, DER_OCTET_STRING, &parts->part[PART_PRIVATE]))
        return false;
    if (der_take(&sequence, DER_CONTEXT_0, &inside) && !identifier_take_curve(&inside, job->curve))
        return false;
    if (der_take(&sequence, DER_CONTEXT_1, &inside) &&
        (!der_take_bits(&inside, &parts->part[PART_PUBLIC]) || inside.len > 0))
        return false;
    return sequence.len == 0;
}

static bool parse_private(const struct crypto_job *job, struct bytes key, struct key_parts *parts)
{
    switch (crypto_family_of(job->algorithm)) {
    case CRYPTO_RSA:
        return parse_rsa_private(key, parts);
    case CRYPTO_EC:
        return parse_ec_private(job, key, parts);
    default:
        return der_take(&key, DER_OCTET_STRING, &parts->part[PART_PRIVATE]) && key.len == 0;
    }
}

/* What may stand behind the key: attributes, which say nothing to us; and, in version 1 (RFC 5958),
 * the public half, which is looked at where the key itself does not have it. */
static bool parse_rest(const struct crypto_job *job, struct bytes rest, unsigned version,
                       struct key_parts *parts)
{
    struct bytes content;

    (void)der_take(&rest, DER_CONTEXT_0, &content);
    if (version == 1 && der_take(&rest, DER_CONTEXT_1_PRIMITIVE, &content)) {
        if (content.len == 0 || content.data[0] != 0)
            return false;
        if (crypto_family_of(job->algorithm) == CRYPTO_OKP)
            parts->part[PART_PUBLIC] = (struct bytes){content.data + 1, content.len - 1};
    }
    return rest.len == 0;
}

static bool parse_pkcs8(const struct crypto_job *job, struct key_parts *parts)
{
    struct bytes data = job->inputs[CRYPTO_DATA], info, key;
    unsigned version;

    return der_take(&data, DER_SEQUENCE, &info) && data.len == 0 &&
           der_take_number(&info, &version) && version <= 1 &&
           identifier_take(&info, job->algorithm, job->curve) &&
           der_take(&info, DER_OCTET_STRING, &key) && parse_private(job, key, parts) &&
           parse_rest(job, info, version, parts);
}

/* JWK. */

static bool decode(const struct crypto_job *job, unsigned member, struct key_parts *parts,
                   unsigned part)
{
    struct bytes text = job->inputs[member];
    unsigned char *at = parts->memory + parts->used;
    size_t len;

    if (!text.data)
        return true;
    if (!base64url_decode(text, at, &len))
        return false;
    (void)key_parts_add(parts, part, len);
    return true;
}

static bool parse_rsa_jwk(const struct crypto_job *job, struct key_parts *parts)
{
    for (unsigned i = 0; i < PARTS_MAX; i++) {
        if (!decode(job, CRYPTO_JWK_RSA_N + i, parts, PART_RSA_N + i))
            return false;
    }
    return true;
}

/* The coordinates have the field's width (RFC 7518, 6.2.1.2), and become a point. */
static bool parse_ec_jwk(const struct crypto_job *job, struct key_parts *parts)
{
    size_t width = crypto_field_bytes(job->curve);
    unsigned char *start = key_parts_add(parts, PART_PUBLIC, 1);

    *start = 4;
    if (!job->inputs[CRYPTO_JWK_X].data || !job->inputs[CRYPTO_JWK_Y].data ||
        !decode(job, CRYPTO_JWK_X, parts, PART_PUBLIC) || parts->part[PART_PUBLIC].len != width ||
        !decode(job, CRYPTO_JWK_Y, parts, PART_PUBLIC) || parts->part[PART_PUBLIC].len != width)
        return false;
    parts->part[PART_PUBLIC] = (struct bytes){(const char *)start, 1 + 2 * width};
    return decode(job, CRYPTO_JWK_D, parts, PART_PRIVATE);
}

static bool parse_jwk(const struct crypto_job *job, struct key_parts *parts)
{
    switch (crypto_family_of(job->algorithm)) {
    case CRYPTO_RSA:
        return parse_rsa_jwk(job, parts);
    case CRYPTO_EC:
        return parse_ec_jwk(job, parts);
    case CRYPTO_OKP:
        return job->inputs[CRYPTO_JWK_X].data && decode(job, CRYPTO_JWK_X, parts, PART_PUBLIC) &&
               decode(job, CRYPTO_JWK_D, parts, PART_PRIVATE);
    default:
        return job->inputs[CRYPTO_JWK_K].data && decode(job, CRYPTO_JWK_K, parts, PART_K);
    }
}

/* All. */

static bool parse(const struct crypto_job *job, struct key_parts *parts)
{
    switch (job->format) {
    case CRYPTO_RAW:
        parts->part[0] = job->inputs[CRYPTO_DATA];
        if (!parts->part[0].data)
            parts->part[0].data = "";
        return crypto_family_of(job->algorithm) != CRYPTO_RSA;
    case CRYPTO_SPKI:
        return parse_spki(job, parts);
    case CRYPTO_PKCS8:
        return parse_pkcs8(job, parts);
    case CRYPTO_JWK:
        return parse_jwk(job, parts);
    default:
        return false;
    }
}

/* So many bits, where that is said, which end in the last byte that there is. */
static enum crypto_status build_secret(uint32_t bits, const struct key_parts *parts,
                                       struct crypto_key **ret)
{
    struct bytes secret = parts->part[PART_K];
    struct crypto_key *key;

    if (secret.len > CRYPTO_SECRET_BYTES_MAX)
        return CRYPTO_UNSUPPORTED;
    if (bits > 0 && (bits + UINT64_C(7)) / 8 != secret.len)
        return CRYPTO_BAD_DATA;
    key = crypto_key_of_secret(secret.data, secret.len);
    if (!key)
        return CRYPTO_NO_MEMORY;
    if (bits > 0) {
        crypto_clear_last_bits(key->secret, bits);
        key->bits = bits;
    }
    *ret = key;
    return CRYPTO_OK;
}

static enum crypto_status build(const struct crypto_job *job, const struct key_parts *parts,
                                struct crypto_key **ret)
{
    switch (crypto_family_of(job->algorithm)) {
    case CRYPTO_RSA:
        return crypto_build_rsa(parts, ret);
    case CRYPTO_EC:
        return crypto_build_ec(job->curve, parts, ret);
    case CRYPTO_OKP:
        return crypto_build_okp(job->algorithm, parts, ret);
    default:
        return build_secret(job->length, parts, ret);
    }
}

/* What an RSA key's algorithm names besides its length. */
static enum crypto_status output_exponent(struct crypto_job *job, const struct key_parts *parts)
{
    struct bytes e = parts->part[PART_RSA_E];
    char *output;

    while (e.len > 0 && e.data[0] == 0) {
        e.data++;
        e.len--;
    }
    output = crypto_job_output(job, 0, e.len);
    if (!output)
        return CRYPTO_NO_MEMORY;
    memcpy(output, e.data, e.len);
    return CRYPTO_OK;
}

/* A JWK's members are decoded, each by itself. */
static size_t room_of(const struct crypto_job *job)
{
    size_t size = 1;

    for (unsigned i = 0; i < CRYPTO_INPUTS_MAX; i++)
        size += base64url_decoded_max(job->inputs[i].len);
    return size;
}

enum crypto_status crypto_import(struct crypto_job *job)
{
    struct key_parts parts;
    enum crypto_status status = CRYPTO_BAD_DATA;

    if (!key_parts_init(&parts, room_of(job)))
        return CRYPTO_NO_MEMORY;
    if (parse(job, &parts))
        status = build(job, &parts, &job->keys[0]);
    if (status == CRYPTO_OK && crypto_family_of(job->algorithm) == CRYPTO_RSA)
        status = output_exponent(job, &parts);
    key_parts_release(&parts);
    return status;
}
