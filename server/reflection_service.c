/* One question, one answer, until the client has no more. */
#include "server/reflection_service.h"

#include "api/utf8.h"
#include "server/container_of.h"
#include "server/proto_check.h"

#include <grpc/reflection/v1/reflection.pb-c.h>
#include <stdio.h>
#include <stdlib.h>

#define REQUEST_BYTES ((size_t)16 << 10)

/* The names that protobuf-c makes of these are longer than a line. */
#define CASE(name) GRPC__REFLECTION__V1__SERVER_REFLECTION_REQUEST__MESSAGE_REQUEST_##name
#define ANSWER(name) GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##name

/* An answer while it is put together; the parts that are in use. */
struct answer {
    Grpc__Reflection__V1__ServerReflectionResponse response;
    Grpc__Reflection__V1__FileDescriptorResponse files;
    Grpc__Reflection__V1__ExtensionNumberResponse extensions;
    Grpc__Reflection__V1__ListServiceResponse services;
    Grpc__Reflection__V1__ErrorResponse error;
    char message[256];
    ProtobufCBinaryData *packed; /* owned */
    int32_t *numbers;            /* owned */
    char **names;                /* owned, but for the texts */
    Grpc__Reflection__V1__ServiceResponse *service, **service_pointers; /* owned */
};

static void answer_release(struct answer *a)
{
    free(a->packed);
    free(a->numbers);
    free(a->names);
    free(a->service);
    free(a->service_pointers);
}

static void set_error(struct answer *a, grpc_status_code code, const char *what, const char *name)
{
    grpc__reflection__v1__error_response__init(&a->error);
    snprintf(a->message, sizeof(a->message), what, name);
    utf8_repair(a->message);
    a->error.error_code = (int32_t)code;
    a->error.error_message = a->message;
    a->response.message_response_case = ANSWER(ERROR_RESPONSE);
    a->response.error_response = &a->error;
}

static void set_file(struct answer *a, const struct descriptors *d,
                     const struct descriptor_file *file)
{
    struct bytes *closure;
    size_t count = descriptors_closure(d, file, &closure);

    a->packed = xcalloc(count, sizeof(a->packed[0]));
    for (size_t i = 0; i < count; i++)
        a->packed[i] = (ProtobufCBinaryData){closure[i].len, (uint8_t *)closure[i].data};
    free(closure);
    grpc__reflection__v1__file_descriptor_response__init(&a->files);
    a->files.n_file_descriptor_proto = count;
    a->files.file_descriptor_proto = a->packed;
    a->response.message_response_case = ANSWER(FILE_DESCRIPTOR_RESPONSE);
    a->response.file_descriptor_response = &a->files;
}

/* The file, or that there is none; `what` has one %.100s for the name. */
static void set_file_or_error(struct answer *a, const struct descriptors *d,
                              const struct descriptor_file *file, const char *what,
                              const char *name)
{
    if (file)
        set_file(a, d, file);
    else
        set_error(a, GRPC_STATUS_NOT_FOUND, what, name);
}

static void set_extensions(struct answer *a, const struct descriptors *d, const char *type)
{
    if (!descriptors_has_message(d, type)) {
        set_error(a, GRPC_STATUS_NOT_FOUND, "there is no message '%.100s' here", type);
        return;
    }
    grpc__reflection__v1__extension_number_response__init(&a->extensions);
    a->extensions.base_type_name = (char *)type;
    a->extensions.n_extension_number = descriptors_list_extensions(d, type, &a->numbers);
    a->extensions.extension_number = a->numbers;
    a->response.message_response_case = ANSWER(ALL_EXTENSION_NUMBERS_RESPONSE);
    a->response.all_extension_numbers_response = &a->extensions;
}

static void set_services(struct answer *a, const struct descriptors *d)
{
    size_t count = descriptors_list_services(d, &a->names);

    a->service = xcalloc(count + 1, sizeof(a->service[0]));
    a->service_pointers = xcalloc(count + 1, sizeof(a->service_pointers[0]));
    for (size_t i = 0; i < count; i++) {
        grpc__reflection__v1__service_response__init(&a->service[i]);
        a->service[i].name = a->names[i];
        a->service_pointers[i] = &a->service[i];
    }
    grpc__reflection__v1__list_service_response__init(&a->services);
    a->services.n_service = count;
    a->services.service = a->service_pointers;
    a->response.message_response_case = ANSWER(LIST_SERVICES_RESPONSE);
    a->response.list_services_response = &a->services;
}

static void set_extension_file(struct answer *a, const struct descriptors *d,
                               const Grpc__Reflection__V1__ExtensionRequest *request)
{
    set_file_or_error(
        a, d, descriptors_find_extension(d, request->containing_type, request->extension_number),
        "there is no such extension of '%.100s' here", request->containing_type);
}

static void answer_question(struct answer *a, const struct descriptors *d,
                            const Grpc__Reflection__V1__ServerReflectionRequest *request)
{
    switch (request->message_request_case) {
    case CASE(FILE_BY_FILENAME):
        set_file_or_error(a, d, descriptors_find_file(d, request->file_by_filename),
                          "there is no file '%.100s' here", request->file_by_filename);
        break;
    case CASE(FILE_CONTAINING_SYMBOL):
        set_file_or_error(a, d, descriptors_find_symbol(d, request->file_containing_symbol),
                          "there is no symbol '%.100s' here", request->file_containing_symbol);
        break;
    case CASE(FILE_CONTAINING_EXTENSION):
        set_extension_file(a, d, request->file_containing_extension);
        break;
    case CASE(ALL_EXTENSION_NUMBERS_OF_TYPE):
        set_extensions(a, d, request->all_extension_numbers_of_type);
        break;
    case CASE(LIST_SERVICES):
        set_services(a, d);
        break;
    default:
        set_error(a, GRPC_STATUS_INVALID_ARGUMENT, "the request asks for nothing%s", "");
        break;
    }
}

static void answer_request(struct stream *stream,
                           Grpc__Reflection__V1__ServerReflectionRequest *request)
{
    const struct descriptors *descriptors = stream_service(stream);
    struct answer a = {.packed = NULL};

    grpc__reflection__v1__server_reflection_response__init(&a.response);
    a.response.valid_host = request->host;
    a.response.original_request = request;
    answer_question(&a, descriptors, request);
    stream_write(stream, &a.response.base);
    answer_release(&a);
}

static void receive(struct stream *stream, const struct bytes *message)
{
    ProtobufCMessage *request;
    struct error error = {0};
    int err;

    if (!message) {
        stream_end(stream, 0, NULL);
        return;
    }
    err = proto_decode(&grpc__reflection__v1__server_reflection_request__descriptor, *message,
                       &request, &error);
    if (err) {
        stream_end(stream, err, &error);
        return;
    }
    answer_request(stream, (Grpc__Reflection__V1__ServerReflectionRequest *)request);
    protobuf_c_message_free_unpacked(request, NULL);
}

static void poke(struct stream *stream)
{
    if (admission_is_closed(rpc_server_admission(stream->server)))
        stream_end(stream, E_CLOSED, NULL);
}

void reflection_service_register(const struct descriptors *descriptors, struct rpc_server *server)
{
    struct stream_method method = {
        .name = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        .stream_size = sizeof(struct stream),
        .message_bytes = REQUEST_BYTES,
        .service = (void *)descriptors,
        .open = stream_read,
        .receive = receive,
        .sent = stream_read,
        .poke = poke,
    };

    rpc_server_register_stream(server, &method);
    method.name = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
    rpc_server_register_stream(server, &method);
}
