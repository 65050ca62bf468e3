/* Parts of keys: their memory, and taking keys apart. */
#include "shim/crypto/build.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>

bool key_parts_init(struct key_parts *parts, size_t size)
{
    *parts = (struct key_parts){.memory = OPENSSL_malloc(size > 0 ? size : 1), .size = size};
    return parts->memory != NULL;
}

void key_parts_release(struct key_parts *parts)
{
    OPENSSL_clear_free(parts->memory, parts->size);
}

unsigned char *key_parts_add(struct key_parts *parts, unsigned part, size_t len)
{
    unsigned char *at = parts->memory + parts->used;

    parts->part[part] = (struct bytes){(const char *)at, len};
    parts->used += len;
    return at;
}

/* Takes the number. In `width` bytes; 0: in as many as it needs. */
static bool add_number(struct key_parts *parts, unsigned part, BIGNUM *number, size_t width)
{
    size_t len = width > 0 ? width : (size_t)BN_num_bytes(number);
    bool is_done = parts->used + len <= parts->size &&
                   BN_bn2binpad(number, key_parts_add(parts, part, len), (int)len) == (int)len;

    BN_clear_free(number);
    return is_done;
}

static bool take_number(const struct crypto_key *key, const char *name, struct key_parts *parts,
                        unsigned part, size_t width)
{
    BIGNUM *number = NULL;

    return EVP_PKEY_get_bn_param(key->pkey, name, &number) == 1 &&
           add_number(parts, part, number, width);
}

static bool take_rsa(const struct crypto_key *key, struct key_parts *parts)
{
    static const char *const names[] = {
        OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
        OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
        OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
        OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
    };
    unsigned count = key->is_private ? PARTS_MAX : PART_RSA_E + 1;

    for (unsigned i = 0; i < count; i++) {
        if (!take_number(key, names[i], parts, i, 0))
            return false;
    }
    return true;
}

/* The point, uncompressed: 4, x, y. */
static bool take_point(const struct crypto_key *key, struct key_parts *parts, size_t width)
{
    unsigned char *start = key_parts_add(parts, PART_PUBLIC, 1);

    *start = 4;
    if (!take_number(key, OSSL_PKEY_PARAM_EC_PUB_X, parts, PART_PUBLIC, width) ||
        !take_number(key, OSSL_PKEY_PARAM_EC_PUB_Y, parts, PART_PUBLIC, width))
        return false;
    parts->part[PART_PUBLIC] = (struct bytes){(const char *)start, 1 + 2 * width};
    return true;
}

static bool take_ec(const struct crypto_key *key, struct key_parts *parts)
{
    size_t width = crypto_field_bytes(key->curve);

    return take_point(key, parts, width) &&
           (!key->is_private ||
            take_number(key, OSSL_PKEY_PARAM_PRIV_KEY, parts, PART_PRIVATE, width));
}

static bool take_okp(const struct crypto_key *key, struct key_parts *parts)
{
    size_t len = CRYPTO_OKP_BYTES;

    if (EVP_PKEY_get_raw_public_key(key->pkey, key_parts_add(parts, PART_PUBLIC, len), &len) != 1)
        return false;
    return !key->is_private || EVP_PKEY_get_raw_private_key(
                                   key->pkey, key_parts_add(parts, PART_PRIVATE, len), &len) == 1;
}

/* The numbers of an RSA key are at most as long as the modulus. */
static size_t room_of(const struct crypto_key *key)
{
    if (key->family == CRYPTO_RSA)
        return PARTS_MAX * (key->bits / 8 + 1u);
    return 3 * CRYPTO_FIELD_BYTES_MAX + 1;
}

bool crypto_take_apart(const struct crypto_key *key, struct key_parts *ret)
{
    bool is_done;

    if (!key_parts_init(ret, room_of(key)))
        return false;
    if (key->family == CRYPTO_RSA)
        is_done = take_rsa(key, ret);
    else
        is_done = key->family == CRYPTO_EC ? take_ec(key, ret) : take_okp(key, ret);
    if (!is_done)
        key_parts_release(ret);
    return is_done;
}

void crypto_clear_last_bits(unsigned char *data, size_t bits)
{
    if (bits % 8 != 0)
        data[bits / 8] &= (unsigned char)(0xff00u >> bits % 8);
}
