/* The comment, and the map behind it. */
#include "cli/map_comment.h"

#include "cli/file.h"

#include <jansson.h>
#include <libgen.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#define MARK "//# sourceMappingURL="
#define DATA "data:application/json"
#define BASE64 ";base64,"

/* The last line that begins with the mark; NULL: none does. */
static char *find_comment(char *code, size_t len)
{
    char *found = NULL;
    char *at = code;
    size_t left = len;

    while ((at = memmem(at, left, MARK, strlen(MARK)))) {
        if (at == code || at[-1] == '\n')
            found = at;
        at += strlen(MARK);
        left = len - (size_t)(at - code);
    }
    return found;
}

/* To the end of the line. */
static struct bytes url_of(const char *comment, const char *end)
{
    const char *url = comment + strlen(MARK);
    size_t len = 0;

    while (url + len < end && url[len] != '\n' && url[len] != '\r' && url[len] != ' ')
        len++;
    return (struct bytes){url, len};
}

/* "data:application/json;charset=utf-8;base64,..." */
static bool decode_data(struct bytes url, struct buffer *ret)
{
    const char *base64 = memmem(url.data, url.len, BASE64, strlen(BASE64));
    size_t len;
    int decoded;

    if (!base64)
        return false;
    base64 += strlen(BASE64);
    len = url.len - (size_t)(base64 - url.data);
    if (len % 4 != 0 || len > INT32_MAX)
        return false;
    decoded = EVP_DecodeBlock((unsigned char *)buffer_reserve(ret, len + 1),
                              (const unsigned char *)base64, (int)len);
    if (decoded < 0)
        return false;
    /* What fills up the last block is decoded, too. */
    for (size_t i = len; i > 0 && base64[i - 1] == '='; i--)
        decoded--;
    ret->len = (size_t)decoded;
    return true;
}

static bool is_beside(struct bytes url)
{
    return url.len > 0 && url.data[0] != '/' && !memmem(url.data, url.len, ":", 1);
}

static bool read_beside(const char *path, struct bytes url, size_t max_bytes, struct buffer *ret)
{
    char *copy = xstrdup(path), *map_path;
    bool is_read;

    if (asprintf(&map_path, "%s/%.*s", dirname(copy), (int)url.len, url.data) < 0)
        abort();
    is_read = file_read(map_path, max_bytes, ret, NULL) == 0;
    free(map_path);
    free(copy);
    return is_read;
}

/* Leaves out what takes most of the room. */
static bool slim(struct buffer *map)
{
    json_t *json = json_loadb(map->data, map->len, 0, NULL);
    char *text;

    if (!json_is_object(json)) {
        json_decref(json);
        return false;
    }
    json_object_del(json, "sourcesContent");
    json_object_del(json, "names");
    text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    if (!text)
        return false;
    map->len = 0;
    buffer_append_text(map, text);
    free(text);
    return true;
}

bool map_comment_take(const char *path, char *code, size_t *len, size_t max_bytes,
                      struct buffer *ret)
{
    char *comment = find_comment(code, *len);
    struct bytes url;
    bool is_data, is_read = false;

    if (!comment)
        return false;
    url = url_of(comment, code + *len);
    is_data = url.len > strlen(DATA) && memcmp(url.data, DATA, strlen(DATA)) == 0;
    if (is_data)
        is_read = decode_data(url, ret);
    else if (is_beside(url))
        is_read = read_beside(path, url, max_bytes, ret);
    if (!is_read || !slim(ret)) {
        buffer_release(ret);
        return false;
    }
    if (is_data)
        *len = (size_t)(comment - code);
    return true;
}
