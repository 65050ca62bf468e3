/* Text: UTF-8, base64 and domain names, by V8, OpenSSL and ICU. */
#include "api/utf8.h"
#include "shim/encoding/legacy.h"
#include "shim/isolate.h"
#include "shim/ops/ops.h"

#include <openssl/evp.h>
#include <unicode/uidna.h>

bool op_bytes(v8::Local<v8::Value> value, struct byte_view *ret)
{
    if (value->IsArrayBufferView()) {
        v8::Local<v8::ArrayBufferView> view = value.As<v8::ArrayBufferView>();
        char *base = (char *)view->Buffer()->GetBackingStore()->Data();

        *ret = {base ? base + view->ByteOffset() : nullptr, view->ByteLength()};
        return true;
    }
    if (value->IsArrayBuffer()) {
        std::shared_ptr<v8::BackingStore> store = value.As<v8::ArrayBuffer>()->GetBackingStore();

        *ret = {(char *)store->Data(), store->ByteLength()};
        return true;
    }
    return false;
}

size_t op_utf8_length(v8::Isolate *v8, v8::Local<v8::String> text)
{
    return compat::utf8_length(v8, text);
}

void op_utf8_write(v8::Isolate *v8, v8::Local<v8::String> text, char *to, size_t len)
{
    compat::utf8_write(v8, text, to, len, nullptr);
}

size_t op_body_length(v8::Isolate *v8, v8::Local<v8::Value> body, bool *ret_has_body)
{
    struct byte_view view;

    *ret_has_body = true;
    if (body->IsString())
        return op_utf8_length(v8, body.As<v8::String>());
    if (op_bytes(body, &view))
        return view.len;
    *ret_has_body = false;
    return 0;
}

void op_body_write(v8::Isolate *v8, v8::Local<v8::Value> body, char *to, size_t len)
{
    struct byte_view view;

    if (body->IsString())
        op_utf8_write(v8, body.As<v8::String>(), to, len);
    else if (op_bytes(body, &view) && len > 0)
        memcpy(to, view.data, len);
}

void op_encode_utf8(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    struct isolate *isolate = isolate_of(v8);
    v8::Local<v8::ArrayBuffer> buffer;
    size_t len;

    if (!info[0]->IsString())
        return throw_type_error(v8, "encodeUtf8: a string is needed");
    len = op_utf8_length(v8, info[0].As<v8::String>());
    if (!array_buffer_new(v8, isolate->allocator, len).ToLocal(&buffer))
        return throw_range_error(v8, "Array buffer allocation failed");
    op_utf8_write(v8, info[0].As<v8::String>(), (char *)buffer->GetBackingStore()->Data(), len);
    info.GetReturnValue().Set(v8::Uint8Array::New(buffer, 0, len));
}

void op_encode_utf8_into(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    v8::Local<v8::Context> context = v8->GetCurrentContext();
    v8::Local<v8::Object> result = v8::Object::New(v8);
    struct byte_view view;
    size_t read = 0;
    size_t written;

    if (!info[0]->IsString() || !info[1]->IsUint8Array() || !op_bytes(info[1], &view))
        return throw_type_error(v8, "encodeUtf8Into: a string and a Uint8Array are needed");
    written = compat::utf8_write(v8, info[0].As<v8::String>(), view.data, view.len, &read);
    if (result
            ->CreateDataProperty(context, string_of(v8, "read"), v8::Number::New(v8, (double)read))
            .IsJust() &&
        result
            ->CreateDataProperty(context, string_of(v8, "written"),
                                 v8::Number::New(v8, (double)written))
            .IsJust())
        info.GetReturnValue().Set(result);
}

void op_decode_utf8(op_info info)
{
    static constexpr char bom[] = {'\xef', '\xbb', '\xbf'};
    v8::Isolate *v8 = info.GetIsolate();
    struct byte_view view;
    v8::Local<v8::String> text;

    if (!op_bytes(info[0], &view))
        return throw_type_error(v8, "decodeUtf8: an ArrayBuffer or a view of one is needed");
    if (info[1]->IsTrue() && !utf8_is_valid(view.data, view.len))
        return throw_type_error(v8, "The encoded data was not valid for encoding utf-8");
    if (!info[2]->IsTrue() && view.len >= sizeof(bom) && memcmp(view.data, bom, sizeof(bom)) == 0)
        view = {view.data + sizeof(bom), view.len - sizeof(bom)};
    if (!string_from_utf8(v8, view.data, view.len).ToLocal(&text))
        return throw_range_error(v8, "the text is too long for a string");
    info.GetReturnValue().Set(text);
}

void op_find_encoding(op_info info)
{
    v8::String::Utf8Value name(info.GetIsolate(), info[0]);

    info.GetReturnValue().Set(*name ? legacy_find(*name) : -1);
}

/* The state that is in the worker's decoder, which only the prelude can reach. */
static struct legacy_state *state_of(op_info info)
{
    struct byte_view view;

    if (!info[0]->IsInt32() || info[0].As<v8::Int32>()->Value() < 0 || !info[1]->IsUint8Array() ||
        !op_bytes(info[1], &view) || view.len != sizeof(struct legacy_state))
        return nullptr;
    return (struct legacy_state *)view.data;
}

/* So much is decoded at a time: the UTF-16 in between is not counted as the worker's. */
#define LEGACY_PIECE_BYTES ((size_t)1 << 20)

/* The text of a piece; nothing, and an exception, where there is none. */
static v8::MaybeLocal<v8::String> decode_piece(op_info info, struct legacy_state *state,
                                               struct bytes piece, bool is_last)
{
    v8::Isolate *v8 = info.GetIsolate();
    int encoding = info[0].As<v8::Int32>()->Value();
    uint16_t *units = (uint16_t *)malloc(LEGACY_UNITS_MAX(piece.len) * sizeof(*units));
    v8::MaybeLocal<v8::String> text;
    ptrdiff_t count = 0;

    if (units)
        count = legacy_decode(encoding, state, piece, is_last, info[4]->IsTrue(), units);
    if (!units)
        throw_range_error(v8, "there is no memory for the text");
    else if (count < 0)
        throw_type_error(v8, "The encoded data was not valid");
    else
        text = v8::String::NewFromTwoByte(v8, units, v8::NewStringType::kNormal, (int)count);
    free(units);
    return text;
}

void op_decode_legacy(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    struct legacy_state *state = state_of(info);
    v8::Local<v8::String> text = v8::String::Empty(v8), piece;
    struct byte_view view;

    if (!state || !op_bytes(info[2], &view))
        return throw_type_error(v8, "decodeLegacy: a decoder and bytes are needed");
    for (size_t at = 0, len;; at += len) {
        len = view.len - at < LEGACY_PIECE_BYTES ? view.len - at : LEGACY_PIECE_BYTES;
        bool is_last = info[3]->IsTrue() && at + len == view.len;

        if (!decode_piece(info, state, {view.data + at, len}, is_last).ToLocal(&piece))
            return;
        text = v8::String::Concat(v8, text, piece);
        if (text.IsEmpty())
            return throw_range_error(v8, "the text is too long for a string");
        if (at + len == view.len)
            break;
    }
    info.GetReturnValue().Set(text);
}

/* The characters of a string that are all below 256; false where one is not. */
static bool latin1_of(v8::Isolate *v8, v8::Local<v8::String> text, struct buffer *ret)
{
    size_t len = (size_t)text->Length();

    if (!text->ContainsOnlyOneByte())
        return false;
    compat::one_byte_write(v8, text, (uint8_t *)buffer_reserve(ret, len + 1), len);
    ret->len = len;
    return true;
}

static void return_latin1(op_info info, const void *data, size_t len)
{
    v8::Local<v8::String> text;

    if (v8::String::NewFromOneByte(info.GetIsolate(), (const uint8_t *)data,
                                   v8::NewStringType::kNormal, (int)len)
            .ToLocal(&text))
        info.GetReturnValue().Set(text);
    else
        throw_range_error(info.GetIsolate(), "the text is too long for a string");
}

void op_base64_encode(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    struct buffer in = {}, out = {};

    if (!info[0]->IsString())
        return throw_type_error(v8, "base64Encode: a string is needed");
    if (latin1_of(v8, info[0].As<v8::String>(), &in)) {
        out.len = (size_t)EVP_EncodeBlock((unsigned char *)buffer_reserve(&out, in.len / 3 * 4 + 8),
                                          (const unsigned char *)in.data, (int)in.len);
        return_latin1(info, out.data, out.len);
    }
    buffer_release(&in);
    buffer_release(&out);
}

static bool is_base64_character(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
           c == '/';
}

static bool is_ascii_white_space(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

/*
 * Makes the text what EVP_DecodeBlock takes, by the steps of "forgiving-base64 decode" (WHATWG
 * Infra): white space goes, padding is optional. False where it is not base64. *ret_padding:
 * characters of padding that were added back.
 */
static bool normalise_base64(struct buffer *text, size_t *ret_padding)
{
    size_t kept = 0;

    for (size_t i = 0; i < text->len; i++) {
        if (!is_ascii_white_space((unsigned char)text->data[i]))
            text->data[kept++] = text->data[i];
    }
    if (kept > 0 && kept % 4 == 0) {
        for (int i = 0; i < 2 && text->data[kept - 1] == '='; i++)
            kept--;
    }
    if (kept % 4 == 1)
        return false;
    for (size_t i = 0; i < kept; i++) {
        if (!is_base64_character((unsigned char)text->data[i]))
            return false;
    }
    text->len = kept;
    *ret_padding = (4 - kept % 4) % 4;
    buffer_append(text, "===", *ret_padding);
    return true;
}

void op_base64_decode(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    struct buffer in = {}, out = {};
    size_t padding;

    if (!info[0]->IsString())
        return throw_type_error(v8, "base64Decode: a string is needed");
    if (latin1_of(v8, info[0].As<v8::String>(), &in) && normalise_base64(&in, &padding)) {
        int len = EVP_DecodeBlock((unsigned char *)buffer_reserve(&out, in.len / 4 * 3 + 4),
                                  (const unsigned char *)in.data, (int)in.len);

        if (len >= 0)
            return_latin1(info, out.data, (size_t)len - padding);
    }
    buffer_release(&in);
    buffer_release(&out);
}

/* ICU's UTS #46 processing as the URL standard wants it; immutable, so one serves all threads. */
static const UIDNA *uts46()
{
    static UErrorCode status = U_ZERO_ERROR;
    static const UIDNA *const idna =
        uidna_openUTS46(UIDNA_CHECK_BIDI | UIDNA_CHECK_CONTEXTJ | UIDNA_NONTRANSITIONAL_TO_ASCII |
                            UIDNA_NONTRANSITIONAL_TO_UNICODE,
                        &status);

    return idna;
}

/* Errors that the URL standard ignores unless beStrict. */
#define LENIENT_IDNA_ERRORS                                                                        \
    (UIDNA_ERROR_EMPTY_LABEL | UIDNA_ERROR_LABEL_TOO_LONG | UIDNA_ERROR_DOMAIN_NAME_TOO_LONG |     \
     UIDNA_ERROR_LEADING_HYPHEN | UIDNA_ERROR_TRAILING_HYPHEN | UIDNA_ERROR_HYPHEN_3_4)

/* Bytes of UTF-8: far more than any domain has. */
#define DOMAIN_MAX 8192

void op_domain_to_ascii(op_info info)
{
    v8::Isolate *v8 = info.GetIsolate();
    UIDNAInfo result = UIDNA_INFO_INITIALIZER;
    UErrorCode status = U_ZERO_ERROR;
    struct buffer out = {};
    uint32_t errors;
    int32_t len;

    if (!info[0]->IsString())
        return throw_type_error(v8, "domainToAscii: a string is needed");
    v8::String::Utf8Value domain(v8, info[0]);
    if (domain.length() > DOMAIN_MAX)
        return info.GetReturnValue().SetNull();
    /* Punycode is at most a few times as long; what does not fit in this is longer than any domain.
     */
    len = uidna_nameToASCII_UTF8(uts46(), *domain ? *domain : "", domain.length(),
                                 buffer_reserve(&out, (size_t)domain.length() * 4 + 64),
                                 domain.length() * 4 + 64, &result, &status);
    errors = info[1]->IsTrue() ? result.errors : result.errors & ~(uint32_t)LENIENT_IDNA_ERRORS;
    if (U_FAILURE(status) || errors)
        info.GetReturnValue().SetNull();
    else
        return_latin1(info, out.data, (size_t)len);
    buffer_release(&out);
}
