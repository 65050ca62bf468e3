/* "> 3 | let a = 2;", and a caret. */
#include "cli/code_frame.h"

#include "cli/color.h"
#include "cli/file.h"
#include "cli/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define BEFORE 2u
#define BEHIND 1u
#define COLUMNS_MAX 100u
#define SOURCE_BYTES_MAX ((size_t)16 << 20)

static struct bytes line_of(struct bytes source, uint64_t number)
{
    const char *at = source.data, *end = source.data + source.len;

    for (uint64_t i = 1; i < number && at < end; i++) {
        const char *feed = memchr(at, '\n', (size_t)(end - at));

        at = feed ? feed + 1 : end;
    }
    if (at >= end)
        return (struct bytes){NULL, 0};
    return (struct bytes){at, strcspn(at, "\r\n")};
}

/* As it is printed: tabs as blanks, all else that a terminal obeys written out. */
static char *printable(struct bytes line, size_t columns)
{
    struct buffer text = {0}, cut = {0};
    char *escaped;

    for (size_t i = 0; i < line.len; i++)
        buffer_append(&text, line.data[i] == '\t' ? " " : &line.data[i], 1);
    buffer_append(&text, "", 1);
    escaped = text_escape(text.data, false);
    text_append_cut(&cut, escaped, columns);
    buffer_append(&cut, "", 1);
    free(escaped);
    buffer_release(&text);
    return cut.data;
}

static void append_line(struct buffer *out, struct bytes line, uint64_t number, int width,
                        bool is_fault)
{
    char *text = printable(line, COLUMNS_MAX);

    buffer_append_format(out, "  %c %*" PRIu64 " | %s\n", is_fault ? '>' : ' ', width, number,
                         text);
    free(text);
}

/* The bytes of the characters before the column. */
static size_t bytes_before(struct bytes line, uint64_t column)
{
    size_t at = 0;

    for (uint64_t i = 1; i < column && at < line.len; i++) {
        at++;
        while (at < line.len && ((unsigned char)line.data[at] & 0xc0) == 0x80)
            at++;
    }
    return at;
}

static void append_caret(struct buffer *out, struct bytes line, uint64_t column, int width)
{
    struct bytes before = {line.data, bytes_before(line, column)};
    char *text = printable(before, SIZE_MAX);

    if (column > 0 && text_width(text) < COLUMNS_MAX)
        buffer_append_format(out, "    %*s | %*s^\n", width, "", (int)text_width(text), "");
    free(text);
}

void code_frame_append(struct buffer *out, struct bytes source, uint64_t line, uint64_t column)
{
    uint64_t first = line > BEFORE ? line - BEFORE : 1;
    int width = snprintf(NULL, 0, "%" PRIu64, line + BEHIND);

    if (line == 0 || !line_of(source, line).data)
        return;
    for (uint64_t i = first; i <= line + BEHIND; i++) {
        struct bytes text = line_of(source, i);

        if (text.data)
            append_line(out, text, i, width, i == line);
        if (i == line)
            append_caret(out, text, column, width);
    }
}

void code_frame_print(const char *folder, const char *file, uint64_t line, uint64_t column)
{
    struct buffer source = {0}, frame = {0};
    struct error error;
    char *path;

    if (asprintf(&path, "%s/%s", folder, file) < 0)
        abort();
    if (file_read(path, SOURCE_BYTES_MAX, &source, &error) == 0) {
        buffer_append(&source, "", 1); /* strcspn stops there */
        code_frame_append(&frame, (struct bytes){source.data, source.len - 1}, line, column);
    }
    fprintf(stderr, "%s%.*s%s", color(stderr, COLOR_DIM), (int)frame.len,
            frame.data ? frame.data : "", color(stderr, COLOR_PLAIN));
    free(path);
    buffer_release(&source);
    buffer_release(&frame);
}
