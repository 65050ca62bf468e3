/* Prometheus' text format. */
#include "server/exposition.h"

#include <inttypes.h>
#include <stdio.h>

void exposition_family(struct buffer *out, const char *name, const char *type, const char *help)
{
    buffer_append_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void begin_sample(struct buffer *out, const char *name, const char *labels)
{
    if (labels[0])
        buffer_append_format(out, "%s{%s} ", name, labels);
    else
        buffer_append_format(out, "%s ", name);
}

void exposition_count(struct buffer *out, const char *name, const char *labels, uint64_t value)
{
    begin_sample(out, name, labels);
    buffer_append_format(out, "%" PRIu64 "\n", value);
}

void exposition_real(struct buffer *out, const char *name, const char *labels, double value)
{
    begin_sample(out, name, labels);
    buffer_append_format(out, "%.12g\n", value);
}

void exposition_single_count(struct buffer *out, const char *name, const char *type,
                             const char *help, uint64_t value)
{
    exposition_family(out, name, type, help);
    exposition_count(out, name, "", value);
}

void exposition_single_real(struct buffer *out, const char *name, const char *type,
                            const char *help, double value)
{
    exposition_family(out, name, type, help);
    exposition_real(out, name, "", value);
}

static void put_bucket(struct buffer *out, const char *name, const char *labels, const char *le,
                       uint64_t count)
{
    buffer_append_format(out, "%s_bucket{%s%sle=\"%s\"} %" PRIu64 "\n", name, labels,
                         labels[0] ? "," : "", le, count);
}

void exposition_histogram(struct buffer *out, const char *name, const char *labels,
                          const struct histogram *h, const struct exposition_scale *scale)
{
    uint64_t below[HISTOGRAM_MAX_BITS];
    uint64_t count = histogram_below_powers(h, below);
    char text[64];

    for (unsigned bits = scale->first_bits; bits <= scale->last_bits; bits += scale->step) {
        snprintf(text, sizeof(text), "%.12g", (double)(UINT64_C(1) << bits) / scale->per_s);
        put_bucket(out, name, labels, text, below[bits]);
    }
    put_bucket(out, name, labels, "+Inf", count);
    snprintf(text, sizeof(text), "%s_sum", name);
    exposition_real(out, text, labels, (double)h->sum / scale->per_s);
    snprintf(text, sizeof(text), "%s_count", name);
    exposition_count(out, text, labels, count);
}

/* The value's text in labels; how long it would be. */
static size_t escape(char *ret, size_t size, const char *value)
{
    size_t len = 0;

    for (; *value; value++) {
        const char *escaped = *value == '"' ? "\\\"" : *value == '\\' ? "\\\\" : NULL;
        char plain[2] = {*value, '\0'};

        if (*value == '\n')
            escaped = "\\n";
        for (const char *c = escaped ? escaped : plain; *c; c++, len++) {
            if (len < size)
                ret[len] = *c;
        }
    }
    return len;
}

void exposition_label(char labels[EXPOSITION_LABELS_BYTES], const char *name, const char *value)
{
    size_t at = strlen(labels);
    char text[EXPOSITION_LABELS_BYTES];
    size_t len = escape(text, sizeof(text), value);
    int needed;

    if (len >= sizeof(text))
        return;
    needed = snprintf(labels + at, EXPOSITION_LABELS_BYTES - at, "%s%s=\"%.*s\"", at > 0 ? "," : "",
                      name, (int)len, text);
    if (needed < 0 || (size_t)needed >= EXPOSITION_LABELS_BYTES - at)
        labels[at] = '\0';
}
