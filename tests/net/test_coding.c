/* shim/net/coding: what was coded comes back, in whatever pieces; what is no coded body does not.
 */
#include "shim/net/coding.h"

#include "unit.h"

#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

struct decoded {
    struct buffer text;
    size_t bytes_max;
};

static bool take(void *arg, const char *data, size_t len)
{
    struct decoded *d = arg;

    if (d->text.len + len > d->bytes_max)
        return false;
    buffer_append(&d->text, data, len);
    return true;
}

/* In pieces of `step` bytes. */
static bool decode(const enum coding *codings, unsigned count, struct bytes coded, size_t step,
                   struct decoded *ret)
{
    struct decoder *d = decoder_new(codings, count, take, ret);
    bool is_good = true;

    ck_assert_ptr_nonnull(d);
    for (size_t at = 0; is_good && at < coded.len; at += step)
        is_good = decoder_write(d, coded.data + at, step < coded.len - at ? step : coded.len - at);
    decoder_free(d);
    return is_good;
}

/* By zlib, with the windowBits of deflateInit2. */
static struct bytes deflated(struct bytes text, int window)
{
    z_stream z = {0};
    struct bytes coded;
    char *to;

    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY), Z_OK);
    coded.len = deflateBound(&z, text.len);
    coded.data = to = xmalloc(coded.len);
    z.next_in = (Bytef *)(uintptr_t)text.data;
    z.avail_in = (uInt)text.len;
    z.next_out = (Bytef *)to;
    z.avail_out = (uInt)coded.len;
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    coded.len = z.total_out;
    deflateEnd(&z);
    return coded;
}

/* A frame that does not tell the size of its content, but its window. */
static struct bytes zstd_coded(struct bytes text, int window_log)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    struct bytes coded = {.len = ZSTD_compressBound(text.len)};
    char *to = xmalloc(coded.len);
    ZSTD_inBuffer none = {NULL, 0, 0}, from = {text.data, text.len, 0};
    ZSTD_outBuffer out = {to, coded.len, 0};

    ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
    ZSTD_compressStream2(context, &out, &none, ZSTD_e_flush);
    ZSTD_compressStream2(context, &out, &from, ZSTD_e_continue);
    ck_assert_uint_eq(ZSTD_compressStream2(context, &out, &none, ZSTD_e_end), 0);
    ZSTD_freeCCtx(context);
    return (struct bytes){to, out.pos};
}

static struct bytes long_text(void)
{
    static char text[100000];

    for (size_t i = 0; i < sizeof(text); i++)
        text[i] = (char)('a' + i * i % 23);
    return (struct bytes){text, sizeof(text)};
}

static void check_round(const enum coding *codings, unsigned count, struct bytes coded,
                        struct bytes text)
{
    static const size_t steps[] = {1, 7, 1000, SIZE_MAX / 2};

    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct decoded d = {.bytes_max = SIZE_MAX};

        ck_assert(decode(codings, count, coded, steps[i], &d));
        ck_assert(bytes_equal((struct bytes){d.text.data, d.text.len}, text));
        buffer_release(&d.text);
    }
}

static void check_single(enum coding coding, struct bytes coded, struct bytes text)
{
    check_round(&coding, 1, coded, text);
    free((char *)(uintptr_t)coded.data);
}

START_TEST(coding_of_names)
{
    ck_assert_int_eq(coding_of(bytes_of("")), CODING_IDENTITY);
    ck_assert_int_eq(coding_of(bytes_of("Identity")), CODING_IDENTITY);
    ck_assert_int_eq(coding_of(bytes_of("GZip")), CODING_GZIP);
    ck_assert_int_eq(coding_of(bytes_of("x-gzip")), CODING_GZIP);
    ck_assert_int_eq(coding_of(bytes_of("deflate")), CODING_DEFLATE);
    ck_assert_int_eq(coding_of(bytes_of("br")), CODING_BROTLI);
    ck_assert_int_eq(coding_of(bytes_of("zstd")), CODING_ZSTD);
    ck_assert_int_eq(coding_of(bytes_of("gzip2")), CODING_UNKNOWN);
    ck_assert_int_eq(coding_of(bytes_of("gzi")), CODING_UNKNOWN);
}
END_TEST

START_TEST(decoder_write_each_coding_in_pieces)
{
    static const enum coding brotli = CODING_BROTLI;
    struct bytes text = long_text();

    check_single(CODING_GZIP, deflated(text, 31), text);
    check_single(CODING_DEFLATE, deflated(text, 15), text);
    check_single(CODING_DEFLATE, deflated(text, 9), text);
    check_single(CODING_DEFLATE, deflated(text, -15), text);
    check_single(CODING_ZSTD, zstd_coded(text, 17), text);
    check_round(&brotli, 1, (struct bytes){"\x0b\x02\x80hello\x03", 9}, bytes_of("hello"));
}
END_TEST

START_TEST(decoder_write_undoes_the_last_coding_first)
{
    static const enum coding codings[] = {CODING_GZIP, CODING_ZSTD, CODING_DEFLATE};
    struct bytes text = long_text();
    struct bytes one = deflated(text, 31), two = zstd_coded(one, 20), three = deflated(two, 15);

    check_round(codings, 3, three, text);
    free((char *)(uintptr_t)one.data);
    free((char *)(uintptr_t)two.data);
    free((char *)(uintptr_t)three.data);
}
END_TEST

START_TEST(decoder_write_of_nothing_is_nothing)
{
    static const enum coding coding = CODING_GZIP;
    struct decoded d = {0};

    ck_assert(decode(&coding, 1, (struct bytes){"", 0}, 1, &d));
    decoder_free(NULL);
}
END_TEST

START_TEST(decoder_write_garbage_is_refused)
{
    static const enum coding codings[] = {CODING_GZIP, CODING_DEFLATE, CODING_BROTLI, CODING_ZSTD};

    for (size_t i = 0; i < 4; i++) {
        struct decoded d = {.bytes_max = SIZE_MAX};

        ck_assert(!decode(&codings[i], 1, bytes_of("\xff\xff garbage of some length"), 3, &d));
        buffer_release(&d.text);
    }
}
END_TEST

START_TEST(decoder_write_bytes_after_the_end_are_refused)
{
    static const enum coding coding = CODING_GZIP;
    struct bytes coded = deflated(bytes_of("hello"), 31);
    struct buffer longer = {0};

    buffer_append(&longer, coded.data, coded.len);
    buffer_append_text(&longer, "x");
    for (size_t step = 1; step < 100; step += 98) {
        struct decoded d = {.bytes_max = SIZE_MAX};

        ck_assert(!decode(&coding, 1, (struct bytes){longer.data, longer.len}, step, &d));
        buffer_release(&d.text);
    }
    buffer_release(&longer);
    free((char *)(uintptr_t)coded.data);
}
END_TEST

START_TEST(decoder_write_cut_off_stream_is_what_came_of_it)
{
    static const enum coding coding = CODING_GZIP;
    struct bytes coded = deflated(bytes_of("hello"), 31);
    struct decoded d = {.bytes_max = SIZE_MAX};

    coded.len -= 4; /* in the trailer */
    ck_assert(decode(&coding, 1, coded, 1, &d));
    ck_assert(bytes_equal((struct bytes){d.text.data, d.text.len}, bytes_of("hello")));
    buffer_release(&d.text);
    free((char *)(uintptr_t)coded.data);
}
END_TEST

START_TEST(decoder_write_ends_where_nobody_takes_more)
{
    static const enum coding coding = CODING_ZSTD;
    struct bytes text = long_text(), coded = zstd_coded(text, 17);
    struct decoded d = {.bytes_max = text.len - 1}, all = {.bytes_max = text.len};

    ck_assert(!decode(&coding, 1, coded, SIZE_MAX / 2, &d));
    ck_assert(decode(&coding, 1, coded, SIZE_MAX / 2, &all));
    buffer_release(&d.text);
    buffer_release(&all.text);
    free((char *)(uintptr_t)coded.data);
}
END_TEST

START_TEST(decoder_write_zstd_window_is_bounded)
{
    static const enum coding coding = CODING_ZSTD;
    struct bytes within = zstd_coded(bytes_of("hello"), 23);
    struct bytes beyond = zstd_coded(bytes_of("hello"), 24);
    struct decoded d = {.bytes_max = SIZE_MAX};

    ck_assert(decode(&coding, 1, within, 1, &d));
    ck_assert(!decode(&coding, 1, beyond, 1, &d));
    buffer_release(&d.text);
    free((char *)(uintptr_t)within.data);
    free((char *)(uintptr_t)beyond.data);
}
END_TEST

UNIT_MAIN("coding", coding_of_names, decoder_write_each_coding_in_pieces,
          decoder_write_undoes_the_last_coding_first, decoder_write_of_nothing_is_nothing,
          decoder_write_garbage_is_refused, decoder_write_bytes_after_the_end_are_refused,
          decoder_write_cut_off_stream_is_what_came_of_it,
          decoder_write_ends_where_nobody_takes_more, decoder_write_zstd_window_is_bounded)
