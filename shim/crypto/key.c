/* Keys: counting and wiping. */
#include "shim/crypto/internal.h"

#include "api/bytes.h"

#include <openssl/crypto.h>
#include <stdlib.h>

static struct crypto_key *make(enum crypto_family family, unsigned bits)
{
    struct crypto_key *key = xcalloc(1, sizeof(*key));

    atomic_init(&key->refs, 1);
    key->family = family;
    key->bits = bits;
    return key;
}

struct crypto_key *crypto_key_of_secret(const void *data, size_t len)
{
    unsigned char *secret = OPENSSL_malloc(len > 0 ? len : 1);
    struct crypto_key *key;

    if (!secret)
        return NULL;
    if (len > 0)
        memcpy(secret, data, len);
    key = make(CRYPTO_SECRET, (unsigned)len * 8);
    key->secret = secret;
    key->secret_len = len;
    return key;
}

struct crypto_key *crypto_key_of_pkey(EVP_PKEY *pkey, enum crypto_family family, bool is_private,
                                      unsigned bits)
{
    struct crypto_key *key;

    if (!pkey)
        return NULL;
    key = make(family, bits);
    key->pkey = pkey;
    key->is_private = is_private;
    return key;
}

struct crypto_key *crypto_key_ref(struct crypto_key *key)
{
    /* Relaxed: whoever takes a reference already has one. */
    if (key)
        atomic_fetch_add_explicit(&key->refs, 1, memory_order_relaxed);
    return key;
}

void crypto_key_unref(struct crypto_key *key)
{
    /* Acquire-release: the wiping comes after all that the others did. */
    if (!key || atomic_fetch_sub_explicit(&key->refs, 1, memory_order_acq_rel) > 1)
        return;
    EVP_PKEY_free(key->pkey);
    OPENSSL_clear_free(key->secret, key->secret_len);
    free(key);
}

/* Of an EVP_PKEY as OpenSSL 3.0 keeps it, with what it caches. */
#define RSA_NUMBERS 16u
#define PKEY_BYTES 2048u

size_t crypto_key_bytes(const struct crypto_key *key)
{
    if (key->family == CRYPTO_SECRET)
        return sizeof(*key) + key->secret_len;
    if (key->family == CRYPTO_RSA)
        return sizeof(*key) + PKEY_BYTES + RSA_NUMBERS * (key->bits / 8);
    return sizeof(*key) + PKEY_BYTES;
}

unsigned crypto_key_bits(const struct crypto_key *key)
{
    return key->bits;
}

enum crypto_family crypto_key_family(const struct crypto_key *key)
{
    return key->family;
}

bool crypto_key_is_private(const struct crypto_key *key)
{
    return key->is_private;
}
