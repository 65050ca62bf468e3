/* AlgorithmIdentifier (RFC 5280, 4.1.1.2) of the keys that there are. */
#ifndef ISOYARD_CRYPTO_IDENTIFIER_H
#define ISOYARD_CRYPTO_IDENTIFIER_H

#include "shim/crypto/der.h"
#include "shim/crypto/internal.h"

/* Takes the identifier of such a key off the front; false where it is another one. */
bool identifier_take(struct bytes *from, enum crypto_algorithm algorithm, enum crypto_curve curve);

/* The same for a curve alone, which must be all that there is. */
bool identifier_take_curve(struct bytes *from, enum crypto_curve curve);

/* Writes that of the key. */
void identifier_put(struct der_writer *writer, const struct crypto_key *key);

#endif
