/* server/proto_check: strings in messages of clients. */
#include "server/proto_check.h"

#include "unit.h"

#include <isoyard/v1/worker.pb-c.h>

#define TYPE (&isoyard__v1__deploy_request__descriptor)

static int check(const char *data, size_t len, struct error *error)
{
    return proto_check(TYPE, (struct bytes){data, len}, error);
}

#define CHECK(text, error) check(text, sizeof(text) - 1, error)

START_TEST(proto_check_good_strings_pass)
{
    struct error error;

    ck_assert_int_eq(CHECK("", &error), 0);
    ck_assert_int_eq(CHECK("\x12\x02\xc3\xa9\x22\x00", &error), 0);
}
END_TEST

START_TEST(proto_check_bad_utf8_names_the_field)
{
    struct error error;

    ck_assert_int_eq(CHECK("\x12\x01\xff", &error), E_INVALID);
    ck_assert_str_eq(error.field, "worker");
}
END_TEST

START_TEST(proto_check_nul_names_the_field)
{
    struct error error;

    ck_assert_int_eq(CHECK("\x0a\x03"
                           "a\0b",
                           &error),
                     E_INVALID);
    ck_assert_str_eq(error.field, "tenant");
}
END_TEST

START_TEST(proto_check_bytes_may_be_anything)
{
    struct error error;

    ck_assert_int_eq(CHECK("\x1a\x04\x1a\x02\xff\x00", &error), 0);
}
END_TEST

START_TEST(proto_check_string_in_a_repeated_message_has_its_path)
{
    struct error error;

    ck_assert_int_eq(CHECK("\x1a\x03\x0a\x01"
                           "a"
                           "\x1a\x03\x0a\x01"
                           "b"
                           "\x1a\x03\x0a\x01\xff",
                           &error),
                     E_INVALID);
    ck_assert_str_eq(error.field, "files[2].name");
}
END_TEST

START_TEST(proto_check_malformed_has_no_field)
{
    struct error error;

    ck_assert_int_eq(CHECK("\x12\x05"
                           "a",
                           &error),
                     E_INVALID);
    ck_assert_str_eq(error.field, "");
    ck_assert_int_eq(CHECK("\x1a\x02\x0a\x05", &error), E_INVALID);
    ck_assert_ptr_nonnull(strstr(error.message, "SourceFile"));
}
END_TEST

START_TEST(proto_check_unknown_fields_pass)
{
    struct error error;

    ck_assert_int_eq(CHECK("\xfa\x3f\x01\xff\xf8\x3f\x01", &error), 0);
}
END_TEST

START_TEST(proto_check_too_many_fields_are_refused)
{
    size_t len = 2 * 20000;
    char *message = malloc(len);
    struct error error;

    for (size_t i = 0; i < len; i += 2)
        memcpy(message + i, "\x1a\x00", 2);
    ck_assert_int_eq(check(message, 2 * 16384, &error), 0);
    ck_assert_int_eq(check(message, len, &error), E_INVALID);
    free(message);
}
END_TEST

START_TEST(proto_decode_gives_the_message)
{
    ProtobufCMessage *message;
    struct error error;

    ck_assert_int_eq(proto_decode(TYPE,
                                  (struct bytes){"\x12\x03"
                                                 "abc",
                                                 5},
                                  &message, &error),
                     0);
    ck_assert_str_eq(((Isoyard__V1__DeployRequest *)message)->worker, "abc");
    protobuf_c_message_free_unpacked(message, NULL);
}
END_TEST

START_TEST(proto_decode_wrong_wire_type_is_invalid)
{
    ProtobufCMessage *message;
    struct error error;

    /* worker as a number: what the walk skips protobuf-c refuses. */
    ck_assert_int_eq(proto_decode(TYPE, (struct bytes){"\x10\x01", 2}, &message, &error),
                     E_INVALID);
}
END_TEST

UNIT_MAIN("proto_check", proto_check_good_strings_pass, proto_check_bad_utf8_names_the_field,
          proto_check_nul_names_the_field, proto_check_bytes_may_be_anything,
          proto_check_string_in_a_repeated_message_has_its_path, proto_check_malformed_has_no_field,
          proto_check_unknown_fields_pass, proto_check_too_many_fields_are_refused,
          proto_decode_gives_the_message, proto_decode_wrong_wire_type_is_invalid)
