/* Digests and HMAC, by FIPS 180-4's and RFC 4231's examples. */
#include "crypto_fixture.h"

static struct crypto_job *digest(enum crypto_hash hash, struct bytes data)
{
    struct crypto_job *job = crypto_job_new(CRYPTO_DIGEST, CRYPTO_SHA);

    job->hash = hash;
    job->inputs[CRYPTO_DATA] = data;
    return job;
}

START_TEST(digest_abc_is_that_of_the_standard)
{
    expect_hex(digest(CRYPTO_SHA1, bytes_of("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
    expect_hex(digest(CRYPTO_SHA256, bytes_of("abc")),
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect_hex(digest(CRYPTO_SHA384, bytes_of("abc")),
               "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
               "8086072ba1e7cc2358baeca134c825a7");
    expect_hex(digest(CRYPTO_SHA512, bytes_of("abc")),
               "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
               "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}
END_TEST

START_TEST(digest_nothing_is_that_of_nothing)
{
    expect_hex(digest(CRYPTO_SHA256, bytes_of("")),
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

/* The FIPS example of a million times "a" goes over several slices. */
START_TEST(digest_of_slices_is_that_of_the_whole)
{
    char *data = malloc(1000000);

    memset(data, 'a', 1000000);
    expect_hex(digest(CRYPTO_SHA256, (struct bytes){data, 1000000}),
               "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(data);
}
END_TEST

START_TEST(digest_of_no_hash_fails)
{
    expect_status(digest(CRYPTO_NO_HASH, bytes_of("abc")), CRYPTO_FAILED);
}
END_TEST

static struct crypto_job *mac(enum crypto_operation operation, struct crypto_key *key,
                              enum crypto_hash hash, struct bytes data)
{
    struct crypto_job *job = job_with(operation, CRYPTO_HMAC, key);

    job->hash = hash;
    job->inputs[CRYPTO_DATA] = data;
    return job;
}

START_TEST(hmac_rfc_4231_case_2)
{
    struct crypto_key *key = secret_of(CRYPTO_HMAC, bytes_of("Jefe"));
    struct bytes data = bytes_of("what do ya want for nothing?");

    expect_hex(mac(CRYPTO_SIGN, key, CRYPTO_SHA256, data),
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    expect_hex(mac(CRYPTO_SIGN, key, CRYPTO_SHA512, data),
               "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
               "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
    crypto_key_unref(key);
}
END_TEST

START_TEST(hmac_verify_other_data_is_not_valid)
{
    struct crypto_key *key = secret_of(CRYPTO_HMAC, bytes_of("Jefe"));
    struct bytes right =
        from_hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    struct crypto_job *job;

    job = mac(CRYPTO_VERIFY, key, CRYPTO_SHA256, bytes_of("what do ya want for nothing?"));
    job->inputs[CRYPTO_SIGNATURE] = right;
    expect_valid(job, true);
    job = mac(CRYPTO_VERIFY, key, CRYPTO_SHA256, bytes_of("what do ya want for something?"));
    job->inputs[CRYPTO_SIGNATURE] = right;
    expect_valid(job, false);
    job = mac(CRYPTO_VERIFY, key, CRYPTO_SHA256, bytes_of("what do ya want for nothing?"));
    job->inputs[CRYPTO_SIGNATURE] = (struct bytes){right.data, right.len - 1};
    expect_valid(job, false);
    crypto_key_unref(key);
}
END_TEST

UNIT_MAIN("crypto_digest", digest_abc_is_that_of_the_standard, digest_nothing_is_that_of_nothing,
          digest_of_slices_is_that_of_the_whole, digest_of_no_hash_fails, hmac_rfc_4231_case_2,
          hmac_verify_other_data_is_not_valid)
