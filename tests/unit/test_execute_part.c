/*
 * server/execute_part: all short messages of the bytes that mean something, and all messages that
 * differ from a good one in a byte, or in that and in the next, which is one that means something,
 * against protobuf-c's reading.
 *
 * protobuf-c refuses more: it reads the request inside `start`, too, and takes most known fields of
 * another wire type for errors, where protobuf says that they are unknown. What it accepts must be
 * accepted, but for texts that are no UTF-8 and fields of number 0, and mean the same.
 */
#include "api/utf8.h"
#include "api/wire.h"
#include "server/execute_codec.h"
#include "unit.h"

#include <isoyard/v1/execution.pb-c.h>
#include <stdint.h>
#include <stdlib.h>

static unsigned long accepted, refused, compared;

/* Cheap: Check notes each of its own assertions, and there are millions here. */
#define expect(is_true)                                                                            \
    do {                                                                                           \
        if (!(is_true))                                                                            \
            ck_abort_msg("not so: %s", #is_true);                                                  \
    } while (0)

/* How often a field of the number stands in a message that is well-formed. */
static unsigned count_fields(struct bytes message, uint32_t number)
{
    struct wire_reader reader = wire_reader_of(message);
    struct wire_field field;
    unsigned count = 0;

    while (wire_next(&reader, &field) == WIRE_FIELD)
        count += field.number == number;
    return count;
}

static void expect_inside(struct bytes message, struct bytes part)
{
    if (part.len == 0)
        return;
    expect(part.data >= message.data);
    expect(part.data + part.len <= message.data + message.len);
}

/* The part's own views are inside, and those of other parts empty. */
static void expect_views(struct bytes message, const struct execute_part *part)
{
    expect_inside(message, part->request);
    expect_inside(message, part->chunk);
    expect_inside(message, part->text);
    expect(part->kind == EXECUTE_PART_START || (part->request.len == 0 && !part->has_body));
    expect(part->kind == EXECUTE_PART_CHUNK || part->chunk.len == 0);
    expect(part->kind == EXECUTE_PART_ERROR || part->text.len == 0);
    expect(utf8_is_valid(part->text.data, part->text.len));
}

/* The last field of the number, which holds bytes. */
static struct bytes find_bytes(struct bytes message, uint32_t number)
{
    struct wire_reader reader = wire_reader_of(message);
    struct bytes found = {"", 0};
    struct wire_field field;

    while (wire_next(&reader, &field) == WIRE_FIELD) {
        if (field.number == number && field.type == WIRE_BYTES)
            found = field.bytes;
    }
    return found;
}

/* Whether all fields of the number are numbers. */
static bool are_numbers(struct bytes message, uint32_t number)
{
    struct wire_reader reader = wire_reader_of(message);
    struct wire_field field;
    bool are = true;

    while (wire_next(&reader, &field) == WIRE_FIELD)
        are = are && (field.number != number || field.type == WIRE_VARINT);
    return are;
}

static struct buffer pack(const Isoyard__V1__ExecuteRequest *request)
{
    struct buffer packed = {0};
    size_t size = isoyard__v1__execute_request__get_packed_size(request);

    isoyard__v1__execute_request__pack(request, (uint8_t *)buffer_reserve(&packed, size + 1));
    packed.len = size;
    return packed;
}

static void expect_same_request(struct bytes packed, const Isoyard__V1__ExecuteRequest *wanted)
{
    Isoyard__V1__ExecuteRequest *request =
        isoyard__v1__execute_request__unpack(NULL, packed.len, (const uint8_t *)packed.data);
    struct buffer a, b;

    expect(request);
    a = pack(request);
    b = pack(wanted);
    expect(bytes_equal((struct bytes){a.data, a.len}, (struct bytes){b.data, b.len}));
    buffer_release(&a);
    buffer_release(&b);
    isoyard__v1__execute_request__free_unpacked(request, NULL);
}

/* protobuf-c takes anything for a bool; of a request that stands twice it merges both, and we
 * take the last one. */
static void expect_same_start(struct bytes start, const struct execute_part *part,
                              const Isoyard__V1__ExecuteStreamStart *wanted)
{
    if (are_numbers(start, 2))
        expect(part->has_body == (wanted->has_body != 0));
    if (wanted->request && count_fields(start, 1) == 1)
        expect_same_request(part->request, wanted->request);
}

static void expect_same(struct bytes message, const struct execute_part *part,
                        const Isoyard__V1__ExecuteStreamRequest *read)
{
    expect((int)part->kind == (int)read->part_case);
    /* Of one that stands twice protobuf-c takes the last, where protobuf merges. */
    if (part->kind != EXECUTE_PART_NONE && count_fields(message, part->kind) > 1)
        return;
    switch (read->part_case) {
    case ISOYARD__V1__EXECUTE_STREAM_REQUEST__PART_START:
        expect_same_start(find_bytes(message, 1), part, read->start);
        break;
    case ISOYARD__V1__EXECUTE_STREAM_REQUEST__PART_CHUNK:
        expect(bytes_equal(part->chunk,
                           (struct bytes){(const char *)read->chunk.data, read->chunk.len}));
        break;
    case ISOYARD__V1__EXECUTE_STREAM_REQUEST__PART_ERROR:
        expect(part->text.len >= strlen(read->error->message));
        expect(strncmp(part->text.data, read->error->message, part->text.len) == 0);
        break;
    default:
        break;
    }
}

/* Whether a field's key has the number 0. */
static bool is_zero(const uint8_t *at, const uint8_t *end)
{
    uint8_t bits = 7; /* the wire type */

    while (at < end && (*at & 0x7f & ~bits) == 0) {
        if (*at++ < 0x80)
            return true;
        bits = 0;
    }
    return false;
}

/* Whether reading ends at such a field, here or inside. */
static bool stops_at_zero(struct bytes message)
{
    struct wire_reader reader = wire_reader_of(message);

    for (;;) {
        const uint8_t *at = reader.at;
        struct wire_field field;

        switch (wire_next(&reader, &field)) {
        case WIRE_END:
            return false;
        case WIRE_MALFORMED:
            return is_zero(at, reader.end);
        case WIRE_FIELD:
            if (field.type == WIRE_BYTES && stops_at_zero(field.bytes))
                return true;
        }
    }
}

static void check(const char *data, size_t len)
{
    char *copy = malloc(len > 0 ? len : 1); /* of exactly the size, for the sanitizers */
    struct bytes message = {memcpy(copy, data, len), len};
    Isoyard__V1__ExecuteStreamRequest *read =
        isoyard__v1__execute_stream_request__unpack(NULL, len, (const uint8_t *)copy);
    struct execute_part part;
    struct error error = {0};

    if (execute_decode_part(message, &part, &error) == 0) {
        accepted++;
        expect_views(message, &part);
        if (read)
            expect_same(message, &part, read);
        compared += read != NULL;
    } else {
        refused++;
        expect(error.code == E_INVALID);
        expect(!read || strcmp(error.field, "error.message") == 0 || stops_at_zero(message));
    }
    if (read)
        isoyard__v1__execute_stream_request__free_unpacked(read, NULL);
    free(copy);
}

static void reset_counts(void)
{
    accepted = refused = compared = 0;
}

/* Keys of the three parts, of has_body, of fields that there are not; lengths; bytes of texts. */
static const char alphabet[] = {'\x0a', '\x12', '\x1a', '\x10', '\x22', '\x08', '\x0d',
                                '\x00', '\x01', '\x02', '\x03', '\x80', '\xc3'};

static void check_all_of(char *message, size_t at, size_t len)
{
    if (at == len) {
        check(message, len);
        return;
    }
    for (size_t i = 0; i < sizeof(alphabet); i++) {
        message[at] = alphabet[i];
        check_all_of(message, at + 1, len);
    }
}

START_TEST(execute_decode_part_all_short_messages)
{
    char message[5] = "";

    reset_counts();
    for (size_t len = 0; len <= sizeof(message); len++)
        check_all_of(message, 0, len);
    ck_assert_uint_gt(accepted, 10000);
    ck_assert_uint_gt(refused, 100000);
    ck_assert_uint_gt(compared, 5000);
}
END_TEST

/* Good messages, with what they may be followed by. */
static const struct bytes samples[] = {
    /* start {request {worker "w" fetch {url "/"}} has_body} */
    {"\x0a\x0c\x0a\x08\x12\x01w\x1a\x03\x12\x01/\x10\x01", 14},
    /* chunk */
    {"\x12\x06"
     "abcdef",
     8},
    /* error {message "é日"} */
    {"\x1a\x07\x0a\x05\xc3\xa9\xe6\x97\xa5", 9},
    /* start {has_body}, an unknown field of each wire type, start {request {}} */
    {"\x0a\x02\x10\x01\x28\x96\x01\x35"
     "abcd"
     "\x39"
     "abcdefgh"
     "\x42\x01x\x0a\x02\x0a\x00",
     28},
    /* each part replaces the one before */
    {"\x1a\x03\x0a\x01y\x12\x01z\x0a\x02\x10\x01\x1a\x03\x0a\x01x", 17},
};

#define SAMPLES (sizeof(samples) / sizeof(samples[0]))
#define SAMPLE_MAX 32

START_TEST(execute_decode_part_samples_are_good)
{
    reset_counts();
    for (size_t i = 0; i < SAMPLES; i++)
        check(samples[i].data, samples[i].len);
    ck_assert_uint_eq(accepted, SAMPLES);
    ck_assert_uint_eq(compared, SAMPLES);
}
END_TEST

START_TEST(execute_decode_part_cut_off_anywhere)
{
    reset_counts();
    for (size_t i = 0; i < SAMPLES; i++) {
        for (size_t len = 0; len < samples[i].len; len++)
            check(samples[i].data, len);
    }
    ck_assert_uint_gt(accepted, SAMPLES); /* the empty one, and between fields */
    ck_assert_uint_gt(refused, 40);
}
END_TEST

static void check_with_other_bytes(const struct bytes *sample, size_t at)
{
    char message[SAMPLE_MAX];

    memcpy(message, sample->data, sample->len);
    for (unsigned byte = 0; byte < 256; byte++) {
        message[at] = (char)byte;
        message[at + 1] = sample->data[at + 1];
        check(message, sample->len);
        for (size_t i = 0; i < sizeof(alphabet); i++) {
            message[at + 1] = alphabet[i];
            check(message, sample->len);
        }
    }
}

START_TEST(execute_decode_part_bytes_are_others)
{
    reset_counts();
    for (size_t i = 0; i < SAMPLES; i++) {
        for (size_t at = 0; at + 1 < samples[i].len; at++)
            check_with_other_bytes(&samples[i], at);
    }
    ck_assert_uint_gt(accepted, 10000);
    ck_assert_uint_gt(refused, 10000);
    ck_assert_uint_gt(compared, 10000);
}
END_TEST

UNIT_MAIN("execute_part", execute_decode_part_all_short_messages,
          execute_decode_part_samples_are_good, execute_decode_part_cut_off_anywhere,
          execute_decode_part_bytes_are_others)
