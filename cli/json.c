/* JSON on a stream. */
#include "cli/json.h"

static void print(FILE *out, json_t *json, size_t flags)
{
    json_dumpf(json, out, flags | JSON_REAL_PRECISION(9));
    fputc('\n', out);
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
