/*
 * A key: its material, and nothing of what may be done with it. Immutable and counted; the material
 * is wiped when the last reference goes.
 */
#ifndef ISOYARD_CRYPTO_KEY_H
#define ISOYARD_CRYPTO_KEY_H

#include "shim/crypto/algorithm.h"

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct crypto_key;

/* Any thread. NULL is fine. */
struct crypto_key *crypto_key_ref(struct crypto_key *key);
void crypto_key_unref(struct crypto_key *key);

/* About the memory that it takes, in bytes. */
size_t crypto_key_bytes(const struct crypto_key *key);

/* The length of a secret, or of RSA's modulus; of the others that of their field. */
unsigned crypto_key_bits(const struct crypto_key *key);

enum crypto_family crypto_key_family(const struct crypto_key *key);

/* Whether it is the private half of a pair. */
bool crypto_key_is_private(const struct crypto_key *key);

#ifdef __cplusplus
}
#endif

#endif
