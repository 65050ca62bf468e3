/*
 * Messages as JSON: fields with their names in the protos, all of them also where they have their
 * default, enums by name, bytes in base64, numbers as numbers, times as RFC 3339 has them.
 */
#ifndef ISOYARD_MESSAGE_JSON_H
#define ISOYARD_MESSAGE_JSON_H

#include "api/bytes.h"

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

/* A message as a new object. */
json_t *json_of_message(const ProtobufCMessage *message);

/* Text that may be no UTF-8: then without what is none. */
json_t *json_of_text(const char *text, size_t len);

json_t *json_of_base64(struct bytes data);

#endif
