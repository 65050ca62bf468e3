/* Reading header blocks of answers. */
#include "shim/net/answer.h"

#include "shim/net/header_block.h"

#include <string.h>

static bool bad(struct fault *fault, const char *what)
{
    return fault_set(fault, FETCH_BAD_RESPONSE, "%s", what);
}

static struct bytes without_end(struct bytes line)
{
    if (line.len > 0 && line.data[line.len - 1] == '\n')
        line.len--;
    if (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    return line;
}

/* CR ends a line for some readers, and for others it does not. */
static bool has_stray_end(struct bytes line)
{
    return line.len > 0 && (memchr(line.data, '\r', line.len) ||
                            memchr(line.data, '\n', line.len) || memchr(line.data, '\0', line.len));
}

static bool is_status_line(struct bytes line)
{
    return line.len >= 5 && memcmp(line.data, "HTTP/", 5) == 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "HTTP/1.1 200 OK" (RFC 9112, 4). It begins a block: those before it were interim answers. */
static bool take_status_line(struct answer *a, struct bytes line, struct fault *fault)
{
    const char *space = line.len ? memchr(line.data, ' ', line.len) : NULL;
    const char *code = space ? space + 1 : NULL, *end = line.data + line.len;

    if (!is_status_line(line) || !code || end - code < 3 || !is_digit(code[0]) ||
        !is_digit(code[1]) || !is_digit(code[2]) || (end - code > 3 && code[3] != ' '))
        return bad(fault, "sent a status line that is not well-formed");
    a->is_begun = true;
    a->headers.len = a->status_text.len = 0;
    a->has_length = a->has_transfer_encoding = a->has_location = false;
    a->has_coding = a->has_unknown_coding = false;
    a->coding_count = 0;
    a->status = (unsigned)((code[0] - '0') * 100 + (code[1] - '0') * 10 + (code[2] - '0'));
    if (a->status < 100 || a->status == 101)
        return bad(fault, "sent a status that answers no such request");
    header_append_text(&a->status_text,
                       header_trim((struct bytes){code + 3, (size_t)(end - code) - 3}));
    return true;
}

/* RFC 9110, 8.6: several that agree are one, several that differ frame two different messages. */
static bool take_length(struct answer *a, struct bytes value, struct fault *fault)
{
    uint64_t length = 0;

    for (size_t i = 0; i < value.len; i++) {
        if (!is_digit(value.data[i]) || length > UINT64_MAX / 100)
            return bad(fault, "sent a Content-Length that is no number");
        length = length * 10 + (uint64_t)(value.data[i] - '0');
    }
    if (value.len == 0)
        return bad(fault, "sent a Content-Length that is no number");
    if (a->has_length && a->length != length)
        return bad(fault, "sent two Content-Lengths that differ");
    a->has_length = true;
    a->length = length;
    return true;
}

static bool take_coding(struct answer *a, enum coding coding, struct fault *fault)
{
    if (coding == CODING_IDENTITY)
        return true;
    if (coding == CODING_UNKNOWN) {
        a->has_unknown_coding = true;
        return true;
    }
    if (a->coding_count == CODINGS_MAX)
        return bad(fault, "sent a body with more content codings than a response may have");
    a->codings[a->coding_count++] = coding;
    return true;
}

static bool take_codings(struct answer *a, struct bytes value, struct fault *fault)
{
    a->has_coding = true;
    while (value.len > 0) {
        const char *comma = memchr(value.data, ',', value.len);
        size_t len = comma ? (size_t)(comma - value.data) : value.len;
        enum coding coding = coding_of(header_trim((struct bytes){value.data, len}));

        if (!take_coding(a, coding, fault))
            return false;
        len += comma ? 1 : 0;
        value.data += len;
        value.len -= len;
    }
    return true;
}

static bool find_location(const struct answer *a, struct header *ret)
{
    struct bytes rest = {a->headers.data, a->headers.len};

    return header_find(&rest, "location", ret);
}

/* Browsers refuse answers with several that differ: one could be a header that was smuggled in. */
static bool take_location(struct answer *a, struct bytes value, struct fault *fault)
{
    struct buffer text = {0};
    struct header first;
    bool is_other;

    header_append_text(&text, value);
    is_other =
        find_location(a, &first) && !bytes_equal(first.value, (struct bytes){text.data, text.len});
    buffer_release(&text);
    a->has_location = true;
    return !is_other || bad(fault, "sent two Locations that differ");
}

static void append_lower(struct buffer *b, struct bytes name)
{
    char *to = buffer_reserve(b, name.len);

    for (size_t i = 0; i < name.len; i++)
        to[i] =
            (char)(name.data[i] >= 'A' && name.data[i] <= 'Z' ? name.data[i] | 0x20 : name.data[i]);
    b->len += name.len;
}

static bool note_header(struct answer *a, const struct header *h, struct fault *fault)
{
    bool is_length = header_is(h->name, "content-length");
    bool is_coding = header_is(h->name, "content-encoding");
    bool is_transfer_encoding = header_is(h->name, "transfer-encoding");

    a->is_framing = is_length || is_coding || is_transfer_encoding;
    if (is_coding && !take_codings(a, h->value, fault))
        return false;
    if (is_transfer_encoding)
        a->has_transfer_encoding = true;
    if (header_is(h->name, "location"))
        return take_location(a, h->value, fault);
    return !is_length || take_length(a, h->value, fault);
}

static bool take_header(struct answer *a, struct bytes line, struct fault *fault)
{
    const char *colon = memchr(line.data, ':', line.len);
    struct header h;

    if (!colon)
        return bad(fault, "sent a header without a colon");
    h.name = (struct bytes){line.data, (size_t)(colon - line.data)};
    h.value = header_trim((struct bytes){colon + 1, line.len - h.name.len - 1});
    if (!header_is_token(h.name))
        return bad(fault, "sent a header whose name is not well-formed");
    if (!note_header(a, &h, fault))
        return false;
    append_lower(&a->headers, h.name);
    buffer_append(&a->headers, "\n", 1);
    header_append_text(&a->headers, h.value);
    buffer_append(&a->headers, "\n", 1);
    return true;
}

/* A folded line (RFC 9112, 5.2) goes on with a blank in between. curl does not put them together,
 * so that a framing header could be read here in one way and there in another. */
static bool take_folded(struct answer *a, struct bytes line, struct fault *fault)
{
    if (a->headers.len == 0 || a->is_framing)
        return bad(fault, "sent a header that goes on in the next line");
    a->headers.data[a->headers.len - 1] = ' ';
    header_append_text(&a->headers, header_trim(line));
    buffer_append(&a->headers, "\n", 1);
    return true;
}

bool answer_take_line(struct answer *a, struct bytes line, struct fault *fault)
{
    a->bytes += line.len;
    if (a->bytes > a->bytes_max || ++a->lines > ANSWER_LINES_MAX)
        return fault_set(fault, FETCH_TOO_LARGE, "sent more headers than a response may have");
    if (a->is_complete)
        return true;
    line = without_end(line);
    if (has_stray_end(line))
        return bad(fault, "sent a header with a character that no header may have");
    if (!a->is_begun)
        return take_status_line(a, line, fault);
    if (line.len == 0) {
        a->is_begun = false;
        a->is_complete = a->status >= 200;
        return true;
    }
    if (line.data[0] == ' ' || line.data[0] == '\t')
        return take_folded(a, line, fault);
    return take_header(a, line, fault);
}

void answer_release(struct answer *a)
{
    buffer_release(&a->status_text);
    buffer_release(&a->headers);
}

void answer_location(const struct answer *a, struct buffer *ret)
{
    struct header location;

    if (find_location(a, &location))
        header_append_wire(ret, location.value);
}
