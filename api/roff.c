/* Writing man(7). */
#include "api/roff.h"

#include <ctype.h>

/* What roff would obey: backslashes, a dot or quote that begins a line, and hyphens that people
 * copy. */
static void append_escaped(struct buffer *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        bool begins_line = out->len == 0 || out->data[out->len - 1] == '\n';

        if (text[i] == '\\')
            buffer_append_text(out, "\\e");
        else if (text[i] == '-')
            buffer_append_text(out, "\\-");
        else if ((text[i] == '.' || text[i] == '\'') && begins_line)
            buffer_append_format(out, "\\&%c", text[i]);
        else
            buffer_append(out, &text[i], 1);
    }
}

static bool begins_option(const char *text, const char *at)
{
    bool is_apart = at == text || strchr(" (,'", at[-1]) != NULL;

    return is_apart && at[0] == '-' && at[1] == '-' && islower((unsigned char)at[2]);
}

static size_t option_length(const char *at)
{
    return 2 + strspn(at + 2, "abcdefghijklmnopqrstuvwxyz0123456789-");
}

/* One paragraph's text, its options bold. */
static void append_words(struct buffer *out, const char *text, size_t len)
{
    const char *end = text + len;

    for (const char *at = text; at < end;) {
        size_t count = 1;

        if (*at == '\n') {
            buffer_append_text(out, "\n.br\n");
        } else if (begins_option(text, at)) {
            count = option_length(at);
            buffer_append_text(out, "\\fB");
            append_escaped(out, at, count);
            buffer_append_text(out, "\\fR");
        } else {
            append_escaped(out, at, count);
        }
        at += count;
    }
    buffer_append_text(out, "\n");
}

static void append_title(struct buffer *out, const char *macro, const char *title)
{
    buffer_append_text(out, macro);
    append_escaped(out, title, strlen(title));
    buffer_append_text(out, "\"\n");
}

void roff_begin(struct buffer *out, const char *name, const char *section, const char *date,
                const char *summary)
{
    buffer_append_text(out, ".TH ");
    for (const char *c = name; *c; c++)
        buffer_append_format(out, "%c", toupper((unsigned char)*c));
    buffer_append_format(out, " %s \"%s\" \"Isoyard\" \"Isoyard\"\n", section, date);
    roff_section(out, "NAME");
    append_escaped(out, name, strlen(name));
    buffer_append_text(out, " \\- ");
    append_escaped(out, summary, strlen(summary));
    buffer_append_text(out, "\n");
}

/* A paragraph that begins there is begun as it is. */
static bool ends_with_title(const struct buffer *out)
{
    size_t begin = out->len - 1;

    while (begin > 0 && out->data[begin - 1] != '\n')
        begin--;
    return out->len - begin > 2 && memcmp(out->data + begin, ".S", 2) == 0;
}

void roff_section(struct buffer *out, const char *title)
{
    append_title(out, ".SH \"", title);
}

void roff_subsection(struct buffer *out, const char *title)
{
    append_title(out, ".SS \"", title);
}

void roff_text(struct buffer *out, const char *text)
{
    while (*text) {
        const char *end = strstr(text, "\n\n");
        size_t len = end ? (size_t)(end - text) : strlen(text);

        append_words(out, text, len);
        text += len + strspn(text + len, "\n");
        if (*text)
            buffer_append_text(out, ".PP\n");
    }
}

void roff_example(struct buffer *out, const char *lines)
{
    buffer_append_text(out, ends_with_title(out) ? ".RS 4\n.nf\n" : ".PP\n.RS 4\n.nf\n");
    append_escaped(out, lines, strlen(lines));
    buffer_append_text(out, "\n.fi\n.RE\n");
}

void roff_item(struct buffer *out, const char *term, const char *text)
{
    buffer_append_text(out, ".TP\n\\fB");
    append_escaped(out, term, strlen(term));
    buffer_append_text(out, "\\fR\n");
    append_words(out, text, strlen(text));
}

void roff_option(struct buffer *out, const struct argp_option *option)
{
    if (!option->name || option->flags & OPTION_HIDDEN)
        return;
    buffer_append_text(out, ".TP\n");
    if (isascii(option->key) && isgraph(option->key))
        buffer_append_format(out, "\\fB\\-%c\\fR, ", option->key);
    buffer_append_text(out, "\\fB\\-\\-");
    append_escaped(out, option->name, strlen(option->name));
    buffer_append_text(out, "\\fR");
    if (option->arg) {
        buffer_append_text(out, "=\\fI");
        append_escaped(out, option->arg, strlen(option->arg));
        buffer_append_text(out, "\\fR");
    }
    buffer_append_text(out, "\n");
    append_words(out, option->doc ? option->doc : "", option->doc ? strlen(option->doc) : 0);
}
