/*
 * The JSON around a map, and its mappings.
 *
 * Mappings are lines, ended by ';', of segments with ',' between them; a segment is one, four or
 * five numbers in base64 VLQ, each the difference to the same number of the segment before. A
 * cursor stands behind a segment and knows what all up to it add up to; so a copy of it, taken
 * every couple of KiB, is where a search can begin.
 */
#include "api/source_map.h"

#include "api/utf8.h"

#include <stdlib.h>

#define SOURCES_MAX 65536u
#define MARK_BYTES 2048

/* Mappings. */

struct cursor {
    const char *at;
    uint32_t line, column;                      /* in the bundled file, from 0 */
    bool is_on_segment;                         /* there has been one on this line ... */
    bool has_source;                            /* ... and it is of some source: */
    int64_t source, source_line, source_column; /* from 0 */
};

struct source_map {
    const char *end; /* of the mappings */
    struct bytes root;
    struct bytes *sources; /* JSON strings without their quotes; NULL: null */
    size_t source_count;
    struct cursor *marks;
    size_t mark_count;
};

/* -1: no digit. */
static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* One number of 32 bits. */
static bool read_number(const char **at, const char *end, int64_t *ret)
{
    uint64_t value = 0;
    unsigned shift = 0;
    int digit;

    do {
        if (*at == end || shift > 30 || (digit = digit_of(**at)) < 0)
            return false;
        (*at)++;
        value |= (uint64_t)(digit & 31) << shift;
        shift += 5;
    } while (digit & 32);
    *ret = value & 1 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
    return true;
}

static bool is_at_end(const struct cursor *c, const char *end)
{
    return c->at == end || *c->at == ',' || *c->at == ';';
}

static bool add(int64_t *sum, int64_t number)
{
    *sum += number;
    return *sum >= 0 && *sum <= UINT32_MAX;
}

/* What a segment says beside its column. */
static bool read_source(struct cursor *c, const char *end)
{
    int64_t numbers[4];
    unsigned count = 0;

    while (!is_at_end(c, end)) {
        if (count == 4 || !read_number(&c->at, end, &numbers[count++]))
            return false;
    }
    c->has_source = count > 0;
    if (count == 0)
        return true;
    return count >= 3 && add(&c->source, numbers[0]) && add(&c->source_line, numbers[1]) &&
           add(&c->source_column, numbers[2]);
}

static bool read_segment(struct cursor *c, const char *end)
{
    int64_t column = c->column, number;

    if (!read_number(&c->at, end, &number) || !add(&column, number))
        return false;
    c->column = (uint32_t)column;
    c->is_on_segment = true;
    return read_source(c, end);
}

enum step {
    STEP_SEGMENT, /* the cursor is behind one more */
    STEP_END,
    STEP_MALFORMED,
};

static enum step next(struct cursor *c, const char *end)
{
    while (c->at < end && (*c->at == ';' || *c->at == ',')) {
        if (*c->at++ != ';')
            continue;
        c->line++;
        c->column = 0;
        c->is_on_segment = c->has_source = false;
    }
    if (c->at == end)
        return STEP_END;
    return read_segment(c, end) ? STEP_SEGMENT : STEP_MALFORMED;
}

/* Looks through all of the mappings, and marks where searches can begin. */
static bool mark(struct source_map *map, struct bytes mappings)
{
    struct cursor c = {.at = mappings.data};
    const char *marked = mappings.data;
    enum step step = STEP_SEGMENT;

    map->end = mappings.data + mappings.len;
    map->marks = xcalloc(mappings.len / MARK_BYTES + 1, sizeof(map->marks[0]));
    map->marks[map->mark_count++] = c;
    while ((step = next(&c, map->end)) == STEP_SEGMENT) {
        if (c.has_source && (size_t)c.source >= map->source_count)
            return false;
        if (c.at - marked < MARK_BYTES)
            continue;
        map->marks[map->mark_count++] = c;
        marked = c.at;
    }
    return step == STEP_END;
}

static bool is_behind(const struct cursor *c, uint32_t line, uint32_t column)
{
    return c->line > line || (c->line == line && c->column > column);
}

/* The last mark that is not behind the place. */
static const struct cursor *find_mark(const struct source_map *map, uint32_t line, uint32_t column)
{
    size_t low = 0, high = map->mark_count;

    while (high - low > 1) {
        size_t middle = (low + high) / 2;

        if (is_behind(&map->marks[middle], line, column))
            high = middle;
        else
            low = middle;
    }
    return &map->marks[low];
}

/* JSON, as far as it is needed. */

struct reader {
    const char *at, *end;
};

static void skip_space(struct reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
        r->at++;
}

/* Whether the next character is that one, which is taken then. */
static bool take(struct reader *r, char c)
{
    skip_space(r);
    if (r->at == r->end || *r->at != c)
        return false;
    r->at++;
    return true;
}

/* A string, as it stands between its quotes. */
static bool read_string(struct reader *r, struct bytes *ret)
{
    if (!take(r, '"'))
        return false;
    ret->data = r->at;
    while (r->at < r->end && *r->at != '"')
        r->at += *r->at == '\\' ? 2 : 1;
    if (r->at >= r->end)
        return false;
    ret->len = (size_t)(r->at++ - ret->data);
    return true;
}

static bool is_structure(char c)
{
    return strchr(",:[]{}\" \t\r\n", c) && c;
}

/* A number, or a word. */
static bool read_scalar(struct reader *r, struct bytes *ret)
{
    skip_space(r);
    ret->data = r->at;
    while (r->at < r->end && !is_structure(*r->at))
        r->at++;
    ret->len = (size_t)(r->at - ret->data);
    return ret->len > 0;
}

/* Any value. Brackets are counted, not matched: nobody looks at what is skipped. */
static bool skip_value(struct reader *r)
{
    struct bytes ignored;
    size_t depth = 0;

    do {
        skip_space(r);
        if (r->at == r->end)
            return false;
        if (*r->at == '[' || *r->at == '{') {
            depth++;
            r->at++;
        } else if (*r->at == ']' || *r->at == '}') {
            if (depth-- == 0)
                return false;
            r->at++;
        } else if (*r->at == '"') {
            if (!read_string(r, &ignored))
                return false;
        } else if (*r->at == ',' || *r->at == ':') {
            if (depth == 0)
                return false;
            r->at++;
        } else if (!read_scalar(r, &ignored)) {
            return false;
        }
    } while (depth > 0);
    return true;
}

static bool read_source_name(struct reader *r, struct bytes *ret)
{
    struct bytes word;

    skip_space(r);
    if (r->at < r->end && *r->at == '"')
        return read_string(r, ret);
    *ret = (struct bytes){0};
    return read_scalar(r, &word) && bytes_equal(word, bytes_of("null"));
}

static bool read_sources(struct reader *r, struct source_map *map)
{
    struct buffer list = {0};
    struct bytes name;
    bool goes_on;

    if (map->sources || !take(r, '['))
        return false;
    goes_on = !take(r, ']');
    while (goes_on && map->source_count < SOURCES_MAX && read_source_name(r, &name)) {
        buffer_append(&list, &name, sizeof(name));
        map->source_count++;
        goes_on = take(r, ',');
        if (!goes_on && take(r, ']')) {
            map->sources = (struct bytes *)list.data;
            return true;
        }
    }
    map->sources = (struct bytes *)list.data;
    return map->source_count == 0 && !goes_on;
}

/* What is read of a map beside its sources. */
struct head {
    struct bytes version, mappings;
    bool has_mappings;
};

static bool read_member(struct reader *r, struct source_map *map, struct head *head)
{
    struct bytes key;

    if (!read_string(r, &key) || !take(r, ':'))
        return false;
    if (bytes_equal(key, bytes_of("version")))
        return read_scalar(r, &head->version);
    if (bytes_equal(key, bytes_of("sources")))
        return read_sources(r, map);
    if (bytes_equal(key, bytes_of("sourceRoot")) && r->at < r->end) {
        skip_space(r);
        return r->at < r->end && *r->at == '"' ? read_string(r, &map->root) : skip_value(r);
    }
    if (bytes_equal(key, bytes_of("mappings")))
        return head->has_mappings = read_string(r, &head->mappings);
    return skip_value(r);
}

static bool read_map(struct reader *r, struct source_map *map)
{
    struct head head = {.has_mappings = false};

    if (!take(r, '{'))
        return false;
    do {
        if (!read_member(r, map, &head))
            return false;
    } while (take(r, ','));
    if (!take(r, '}'))
        return false;
    skip_space(r);
    return r->at == r->end && head.has_mappings && bytes_equal(head.version, bytes_of("3")) &&
           mark(map, head.mappings);
}

struct source_map *source_map_new(struct bytes text)
{
    struct reader r = {text.data, text.data + text.len};
    struct source_map *map;

    if (text.len > SOURCE_MAP_BYTES_MAX || !utf8_is_valid(text.data, text.len))
        return NULL;
    map = xcalloc(1, sizeof(*map));
    if (!read_map(&r, map)) {
        source_map_free(map);
        return NULL;
    }
    return map;
}

void source_map_free(struct source_map *map)
{
    if (!map)
        return;
    free(map->sources);
    free(map->marks);
    free(map);
}

/* Names of files. */

/* Appends as much as fits of a JSON string's piece. What is escaped other than by a backslash alone
 * is not undone: paths have none of that. */
static size_t append(char *ret, size_t size, size_t len, struct bytes text)
{
    for (size_t i = 0; i < text.len && len + 1 < size; i++) {
        if (text.data[i] == '\\' && i + 1 < text.len && strchr("\\/\"", text.data[i + 1]))
            i++;
        ret[len++] = text.data[i];
    }
    ret[len] = '\0';
    return len;
}

/* Cuts off what is left of a character that had no room. */
static void drop_torn_character(char *text, size_t len)
{
    size_t start = len;

    while (start > 0 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
        start--;
    if (start > 0 && ((unsigned char)text[start - 1] & 0x80))
        start--;
    if (!utf8_is_valid(text + start, len - start))
        text[start] = '\0';
}

static void name_file(const struct source_map *map, struct bytes source, char *ret, size_t size)
{
    size_t len = append(ret, size, 0, map->root);

    if (len > 0 && ret[len - 1] != '/')
        len = append(ret, size, len, bytes_of("/"));
    len = append(ret, size, len, source);
    drop_torn_character(ret, len);
}

bool source_map_find(const struct source_map *map, uint32_t line, uint32_t column,
                     struct source_place *ret)
{
    struct cursor found, c;

    if (line == 0 || column == 0)
        return false;
    line--;
    column--;
    found = c = *find_mark(map, line, column);
    while (next(&c, map->end) == STEP_SEGMENT && !is_behind(&c, line, column))
        found = c;
    if (found.line != line || !found.is_on_segment || !found.has_source ||
        !map->sources[found.source].data)
        return false;
    name_file(map, map->sources[found.source], ret->file, sizeof(ret->file));
    ret->line = (uint32_t)found.source_line + 1;
    ret->column = (uint32_t)found.source_column + 1;
    return true;
}
