/*
 * The names that the Web Cryptography API's algorithms have in here. Numbers, since the prelude
 * (shim/js/subtle/names.js) passes them.
 */
#ifndef ISOYARD_CRYPTO_ALGORITHM_H
#define ISOYARD_CRYPTO_ALGORITHM_H

#ifdef __cplusplus
extern "C" {
#endif

enum crypto_algorithm {
    CRYPTO_SHA, /* digests; which one says the hash */
    CRYPTO_HMAC,
    CRYPTO_AES_CBC,
    CRYPTO_AES_CTR,
    CRYPTO_AES_GCM,
    CRYPTO_AES_KW,
    CRYPTO_RSASSA_PKCS1,
    CRYPTO_RSA_PSS,
    CRYPTO_RSA_OAEP,
    CRYPTO_ECDSA,
    CRYPTO_ECDH,
    CRYPTO_ED25519,
    CRYPTO_X25519,
    CRYPTO_HKDF,
    CRYPTO_PBKDF2,
    CRYPTO_ALGORITHMS,
};

enum crypto_hash {
    CRYPTO_NO_HASH,
    CRYPTO_SHA1,
    CRYPTO_SHA256,
    CRYPTO_SHA384,
    CRYPTO_SHA512,
    CRYPTO_HASHES,
};

enum crypto_curve {
    CRYPTO_NO_CURVE,
    CRYPTO_P256,
    CRYPTO_P384,
    CRYPTO_P521,
    CRYPTO_CURVES,
};

enum crypto_format {
    CRYPTO_RAW,
    CRYPTO_SPKI,
    CRYPTO_PKCS8,
    CRYPTO_JWK,
    CRYPTO_FORMATS,
};

/* What keys are made of. */
enum crypto_family {
    CRYPTO_SECRET, /* bytes */
    CRYPTO_RSA,
    CRYPTO_EC,
    CRYPTO_OKP, /* Ed25519 and X25519 */
};

/* How an operation ended. */
enum crypto_status {
    CRYPTO_OK,
    CRYPTO_FAILED,      /* an OperationError */
    CRYPTO_BAD_DATA,    /* a DataError */
    CRYPTO_UNSUPPORTED, /* a NotSupportedError */
    CRYPTO_NO_MEMORY,
    CRYPTO_CANCELLED, /* nobody waits any more */
    CRYPTO_OVERDRAWN, /* it has used the CPU time that it was allowed */
};

/* Bounds on what one operation may take: what a single step of it cannot be stopped in. */
#define CRYPTO_RSA_BITS_MIN 512u
#define CRYPTO_RSA_BITS_MAX 8192u
#define CRYPTO_RSA_EXPONENT_BITS_MAX 64
#define CRYPTO_SECRET_BYTES_MAX (1u << 20)

#ifdef __cplusplus
}
#endif

#endif
