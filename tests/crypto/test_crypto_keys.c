/* Keys: formats both ways, and what is refused. */
#include "crypto_fixture.h"
#include "keys.h"

static struct crypto_job *export(struct crypto_key *key, enum crypto_algorithm algorithm,
                                 enum crypto_format format)
{
    struct crypto_job *job = job_with(CRYPTO_EXPORT, algorithm, key);

    job->format = format;
    return job;
}

/* What goes in comes out, byte by byte. */
static void expect_both_ways(enum crypto_algorithm algorithm, enum crypto_format format,
                             const char *hex)
{
    struct crypto_key *key = import_key(algorithm, CRYPTO_P256, format, from_hex(hex), NULL);

    ck_assert_ptr_nonnull(key);
    expect_hex(export(key, algorithm, format), hex);
    crypto_key_unref(key);
}

START_TEST(formats_both_ways)
{
    expect_both_ways(CRYPTO_ECDSA, CRYPTO_RAW, P256_POINT);
    expect_both_ways(CRYPTO_ECDSA, CRYPTO_SPKI, P256_SPKI);
    expect_both_ways(CRYPTO_ECDSA, CRYPTO_PKCS8, P256_PKCS8);
    expect_both_ways(CRYPTO_ED25519, CRYPTO_RAW, ED25519_PUBLIC);
    expect_both_ways(CRYPTO_ED25519, CRYPTO_SPKI, ED25519_SPKI);
    expect_both_ways(CRYPTO_ED25519, CRYPTO_PKCS8, ED25519_PKCS8);
    expect_both_ways(CRYPTO_RSA_PSS, CRYPTO_SPKI, RSA_SPKI);
    expect_both_ways(CRYPTO_RSA_PSS, CRYPTO_PKCS8, RSA_PKCS8);
    expect_both_ways(CRYPTO_HMAC, CRYPTO_RAW, "00ff");
    expect_both_ways(CRYPTO_HKDF, CRYPTO_RAW, "");
}
END_TEST

static void expect_refused(enum crypto_algorithm algorithm, enum crypto_format format,
                           struct bytes bytes, enum crypto_status wanted)
{
    enum crypto_status status;
    struct crypto_key *key = import_key(algorithm, CRYPTO_P256, format, bytes, &status);

    ck_assert_ptr_null(key);
    ck_assert_int_eq(status, wanted);
}

/* Whatever is cut off, changed or added: no key, and nothing worse. */
static void expect_cut_refused(enum crypto_algorithm algorithm, enum crypto_format format,
                               const char *hex)
{
    struct bytes whole = from_hex(hex);
    char *more = malloc(whole.len + 1);

    for (size_t len = 0; len < whole.len; len++)
        expect_refused(algorithm, format, (struct bytes){whole.data, len}, CRYPTO_BAD_DATA);
    memcpy(more, whole.data, whole.len);
    more[whole.len] = 0;
    expect_refused(algorithm, format, (struct bytes){more, whole.len + 1}, CRYPTO_BAD_DATA);
    free(more);
}

START_TEST(import_cut_off_is_refused)
{
    expect_cut_refused(CRYPTO_ECDSA, CRYPTO_SPKI, P256_SPKI);
    expect_cut_refused(CRYPTO_ECDSA, CRYPTO_PKCS8, P256_PKCS8);
    expect_cut_refused(CRYPTO_ED25519, CRYPTO_SPKI, ED25519_SPKI);
    expect_cut_refused(CRYPTO_ED25519, CRYPTO_PKCS8, ED25519_PKCS8);
    expect_cut_refused(CRYPTO_RSA_PSS, CRYPTO_SPKI, RSA_SPKI);
    expect_cut_refused(CRYPTO_RSA_PSS, CRYPTO_PKCS8, RSA_PKCS8);
}
END_TEST

/* Each byte of a private key counts, but for one: which curve's algorithm it says it is in version
 * 1 (RFC 5958), where nothing else follows. */
static void expect_changed_refused(enum crypto_algorithm algorithm, const char *hex, size_t version)
{
    struct bytes whole = from_hex(hex);

    for (size_t i = 0; i < whole.len; i++) {
        ((char *)whole.data)[i] ^= 1;
        if (i != version)
            expect_refused(algorithm, CRYPTO_PKCS8, whole, CRYPTO_BAD_DATA);
        ((char *)whole.data)[i] ^= 1;
    }
}

START_TEST(import_changed_private_key_is_refused)
{
    expect_changed_refused(CRYPTO_ECDSA, P256_PKCS8, 5);
    expect_changed_refused(CRYPTO_RSA_PSS, RSA_PKCS8, 6);
}
END_TEST

START_TEST(import_of_another_algorithm_is_refused)
{
    expect_refused(CRYPTO_X25519, CRYPTO_SPKI, from_hex(ED25519_SPKI), CRYPTO_BAD_DATA);
    expect_refused(CRYPTO_RSA_PSS, CRYPTO_SPKI, from_hex(P256_SPKI), CRYPTO_BAD_DATA);
    expect_refused(CRYPTO_ECDSA, CRYPTO_PKCS8, from_hex(RSA_PKCS8), CRYPTO_BAD_DATA);
    expect_refused(CRYPTO_ECDSA, CRYPTO_PKCS8, from_hex(P256_SPKI), CRYPTO_BAD_DATA);
    expect_refused(CRYPTO_RSA_PSS, CRYPTO_RAW, from_hex("00"), CRYPTO_BAD_DATA);
}
END_TEST

/* The point at infinity, one that is on no curve, and numbers out of range. */
START_TEST(import_points_that_are_none_are_refused)
{
    struct bytes point = from_hex(P256_POINT);
    char number[200] = "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420";

    expect_refused(CRYPTO_ECDH, CRYPTO_RAW, from_hex("00"), CRYPTO_BAD_DATA);
    expect_refused(CRYPTO_ECDH, CRYPTO_RAW, from_hex(""), CRYPTO_BAD_DATA);
    ((char *)point.data)[0] = 7; /* hybrid */
    expect_refused(CRYPTO_ECDH, CRYPTO_RAW, point, CRYPTO_BAD_DATA);
    ((char *)point.data)[0] = 4;
    ((char *)point.data)[64] ^= 1;
    expect_refused(CRYPTO_ECDH, CRYPTO_RAW, point, CRYPTO_BAD_DATA);
    strcpy(number + 70, "0000000000000000000000000000000000000000000000000000000000000000");
    expect_refused(CRYPTO_ECDH, CRYPTO_PKCS8, from_hex(number), CRYPTO_BAD_DATA);
    strcpy(number + 70, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    expect_refused(CRYPTO_ECDH, CRYPTO_PKCS8, from_hex(number), CRYPTO_BAD_DATA);
}
END_TEST

/* Without the public half that is computed; with an attribute behind the key. */
START_TEST(import_pkcs8_of_other_writers)
{
    struct crypto_key *key = import_key(
        CRYPTO_ECDSA, CRYPTO_P256, CRYPTO_PKCS8,
        from_hex(
            "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420" P256_NUMBER),
        NULL);

    ck_assert_ptr_nonnull(key);
    expect_hex(export(key, CRYPTO_ECDSA, CRYPTO_PKCS8), P256_PKCS8);
    crypto_key_unref(key);
    /* RFC 8410, 10.3 */
    key = import_key(CRYPTO_ED25519, CRYPTO_NO_CURVE, CRYPTO_PKCS8,
                     from_hex("3072020101300506032b657004220420d4ee72dbf913584ad5b6d8f1f769f8ad3afe"
                              "7c28cbf1d4fbe097a88f44755842a01f301d060a2a864886f70d01090914310f0c0d"
                              "437572646c6520436861697273812100"
                              "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1"),
                     NULL);
    ck_assert_ptr_nonnull(key);
    crypto_key_unref(key);
}
END_TEST

static struct crypto_job *import_jwk(enum crypto_algorithm algorithm, const char *const *members)
{
    struct crypto_job *job = crypto_job_new(CRYPTO_IMPORT, algorithm);

    job->format = CRYPTO_JWK;
    job->curve = CRYPTO_P256;
    for (unsigned i = 0; i < CRYPTO_INPUTS_MAX; i++) {
        if (members[i])
            job->inputs[i] = bytes_of(members[i]);
    }
    return job;
}

#define P256_X "YP7UuiVanTHJYet0xjVtaMBJuJI7Yfps5mliLmDyn7Y"
#define P256_Y "eQP-EAi4vJmkGunpVii8ZPLxsgwtfp9Rd6PClNRGIpk"
#define P256_D "ya-p2EW6dRZrXCFXZ7HWk05Qw9s26JsSe4piKxIPZyE"

START_TEST(jwk_of_ec_both_ways)
{
    const char *const members[CRYPTO_INPUTS_MAX] = {P256_X, P256_Y, P256_D};
    struct crypto_job *job = import_jwk(CRYPTO_ECDSA, members), *back;

    crypto_job_run(job);
    ck_assert_int_eq(job->status, CRYPTO_OK);
    back = export(job->keys[0], CRYPTO_ECDSA, CRYPTO_JWK);
    crypto_job_run(back);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_uint_eq(back->outputs[i].len, strlen(members[i]));
        ck_assert_mem_eq(back->outputs[i].data, members[i], strlen(members[i]));
    }
    ck_assert_ptr_null(back->outputs[3].data);
    crypto_job_free(back);
    crypto_job_free(job);
}
END_TEST

START_TEST(jwk_malformed_members_are_refused)
{
    static const char *const wrong[][CRYPTO_INPUTS_MAX] = {
        {P256_X, NULL, NULL},          {NULL, P256_Y, NULL},
        {P256_X, P256_Y "=", NULL},    {P256_X, "eQP+EAi4vJmkGunpVii8ZPLxsgwtfp9Rd6PClNRGIpk"},
        {P256_X, P256_X, NULL},        {P256_X, P256_Y, P256_X},
        {P256_X, P256_Y, "AAAA"},      {"", "", NULL},
        {P256_X, P256_Y "AAAA", NULL}, {P256_X, P256_Y, ""},
    };
    static const char *const none[CRYPTO_INPUTS_MAX];

    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        expect_status(import_jwk(CRYPTO_ECDSA, wrong[i]), CRYPTO_BAD_DATA);
    expect_status(import_jwk(CRYPTO_HMAC, none), CRYPTO_BAD_DATA);
    expect_status(import_jwk(CRYPTO_RSA_PSS, none), CRYPTO_BAD_DATA);
    expect_status(import_jwk(CRYPTO_ED25519, none), CRYPTO_BAD_DATA);
}
END_TEST

/* 528 ones */
#define RSA_N                                                                                      \
    "____________________________________________"                                                 \
    "____________________________________________"

/* Odd, and of 64 bits at the most: others make a public key slow. */
START_TEST(import_rsa_exponents)
{
    static const struct {
        const char *e;
        enum crypto_status status;
    } cases[] = {
        {"Aw", CRYPTO_OK},       {"__________8", CRYPTO_OK}, {"AQAAAAAAAAAB", CRYPTO_BAD_DATA},
        {"AQ", CRYPTO_BAD_DATA}, {"BA", CRYPTO_BAD_DATA},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *const members[CRYPTO_INPUTS_MAX] = {RSA_N, cases[i].e};

        expect_status(import_jwk(CRYPTO_RSA_PSS, members), cases[i].status);
    }
}
END_TEST

static struct crypto_job *generate(enum crypto_algorithm algorithm, unsigned length,
                                   const char *exponent)
{
    struct crypto_job *job = crypto_job_new(CRYPTO_GENERATE, algorithm);

    job->length = length;
    job->inputs[CRYPTO_EXPONENT] = from_hex(exponent);
    return job;
}

START_TEST(generate_rsa_bounds_and_exponents)
{
    expect_status(generate(CRYPTO_RSA_PSS, CRYPTO_RSA_BITS_MIN - 1, "010001"), CRYPTO_FAILED);
    expect_status(generate(CRYPTO_RSA_PSS, CRYPTO_RSA_BITS_MAX + 1, "010001"), CRYPTO_FAILED);
    expect_status(generate(CRYPTO_RSA_PSS, CRYPTO_RSA_BITS_MIN, "010001"), CRYPTO_OK);
    expect_status(generate(CRYPTO_RSA_PSS, CRYPTO_RSA_BITS_MIN, "03"), CRYPTO_OK);
    expect_status(generate(CRYPTO_RSA_PSS, CRYPTO_RSA_BITS_MIN, "04"), CRYPTO_FAILED);
    expect_status(generate(CRYPTO_RSA_PSS, CRYPTO_RSA_BITS_MIN, "01"), CRYPTO_FAILED);
    expect_status(generate(CRYPTO_RSA_PSS, CRYPTO_RSA_BITS_MIN, ""), CRYPTO_FAILED);
}
END_TEST

START_TEST(generate_secret_has_its_bits_only)
{
    struct crypto_job *job = generate(CRYPTO_HMAC, 1, ""), *back;

    crypto_job_run(job);
    ck_assert_int_eq(job->status, CRYPTO_OK);
    ck_assert_uint_eq(crypto_key_bits(job->keys[0]), 1);
    back = export(job->keys[0], CRYPTO_HMAC, CRYPTO_RAW);
    crypto_job_run(back);
    ck_assert_uint_eq(back->outputs[0].len, 1);
    ck_assert_int_eq(back->outputs[0].data[0] & 0x7f, 0);
    crypto_job_free(back);
    crypto_job_free(job);
    expect_status(generate(CRYPTO_HMAC, 0, ""), CRYPTO_FAILED);
    expect_status(generate(CRYPTO_HMAC, UINT32_MAX, ""), CRYPTO_FAILED);
}
END_TEST

START_TEST(export_of_the_other_half_fails)
{
    struct crypto_key *private =
        import_key(CRYPTO_ECDSA, CRYPTO_P256, CRYPTO_PKCS8, from_hex(P256_PKCS8), NULL);
    struct crypto_key *public =
        import_key(CRYPTO_ECDSA, CRYPTO_P256, CRYPTO_SPKI, from_hex(P256_SPKI), NULL);

    expect_status(export(private, CRYPTO_ECDSA, CRYPTO_SPKI), CRYPTO_FAILED);
    expect_status(export(private, CRYPTO_ECDSA, CRYPTO_RAW), CRYPTO_FAILED);
    expect_status(export(public, CRYPTO_ECDSA, CRYPTO_PKCS8), CRYPTO_FAILED);
    expect_status(export(private, CRYPTO_RSA_PSS, CRYPTO_PKCS8), CRYPTO_FAILED);
    crypto_key_unref(public);
    crypto_key_unref(private);
}
END_TEST

START_TEST(long_and_short_jobs)
{
    struct crypto_job *job = generate(CRYPTO_RSA_PSS, 2048, "010001");
    static const char data[1];

    ck_assert(crypto_job_is_long(job));
    crypto_job_free(job);
    job = crypto_job_new(CRYPTO_DIGEST, CRYPTO_SHA);
    job->inputs[CRYPTO_DATA] = (struct bytes){data, (size_t)64 << 10};
    ck_assert(!crypto_job_is_long(job));
    job->inputs[CRYPTO_DATA].len++;
    ck_assert(crypto_job_is_long(job));
    crypto_job_free(job);
    job = crypto_job_new(CRYPTO_DERIVE, CRYPTO_PBKDF2);
    job->iterations = 256;
    ck_assert(!crypto_job_is_long(job));
    job->iterations = 257;
    ck_assert(crypto_job_is_long(job));
    job->iterations = UINT32_MAX;
    job->length = UINT32_MAX;
    ck_assert(crypto_job_is_long(job));
    crypto_job_free(job);
}
END_TEST

UNIT_MAIN("crypto_keys", formats_both_ways, import_cut_off_is_refused,
          import_changed_private_key_is_refused, import_of_another_algorithm_is_refused,
          import_points_that_are_none_are_refused, import_pkcs8_of_other_writers,
          jwk_of_ec_both_ways, jwk_malformed_members_are_refused, import_rsa_exponents,
          generate_rsa_bounds_and_exponents, generate_secret_has_its_bits_only,
          export_of_the_other_half_fails, long_and_short_jobs)
