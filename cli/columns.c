/* Which columns are shown, and how wide. */
#include "cli/columns.h"

#include "cli/text.h"

#include <stdint.h>
#include <stdlib.h>

#define GAP 2

static size_t width_of_all(const struct columns *columns)
{
    size_t all = 0;

    for (size_t i = 0; i < columns->count; i++) {
        if (columns->widths[i] > 0)
            all += columns->widths[i] + (all > 0 ? GAP : 0);
    }
    return all;
}

static bool leave_one_out(struct columns *columns)
{
    struct column *list = columns->list;
    size_t found = columns->count;

    for (size_t i = 0; i < columns->count; i++) {
        bool may_leave = columns->widths[i] > 0 && list[i].rank > 0;

        if (may_leave && (found == columns->count || list[i].rank > list[found].rank))
            found = i;
    }
    if (found == columns->count)
        return false;
    columns->widths[found] = 0;
    return true;
}

/* The first ones get theirs first. */
static void widen(struct columns *columns, size_t left)
{
    for (size_t i = 0; i < columns->count; i++) {
        size_t wanted = columns->list[i].width - columns->list[i].least;
        size_t more = wanted < left ? wanted : left;

        if (columns->widths[i] == 0)
            continue;
        columns->widths[i] += more;
        left -= more;
    }
}

static size_t last_shown(const struct columns *columns)
{
    size_t last = columns->count - 1;

    while (last > 0 && columns->widths[last] == 0)
        last--;
    return last;
}

void columns_fit(struct columns *columns, size_t terminal)
{
    size_t used, last;

    columns->terminal = terminal;
    for (size_t i = 0; i < columns->count; i++)
        columns->widths[i] = terminal > 0 ? columns->list[i].least : columns->list[i].width;
    if (terminal == 0)
        return;
    while (width_of_all(columns) > terminal && leave_one_out(columns))
        continue;
    used = width_of_all(columns);
    if (used < terminal)
        widen(columns, terminal - used);
    used = width_of_all(columns);
    last = last_shown(columns);
    if (used < terminal && !columns->list[last].is_right)
        columns->widths[last] += terminal - used;
}

static void append_blanks(struct buffer *out, size_t count)
{
    buffer_append_format(out, "%*s", (int)count, "");
}

/* Without a terminal a cell that is too wide moves those behind it. */
static void append_cell(const struct columns *columns, size_t i, const char *text, bool is_last,
                        struct buffer *out)
{
    size_t width = columns->widths[i], own = text_width(text);
    size_t blanks = own < width ? width - own : 0;

    if (columns->list[i].is_right)
        append_blanks(out, blanks);
    text_append_cut(out, text, columns->terminal > 0 ? width : SIZE_MAX);
    if (!columns->list[i].is_right && !is_last)
        append_blanks(out, blanks);
}

void columns_append(const struct columns *columns, const char *const *cells, struct buffer *out)
{
    size_t last = last_shown(columns);
    struct buffer line = {0};

    for (size_t i = 0; i < columns->count; i++) {
        char *text;

        if (columns->widths[i] == 0)
            continue;
        text = text_escape(cells[i], false);
        append_blanks(&line, line.len > 0 ? GAP : 0);
        append_cell(columns, i, text, i == last, &line);
        free(text);
    }
    buffer_append(&line, "", 1);
    /* A terminal may be too narrow even for what stays. */
    text_append_cut(out, line.data, columns->terminal > 0 ? columns->terminal : SIZE_MAX);
    buffer_release(&line);
}

void columns_append_heads(const struct columns *columns, struct buffer *out)
{
    const char *heads[COLUMNS_MAX];

    for (size_t i = 0; i < columns->count; i++)
        heads[i] = columns->list[i].head;
    columns_append(columns, heads, out);
}
