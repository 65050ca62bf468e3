/* Keys of curves from their parts, checked: what OpenSSL takes need not be a key. */
#include "shim/crypto/build.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>

static const struct {
    const char *group;
    int nid;
    unsigned bits;
} curves[CRYPTO_CURVES] = {
    [CRYPTO_P256] = {"P-256", NID_X9_62_prime256v1, 256},
    [CRYPTO_P384] = {"P-384", NID_secp384r1, 384},
    [CRYPTO_P521] = {"P-521", NID_secp521r1, 521},
};

const char *crypto_group_name(enum crypto_curve curve)
{
    return curve < CRYPTO_CURVES ? curves[curve].group : NULL;
}

unsigned crypto_curve_bits(enum crypto_curve curve)
{
    return curve < CRYPTO_CURVES ? curves[curve].bits : 0;
}

size_t crypto_field_bytes(enum crypto_curve curve)
{
    return (crypto_curve_bits(curve) + 7) / 8;
}

/* What a key on a curve is checked with. */
struct on_curve {
    EC_GROUP *group;
    EC_POINT *point; /* the public half */
    BIGNUM *number;  /* the private one; NULL: there is none */
    BN_CTX *context;
};

static void release(struct on_curve *on)
{
    BN_CTX_free(on->context);
    BN_clear_free(on->number);
    EC_POINT_free(on->point);
    EC_GROUP_free(on->group);
}

static bool init(struct on_curve *on, enum crypto_curve curve)
{
    on->group = EC_GROUP_new_by_curve_name(curves[curve].nid);
    on->context = BN_CTX_new();
    on->point = on->group ? EC_POINT_new(on->group) : NULL;
    return on->point && on->context;
}

/* Reading a point checks that it is on the curve; these curves have no others of small order than
 * the one at infinity. OpenSSL reads hybrid ones, too, which SEC 1 (2.3.4) does not have. */
static bool read_point(const struct on_curve *on, struct bytes octets)
{
    return octets.len > 0 && octets.data[0] <= POINT_CONVERSION_UNCOMPRESSED &&
           EC_POINT_oct2point(on->group, on->point, (const unsigned char *)octets.data, octets.len,
                              on->context) == 1 &&
           EC_POINT_is_at_infinity(on->group, on->point) == 0;
}

/* The private half: from 1 to the order - 1; and the public one that belongs to it. */
static bool read_number(struct on_curve *on, struct bytes octets, bool has_point)
{
    EC_POINT *product = EC_POINT_new(on->group);
    bool is_one;

    on->number = BN_bin2bn((const unsigned char *)octets.data, (int)octets.len, NULL);
    is_one = product && on->number && !BN_is_zero(on->number) &&
             BN_cmp(on->number, EC_GROUP_get0_order(on->group)) < 0;
    if (is_one)
        BN_set_flags(on->number, BN_FLG_CONSTTIME);
    is_one = is_one && EC_POINT_mul(on->group, product, on->number, NULL, NULL, on->context) == 1 &&
             (!has_point || EC_POINT_cmp(on->group, product, on->point, on->context) == 0) &&
             EC_POINT_copy(on->point, product) == 1;
    EC_POINT_free(product);
    return is_one;
}

/* Takes nothing. NULL where OpenSSL does not want it. */
static EVP_PKEY *pkey_of(const char *type, OSSL_PARAM_BLD *builder, int selection)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;

    if (params && context && EVP_PKEY_fromdata_init(context) == 1 &&
        EVP_PKEY_fromdata(context, &pkey, selection, params) != 1)
        pkey = NULL;
    EVP_PKEY_CTX_free(context);
    OSSL_PARAM_free(params);
    return pkey;
}

static EVP_PKEY *ec_pkey(const struct on_curve *on, enum crypto_curve curve)
{
    unsigned char point[1 + 2 * CRYPTO_FIELD_BYTES_MAX];
    size_t len = EC_POINT_point2oct(on->group, on->point, POINT_CONVERSION_UNCOMPRESSED, point,
                                    sizeof(point), on->context);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY *pkey = NULL;

    if (builder && len > 0 &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curves[curve].group,
                                        0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, len) == 1 &&
        (!on->number || OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, on->number) == 1))
        pkey = pkey_of("EC", builder, on->number ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY);
    OSSL_PARAM_BLD_free(builder);
    return pkey;
}

enum crypto_status crypto_build_ec(enum crypto_curve curve, const struct key_parts *parts,
                                   struct crypto_key **ret)
{
    struct bytes point = parts->part[PART_PUBLIC], number = parts->part[PART_PRIVATE];
    struct on_curve on = {0};
    struct crypto_key *key = NULL;

    if (!crypto_group_name(curve) || (!point.data && !number.data) ||
        (number.data && number.len != crypto_field_bytes(curve)))
        return CRYPTO_BAD_DATA;
    if (init(&on, curve) && (!point.data || read_point(&on, point)) &&
        (!number.data || read_number(&on, number, point.data != NULL)))
        key = crypto_key_of_pkey(ec_pkey(&on, curve), CRYPTO_EC, number.data != NULL,
                                 curves[curve].bits);
    release(&on);
    if (!key)
        return CRYPTO_BAD_DATA;
    key->curve = curve;
    *ret = key;
    return CRYPTO_OK;
}

static EVP_PKEY *okp_pkey(int type, const struct key_parts *parts)
{
    struct bytes half = parts->part[PART_PRIVATE];

    if (half.data)
        return EVP_PKEY_new_raw_private_key(type, NULL, (const unsigned char *)half.data, half.len);
    half = parts->part[PART_PUBLIC];
    return EVP_PKEY_new_raw_public_key(type, NULL, (const unsigned char *)half.data, half.len);
}

/* Where both halves are given they must belong together. */
static bool is_consistent(const EVP_PKEY *pkey, const struct key_parts *parts)
{
    struct bytes given = parts->part[PART_PUBLIC];
    unsigned char public[CRYPTO_OKP_BYTES];
    size_t len = sizeof(public);

    return !given.data || (EVP_PKEY_get_raw_public_key(pkey, public, &len) == 1 &&
                           given.len == len && memcmp(given.data, public, len) == 0);
}

static bool is_half(struct bytes half)
{
    return !half.data || half.len == CRYPTO_OKP_BYTES;
}

enum crypto_status crypto_build_okp(enum crypto_algorithm algorithm, const struct key_parts *parts,
                                    struct crypto_key **ret)
{
    int type = algorithm == CRYPTO_ED25519 ? EVP_PKEY_ED25519 : EVP_PKEY_X25519;
    EVP_PKEY *pkey;

    if ((!parts->part[PART_PRIVATE].data && !parts->part[PART_PUBLIC].data) ||
        !is_half(parts->part[PART_PRIVATE]) || !is_half(parts->part[PART_PUBLIC]))
        return CRYPTO_BAD_DATA;
    pkey = okp_pkey(type, parts);
    if (!pkey || !is_consistent(pkey, parts)) {
        EVP_PKEY_free(pkey);
        return CRYPTO_BAD_DATA;
    }
    *ret = crypto_key_of_pkey(pkey, CRYPTO_OKP, parts->part[PART_PRIVATE].data != NULL,
                              CRYPTO_OKP_BYTES * 8);
    (*ret)->algorithm = algorithm;
    return CRYPTO_OK;
}
