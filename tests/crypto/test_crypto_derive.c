/* Derivation, by the examples of RFC 5869, RFC 7914 (11), RFC 7748 (6.1). */
#include "crypto_fixture.h"

#include "api/clock.h"

#include <pthread.h>

static struct crypto_job *hkdf(const char *key_hex, const char *salt, const char *info,
                               unsigned len)
{
    struct crypto_key *key = secret_of(CRYPTO_HKDF, from_hex(key_hex));
    struct crypto_job *job = job_with(CRYPTO_DERIVE, CRYPTO_HKDF, key);

    job->hash = CRYPTO_SHA256;
    job->length = len * 8;
    job->inputs[CRYPTO_SALT] = from_hex(salt);
    job->inputs[CRYPTO_INFO] = from_hex(info);
    crypto_key_unref(key);
    return job;
}

START_TEST(hkdf_rfc_5869_cases_1_and_3)
{
    static const char key[] = "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b";

    expect_hex(
        hkdf(key, "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9", 42),
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
    expect_hex(
        hkdf(key, "", "", 42),
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8");
}
END_TEST

START_TEST(hkdf_longer_than_255_hashes_fails)
{
    expect_status(hkdf("0b", "", "", 255 * 32), CRYPTO_OK);
    expect_status(hkdf("0b", "", "", 255 * 32 + 1), CRYPTO_FAILED);
    expect_status(hkdf("0b", "", "", 0), CRYPTO_OK);
    expect_status(hkdf("", "", "", 16), CRYPTO_OK);
}
END_TEST

static struct crypto_job *pbkdf2(const char *password, const char *salt, unsigned iterations,
                                 unsigned len)
{
    struct crypto_key *key = secret_of(CRYPTO_PBKDF2, bytes_of(password));
    struct crypto_job *job = job_with(CRYPTO_DERIVE, CRYPTO_PBKDF2, key);

    job->hash = CRYPTO_SHA256;
    job->iterations = iterations;
    job->length = len * 8;
    job->inputs[CRYPTO_SALT] = bytes_of(salt);
    crypto_key_unref(key);
    return job;
}

START_TEST(pbkdf2_is_that_of_the_rfc)
{
    expect_hex(pbkdf2("passwd", "salt", 1, 64),
               "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
               "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783");
    expect_hex(pbkdf2("Password", "NaCl", 80000, 64),
               "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"
               "a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d");
}
END_TEST

/* By RFC 2104 a key that is longer than a block counts by its hash. */
START_TEST(pbkdf2_long_password_is_its_hash)
{
    char password[101], salted[] = "salt";
    struct crypto_job *hashed, *job = crypto_job_new(CRYPTO_DIGEST, CRYPTO_SHA);
    struct crypto_key *key;

    memset(password, 'p', 100);
    password[100] = '\0';
    job->hash = CRYPTO_SHA256;
    job->inputs[CRYPTO_DATA] = bytes_of(password);
    crypto_job_run(job);
    key = secret_of(CRYPTO_PBKDF2, (struct bytes){job->outputs[0].data, job->outputs[0].len});
    hashed = pbkdf2("", salted, 3, 32);
    crypto_key_unref(hashed->key);
    hashed->key = key;
    crypto_job_run(hashed);
    crypto_job_free(job);
    job = pbkdf2(password, salted, 3, 32);
    crypto_job_run(job);
    ck_assert_mem_eq(job->outputs[0].data, hashed->outputs[0].data, 32);
    crypto_job_free(job);
    crypto_job_free(hashed);
}
END_TEST

static void *cancel_soon(void *arg)
{
    nanosleep(&(struct timespec){.tv_nsec = 20 * 1000 * 1000}, NULL);
    crypto_job_cancel(arg);
    return NULL;
}

START_TEST(pbkdf2_cancelled_ends_soon)
{
    struct crypto_job *job = pbkdf2("password", "salt", UINT32_MAX, 32);
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, cancel_soon, job), 0);
    crypto_job_run(job);
    pthread_join(thread, NULL);
    ck_assert_int_eq(job->status, CRYPTO_CANCELLED);
    crypto_job_free(job);
}
END_TEST

START_TEST(pbkdf2_beyond_its_cpu_time_ends)
{
    struct crypto_job *job = pbkdf2("password", "salt", UINT32_MAX, 32);

    job->cpu_allowed_ns = 30 * NS_PER_MS;
    crypto_job_run(job);
    ck_assert_int_eq(job->status, CRYPTO_OVERDRAWN);
    ck_assert_uint_ge(job->cpu_ns, 30 * NS_PER_MS);
    ck_assert_uint_le(job->cpu_ns, 200 * NS_PER_MS);
    crypto_job_free(job);
}
END_TEST

START_TEST(rsa_generation_cancelled_ends_soon)
{
    struct crypto_job *job = crypto_job_new(CRYPTO_GENERATE, CRYPTO_RSA_PSS);
    pthread_t thread;

    job->length = CRYPTO_RSA_BITS_MAX;
    job->inputs[CRYPTO_EXPONENT] = from_hex("010001");
    ck_assert_int_eq(pthread_create(&thread, NULL, cancel_soon, job), 0);
    crypto_job_run(job);
    pthread_join(thread, NULL);
    ck_assert_int_eq(job->status, CRYPTO_CANCELLED);
    ck_assert_ptr_null(job->keys[0]);
    crypto_job_free(job);
}
END_TEST

static struct crypto_job *agreement(enum crypto_algorithm algorithm, struct crypto_key *key,
                                    struct crypto_key *peer)
{
    struct crypto_job *job = job_with(CRYPTO_DERIVE, algorithm, key);

    job->peer = crypto_key_ref(peer);
    return job;
}

/* A private half in PKCS #8 (RFC 8410, 7). */
static struct crypto_key *x25519_private(const char *hex)
{
    char text[200] = "302e020100300506032b656e04220420";

    strcat(text, hex);
    return import_key(CRYPTO_X25519, CRYPTO_NO_CURVE, CRYPTO_PKCS8, from_hex(text), NULL);
}

static struct crypto_key *x25519_public(const char *hex)
{
    return import_key(CRYPTO_X25519, CRYPTO_NO_CURVE, CRYPTO_RAW, from_hex(hex), NULL);
}

START_TEST(x25519_is_that_of_the_rfc)
{
    struct crypto_key *bob =
        x25519_private("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    struct crypto_key *alice =
        x25519_public("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");

    expect_hex(agreement(CRYPTO_X25519, bob, alice),
               "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
    expect_status(agreement(CRYPTO_X25519, alice, bob), CRYPTO_FAILED);
    expect_status(agreement(CRYPTO_X25519, bob, bob), CRYPTO_FAILED);
    expect_status(agreement(CRYPTO_X25519, bob, NULL), CRYPTO_FAILED);
    crypto_key_unref(alice);
    crypto_key_unref(bob);
}
END_TEST

/* A point of small order, with which any secret is zero. */
START_TEST(x25519_zero_secret_fails)
{
    struct crypto_key *bob =
        x25519_private("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    struct crypto_key *zero =
        x25519_public("0000000000000000000000000000000000000000000000000000000000000000");

    expect_status(agreement(CRYPTO_X25519, bob, zero), CRYPTO_FAILED);
    crypto_key_unref(zero);
    crypto_key_unref(bob);
}
END_TEST

/* Both sides of each curve come to the same. */
START_TEST(ecdh_both_sides_agree)
{
    for (enum crypto_curve curve = CRYPTO_P256; curve <= CRYPTO_P521; curve++) {
        struct crypto_job *pairs[2], *secrets[2];

        for (int i = 0; i < 2; i++) {
            pairs[i] = crypto_job_new(CRYPTO_GENERATE, CRYPTO_ECDH);
            pairs[i]->curve = curve;
            crypto_job_run(pairs[i]);
            ck_assert_int_eq(pairs[i]->status, CRYPTO_OK);
        }
        for (int i = 0; i < 2; i++) {
            secrets[i] = agreement(CRYPTO_ECDH, pairs[i]->keys[0], pairs[1 - i]->keys[1]);
            crypto_job_run(secrets[i]);
            ck_assert_int_eq(secrets[i]->status, CRYPTO_OK);
        }
        ck_assert_uint_eq(secrets[0]->outputs[0].len, (crypto_key_bits(pairs[0]->keys[0]) + 7) / 8);
        ck_assert_mem_eq(secrets[0]->outputs[0].data, secrets[1]->outputs[0].data,
                         secrets[0]->outputs[0].len);
        for (int i = 0; i < 2; i++) {
            crypto_job_free(secrets[i]);
            crypto_job_free(pairs[i]);
        }
    }
}
END_TEST

UNIT_MAIN("crypto_derive", hkdf_rfc_5869_cases_1_and_3, hkdf_longer_than_255_hashes_fails,
          pbkdf2_is_that_of_the_rfc, pbkdf2_long_password_is_its_hash, pbkdf2_cancelled_ends_soon,
          pbkdf2_beyond_its_cpu_time_ends, rsa_generation_cancelled_ends_soon,
          x25519_is_that_of_the_rfc, x25519_zero_secret_fails, ecdh_both_sides_agree)
