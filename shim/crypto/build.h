/*
 * Keys from their parts, and their parts again: what all formats have in common. Parts are
 * big-endian numbers, but for a secret and what curves call a point.
 */
#ifndef ISOYARD_CRYPTO_BUILD_H
#define ISOYARD_CRYPTO_BUILD_H

#include "shim/crypto/internal.h"

#define CRYPTO_OKP_BYTES 32u /* of Ed25519 and X25519, both halves */

enum {
    PART_K = 0, /* of a secret */

    PART_PUBLIC = 0,  /* EC: the point (SEC 1, 2.3.3); OKP: the public half */
    PART_PRIVATE = 1, /* EC, OKP */

    PART_RSA_N = 0,
    PART_RSA_E,
    PART_RSA_D,
    PART_RSA_P,
    PART_RSA_Q,
    PART_RSA_DP,
    PART_RSA_DQ,
    PART_RSA_QI,

    PARTS_MAX = 8,
};

/* data NULL: not there. What the memory holds is wiped with it. */
struct key_parts {
    struct bytes part[PARTS_MAX];
    unsigned char *memory; /* OPENSSL_malloc's; what of the parts is borrowed is not in it */
    size_t size, used;
};

/* Room for so many bytes; false where there is none. */
bool key_parts_init(struct key_parts *parts, size_t size);
void key_parts_release(struct key_parts *parts);

/* The next len bytes of the memory, as that part. There must be room. */
unsigned char *key_parts_add(struct key_parts *parts, unsigned part, size_t len);

/* A key of these parts, private where the private ones are there; CRYPTO_BAD_DATA where they make
 * none. */
enum crypto_status crypto_build_rsa(const struct key_parts *parts, struct crypto_key **ret);
enum crypto_status crypto_build_ec(enum crypto_curve curve, const struct key_parts *parts,
                                   struct crypto_key **ret);
enum crypto_status crypto_build_okp(enum crypto_algorithm algorithm, const struct key_parts *parts,
                                    struct crypto_key **ret);

/* The parts of a key that is none of a secret. False where there is no memory. */
bool crypto_take_apart(const struct crypto_key *key, struct key_parts *ret);

/* Curves. NULL and 0 where there is none. */
const char *crypto_group_name(enum crypto_curve curve);
unsigned crypto_curve_bits(enum crypto_curve curve);
size_t crypto_field_bytes(enum crypto_curve curve);

/* Zeroes what is in the last byte beyond so many bits. */
void crypto_clear_last_bits(unsigned char *data, size_t bits);

#endif
