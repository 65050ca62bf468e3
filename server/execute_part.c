/* ExecuteStreamRequest, by hand. The field numbers are those of execution.proto. */
#include "api/utf8.h"
#include "api/wire.h"
#include "server/execute_codec.h"

static int malformed(struct error *error)
{
    return error_set(error, E_INVALID, NULL,
                     "this is no well-formed message of type isoyard.v1.ExecuteStreamRequest");
}

/* The same part again is merged, as protobuf says: of its fields the last one counts. */
static int read_start(struct bytes message, struct execute_part *ret, struct error *error)
{
    struct wire_reader reader = wire_reader_of(message);
    struct wire_field field;
    enum wire_result result;

    while ((result = wire_next(&reader, &field)) == WIRE_FIELD) {
        if (field.number == 1 && field.type == WIRE_BYTES)
            ret->request = field.bytes;
        else if (field.number == 2 && field.type == WIRE_VARINT)
            ret->has_body = field.value != 0;
    }
    return result == WIRE_END ? 0 : malformed(error);
}

static int read_error(struct bytes message, struct execute_part *ret, struct error *error)
{
    struct wire_reader reader = wire_reader_of(message);
    struct wire_field field;
    enum wire_result result;

    while ((result = wire_next(&reader, &field)) == WIRE_FIELD) {
        if (field.number == 1 && field.type == WIRE_BYTES)
            ret->text = field.bytes;
    }
    if (result != WIRE_END)
        return malformed(error);
    return utf8_is_valid(ret->text.data, ret->text.len)
               ? 0
               : error_set(error, E_INVALID, "error.message", "the text is not UTF-8");
}

/* The last part of the oneof counts. */
static int read_part(const struct wire_field *field, struct execute_part *ret, struct error *error)
{
    static const struct execute_part none = {.request = {"", 0}, .chunk = {"", 0}, .text = {"", 0}};

    if (field->type != WIRE_BYTES)
        return 0;
    switch (field->number) {
    case 1:
        if (ret->kind != EXECUTE_PART_START)
            *ret = none;
        ret->kind = EXECUTE_PART_START;
        return read_start(field->bytes, ret, error);
    case 2:
        *ret = none;
        ret->kind = EXECUTE_PART_CHUNK;
        ret->chunk = field->bytes;
        return 0;
    case 3:
        if (ret->kind != EXECUTE_PART_ERROR)
            *ret = none;
        ret->kind = EXECUTE_PART_ERROR;
        return read_error(field->bytes, ret, error);
    default:
        return 0;
    }
}

int execute_decode_part(struct bytes message, struct execute_part *ret, struct error *error)
{
    struct wire_reader reader = wire_reader_of(message);
    struct wire_field field;
    enum wire_result result;

    *ret = (struct execute_part){.request = {"", 0}, .chunk = {"", 0}, .text = {"", 0}};
    while ((result = wire_next(&reader, &field)) == WIRE_FIELD) {
        int err = read_part(&field, ret, error);

        if (err)
            return err;
    }
    return result == WIRE_END ? 0 : malformed(error);
}

int execute_check_stream(const struct execute_request *request, bool has_body, struct error *error)
{
    if (request->kind != REQUEST_FETCH)
        return error_set(error, E_INVALID, "start.request.event",
                         "only fetch events can be streamed");
    if (!has_body)
        return 0;
    if (request->has_body)
        return error_set(error, E_INVALID, "start.request.fetch.body_bytes",
                         "the body cannot be here where it is to follow");
    if (bytes_equal(request->method, bytes_of("GET")) ||
        bytes_equal(request->method, bytes_of("HEAD")))
        return error_set(error, E_INVALID, "start.has_body", "a request of method %.4s has no body",
                         request->method.data);
    return 0;
}
