/*
 * RSA keys from their parts. OpenSSL takes any numbers; a private key whose numbers do not belong
 * together would sign wrongly, and give its primes away. That they are primes is not checked, which
 * takes longer than all else: a worker can only hurt itself.
 */
#include "shim/crypto/build.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>

struct rsa {
    BIGNUM *number[PARTS_MAX]; /* NULL: not there */
    BIGNUM *a, *b;             /* for computing */
    BN_CTX *context;
};

static void release(struct rsa *rsa)
{
    for (unsigned i = 0; i < PARTS_MAX; i++)
        BN_clear_free(rsa->number[i]);
    BN_clear_free(rsa->a);
    BN_clear_free(rsa->b);
    BN_CTX_free(rsa->context);
}

static bool init(struct rsa *rsa, const struct key_parts *parts)
{
    rsa->a = BN_new();
    rsa->b = BN_new();
    rsa->context = BN_CTX_new();
    if (!rsa->a || !rsa->b || !rsa->context)
        return false;
    for (unsigned i = 0; i < PARTS_MAX; i++) {
        struct bytes part = parts->part[i];

        if (!part.data)
            continue;
        if (part.len > CRYPTO_RSA_BITS_MAX / 8 + 1)
            return false;
        rsa->number[i] = BN_bin2bn((const unsigned char *)part.data, (int)part.len, NULL);
        if (!rsa->number[i])
            return false;
    }
    return true;
}

/* With a longer exponent what the public key does would be as slow as what the private one does. */
static bool is_public_fit(const struct rsa *rsa)
{
    const BIGNUM *n = rsa->number[PART_RSA_N], *e = rsa->number[PART_RSA_E];

    return n && e && BN_is_odd(n) && BN_is_odd(e) && !BN_is_one(e) && BN_cmp(e, n) < 0 &&
           BN_num_bits(e) <= CRYPTO_RSA_EXPONENT_BITS_MAX;
}

/* Whether a * b mod (prime - 1) is 1. */
static bool are_inverse(struct rsa *rsa, const BIGNUM *a, const BIGNUM *b, const BIGNUM *prime)
{
    return BN_sub(rsa->a, prime, BN_value_one()) == 1 &&
           BN_mod_mul(rsa->b, a, b, rsa->a, rsa->context) == 1 && BN_is_one(rsa->b);
}

/* RFC 8017, 3.2: n = p q; e dp = 1 mod p - 1, e dq = 1 mod q - 1; q qi = 1 mod p; and d is an
 * inverse of e by both. */
static bool is_private_fit(struct rsa *rsa)
{
    BIGNUM *const *number = rsa->number;
    const BIGNUM *e = number[PART_RSA_E], *p = number[PART_RSA_P], *q = number[PART_RSA_Q];

    for (unsigned i = 0; i < PARTS_MAX; i++) {
        if (!number[i] || BN_is_zero(number[i]) || BN_cmp(number[i], number[PART_RSA_N]) > 0)
            return false;
    }
    if (BN_is_one(p) || BN_is_one(q) || !BN_is_odd(p) || !BN_is_odd(q))
        return false;
    return BN_mul(rsa->a, p, q, rsa->context) == 1 && BN_cmp(rsa->a, number[PART_RSA_N]) == 0 &&
           are_inverse(rsa, e, number[PART_RSA_DP], p) &&
           are_inverse(rsa, e, number[PART_RSA_DQ], q) &&
           are_inverse(rsa, e, number[PART_RSA_D], p) &&
           are_inverse(rsa, e, number[PART_RSA_D], q) &&
           BN_mod_mul(rsa->b, q, number[PART_RSA_QI], p, rsa->context) == 1 && BN_is_one(rsa->b);
}

static bool push_all(OSSL_PARAM_BLD *builder, BIGNUM *const *number, bool is_private)
{
    static const char *const names[] = {
        OSSL_PKEY_PARAM_RSA_N,         OSSL_PKEY_PARAM_RSA_E,
        OSSL_PKEY_PARAM_RSA_D,         OSSL_PKEY_PARAM_RSA_FACTOR1,
        OSSL_PKEY_PARAM_RSA_FACTOR2,   OSSL_PKEY_PARAM_RSA_EXPONENT1,
        OSSL_PKEY_PARAM_RSA_EXPONENT2, OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
    };
    unsigned count = is_private ? PARTS_MAX : PART_RSA_E + 1;

    for (unsigned i = 0; i < count; i++) {
        if (OSSL_PARAM_BLD_push_BN(builder, names[i], number[i]) != 1)
            return false;
    }
    return true;
}

static EVP_PKEY *pkey_of(const struct rsa *rsa, bool is_private)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *params = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *pkey = NULL;

    if (builder && push_all(builder, rsa->number, is_private))
        params = OSSL_PARAM_BLD_to_param(builder);
    if (params && context && EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &pkey, is_private ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY,
                          params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(builder);
    return pkey;
}

static enum crypto_status build(struct rsa *rsa, bool is_private, struct crypto_key **ret)
{
    unsigned bits;

    if (!is_public_fit(rsa))
        return CRYPTO_BAD_DATA;
    bits = (unsigned)BN_num_bits(rsa->number[PART_RSA_N]);
    if (bits < CRYPTO_RSA_BITS_MIN || bits > CRYPTO_RSA_BITS_MAX)
        return CRYPTO_UNSUPPORTED;
    if (is_private && !is_private_fit(rsa))
        return CRYPTO_BAD_DATA;
    *ret = crypto_key_of_pkey(pkey_of(rsa, is_private), CRYPTO_RSA, is_private, bits);
    return *ret ? CRYPTO_OK : CRYPTO_BAD_DATA;
}

enum crypto_status crypto_build_rsa(const struct key_parts *parts, struct crypto_key **ret)
{
    struct rsa rsa = {0};
    enum crypto_status status = CRYPTO_UNSUPPORTED; /* numbers that are longer than any may be */

    if (init(&rsa, parts))
        status = build(&rsa, parts->part[PART_RSA_D].data != NULL, ret);
    release(&rsa);
    return status;
}
