/* traceparent, read and written. */
#include "api/trace.h"

#include "api/hex.h"

#define VERSION_AT 0
#define ID_AT 3
#define PARENT_AT 36
#define FLAGS_AT 53

static bool read_byte(const char *text, uint8_t *ret)
{
    unsigned value = 0;

    for (int i = 0; i < 2; i++) {
        char c = text[i];

        if (c >= '0' && c <= '9')
            value = value << 4 | (unsigned)(c - '0');
        else if (c >= 'a' && c <= 'f')
            value = value << 4 | (unsigned)(c - 'a' + 10);
        else
            return false;
    }
    *ret = (uint8_t)value;
    return true;
}

/* Version 00 ends here; what a later one has behind it begins with a hyphen. */
static bool has_right_length(struct bytes text, uint8_t version)
{
    if (version == 0)
        return text.len == TRACE_PARENT_LEN;
    return text.len == TRACE_PARENT_LEN || text.data[TRACE_PARENT_LEN] == '-';
}

bool trace_parse(struct bytes text, struct trace *ret)
{
    struct trace trace = {.flags = 0};
    uint8_t version;

    if (text.len < TRACE_PARENT_LEN || !read_byte(text.data + VERSION_AT, &version) ||
        version == 0xff || !has_right_length(text, version))
        return false;
    if (text.data[ID_AT - 1] != '-' || text.data[PARENT_AT - 1] != '-' ||
        text.data[FLAGS_AT - 1] != '-')
        return false;
    if (!hex_id_parse(text.data + ID_AT, HEX_ID_LEN, &trace.id[0]) ||
        !hex_id_parse(text.data + ID_AT + HEX_ID_LEN, HEX_ID_LEN, &trace.id[1]) ||
        !hex_id_parse(text.data + PARENT_AT, HEX_ID_LEN, &trace.parent) ||
        !read_byte(text.data + FLAGS_AT, &trace.flags))
        return false;
    if (!trace_is_set(&trace) || trace.parent == 0)
        return false;
    *ret = trace;
    return true;
}

void trace_format_id(const struct trace *trace, char ret[TRACE_ID_LEN + 1])
{
    hex_id_format(trace->id[0], ret);
    hex_id_format(trace->id[1], ret + HEX_ID_LEN);
}

void trace_format(const struct trace *trace, uint64_t span, char ret[TRACE_PARENT_LEN + 1])
{
    static const char digits[] = "0123456789abcdef";

    memcpy(ret, "00-", 3);
    trace_format_id(trace, ret + ID_AT);
    ret[PARENT_AT - 1] = '-';
    hex_id_format(span, ret + PARENT_AT);
    ret[FLAGS_AT - 1] = '-';
    ret[FLAGS_AT] = digits[trace->flags >> 4];
    ret[FLAGS_AT + 1] = digits[trace->flags & 15];
    ret[TRACE_PARENT_LEN] = '\0';
}
