/*
 * What protobuf-c leaves out when it decodes: that strings are UTF-8, as proto3 demands, and that
 * none holds a NUL, which would cut it off once it is a C string.
 */
#ifndef ISOYARD_PROTO_CHECK_H
#define ISOYARD_PROTO_CHECK_H

#include "api/bytes.h"
#include "api/err.h"

#include <protobuf-c/protobuf-c.h>

/* E_INVALID, with the field's path ("files[0].name"), where a string of the message is not what it
 * should be, or the message is malformed (then without a field). Any thread. */
int proto_check(const ProtobufCMessageDescriptor *type, struct bytes message, struct error *error);

/*
 * Checks and unpacks a message of a client's; its size must be bounded by then. *ret is the
 * caller's, to free with protobuf_c_message_free_unpacked(*ret, NULL). E_INVALID as above. Any
 * thread.
 */
int proto_decode(const ProtobufCMessageDescriptor *type, struct bytes message,
                 ProtobufCMessage **ret, struct error *error);

#endif
