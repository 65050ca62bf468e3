/* From messages to JSON, by their descriptors. */
#include "api/message_json.h"

#include "api/utf8.h"

#include <google/protobuf/duration.pb-c.h>
#include <google/protobuf/timestamp.pb-c.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <time.h>

json_t *json_of_text(const char *text, size_t len)
{
    struct buffer ascii = {0};
    json_t *json;

    if (utf8_is_valid(text, len))
        return json_stringn(text, len);
    buffer_append(&ascii, text, len);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)ascii.data[i] >= 0x80)
            ascii.data[i] = '?';
    }
    json = json_stringn(ascii.data, len);
    buffer_release(&ascii);
    return json;
}

json_t *json_of_base64(struct bytes data)
{
    unsigned char *text = xmalloc((data.len + 2) / 3 * 4 + 1);
    int len = EVP_EncodeBlock(text, (const unsigned char *)data.data, (int)data.len);
    json_t *json = json_stringn((const char *)text, (size_t)len);

    free(text);
    return json;
}

static json_t *json_of_timestamp(const Google__Protobuf__Timestamp *timestamp)
{
    time_t seconds = (time_t)timestamp->seconds;
    char date[32], text[64];
    struct tm utc;

    if (!gmtime_r(&seconds, &utc))
        return json_null();
    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text, sizeof(text), "%s.%06dZ", date, timestamp->nanos / 1000);
    return json_string(text);
}

static json_t *json_of_duration(const Google__Protobuf__Duration *duration)
{
    return json_sprintf("%.3fs", (double)duration->seconds + (double)duration->nanos / 1e9);
}

static json_t *json_of_submessage(const ProtobufCMessage *message)
{
    if (message->descriptor == &google__protobuf__timestamp__descriptor)
        return json_of_timestamp((const Google__Protobuf__Timestamp *)message);
    if (message->descriptor == &google__protobuf__duration__descriptor)
        return json_of_duration((const Google__Protobuf__Duration *)message);
    return json_of_message(message);
}

static json_t *json_of_enum(const ProtobufCEnumDescriptor *type, int value)
{
    const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(type, value);

    return known ? json_string(known->name) : json_integer(value);
}

/* A pointer in a message, whatever it points to: protobuf-c gives each field a type of its own. */
static const void *load_pointer(const void *at)
{
    const void *pointer;

    memcpy(&pointer, at, sizeof(pointer));
    return pointer;
}

/* One value of a field, at a place in the message's memory. */
static json_t *json_of_value(const ProtobufCFieldDescriptor *field, const void *at)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_SINT32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return json_integer(*(const int32_t *)at);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return json_integer(*(const int64_t *)at);
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        return json_integer(*(const uint32_t *)at);
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
        return json_integer((json_int_t) * (const uint64_t *)at);
    case PROTOBUF_C_TYPE_FLOAT:
        return json_real((double)*(const float *)at);
    case PROTOBUF_C_TYPE_DOUBLE:
        return json_real(*(const double *)at);
    case PROTOBUF_C_TYPE_BOOL:
        return json_boolean(*(const protobuf_c_boolean *)at);
    case PROTOBUF_C_TYPE_ENUM:
        return json_of_enum(field->descriptor, *(const int *)at);
    case PROTOBUF_C_TYPE_STRING:
        return json_of_text(*(const char *const *)at, strlen(*(const char *const *)at));
    case PROTOBUF_C_TYPE_BYTES:
        return json_of_base64((struct bytes){(const char *)((const ProtobufCBinaryData *)at)->data,
                                             ((const ProtobufCBinaryData *)at)->len});
    case PROTOBUF_C_TYPE_MESSAGE:
        return json_of_submessage(load_pointer(at));
    }
    return json_null();
}

static size_t element_size(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_MESSAGE:
        return sizeof(void *);
    case PROTOBUF_C_TYPE_BYTES:
        return sizeof(ProtobufCBinaryData);
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
        return 8;
    default:
        return 4;
    }
}

static json_t *json_of_repeated(const ProtobufCFieldDescriptor *field, const char *message)
{
    size_t count = *(const size_t *)(message + field->quantifier_offset);
    const char *elements = load_pointer(message + field->offset);
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, json_of_value(field, elements + i * element_size(field)));
    return array;
}

/* Whether a field is there: of a oneof the one that is chosen, of messages those that are set. */
static bool is_set(const ProtobufCFieldDescriptor *field, const char *message)
{
    if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF &&
        *(const uint32_t *)(message + field->quantifier_offset) != field->id)
        return false;
    return field->type != PROTOBUF_C_TYPE_MESSAGE || load_pointer(message + field->offset) != NULL;
}

json_t *json_of_message(const ProtobufCMessage *message)
{
    const char *memory = (const char *)message;
    json_t *object = json_object();

    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];

        if (field->label == PROTOBUF_C_LABEL_REPEATED)
            json_object_set_new(object, field->name, json_of_repeated(field, memory));
        else if (is_set(field, memory))
            json_object_set_new(object, field->name, json_of_value(field, memory + field->offset));
    }
    return object;
}
