/* Signatures and RSA-OAEP: RFC 6979's and RFC 8032's examples, and what was signed elsewhere. */
#include "crypto_fixture.h"
#include "keys.h"

static struct crypto_key *key_of(enum crypto_algorithm algorithm, enum crypto_format format,
                                 const char *hex)
{
    return import_key(algorithm, CRYPTO_P256, format, from_hex(hex), NULL);
}

static struct crypto_job *job_on(enum crypto_operation operation, enum crypto_algorithm algorithm,
                                 const char *key_hex, const char *data)
{
    bool is_public = operation == CRYPTO_VERIFY || operation == CRYPTO_ENCRYPT;
    struct crypto_key *key = key_of(algorithm, is_public ? CRYPTO_SPKI : CRYPTO_PKCS8, key_hex);
    struct crypto_job *job = job_with(operation, algorithm, key);

    job->hash = CRYPTO_SHA256;
    job->inputs[CRYPTO_DATA] = bytes_of(data);
    crypto_key_unref(key);
    return job;
}

static struct crypto_job *verification(enum crypto_algorithm algorithm, const char *key_hex,
                                       const char *data, const char *signature)
{
    struct crypto_job *job = job_on(CRYPTO_VERIFY, algorithm, key_hex, data);

    job->inputs[CRYPTO_SIGNATURE] = from_hex(signature);
    return job;
}

static const char ecdsa_sample[] =
    "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8";

START_TEST(ecdsa_verify_rfc_6979)
{
    char shorter[sizeof(ecdsa_sample)];

    expect_valid(verification(CRYPTO_ECDSA, P256_SPKI, "sample", ecdsa_sample), true);
    expect_valid(verification(CRYPTO_ECDSA, P256_SPKI, "simple", ecdsa_sample), false);
    strcpy(shorter, ecdsa_sample);
    shorter[strlen(shorter) - 2] = '\0';
    expect_valid(verification(CRYPTO_ECDSA, P256_SPKI, "sample", shorter), false);
    expect_valid(verification(CRYPTO_ECDSA, P256_SPKI, "sample", ""), false);
}
END_TEST

/* r and s have the field's width each, also where they begin with zeroes. */
START_TEST(ecdsa_signs_what_it_verifies)
{
    struct crypto_key *public = key_of(CRYPTO_ECDSA, CRYPTO_SPKI, P256_SPKI);

    for (int i = 0; i < 300; i++) {
        struct crypto_job *job = job_on(CRYPTO_SIGN, CRYPTO_ECDSA, P256_PKCS8, "data");
        struct crypto_job *check = job_with(CRYPTO_VERIFY, CRYPTO_ECDSA, public);

        crypto_job_run(job);
        ck_assert_uint_eq(job->outputs[0].len, 64);
        check->hash = CRYPTO_SHA256;
        check->inputs[CRYPTO_DATA] = bytes_of("data");
        check->inputs[CRYPTO_SIGNATURE] = (struct bytes){job->outputs[0].data, job->outputs[0].len};
        expect_valid(check, true);
        crypto_job_free(job);
    }
    crypto_key_unref(public);
}
END_TEST

START_TEST(ed25519_is_that_of_the_rfc)
{
    static const char signature[] =
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
        "b46bd25bf5f0595bbe24655141438e7a100b";

    expect_hex(job_on(CRYPTO_SIGN, CRYPTO_ED25519, ED25519_PKCS8, ""), signature);
    expect_valid(verification(CRYPTO_ED25519, ED25519_SPKI, "", signature), true);
    expect_valid(verification(CRYPTO_ED25519, ED25519_SPKI, "a", signature), false);
    expect_valid(verification(CRYPTO_ED25519, ED25519_SPKI, "", ""), false);
}
END_TEST

START_TEST(rsassa_pkcs1_is_what_others_sign)
{
    expect_hex(job_on(CRYPTO_SIGN, CRYPTO_RSASSA_PKCS1, RSA_PKCS8, "sample"), RSA_SIGNATURE);
    expect_valid(verification(CRYPTO_RSASSA_PKCS1, RSA_SPKI, "sample", RSA_SIGNATURE), true);
    expect_valid(verification(CRYPTO_RSASSA_PKCS1, RSA_SPKI, "simple", RSA_SIGNATURE), false);
    expect_valid(verification(CRYPTO_RSASSA_PKCS1, RSA_SPKI, "sample", "00"), false);
}
END_TEST

static void expect_pss(unsigned salt_signed, unsigned salt_verified, bool is_valid)
{
    struct crypto_job *job = job_on(CRYPTO_SIGN, CRYPTO_RSA_PSS, RSA_PKCS8, "data");
    struct crypto_job *check = job_on(CRYPTO_VERIFY, CRYPTO_RSA_PSS, RSA_SPKI, "data");

    job->length = salt_signed;
    crypto_job_run(job);
    ck_assert_int_eq(job->status, CRYPTO_OK);
    check->length = salt_verified;
    check->inputs[CRYPTO_SIGNATURE] = (struct bytes){job->outputs[0].data, job->outputs[0].len};
    expect_valid(check, is_valid);
    crypto_job_free(job);
}

START_TEST(rsa_pss_salts_must_be_of_a_length)
{
    struct crypto_job *job = job_on(CRYPTO_SIGN, CRYPTO_RSA_PSS, RSA_PKCS8, "data");

    expect_pss(0, 0, true);
    expect_pss(32, 32, true);
    expect_pss(32, 20, false);
    job->length = 128 - 32 - 2 + 1; /* more than there is room for */
    expect_status(job, CRYPTO_FAILED);
}
END_TEST

START_TEST(signature_of_the_other_half_fails)
{
    struct crypto_key *private = key_of(CRYPTO_ECDSA, CRYPTO_PKCS8, P256_PKCS8);
    struct crypto_key *public = key_of(CRYPTO_ECDSA, CRYPTO_SPKI, P256_SPKI);
    struct crypto_job *job = job_with(CRYPTO_SIGN, CRYPTO_ECDSA, public);

    job->hash = CRYPTO_SHA256;
    expect_status(job, CRYPTO_FAILED);
    job = job_with(CRYPTO_VERIFY, CRYPTO_ECDSA, private);
    job->hash = CRYPTO_SHA256;
    expect_status(job, CRYPTO_FAILED);
    job = job_with(CRYPTO_SIGN, CRYPTO_RSA_PSS, private);
    job->hash = CRYPTO_SHA256;
    expect_status(job, CRYPTO_FAILED);
    crypto_key_unref(public);
    crypto_key_unref(private);
}
END_TEST

START_TEST(oaep_comes_back_with_its_label_only)
{
    struct crypto_job *there = job_on(CRYPTO_ENCRYPT, CRYPTO_RSA_OAEP, RSA_SPKI, "data"), *back;

    there->inputs[CRYPTO_LABEL] = bytes_of("label");
    crypto_job_run(there);
    ck_assert_int_eq(there->status, CRYPTO_OK);
    for (int i = 0; i < 2; i++) {
        back = job_on(CRYPTO_DECRYPT, CRYPTO_RSA_OAEP, RSA_PKCS8, "");
        back->inputs[CRYPTO_DATA] = (struct bytes){there->outputs[0].data, there->outputs[0].len};
        back->inputs[CRYPTO_LABEL] = bytes_of(i == 0 ? "label" : "other");
        if (i == 0)
            expect_hex(back, "64617461");
        else
            expect_status(back, CRYPTO_FAILED);
    }
    crypto_job_free(there);
}
END_TEST

UNIT_MAIN("crypto_signature", ecdsa_verify_rfc_6979, ecdsa_signs_what_it_verifies,
          ed25519_is_that_of_the_rfc, rsassa_pkcs1_is_what_others_sign,
          rsa_pss_salts_must_be_of_a_length, signature_of_the_other_half_fails,
          oaep_comes_back_with_its_label_only)
