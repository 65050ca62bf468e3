/* Algorithm identifiers: RFC 8017 (A.1), RFC 5480 (2.1.1), RFC 8410 (3). */
#include "shim/crypto/identifier.h"

#define OID(...)                                                                                   \
    {                                                                                              \
        (const char[]){__VA_ARGS__}, sizeof((const char[]){__VA_ARGS__})                           \
    }

static const struct bytes rsa_oid = /* 1.2.840.113549.1.1.1 */
    OID(0x2a, (char)0x86, 0x48, (char)0x86, (char)0xf7, 0x0d, 1, 1, 1);
static const struct bytes ec_oid = /* 1.2.840.10045.2.1 */
    OID(0x2a, (char)0x86, 0x48, (char)0xce, 0x3d, 2, 1);
static const struct bytes x25519_oid = OID(0x2b, 0x65, 0x6e);  /* 1.3.101.110 */
static const struct bytes ed25519_oid = OID(0x2b, 0x65, 0x70); /* 1.3.101.112 */

static const struct bytes curve_oids[CRYPTO_CURVES] = {
    [CRYPTO_P256] =
        OID(0x2a, (char)0x86, 0x48, (char)0xce, 0x3d, 3, 1, 7), /* 1.2.840.10045.3.1.7 */
    [CRYPTO_P384] = OID(0x2b, (char)0x81, 4, 0, 0x22),          /* 1.3.132.0.34 */
    [CRYPTO_P521] = OID(0x2b, (char)0x81, 4, 0, 0x23),          /* 1.3.132.0.35 */
};

static struct bytes oid_of(enum crypto_family family, enum crypto_algorithm algorithm)
{
    if (family == CRYPTO_RSA)
        return rsa_oid;
    if (family == CRYPTO_EC)
        return ec_oid;
    return algorithm == CRYPTO_ED25519 ? ed25519_oid : x25519_oid;
}

static bool take_oid(struct bytes *from, struct bytes wanted)
{
    struct bytes oid;

    return der_take(from, DER_OID, &oid) && bytes_equal(oid, wanted);
}

bool identifier_take_curve(struct bytes *from, enum crypto_curve curve)
{
    return curve < CRYPTO_CURVES && take_oid(from, curve_oids[curve]) && from->len == 0;
}

/* RSA: NULL, which some leave out. Curves: which one. Others: nothing. */
static bool take_parameters(struct bytes *from, enum crypto_family family, enum crypto_curve curve)
{
    struct bytes null;

    if (family == CRYPTO_EC)
        return identifier_take_curve(from, curve);
    if (family == CRYPTO_RSA && from->len > 0)
        return der_take(from, DER_NULL, &null) && null.len == 0;
    return true;
}

bool identifier_take(struct bytes *from, enum crypto_algorithm algorithm, enum crypto_curve curve)
{
    enum crypto_family family = crypto_family_of(algorithm);
    struct bytes identifier;

    return der_take(from, DER_SEQUENCE, &identifier) &&
           take_oid(&identifier, oid_of(family, algorithm)) &&
           take_parameters(&identifier, family, curve) && identifier.len == 0;
}

static void put_oid(struct der_writer *writer, struct bytes oid)
{
    size_t mark = der_mark(writer);

    der_put(writer, oid.data, oid.len);
    der_wrap(writer, DER_OID, mark);
}

void identifier_put(struct der_writer *writer, const struct crypto_key *key)
{
    size_t mark = der_mark(writer);

    if (key->family == CRYPTO_RSA)
        der_wrap(writer, DER_NULL, mark);
    else if (key->family == CRYPTO_EC)
        put_oid(writer, curve_oids[key->curve]);
    put_oid(writer, oid_of(key->family, key->algorithm));
    der_wrap(writer, DER_SEQUENCE, mark);
}
