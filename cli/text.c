/* Escaping, units, tables. */
#include "cli/text.h"

#include "api/utf8.h"
#include "cli/color.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

/* Decodes one character of UTF-8; a byte that is none counts as itself. Returns its bytes. */
static size_t decode(const char *text, uint32_t *ret)
{
    mbstate_t state = {0};
    wchar_t c;
    size_t len = mbrtowc(&c, text, 6, &state);

    if (len == 0 || len > 6) {
        *ret = (unsigned char)text[0];
        return 1;
    }
    *ret = (uint32_t)c;
    return len;
}

/* Whether a terminal might obey it. */
static bool is_control(uint32_t c)
{
    return c < 0x20 || c == 0x7f || utf8_is_control(c);
}

char *text_escape(const char *text, bool keep_lines)
{
    struct buffer escaped = {0};

    while (*text) {
        uint32_t c;
        size_t len = decode(text, &c);

        if (!is_control(c) || (keep_lines && c == '\n'))
            buffer_append(&escaped, text, len);
        else
            buffer_append_format(&escaped, c < 0x100 ? "\\x%02x" : "\\u%04x", c);
        text += len;
    }
    buffer_append(&escaped, "", 1);
    return escaped.data;
}

void text_print(FILE *out, const char *text)
{
    char *escaped = text_escape(text, false);

    fputs(escaped, out);
    free(escaped);
}

size_t text_width(const char *text)
{
    size_t width = 0;

    while (*text) {
        uint32_t c;

        text += decode(text, &c);
        width += wcwidth((wchar_t)c) > 0 ? (size_t)wcwidth((wchar_t)c) : 0;
    }
    return width;
}

/* One of a few places, in turn. */
static char *scratch(void)
{
    static char places[4][64];
    static unsigned next;

    return places[next++ % 4];
}

const char *text_bytes(uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    char *ret = scratch();

    while (value >= 1024 && unit < 4) {
        value /= 1024;
        unit++;
    }
    snprintf(ret, 64, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
    return ret;
}

const char *text_us(uint64_t us)
{
    char *ret = scratch();

    if (us < 1000)
        snprintf(ret, 64, "%" PRIu64 " us", us);
    else if (us < 1000000)
        snprintf(ret, 64, "%.1f ms", (double)us / 1e3);
    else
        snprintf(ret, 64, "%.2f s", (double)us / 1e6);
    return ret;
}

const char *text_time(const Google__Protobuf__Timestamp *when)
{
    char *ret = scratch();
    time_t seconds = when ? (time_t)when->seconds : 0;
    struct tm utc;

    if (!when || !gmtime_r(&seconds, &utc))
        return "-";
    strftime(ret, 64, "%Y-%m-%d %H:%M:%S UTC", &utc);
    return ret;
}

void table_init(struct table *table, size_t columns, size_t flexible, const char *const *heads)
{
    *table = (struct table){.columns = columns, .flexible = flexible};
    table_add(table, heads);
}

void table_add(struct table *table, const char *const *cells)
{
    size_t size = (table->rows + 1) * table->columns * sizeof(table->cells[0]);

    table->cells = realloc(table->cells, size);
    if (!table->cells)
        abort();
    for (size_t i = 0; i < table->columns; i++)
        table->cells[table->rows * table->columns + i] = text_escape(cells[i], false);
    table->rows++;
}

static const char *cell(const struct table *table, size_t row, size_t column)
{
    return table->cells[row * table->columns + column];
}

static size_t column_width(const struct table *table, size_t column)
{
    size_t width = 0;

    for (size_t row = 0; row < table->rows; row++) {
        size_t own = text_width(cell(table, row, column));

        width = own > width ? own : width;
    }
    return width;
}

size_t text_terminal_width(FILE *out)
{
    struct winsize size;

    if (!isatty(fileno(out)) || ioctl(fileno(out), TIOCGWINSZ, &size) < 0)
        return 0;
    return size.ws_col;
}

/* Columns on the terminal for each of the table's; the flexible one gets what is left, at least 4.
 */
static void choose_widths(const struct table *table, size_t terminal, size_t *ret_widths)
{
    size_t others = 2 * (table->columns - 1);
    size_t *flexible = &ret_widths[table->flexible];

    for (size_t i = 0; i < table->columns; i++) {
        ret_widths[i] = column_width(table, i);
        others += i == table->flexible ? 0 : ret_widths[i];
    }
    if (terminal > 0 && others + *flexible > terminal)
        *flexible = terminal > others + 4 ? terminal - others : 4;
}

static size_t width_of_all(const struct table *table, const size_t *widths)
{
    size_t all = 2 * (table->columns - 1);

    for (size_t i = 0; i < table->columns; i++)
        all += widths[i];
    return all;
}

/* Appends as much of the text as fits; returns the columns that it takes. */
static size_t append_cut(struct buffer *out, const char *text, size_t columns)
{
    bool is_cut = text_width(text) > columns;
    size_t printed = 0;

    while (*text) {
        uint32_t c;
        size_t len = decode(text, &c);
        size_t own = wcwidth((wchar_t)c) > 0 ? (size_t)wcwidth((wchar_t)c) : 0;

        if (is_cut && printed + own + 1 > columns)
            break;
        buffer_append(out, text, len);
        printed += own;
        text += len;
    }
    if (is_cut)
        buffer_append_text(out, "\u2026");
    return printed + (is_cut ? 1 : 0);
}

void text_append_cut(struct buffer *out, const char *text, size_t columns)
{
    append_cut(out, text, columns);
}

void text_append_cell(struct buffer *out, const char *text, size_t columns)
{
    size_t printed = append_cut(out, text, columns);

    buffer_append_format(out, "%*s", (int)(columns - printed), "");
}

/* A cell, and blanks up to the next one. */
static void append_cell(struct buffer *out, const char *text, size_t width, bool is_last)
{
    size_t printed = append_cut(out, text, width);

    if (!is_last)
        buffer_append_format(out, "%*s", (int)(width - printed + 2), "");
}

/* The first column, and those from `from` to before `to`. */
static void append_columns(const struct table *table, const size_t *widths, size_t from, size_t to,
                           bool is_coloured, struct buffer *out)
{
    for (size_t row = 0; row < table->rows; row++) {
        bool is_head = is_coloured && row == 0;

        buffer_append_text(out, is_head ? "\x1b[1m" : "");
        append_cell(out, cell(table, row, 0), widths[0], from >= to);
        for (size_t i = from; i < to; i++)
            append_cell(out, cell(table, row, i), widths[i], i + 1 == to);
        buffer_append_text(out, is_head ? "\x1b[0m\n" : "\n");
    }
}

/* As many columns as fit, the others below, each time behind the first one. */
static void append_in_parts(const struct table *table, size_t *widths, size_t terminal,
                            bool is_coloured, struct buffer *out)
{
    size_t to;

    widths[0] = column_width(table, 0) < terminal / 2 ? column_width(table, 0) : terminal / 2;
    for (size_t from = 1; from < table->columns; from = to) {
        size_t used = widths[0];

        for (to = from; to < table->columns && (to == from || used + 2 + widths[to] <= terminal);
             to++)
            used += 2 + widths[to];
        buffer_append_text(out, from > 1 ? "\n" : "");
        append_columns(table, widths, from, to, is_coloured, out);
    }
}

static void append_table(struct table *table, size_t width, bool is_coloured, struct buffer *out)
{
    size_t *widths = xcalloc(table->columns, sizeof(*widths));

    choose_widths(table, width, widths);
    if (width == 0 || width_of_all(table, widths) <= width)
        append_columns(table, widths, 1, table->columns, is_coloured, out);
    else
        append_in_parts(table, widths, width, is_coloured, out);
    free(widths);
    table_release(table);
}

void table_append(struct table *table, size_t width, struct buffer *out)
{
    append_table(table, width, false, out);
}

void table_print(struct table *table)
{
    struct buffer text = {0};

    append_table(table, text_terminal_width(stdout), color_is_on(stdout), &text);
    fwrite(text.data, 1, text.len, stdout);
    buffer_release(&text);
}

void table_release(struct table *table)
{
    for (size_t i = 0; i < table->rows * table->columns; i++)
        free(table->cells[i]);
    free(table->cells);
    *table = (struct table){0};
}
