/*
 * One operation of the Web Cryptography API, from its parameters to its result: a record that is
 * filled in, run on any thread, and read.
 *
 * Nothing is assumed of keys and inputs but what the bridge checks: what does not go together is
 * CRYPTO_FAILED. The prelude has checked usages, names and lengths as the standard has it.
 */
#ifndef ISOYARD_CRYPTO_JOB_H
#define ISOYARD_CRYPTO_JOB_H

#include "api/atomic.h"
#include "api/bytes.h"
#include "shim/crypto/key.h"

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum crypto_operation {
    CRYPTO_DIGEST,
    CRYPTO_SIGN,
    CRYPTO_VERIFY,
    CRYPTO_ENCRYPT, /* and wrapping */
    CRYPTO_DECRYPT,
    CRYPTO_GENERATE,
    CRYPTO_IMPORT,
    CRYPTO_EXPORT,
    CRYPTO_DERIVE,
    CRYPTO_OPERATIONS,
};

/* What the inputs are. Those that are not there have no data (NULL). */
enum {
    CRYPTO_DATA = 0,      /* what is hashed, signed, encrypted ... or imported, but for JWK */
    CRYPTO_SIGNATURE = 1, /* VERIFY */
    CRYPTO_IV = 1,        /* AES: iv or counter */
    CRYPTO_MORE_DATA = 2, /* AES-GCM: what is authenticated, too */
    CRYPTO_LABEL = 1,     /* RSA-OAEP */
    CRYPTO_EXPONENT = 0,  /* GENERATE of RSA: the public one, big-endian */
    CRYPTO_SALT = 0,      /* HKDF, PBKDF2 */
    CRYPTO_INFO = 1,      /* HKDF */
};

/* Members of a JWK, base64url: inputs of IMPORT and outputs of EXPORT. */
enum {
    CRYPTO_JWK_K = 0,
    CRYPTO_JWK_X = 0, /* EC, OKP */
    CRYPTO_JWK_Y = 1, /* EC */
    CRYPTO_JWK_D = 2, /* EC, OKP */
    CRYPTO_JWK_RSA_N = 0,
    CRYPTO_JWK_RSA_E,
    CRYPTO_JWK_RSA_D,
    CRYPTO_JWK_RSA_P,
    CRYPTO_JWK_RSA_Q,
    CRYPTO_JWK_RSA_DP,
    CRYPTO_JWK_RSA_DQ,
    CRYPTO_JWK_RSA_QI,
};

#define CRYPTO_INPUTS_MAX 8u
#define CRYPTO_OUTPUTS_MAX 8u

/* Allocated, but for those of IMPORT, which are of the key. */
struct crypto_output {
    char *data; /* malloc's; NULL: this one is not there */
    size_t len;
};

struct crypto_job {
    /* Set before it is run. */
    enum crypto_operation operation;
    enum crypto_algorithm algorithm;
    enum crypto_hash hash;
    enum crypto_curve curve;   /* GENERATE and IMPORT of EC */
    enum crypto_format format; /* IMPORT, EXPORT */
    uint32_t length;           /* bits: of the AES counter, the GCM tag, the key that is generated,
                                  what is derived; of a secret that is imported, if it is said.
                                  Bytes: of the PSS salt */
    uint32_t iterations;       /* PBKDF2 */
    struct crypto_key *key;    /* a reference; so is the next */
    struct crypto_key *peer;   /* ECDH, X25519: the public one */
    struct bytes inputs[CRYPTO_INPUTS_MAX]; /* borrowed, until crypto_job_keep */
    char *kept;                             /* the copy of the inputs */
    size_t kept_bytes;
    uint64_t cpu_allowed_ns; /* that it may use; UINT64_MAX: as much as it takes */

    /* Set by anybody while it runs. Relaxed: it says nothing else. */
    atomic_uint is_cancelled;

    /* While it runs. */
    uint64_t cpu_started_ns;

    /* Left by it. */
    enum crypto_status status;
    uint64_t cpu_ns;                                  /* that it took */
    bool is_valid;                                    /* VERIFY */
    struct crypto_output outputs[CRYPTO_OUTPUTS_MAX]; /* bytes: the first; JWK: its members. IMPORT
                                                         of RSA: the first is the exponent */
    struct crypto_key *keys[2]; /* GENERATE of a pair: the private one, the public one; else the
                                   first. References */
};

/* All zeroes but for the CPU time, which is not bounded. Never fails. */
struct crypto_job *crypto_job_new(enum crypto_operation operation, enum crypto_algorithm algorithm);

/* Frees it with all that it owns, which is wiped. NULL is fine. Any thread. */
void crypto_job_free(struct crypto_job *job);

/* Copies the inputs, so that they need not outlive the call. False where there is no memory. */
bool crypto_job_keep(struct crypto_job *job);

/* What the inputs come to, in bytes. */
size_t crypto_job_input_bytes(const struct crypto_job *job);

/* Whether it takes longer than a fraction of a millisecond, so that it is not for the thread of a
 * lane: by its parameters, without looking into the data. */
bool crypto_job_is_long(const struct crypto_job *job);

/* Runs it, once. Any thread; not before those that wrote it are done with that. */
void crypto_job_run(struct crypto_job *job);

/* Has it end soon, with CRYPTO_CANCELLED where it has not ended. Any thread, while it runs. */
void crypto_job_cancel(struct crypto_job *job);

#ifdef __cplusplus
}
#endif

#endif
