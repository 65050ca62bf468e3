/* A chain of decoders: zlib, brotli, zstd. */
#include "shim/net/coding.h"

#include "shim/net/header_block.h"

#include <assert.h>
#include <brotli/decode.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

#define OUT_BYTES ((size_t)16 << 10)
#define ZSTD_WINDOW_LOG_MAX 23 /* RFC 9659 */

/* windowBits of zlib's inflateInit2 */
#define WINDOW_ZLIB 15
#define WINDOW_GZIP (15 + 16)
#define WINDOW_BARE (-15)

struct stage {
    enum coding coding;
    bool is_begun, is_ended;
    union {
        z_stream zlib;
        BrotliDecoderState *brotli;
        ZSTD_DStream *zstd;
    } state;
    char out[OUT_BYTES];
};

struct decoder {
    decoder_write_f write;
    void *arg;
    unsigned count;
    struct stage stages[]; /* the last coding's first */
};

enum coding coding_of(struct bytes name)
{
    static const struct {
        const char *name;
        enum coding coding;
    } known[] = {
        {"", CODING_IDENTITY},   {"identity", CODING_IDENTITY}, {"gzip", CODING_GZIP},
        {"x-gzip", CODING_GZIP}, {"deflate", CODING_DEFLATE},   {"br", CODING_BROTLI},
        {"zstd", CODING_ZSTD},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (header_is(name, known[i].name))
            return known[i].coding;
    }
    return CODING_UNKNOWN;
}

struct decoder *decoder_new(const enum coding *codings, unsigned count, decoder_write_f write,
                            void *arg)
{
    struct decoder *d = calloc(1, sizeof(*d) + count * sizeof(d->stages[0]));

    if (!d)
        return NULL;
    d->write = write;
    d->arg = arg;
    d->count = count;
    for (unsigned i = 0; i < count; i++)
        d->stages[i].coding = codings[count - 1 - i];
    return d;
}

static void end_stage(struct stage *s)
{
    if (!s->is_begun)
        return;
    switch (s->coding) {
    case CODING_GZIP:
    case CODING_DEFLATE:
        inflateEnd(&s->state.zlib);
        break;
    case CODING_BROTLI:
        BrotliDecoderDestroyInstance(s->state.brotli);
        break;
    case CODING_ZSTD:
        ZSTD_freeDStream(s->state.zstd);
        break;
    case CODING_IDENTITY:
    case CODING_UNKNOWN:
        break;
    }
}

void decoder_free(struct decoder *decoder)
{
    for (unsigned i = 0; decoder && i < decoder->count; i++)
        end_stage(&decoder->stages[i]);
    free(decoder);
}

/* zlib's header begins with its method, 8, in the lower half. A bare stream that begins so would be
 * a stored block with a bit set where encoders leave none. */
static int window_of(enum coding coding, char first)
{
    if (coding == CODING_GZIP)
        return WINDOW_GZIP;
    return (first & 0x0f) == Z_DEFLATED ? WINDOW_ZLIB : WINDOW_BARE;
}

static bool begin_zstd(struct stage *s)
{
    s->state.zstd = ZSTD_createDStream();
    return s->state.zstd && !ZSTD_isError(ZSTD_DCtx_setParameter(s->state.zstd, ZSTD_d_windowLogMax,
                                                                 ZSTD_WINDOW_LOG_MAX));
}

static bool begin_stage(struct stage *s, char first)
{
    s->is_begun = true;
    switch (s->coding) {
    case CODING_GZIP:
    case CODING_DEFLATE:
        s->is_begun = inflateInit2(&s->state.zlib, window_of(s->coding, first)) == Z_OK;
        return s->is_begun;
    case CODING_BROTLI:
        s->state.brotli = BrotliDecoderCreateInstance(NULL, NULL, NULL);
        return s->state.brotli != NULL;
    case CODING_ZSTD:
        return begin_zstd(s);
    case CODING_IDENTITY:
    case CODING_UNKNOWN:
        break;
    }
    assert(!"a coding that is known, and one");
    return false;
}

/* Each decodes as much of *in as fits, and says how many bytes that gave. False: not well-formed.
 */

static bool inflate_some(struct stage *s, struct bytes *in, size_t *ret_len)
{
    z_stream *z = &s->state.zlib;
    int status;

    z->next_in = (Bytef *)(uintptr_t)in->data;
    z->avail_in = (uInt)in->len;
    z->next_out = (Bytef *)s->out;
    z->avail_out = OUT_BYTES;
    status = inflate(z, Z_SYNC_FLUSH);
    in->data += in->len - z->avail_in;
    in->len = z->avail_in;
    *ret_len = OUT_BYTES - z->avail_out;
    s->is_ended = status == Z_STREAM_END;
    return status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR;
}

static bool unbrotli_some(struct stage *s, struct bytes *in, size_t *ret_len)
{
    const uint8_t *next_in = (const uint8_t *)in->data;
    uint8_t *next_out = (uint8_t *)s->out;
    size_t room = OUT_BYTES;
    BrotliDecoderResult result =
        BrotliDecoderDecompressStream(s->state.brotli, &in->len, &next_in, &room, &next_out, NULL);

    in->data = (const char *)next_in;
    *ret_len = OUT_BYTES - room;
    s->is_ended = result == BROTLI_DECODER_RESULT_SUCCESS;
    return result != BROTLI_DECODER_RESULT_ERROR;
}

/* Several frames may follow each other (RFC 8878, 3.1). */
static bool unzstd_some(struct stage *s, struct bytes *in, size_t *ret_len)
{
    ZSTD_inBuffer from = {in->data, in->len, 0};
    ZSTD_outBuffer to = {s->out, OUT_BYTES, 0};
    size_t status = ZSTD_decompressStream(s->state.zstd, &to, &from);

    in->data += from.pos;
    in->len -= from.pos;
    *ret_len = to.pos;
    return !ZSTD_isError(status);
}

static bool decode_some(struct stage *s, struct bytes *in, size_t *ret_len)
{
    if (s->coding == CODING_BROTLI)
        return unbrotli_some(s, in, ret_len);
    if (s->coding == CODING_ZSTD)
        return unzstd_some(s, in, ret_len);
    return inflate_some(s, in, ret_len);
}

static bool run_stage(struct decoder *d, unsigned at, struct bytes in)
{
    struct stage *s = &d->stages[at];
    size_t len;

    if (at == d->count)
        return d->write(d->arg, in.data, in.len);
    if (!s->is_begun && !begin_stage(s, in.data[0]))
        return false;
    do {
        if (s->is_ended)
            return in.len == 0;
        if (!decode_some(s, &in, &len))
            return false;
        if (len > 0 && !run_stage(d, at + 1, (struct bytes){s->out, len}))
            return false;
    } while (in.len > 0 || len == OUT_BYTES);
    return true;
}

bool decoder_write(struct decoder *decoder, const char *data, size_t len)
{
    return len == 0 || run_stage(decoder, 0, (struct bytes){data, len});
}
