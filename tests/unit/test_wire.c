/* server/wire: the wire format, from both sides. */
#include "api/wire.h"

#include "unit.h"

static enum wire_result read_one(const char *data, size_t len, struct wire_field *ret)
{
    struct wire_reader reader = wire_reader_of((struct bytes){data, len});

    return wire_next(&reader, ret);
}

#define READ(text, ret) read_one(text, sizeof(text) - 1, ret)

START_TEST(wire_next_empty_message_is_the_end)
{
    struct wire_field field;

    ck_assert_int_eq(READ("", &field), WIRE_END);
}
END_TEST

START_TEST(wire_next_each_type_is_read)
{
    struct wire_field field;

    ck_assert_int_eq(READ("\x08\x96\x01", &field), WIRE_FIELD);
    ck_assert(field.number == 1 && field.type == WIRE_VARINT && field.value == 150);
    ck_assert_int_eq(READ("\x12\x03"
                          "abc",
                          &field),
                     WIRE_FIELD);
    ck_assert(field.number == 2 && bytes_equal(field.bytes, bytes_of("abc")));
    ck_assert_int_eq(READ("\x19\x01\x02\x03\x04\x05\x06\x07\x08", &field), WIRE_FIELD);
    ck_assert(field.number == 3 && field.value == UINT64_C(0x0807060504030201));
    ck_assert_int_eq(READ("\x25\x01\x02\x03\x84", &field), WIRE_FIELD);
    ck_assert(field.number == 4 && field.value == UINT64_C(0x84030201));
}
END_TEST

START_TEST(wire_next_what_is_cut_short_is_malformed)
{
    static const char message[] = "\x12\x03"
                                  "abc";
    struct wire_field field;

    for (size_t len = 1; len < sizeof(message) - 1; len++)
        ck_assert_int_eq(read_one(message, len, &field), WIRE_MALFORMED);
    ck_assert_int_eq(READ("\x08", &field), WIRE_MALFORMED);
    ck_assert_int_eq(READ("\x08\x80", &field), WIRE_MALFORMED);
    ck_assert_int_eq(READ("\x19\x01\x02\x03", &field), WIRE_MALFORMED);
    ck_assert_int_eq(READ("\x25\x01\x02\x03", &field), WIRE_MALFORMED);
}
END_TEST

START_TEST(wire_next_length_beyond_the_message_is_malformed)
{
    struct wire_field field;

    ck_assert_int_eq(READ("\x12\x04"
                          "abc",
                          &field),
                     WIRE_MALFORMED);
    ck_assert_int_eq(READ("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", &field), WIRE_MALFORMED);
}
END_TEST

START_TEST(wire_next_groups_field_0_and_endless_numbers_are_malformed)
{
    struct wire_field field;

    ck_assert_int_eq(READ("\x0b\x0c", &field), WIRE_MALFORMED);
    ck_assert_int_eq(READ("\x0e", &field), WIRE_MALFORMED);
    ck_assert_int_eq(READ("\x00\x01", &field), WIRE_MALFORMED);
    ck_assert_int_eq(READ("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", &field),
                     WIRE_MALFORMED);
}
END_TEST

START_TEST(wire_put_number_any_size_reads_back)
{
    for (unsigned bit = 0; bit < 64; bit++) {
        for (uint64_t add = 0; add < 2; add++) {
            uint64_t value = (UINT64_C(1) << bit) - 1 + add;
            struct wire_field field;
            uint8_t message[32];
            uint8_t *end = wire_put_number(message, 77, value);

            ck_assert_uint_eq((size_t)(end - message), wire_number_size(77, value));
            if (value == 0)
                continue;
            ck_assert_int_eq(read_one((char *)message, (size_t)(end - message), &field),
                             WIRE_FIELD);
            ck_assert(field.number == 77 && field.value == value);
        }
    }
}
END_TEST

START_TEST(wire_put_bytes_reads_back)
{
    static const size_t lengths[] = {0, 1, 127, 128, 16383, 16384};

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        struct bytes text = {calloc(1, lengths[i] + 1), lengths[i]};
        size_t size = wire_bytes_size(1000, text.len);
        uint8_t *message = malloc(size);
        struct wire_field field;

        ck_assert(wire_put_bytes(message, 1000, text) == message + size);
        ck_assert_int_eq(read_one((char *)message, size, &field), WIRE_FIELD);
        ck_assert(field.number == 1000 && bytes_equal(field.bytes, text));
        free(message);
        free((void *)text.data);
    }
}
END_TEST

UNIT_MAIN("wire", wire_next_empty_message_is_the_end, wire_next_each_type_is_read,
          wire_next_what_is_cut_short_is_malformed,
          wire_next_length_beyond_the_message_is_malformed,
          wire_next_groups_field_0_and_endless_numbers_are_malformed,
          wire_put_number_any_size_reads_back, wire_put_bytes_reads_back)
