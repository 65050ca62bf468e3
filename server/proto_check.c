/* Walks a message beside its descriptor. */
#include "server/proto_check.h"

#include "api/utf8.h"
#include "api/wire.h"

#include <stdio.h>

#define DEPTH_MAX 32

/* protobuf-c takes up to a hundred bytes of memory for a field of two: a message of nothing but
 * those is refused. The largest honest one is a bundle of 1,024 files. */
#define FIELDS_MAX 16384

/* Where in the message the walk is: a chain of stack frames, printed only for an error. */
struct place {
    const struct place *parent;
    const ProtobufCMessageDescriptor *type;
    const ProtobufCFieldDescriptor *field;
    unsigned index; /* of a repeated field */
    unsigned depth;
    unsigned *fields; /* read so far, in the whole message */
};

static size_t print_path(const struct place *place, char *ret, size_t size)
{
    size_t len = place->parent ? print_path(place->parent, ret, size) : 0;
    int more;

    if (len >= size)
        return len;
    more = snprintf(ret + len, size - len, place->parent ? ".%s" : "%s", place->field->name);
    len += (size_t)more;
    if (place->field->label == PROTOBUF_C_LABEL_REPEATED && len < size)
        len += (size_t)snprintf(ret + len, size - len, "[%u]", place->index);
    return len;
}

static int fail(const struct place *place, struct error *error, const char *what)
{
    char path[sizeof(error->field)];

    print_path(place, path, sizeof(path));
    return error_set(error, E_INVALID, path, "%s", what);
}

static int malformed(const ProtobufCMessageDescriptor *type, struct error *error)
{
    return error_set(error, E_INVALID, NULL, "this is no well-formed message of type %s",
                     type->name);
}

static int check_message(struct place *place, struct bytes message, struct error *error);

static int check_field(const struct place *place, struct bytes content, struct error *error)
{
    if (place->field->type == PROTOBUF_C_TYPE_MESSAGE) {
        struct place inside = {place, place->field->descriptor, NULL,
                               0,     place->depth + 1,         place->fields};

        return check_message(&inside, content, error);
    }
    if (place->field->type != PROTOBUF_C_TYPE_STRING || content.len == 0)
        return 0;
    if (memchr(content.data, '\0', content.len))
        return fail(place, error, "the string holds a NUL character");
    if (!utf8_is_valid(content.data, content.len))
        return fail(place, error, "the string is not UTF-8");
    return 0;
}

/* The n-th occurrence of a repeated field has index n - 1. Fields of one kind stand together in
 * what every known library writes; should they not, only the index in an error message is off. */
static unsigned index_after(const struct place *place, const ProtobufCFieldDescriptor *field)
{
    return place->field == field ? place->index + 1 : 0;
}

static int check_message(struct place *place, struct bytes message, struct error *error)
{
    struct wire_reader reader = wire_reader_of(message);
    struct wire_field field;
    enum wire_result result;

    if (place->depth > DEPTH_MAX)
        return malformed(place->type, error);
    while ((result = wire_next(&reader, &field)) == WIRE_FIELD) {
        const ProtobufCFieldDescriptor *known =
            protobuf_c_message_descriptor_get_field(place->type, field.number);
        int err;

        if (++*place->fields > FIELDS_MAX)
            return error_set(error, E_INVALID, NULL, "the message has more than %d fields",
                             FIELDS_MAX);
        if (!known || field.type != WIRE_BYTES)
            continue;
        place->index = index_after(place, known);
        place->field = known;
        err = check_field(place, field.bytes, error);
        if (err)
            return err;
    }
    return result == WIRE_END ? 0 : malformed(place->type, error);
}

int proto_check(const ProtobufCMessageDescriptor *type, struct bytes message, struct error *error)
{
    unsigned fields = 0;
    struct place place = {NULL, type, NULL, 0, 0, &fields};

    return check_message(&place, message, error);
}

int proto_decode(const ProtobufCMessageDescriptor *type, struct bytes message,
                 ProtobufCMessage **ret, struct error *error)
{
    ProtobufCMessage *decoded;
    int err = proto_check(type, message, error);

    if (err)
        return err;
    decoded = protobuf_c_message_unpack(type, NULL, message.len, (const uint8_t *)message.data);
    if (!decoded)
        return malformed(type, error);
    *ret = decoded;
    return 0;
}
