/* JSON on a stream. */
#include "cli/json.h"

#include "api/utf8.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Jansson escapes what of ASCII might steer a terminal, and nothing beyond. */
static void print_text(FILE *out, const char *text)
{
    size_t len = strlen(text), from = 0, bytes;
    uint32_t control;

    for (size_t at = 0; at < len; at += bytes) {
        bytes = utf8_control(text + at, len - at, &control);
        if (bytes == 0) {
            bytes = 1;
            continue;
        }
        fwrite(text + from, 1, at - from, out);
        fprintf(out, "\\u%04" PRIX32, control);
        from = at + bytes;
    }
    fwrite(text + from, 1, len - from, out);
}

static void print(FILE *out, json_t *json, size_t flags)
{
    char *text = json_dumps(json, flags | JSON_REAL_PRECISION(9));

    if (text)
        print_text(out, text);
    fputc('\n', out);
    free(text);
    json_decref(json);
}

void json_print(FILE *out, json_t *json)
{
    print(out, json, JSON_INDENT(2));
}

void json_print_line(FILE *out, json_t *json)
{
    print(out, json, 0);
}
