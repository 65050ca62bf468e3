/* What the tests of crypto share: bytes as hex, and jobs in one line. */
#ifndef ISOYARD_TESTS_CRYPTO_FIXTURE_H
#define ISOYARD_TESTS_CRYPTO_FIXTURE_H

#include "shim/crypto/job.h"
#include "unit.h"

/* The bytes of a text of hex digits, until the test ends. */
struct bytes from_hex(const char *hex);

/* A secret. Free with crypto_key_unref. */
struct crypto_key *secret_of(enum crypto_algorithm algorithm, struct bytes bytes);

/* A key from bytes; NULL where that fails, whose status is in *ret then. */
struct crypto_key *import_key(enum crypto_algorithm algorithm, enum crypto_curve curve,
                              enum crypto_format format, struct bytes bytes,
                              enum crypto_status *ret);

/* A job with a reference to the key. */
struct crypto_job *job_with(enum crypto_operation operation, enum crypto_algorithm algorithm,
                            struct crypto_key *key);

/* Runs it, checks that its first output is that, and frees it. */
void expect_hex(struct crypto_job *job, const char *hex);

/* Runs it, checks that it ends so, and frees it. */
void expect_status(struct crypto_job *job, enum crypto_status status);

/* Runs it, checks its verdict, and frees it. */
void expect_valid(struct crypto_job *job, bool is_valid);

#endif
