/* What the files of this component share: keys from the inside, and the operations by family. */
#ifndef ISOYARD_CRYPTO_INTERNAL_H
#define ISOYARD_CRYPTO_INTERNAL_H

#include "shim/crypto/job.h"

#include <openssl/evp.h>
#include <openssl/types.h>

/* Work on much data, or in many rounds, looks up after so much. */
#define CRYPTO_SLICE_BYTES ((size_t)128 << 10)
#define CRYPTO_SLICE_ROUNDS 1024u

#define CRYPTO_FIELD_BYTES_MAX 66u /* P-521 */

struct crypto_key {
    atomic_uint refs;
    enum crypto_family family;
    bool is_private;
    enum crypto_algorithm algorithm; /* OKP: which of the two */
    enum crypto_curve curve;         /* EC */
    unsigned bits;
    EVP_PKEY *pkey;        /* all but secrets */
    unsigned char *secret; /* secret_len bytes of OPENSSL_malloc's */
    size_t secret_len;
};

/* key.c */

/* Copies the bytes. NULL where there is no memory. */
struct crypto_key *crypto_key_of_secret(const void *data, size_t len);

/* Takes the pkey, NULL included, for which it returns NULL. */
struct crypto_key *crypto_key_of_pkey(EVP_PKEY *pkey, enum crypto_family family, bool is_private,
                                      unsigned bits);

/* job.c */

/* Whether the job was cancelled, or has used up what it may; then its status says so. */
bool crypto_job_must_stop(struct crypto_job *job);

/* The memory of an output of len bytes; NULL where there is none. */
char *crypto_job_output(struct crypto_job *job, unsigned index, size_t len);

enum crypto_family crypto_family_of(enum crypto_algorithm algorithm);
const EVP_MD *crypto_md(enum crypto_hash hash); /* NULL: there is none */
const char *crypto_md_name(enum crypto_hash hash);

/* The operations: job.c calls them once what all jobs have in common is checked. Each returns how
 * it ended and leaves the rest in the job. */

/* digest.c */
enum crypto_status crypto_digest(struct crypto_job *job);
enum crypto_status crypto_hmac_sign(struct crypto_job *job);
enum crypto_status crypto_hmac_verify(struct crypto_job *job);

/* Feeds data to a context in slices. */
enum crypto_status crypto_digest_update(struct crypto_job *job, EVP_MD_CTX *context,
                                        struct bytes data);

/* cipher.c */
enum crypto_status crypto_aes(struct crypto_job *job);

/* signature.c: RSASSA-PKCS1-v1_5, RSA-PSS, ECDSA, Ed25519 */
enum crypto_status crypto_sign(struct crypto_job *job);
enum crypto_status crypto_verify(struct crypto_job *job);

/* oaep.c */
enum crypto_status crypto_oaep(struct crypto_job *job);

/* derive.c, pbkdf2.c */
enum crypto_status crypto_derive(struct crypto_job *job);
enum crypto_status crypto_pbkdf2(struct crypto_job *job);

/* generate.c */
enum crypto_status crypto_generate(struct crypto_job *job);

/* import.c, export.c */
enum crypto_status crypto_import(struct crypto_job *job);
enum crypto_status crypto_export(struct crypto_job *job);

#endif
