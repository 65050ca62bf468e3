/* Bytes, or text that a terminal cannot obey. */
#include "cli/body_output.h"

#include "api/utf8.h"

#include <string.h>
#include <unistd.h>

void body_output_init(struct body_output *o, FILE *out)
{
    *o = (struct body_output){.out = out, .is_terminal = isatty(fileno(out))};
}

static void print(struct body_output *o, const char *text, size_t len)
{
    if (len == 0)
        return;
    fwrite(text, 1, len, o->out);
    o->is_open = text[len - 1] != '\n';
}

static void print_escaped(struct body_output *o, uint32_t c)
{
    fprintf(o->out, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
    o->is_open = true;
    o->has_escaped = true;
}

static void end_line(struct body_output *o)
{
    if (o->is_open)
        fputc('\n', o->out);
    o->is_open = false;
    fflush(o->out);
}

/* The bytes of the control character that the text begins with, and *ret which; else 0. */
static size_t control(const char *text, size_t len, uint32_t *ret)
{
    unsigned char c = (unsigned char)text[0];

    if (c == '\n' || c == '\t' || (c == '\r' && len > 1 && text[1] == '\n'))
        return 0;
    if (c >= 0x20 && c != 0x7f)
        return utf8_control(text, len, ret);
    *ret = c;
    return 1;
}

/* len > 0 bytes of UTF-8 */
static void print_text(struct body_output *o, const char *text, size_t len)
{
    size_t from = 0, at = 0;

    while (at < len) {
        uint32_t c;
        size_t size = control(text + at, len - at, &c);

        if (size > 0) {
            print(o, text + from, at - from);
            print_escaped(o, c);
            from = at + size;
        }
        at += size > 0 ? size : 1;
    }
    print(o, text + from, len - from);
}

/* How many bytes, at the end, are the beginning of something. */
static size_t unfinished(const char *text, size_t len)
{
    if (len > 0 && text[len - 1] == '\r')
        return 1;
    for (size_t back = 1; back <= 3 && back <= len; back++) {
        unsigned char c = (unsigned char)text[len - back];
        size_t size = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

        if ((c & 0xc0) != 0x80)
            return size > back ? back : 0;
    }
    return 0;
}

static bool is_text(const char *text, size_t len)
{
    return !memchr(text, '\0', len) && utf8_is_valid(text, len);
}

static void begin_binary(struct body_output *o)
{
    o->is_binary = true;
    end_line(o);
    fputs("isoyard: the answer is binary, and is not printed on a terminal; '> FILE' gets it\n",
          stderr);
}

static void write_to_terminal(struct body_output *o, struct bytes bytes)
{
    struct buffer all = o->kept;
    size_t len;

    o->kept = (struct buffer){0};
    buffer_append(&all, bytes.data, bytes.len);
    len = all.len - unfinished(all.data, all.len);
    if (!is_text(all.data, len)) {
        begin_binary(o);
    } else {
        print_text(o, all.data, len);
        buffer_append(&o->kept, all.data + len, all.len - len);
    }
    buffer_release(&all);
}

void body_output_write(struct body_output *o, struct bytes bytes)
{
    if (bytes.len == 0 || o->is_binary)
        return;
    if (o->is_terminal)
        write_to_terminal(o, bytes);
    else
        print(o, bytes.data, bytes.len);
}

void body_output_end(struct body_output *o)
{
    for (size_t i = 0; i < o->kept.len; i++)
        print_escaped(o, (unsigned char)o->kept.data[i]);
    buffer_release(&o->kept);
    /* The prompt that comes next would stand in the same line. */
    if (o->is_terminal)
        end_line(o);
    if (o->has_escaped)
        fputs("isoyard: control characters are shown as \\x1b is; '> FILE' gets them as they "
              "are\n",
              stderr);
    o->has_escaped = false;
    fflush(o->out);
}
