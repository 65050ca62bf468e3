/* JSON as the client prints it. */
#ifndef ISOYARD_JSON_H
#define ISOYARD_JSON_H

#include "api/message_json.h"

#include <stdio.h>

/* Prints with a final newline and drops the reference; the second one on one line. */
void json_print(FILE *out, json_t *json);
void json_print_line(FILE *out, json_t *json);

#endif
