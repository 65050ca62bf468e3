/* AES, by the examples of SP 800-38A (F.2, F.5), the GCM specification's test cases, RFC 3394. */
#include "crypto_fixture.h"

#include "api/bytes.h"

#include <stdio.h>

static const char key_128[] = "2b7e151628aed2a6abf7158809cf4f3c";
static const char block[] = "6bc1bee22e409f96e93d7e117393172a";

static struct crypto_job *cipher(enum crypto_operation operation, enum crypto_algorithm algorithm,
                                 const char *key_hex, struct bytes iv, struct bytes data)
{
    struct crypto_key *key = secret_of(algorithm, from_hex(key_hex));
    struct crypto_job *job = job_with(operation, algorithm, key);

    job->inputs[CRYPTO_DATA] = data;
    job->inputs[CRYPTO_IV] = iv;
    crypto_key_unref(key);
    return job;
}

START_TEST(cbc_pads_and_takes_the_padding_away)
{
    struct bytes iv = from_hex("000102030405060708090a0b0c0d0e0f");

    expect_hex(cipher(CRYPTO_ENCRYPT, CRYPTO_AES_CBC, key_128, iv, from_hex(block)),
               "7649abac8119b246cee98e9b12e9197d8964e0b149c10b7b682e6e39aaeb731c");
    expect_hex(cipher(CRYPTO_DECRYPT, CRYPTO_AES_CBC, key_128, iv,
                      from_hex("7649abac8119b246cee98e9b12e9197d8964e0b149c10b7b682e6e39aaeb731c")),
               block);
    expect_status(cipher(CRYPTO_DECRYPT, CRYPTO_AES_CBC, key_128, iv,
                         from_hex("7649abac8119b246cee98e9b12e9197d")),
                  CRYPTO_FAILED);
}
END_TEST

START_TEST(cbc_other_iv_fails)
{
    expect_status(cipher(CRYPTO_ENCRYPT, CRYPTO_AES_CBC, key_128, from_hex("0001"), bytes_of("x")),
                  CRYPTO_FAILED);
}
END_TEST

START_TEST(aes_other_key_length_fails)
{
    struct bytes iv = from_hex("000102030405060708090a0b0c0d0e0f");

    expect_status(cipher(CRYPTO_ENCRYPT, CRYPTO_AES_CBC, "2b7e15", iv, bytes_of("x")),
                  CRYPTO_FAILED);
}
END_TEST

static struct crypto_job *ctr(const char *counter, unsigned bits, struct bytes data)
{
    struct crypto_job *job =
        cipher(CRYPTO_ENCRYPT, CRYPTO_AES_CTR, key_128, from_hex(counter), data);

    job->length = bits;
    return job;
}

START_TEST(ctr_is_that_of_the_standard)
{
    expect_hex(ctr("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", 128,
                   from_hex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")),
               "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff");
}
END_TEST

/* What a counter's block encrypts nothing to. */
static const char *key_stream(const char *counter)
{
    static char text[33];
    static const char zeroes[16];
    struct crypto_job *job = ctr(counter, 128, (struct bytes){zeroes, 16});

    crypto_job_run(job);
    for (int i = 0; i < 16; i++)
        sprintf(text + 2 * i, "%02x", (unsigned char)job->outputs[0].data[i]);
    crypto_job_free(job);
    return text;
}

/* Two blocks: that of the counter, and that of the next one. */
static void expect_next(const char *counter, unsigned bits, const char *next)
{
    static const char zeroes[32];
    char wanted[65];

    strcpy(wanted, key_stream(counter));
    strcat(wanted, key_stream(next));
    expect_hex(ctr(counter, bits, (struct bytes){zeroes, 32}), wanted);
}

START_TEST(ctr_counter_comes_round_in_its_own_bits)
{
    expect_next("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", 4, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfef0");
    expect_next("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", 8, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfe00");
    expect_next("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", 9, "f0f1f2f3f4f5f6f7f8f9fafbfcfdff00");
    expect_next("f0f1f2f3f4f5f6f7f8f9fafbfcfdffff", 9, "f0f1f2f3f4f5f6f7f8f9fafbfcfdfe00");
    expect_next("f0f1f2f3f4f5f6f7ffffffffffffffff", 64, "f0f1f2f3f4f5f6f70000000000000000");
    expect_next("f0f1f2f3f4f5f6f7ffffffffffffffff", 65, "f0f1f2f3f4f5f6f60000000000000000");
    expect_next("f0f1f2f3f4f5f6f7ffffffffffffffff", 72, "f0f1f2f3f4f5f6f80000000000000000");
    expect_next("f0f1f2f3f4f5f6ffffffffffffffffff", 72, "f0f1f2f3f4f5f6000000000000000000");
    expect_next("ffffffffffffffffffffffffffffffff", 128, "00000000000000000000000000000000");
    expect_next("ffffffffffffffffffffffffffffffff", 127, "80000000000000000000000000000000");
}
END_TEST

START_TEST(ctr_more_blocks_than_counters_fails)
{
    static const char data[16 * 5];

    expect_status(ctr("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", 2, (struct bytes){data, 16 * 4}),
                  CRYPTO_OK);
    expect_status(ctr("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", 2, (struct bytes){data, 16 * 4 + 1}),
                  CRYPTO_FAILED);
    expect_status(ctr("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", 0, (struct bytes){data, 1}),
                  CRYPTO_FAILED);
    expect_status(ctr("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", 129, (struct bytes){data, 1}),
                  CRYPTO_FAILED);
}
END_TEST

static struct crypto_job *gcm(enum crypto_operation operation, struct bytes data, unsigned tag)
{
    struct crypto_job *job = cipher(operation, CRYPTO_AES_GCM, "feffe9928665731c6d6a8f9467308308",
                                    from_hex("cafebabefacedbaddecaf888"), data);

    job->inputs[CRYPTO_MORE_DATA] = from_hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
    job->length = tag;
    return job;
}

/* Test case 4. */
static const char gcm_plain[] =
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b5"
    "25b16aedf5aa0de657ba637b39";
static const char gcm_sealed[] =
    "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa"
    "051ba30b396a0aac973d58e0915bc94fbc3221a5db94fae95ae7121a47";

START_TEST(gcm_is_that_of_the_specification)
{
    char shorter[sizeof(gcm_sealed)];

    expect_hex(gcm(CRYPTO_ENCRYPT, from_hex(gcm_plain), 128), gcm_sealed);
    expect_hex(gcm(CRYPTO_DECRYPT, from_hex(gcm_sealed), 128), gcm_plain);
    strcpy(shorter, gcm_sealed);
    shorter[strlen(shorter) - 24] = '\0';
    expect_hex(gcm(CRYPTO_ENCRYPT, from_hex(gcm_plain), 32), shorter);
    expect_hex(gcm(CRYPTO_DECRYPT, from_hex(shorter), 32), gcm_plain);
}
END_TEST

START_TEST(gcm_changed_data_fails)
{
    struct bytes sealed = from_hex(gcm_sealed);
    struct crypto_job *job;

    ((char *)sealed.data)[3] ^= 1;
    job = gcm(CRYPTO_DECRYPT, sealed, 128);
    expect_status(job, CRYPTO_FAILED);
    expect_status(gcm(CRYPTO_DECRYPT, (struct bytes){sealed.data, 15}, 128), CRYPTO_FAILED);
}
END_TEST

/* RFC 3394, 4.1 */
START_TEST(kw_is_that_of_the_rfc)
{
    static const char key[] = "000102030405060708090a0b0c0d0e0f";
    static const char plain[] = "00112233445566778899aabbccddeeff";
    static const char wrapped[] = "1fa68b0a8112b447aef34bd8fb5a7b829d3e862371d2cfe5";
    struct bytes none = {0}, changed = from_hex(wrapped);

    expect_hex(cipher(CRYPTO_ENCRYPT, CRYPTO_AES_KW, key, none, from_hex(plain)), wrapped);
    expect_hex(cipher(CRYPTO_DECRYPT, CRYPTO_AES_KW, key, none, from_hex(wrapped)), plain);
    ((char *)changed.data)[0] ^= 1;
    expect_status(cipher(CRYPTO_DECRYPT, CRYPTO_AES_KW, key, none, changed), CRYPTO_FAILED);
    expect_status(cipher(CRYPTO_ENCRYPT, CRYPTO_AES_KW, key, none, from_hex("0011223344556677")),
                  CRYPTO_FAILED);
    expect_status(cipher(CRYPTO_ENCRYPT, CRYPTO_AES_KW, key, none, bytes_of("seventeen bytes..")),
                  CRYPTO_FAILED);
}
END_TEST

/* As long as several slices. */
START_TEST(aes_of_slices_comes_back)
{
    size_t len = (size_t)300 << 10;
    char *data = xcalloc(1, len);
    struct bytes iv = from_hex("000102030405060708090a0b0c0d0e0f");
    struct crypto_job *there, *back;

    memset(data + 1000, 7, 200000);
    there = cipher(CRYPTO_ENCRYPT, CRYPTO_AES_CBC, key_128, iv, (struct bytes){data, len});
    crypto_job_run(there);
    ck_assert_uint_eq(there->outputs[0].len, len + 16);
    back = cipher(CRYPTO_DECRYPT, CRYPTO_AES_CBC, key_128, iv,
                  (struct bytes){there->outputs[0].data, there->outputs[0].len});
    crypto_job_run(back);
    ck_assert_uint_eq(back->outputs[0].len, len);
    ck_assert(memcmp(back->outputs[0].data, data, len) == 0);
    crypto_job_free(back);
    crypto_job_free(there);
    free(data);
}
END_TEST

UNIT_MAIN("crypto_cipher", cbc_pads_and_takes_the_padding_away, cbc_other_iv_fails,
          aes_other_key_length_fails, ctr_is_that_of_the_standard,
          ctr_counter_comes_round_in_its_own_bits, ctr_more_blocks_than_counters_fails,
          gcm_is_that_of_the_specification, gcm_changed_data_fails, kw_is_that_of_the_rfc,
          aes_of_slices_comes_back)
