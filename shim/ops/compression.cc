/*
 * Compression and decompression, a piece at a time, by zlib.
 *
 * A codec is known to the prelude as a V8 External. It ends when the prelude says so, when nobody
 * has the External any more, or with the isolate. What zlib allocates counts with the isolate's
 * ArrayBuffers, and V8 is told of it, so that forgotten codecs are collected.
 */
#include "shim/isolate.h"
#include "shim/ops/ops.h"

#include <zlib.h>

enum codec_kind { CODEC_COMPRESS, CODEC_DECOMPRESS };

struct codec {
    struct isolate *isolate;
    enum codec_kind kind;
    z_stream zlib;
    bool is_open;       /* zlib has memory */
    bool may_collect;   /* nobody has in this operation */
    size_t bytes;       /* of zlib's memory */
    size_t known_bytes; /* of these V8 has been told */
    v8::Global<v8::External> handle;
};

/* Before each of zlib's blocks stands its size, in as much as keeps malloc's alignment. */
#define BLOCK_HEAD ((size_t)16)

/* Counts memory. Where there is none left, what nobody uses any more is collected first, as V8 does
 * for ArrayBuffers. */
static bool codec_charge(struct codec *codec, size_t len)
{
    struct isolate *isolate = codec->isolate;

    if (isolate->allocator->charge(len))
        return true;
    if (!codec->may_collect)
        return false;
    codec->may_collect = false;
    isolate->v8->LowMemoryNotification();
    return isolate->allocator->charge(len);
}

static void *codec_allocate(void *opaque, unsigned count, unsigned size)
{
    struct codec *codec = (struct codec *)opaque;
    size_t len = BLOCK_HEAD + (size_t)count * size;
    char *block;

    if (!codec_charge(codec, len))
        return Z_NULL;
    block = (char *)malloc(len);
    if (!block) {
        codec->isolate->allocator->discharge(len);
        return Z_NULL;
    }
    memcpy(block, &len, sizeof(len));
    codec->bytes += len;
    return block + BLOCK_HEAD;
}

static void codec_release(void *opaque, void *data)
{
    struct codec *codec = (struct codec *)opaque;
    char *block = (char *)data - BLOCK_HEAD;
    size_t len;

    memcpy(&len, block, sizeof(len));
    codec->bytes -= len;
    codec->isolate->allocator->discharge(len);
    free(block);
}

/* zlib's window bits say what stands around the data, too: CompressionFormat. */
static bool window_bits_of(v8::Local<v8::Value> format, int *ret)
{
    static const int bits[] = {15 + 16, 15, -15}; /* gzip, deflate, deflate-raw */
    uint32_t index = format->IsUint32() ? format.As<v8::Uint32>()->Value() : UINT32_MAX;

    if (index >= sizeof(bits) / sizeof(bits[0]))
        return false;
    *ret = bits[index];
    return true;
}

static bool codec_open(struct codec *codec, int window_bits)
{
    int status;

    codec->zlib.zalloc = codec_allocate;
    codec->zlib.zfree = codec_release;
    codec->zlib.opaque = codec;
    status = codec->kind == CODEC_COMPRESS
                 ? deflateInit2(&codec->zlib, Z_DEFAULT_COMPRESSION, Z_DEFLATED, window_bits,
                                MAX_MEM_LEVEL - 1, Z_DEFAULT_STRATEGY)
                 : inflateInit2(&codec->zlib, window_bits);
    codec->is_open = status == Z_OK;
    return codec->is_open;
}

static void codec_close(struct codec *codec)
{
    if (!codec->is_open)
        return;
    codec->is_open = false;
    if (codec->kind == CODEC_COMPRESS)
        deflateEnd(&codec->zlib);
    else
        inflateEnd(&codec->zlib);
}

static void codec_free(struct codec *codec)
{
    codec_close(codec);
    codec->isolate->codecs.erase(codec);
    codec->isolate->codec_bytes_gone += codec->known_bytes;
    delete codec;
}

/* In a garbage collection, where V8 must not be called. */
static void on_unreachable(const v8::WeakCallbackInfo<struct codec> &info)
{
    info.GetParameter()->handle.Reset();
    codec_free(info.GetParameter());
}

void codecs_free(struct isolate *isolate)
{
    while (!isolate->codecs.empty()) {
        struct codec *codec = *isolate->codecs.begin();

        codec->handle.Reset();
        codec_free(codec);
    }
}

/* Tells V8 what the codec has and what others had. */
static void tell_v8(struct codec *codec)
{
    struct isolate *isolate = codec->isolate;
    int64_t change =
        (int64_t)codec->bytes - (int64_t)codec->known_bytes - (int64_t)isolate->codec_bytes_gone;

    codec->known_bytes = codec->bytes;
    isolate->codec_bytes_gone = 0;
    if (change != 0)
        isolate->v8->AdjustAmountOfExternalAllocatedMemory(change);
}

void op_new_codec(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    struct isolate *isolate = isolate_of(v8);
    struct codec *codec;
    int window_bits;

    if (!window_bits_of(info[0], &window_bits))
        return throw_type_error(v8, "newCodec: a format is needed");
    codec = new struct codec();
    codec->isolate = isolate;
    codec->kind = info[1]->IsTrue() ? CODEC_COMPRESS : CODEC_DECOMPRESS;
    codec->may_collect = true;
    isolate->codecs.insert(codec);
    if (!codec_open(codec, window_bits)) {
        codec_free(codec);
        return throw_range_error(v8, "Array buffer allocation failed");
    }
    codec->handle.Reset(v8, v8::External::New(v8, codec));
    codec->handle.SetWeak(codec, on_unreachable, v8::WeakCallbackType::kParameter);
    tell_v8(codec);
    info.GetReturnValue().Set(codec->handle);
}

/* One step of zlib over a view of the input and one of the output. */
static int codec_step(struct codec *codec, const struct byte_view *input, bool is_last,
                      const struct byte_view *output)
{
    z_stream *zlib = &codec->zlib;

    zlib->next_in = (Bytef *)input->data;
    zlib->avail_in = (uInt)input->len;
    zlib->next_out = (Bytef *)output->data;
    zlib->avail_out = (uInt)output->len;
    return codec->kind == CODEC_COMPRESS ? deflate(zlib, is_last ? Z_FINISH : Z_NO_FLUSH)
                                         : inflate(zlib, Z_NO_FLUSH);
}

/* Writes down what a step has read, what it has written, and whether the data has ended. */
static void report(v8::Local<v8::Value> counts, const struct codec *codec, size_t input_len,
                   size_t output_len, int status)
{
    struct byte_view view;
    uint32_t values[] = {(uint32_t)(input_len - codec->zlib.avail_in),
                         (uint32_t)(output_len - codec->zlib.avail_out), status == Z_STREAM_END};

    op_bytes(counts, &view);
    memcpy(view.data, values, sizeof(values));
}

static bool is_step(op_info info, struct byte_view *ret_input, struct byte_view *ret_output)
{
    struct byte_view counts;

    return info[0]->IsExternal() && op_bytes(info[1], ret_input) && ret_input->len <= UINT32_MAX &&
           op_bytes(info[3], ret_output) && ret_output->len > 0 && ret_output->len <= UINT32_MAX &&
           info[4]->IsUint32Array() && op_bytes(info[4], &counts) &&
           counts.len == 3 * sizeof(uint32_t);
}

void op_run_codec(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    struct byte_view input, output;
    struct codec *codec;
    int status;

    if (!is_step(info, &input, &output))
        return throw_type_error(v8, "runCodec: a codec, bytes and counts are needed");
    codec = (struct codec *)info[0].As<v8::External>()->Value();
    if (!codec->is_open)
        return throw_type_error(v8, "The stream has ended");
    codec->may_collect = true;
    status = codec_step(codec, &input, info[2]->IsTrue(), &output);
    tell_v8(codec);
    if (status == Z_MEM_ERROR)
        return throw_range_error(v8, "Array buffer allocation failed");
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
        return throw_type_error(v8, "The compressed data is malformed");
    report(info[4], codec, input.len, output.len, status);
}

void op_end_codec(op_info info)
{
    if (!info[0]->IsExternal())
        return throw_type_error(info.GetIsolate(), "endCodec: a codec is needed");
    struct codec *codec = (struct codec *)info[0].As<v8::External>()->Value();

    codec_close(codec);
    tell_v8(codec);
}
