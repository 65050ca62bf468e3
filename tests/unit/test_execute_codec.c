/* server/execute_codec: Execute's messages against protobuf-c's reading and writing of them. */
#include "server/execute_codec.h"

#include "unit.h"

#include <isoyard/v1/execution.pb-c.h>
#include <stdint.h>

#define BODY_MAX 100000

static uint64_t state = 1;

/* xorshift64*: the same numbers in each run. */
static uint32_t draw(uint32_t below)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * UINT64_C(2685821657736338717)) >> 33) % below;
}

static char *draw_text(const char *alphabet, size_t max)
{
    size_t len = draw((uint32_t)max + 1), letters = strlen(alphabet);
    char *text = malloc(len + 1);

    for (size_t i = 0; i < len; i++)
        text[i] = alphabet[draw((uint32_t)letters)];
    text[len] = '\0';
    return text;
}

#define HEADERS 5

/* A valid request of protobuf-c's, with what it points to. */
struct sample {
    Isoyard__V1__ExecuteRequest request;
    Isoyard__V1__HttpRequest fetch;
    Isoyard__V1__HttpHeader headers[HEADERS], *pointers[HEADERS];
    char *texts[2 * HEADERS + 4];
    size_t text_count;
};

static char *keep(struct sample *s, char *text)
{
    return s->texts[s->text_count++] = text;
}

static void sample_headers(struct sample *s)
{
    s->fetch.n_headers = draw(HEADERS + 1);
    s->fetch.headers = s->pointers;
    for (size_t i = 0; i < s->fetch.n_headers; i++) {
        isoyard__v1__http_header__init(&s->headers[i]);
        s->headers[i].name = keep(s, draw_text("abcXYZ-09", 20));
        if (!s->headers[i].name[0])
            s->headers[i].name = (char *)"x";
        s->headers[i].value = keep(s, draw_text("abc XYZ;=\t", 200));
        s->pointers[i] = &s->headers[i];
    }
}

static void sample_init(struct sample *s)
{
    *s = (struct sample){.text_count = 0};
    isoyard__v1__execute_request__init(&s->request);
    isoyard__v1__http_request__init(&s->fetch);
    s->request.event_case = ISOYARD__V1__EXECUTE_REQUEST__EVENT_FETCH;
    s->request.fetch = &s->fetch;
    s->request.tenant = keep(s, draw_text("abc-", 10));
    s->request.worker = keep(s, draw_text("abc-", 63));
    s->fetch.method = (char *)"POST";
    sample_headers(s);
    s->fetch.body_case = (Isoyard__V1__HttpRequest__BodyCase)(draw(2) ? 5 : 0);
    if (s->fetch.body_case)
        s->fetch.body_text = keep(s, draw_text("0123456789abcdef", 3000));
}

static struct bytes sample_pack(struct sample *s)
{
    size_t size = isoyard__v1__execute_request__get_packed_size(&s->request);
    uint8_t *message = malloc(size + 1);

    isoyard__v1__execute_request__pack(&s->request, message);
    return (struct bytes){(char *)message, size};
}

static void sample_release(struct sample *s)
{
    for (size_t i = 0; i < s->text_count; i++)
        free(s->texts[i]);
}

static char *lower_block(const struct sample *s)
{
    struct buffer block = {0};

    for (size_t i = 0; i < s->fetch.n_headers; i++) {
        const char *value = s->headers[i].value + strspn(s->headers[i].value, " \t");
        size_t len = strlen(value);

        while (len > 0 && strchr(" \t", value[len - 1]))
            len--;
        for (const char *c = s->headers[i].name; *c; c++)
            buffer_append_format(&block, "%c", *c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
        buffer_append_format(&block, "\n%.*s\n", (int)len, value);
    }
    buffer_append(&block, "", 1);
    return block.data;
}

/* Builds a request in exactly the room it asks for, so that a sanitizer sees one byte more. */
static char *build(const struct execute_request *decoded, struct request *ret)
{
    char *room = malloc(execute_room(decoded));

    execute_build(decoded, room, ret);
    return room;
}

START_TEST(execute_decode_what_protobuf_c_wrote_is_read)
{
    for (int round = 0; round < 2000; round++) {
        struct execute_request decoded;
        struct request request = {.refs = 0};
        struct error error = {0};
        struct sample sample;
        struct bytes message;
        char *room, *headers;

        sample_init(&sample);
        message = sample_pack(&sample);
        ck_assert_msg(execute_decode(message, BODY_MAX, &decoded, &error) == 0, "%s: %s",
                      error.field, error.message);
        room = build(&decoded, &request);
        headers = lower_block(&sample);
        ck_assert(bytes_equal(decoded.worker, bytes_of(sample.request.worker)));
        ck_assert(
            bytes_equal(decoded.tenant,
                        bytes_of(sample.request.tenant[0] ? sample.request.tenant : "default")));
        ck_assert(bytes_equal(request.headers, bytes_of(headers)));
        ck_assert_int_eq(request.has_body, sample.fetch.body_case != 0);
        if (request.has_body)
            ck_assert(bytes_equal(request.body, bytes_of(sample.fetch.body_text)));
        free(headers);
        free(room);
        free((void *)message.data);
        sample_release(&sample);
    }
}
END_TEST

START_TEST(execute_decode_damaged_message_is_refused_or_stays_inside)
{
    unsigned accepted = 0, refused = 0;

    for (int round = 0; round < 20000; round++) {
        struct execute_request decoded;
        struct request request = {.refs = 0};
        struct error error = {0};
        struct sample sample;
        struct bytes message;

        sample_init(&sample);
        message = sample_pack(&sample);
        for (uint32_t i = draw(4) + 1; i > 0 && message.len > 0; i--)
            ((char *)message.data)[draw((uint32_t)message.len)] = (char)draw(256);
        if (message.len > 0 && draw(3) == 0)
            message.len = draw((uint32_t)message.len);
        if (execute_decode(message, BODY_MAX, &decoded, &error) == 0) {
            accepted++;
            free(build(&decoded, &request));
        } else {
            refused++;
            ck_assert_int_eq(error.code, E_INVALID);
        }
        free((void *)message.data);
        sample_release(&sample);
    }
    ck_assert_uint_gt(accepted, 1000);
    ck_assert_uint_gt(refused, 1000);
}
END_TEST

START_TEST(execute_decode_fields_that_stand_twice_are_merged)
{
    /* worker a, worker b; fetch {url /1, header x}, fetch {url /2, header y} */
    static const char text[] = "\x12\x01"
                               "a"
                               "\x12\x01"
                               "b"
                               "\x1a\x0b\x12\x02/1\x1a\x05\x0a\x01x\x12\x00"
                               "\x1a\x0b\x12\x02/2\x1a\x05\x0a\x01y\x12\x00";
    struct execute_request decoded;
    struct request request = {.refs = 0};
    struct error error = {0};
    char *room;

    ck_assert_int_eq(
        execute_decode((struct bytes){text, sizeof(text) - 1}, BODY_MAX, &decoded, &error), 0);
    room = build(&decoded, &request);
    ck_assert(bytes_equal(request.url, bytes_of("https://b.default.isoyard.internal/2")));
    ck_assert(bytes_equal(request.headers, bytes_of("x\n\ny\n\n")));
    free(room);
}
END_TEST

START_TEST(execute_decode_unknown_fields_are_skipped)
{
    static const char text[] = "\xfa\x3f\x02zz\x12\x01w\x1a\x05\xf8\x3f\x01\x22\x00";
    struct execute_request decoded;
    struct error error = {0};

    /* The body is there, and empty, with GET. */
    ck_assert_int_eq(
        execute_decode((struct bytes){text, sizeof(text) - 1}, BODY_MAX, &decoded, &error),
        E_INVALID);
    ck_assert_str_eq(error.field, "fetch.body_bytes");
}
END_TEST

START_TEST(execute_check_names_finds_the_wrong_one)
{
    struct execute_request request = {.tenant = {"good", 4}, .worker = {"a\0b", 3}};
    struct error error = {0};

    ck_assert_int_eq(execute_check_names(&request, &error), E_INVALID);
    ck_assert_str_eq(error.field, "worker");
    request.worker = (struct bytes){"good", 4};
    ck_assert_int_eq(execute_check_names(&request, &error), 0);
    request.tenant = (struct bytes){"Bad", 3};
    ck_assert_int_eq(execute_check_names(&request, &error), E_INVALID);
    ck_assert_str_eq(error.field, "tenant");
}
END_TEST

/* Joins the slices, unrefs them, and has protobuf-c read the message. */
static Isoyard__V1__ExecuteResponse *read_back(grpc_slice *slices, size_t count)
{
    struct buffer message = {0};
    Isoyard__V1__ExecuteResponse *response;

    for (size_t i = 0; i < count; i++) {
        buffer_append(&message, GRPC_SLICE_START_PTR(slices[i]), GRPC_SLICE_LENGTH(slices[i]));
        grpc_slice_unref(slices[i]);
    }
    response = isoyard__v1__execute_response__unpack(NULL, message.len, (uint8_t *)message.data);
    buffer_release(&message);
    return response;
}

static struct response *make_response(const char *headers, size_t body_len, bool is_text)
{
    struct response *r = response_new(201, strlen(headers), body_len);

    memcpy(r->data, headers, strlen(headers));
    memset(r->data + strlen(headers), 'b', body_len);
    r->has_body = true;
    r->is_body_text = is_text;
    return r;
}

START_TEST(execute_encode_protobuf_c_reads_it)
{
    static const size_t sizes[] = {0, 1, 127, 128, 16383, 16384, 16385, 1 << 20};
    const struct report report = {.architecture = ARCHITECTURE_PINNED,
                                  .version = 300,
                                  .is_warm = true,
                                  .cpu_us = 17,
                                  .heap_bytes = UINT64_C(1) << 40};

    for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
        size_t size = sizes[i / 2];
        bool is_text = i % 2;
        grpc_slice slices[EXECUTE_SLICES_MAX];
        size_t count = execute_encode(make_response("a\n1\nb\n\n", size, is_text), &report, slices);
        Isoyard__V1__ExecuteResponse *read = read_back(slices, count);

        ck_assert_ptr_nonnull(read);
        ck_assert_uint_eq(count, size < 16384 ? 1 : 2);
        ck_assert_uint_eq(read->response->status, 201);
        ck_assert_uint_eq(read->response->n_headers, 2);
        ck_assert_str_eq(read->response->headers[0]->name, "a");
        ck_assert_str_eq(read->response->headers[0]->value, "1");
        ck_assert_str_eq(read->response->headers[1]->value, "");
        if (is_text)
            ck_assert_uint_eq(strlen(read->response->body_text), size);
        else
            ck_assert_uint_eq(read->response->body_bytes.len, size);
        ck_assert_uint_eq(read->report->version, 300);
        ck_assert_uint_eq(read->report->architecture, 3);
        ck_assert_uint_eq(read->report->start, 2);
        ck_assert_uint_eq(read->report->cpu_us, 17);
        ck_assert_uint_eq(read->report->heap_bytes, UINT64_C(1) << 40);
        isoyard__v1__execute_response__free_unpacked(read, NULL);
    }
}
END_TEST

START_TEST(execute_encode_without_a_body_has_none)
{
    const struct report report = {.architecture = ARCHITECTURE_LEGACY};
    grpc_slice slices[EXECUTE_SLICES_MAX];
    size_t count = execute_encode(response_new(204, 0, 0), &report, slices);
    Isoyard__V1__ExecuteResponse *read = read_back(slices, count);

    ck_assert_uint_eq(read->response->status, 204);
    ck_assert_uint_eq(read->response->body_case, 0);
    isoyard__v1__execute_response__free_unpacked(read, NULL);
}
END_TEST

static int decode_packed(const Isoyard__V1__ExecuteRequest *request, uint8_t *room,
                         struct execute_request *ret, struct error *error)
{
    size_t size = isoyard__v1__execute_request__pack(request, room);

    return execute_decode((struct bytes){(const char *)room, size}, BODY_MAX, ret, error);
}

START_TEST(execute_decode_scheduled_event)
{
    Isoyard__V1__ExecuteRequest request = ISOYARD__V1__EXECUTE_REQUEST__INIT;
    Isoyard__V1__ScheduledEvent scheduled = ISOYARD__V1__SCHEDULED_EVENT__INIT;
    Google__Protobuf__Timestamp time = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    struct execute_request read;
    struct request built;
    struct error error;
    uint8_t room[512];
    char text[512];

    request.worker = (char *)"w";
    request.event_case = ISOYARD__V1__EXECUTE_REQUEST__EVENT_SCHEDULED;
    request.scheduled = &scheduled;
    ck_assert_int_eq(decode_packed(&request, room, &read, &error), 0);
    ck_assert_int_eq(read.kind, REQUEST_SCHEDULED);
    ck_assert(!read.has_time);
    scheduled.time = &time;
    scheduled.cron = (char *)"*/5 * * * *";
    time.seconds = -2;
    time.nanos = 500000000;
    ck_assert_int_eq(decode_packed(&request, room, &read, &error), 0);
    execute_build(&read, text, &built);
    ck_assert_int_eq(built.kind, REQUEST_SCHEDULED);
    ck_assert_int_eq(built.scheduled_ms, -1500);
    ck_assert(bytes_equal(built.cron, bytes_of("*/5 * * * *")));
    time.seconds = INT64_C(253402300800);
    ck_assert_int_eq(decode_packed(&request, room, &read, &error), E_INVALID);
    ck_assert_str_eq(error.field, "scheduled.time");
    time.seconds = 0;
    time.nanos = -1;
    ck_assert_int_eq(decode_packed(&request, room, &read, &error), E_INVALID);
}
END_TEST

START_TEST(execute_decode_scheduled_cron_is_bounded)
{
    Isoyard__V1__ExecuteRequest request = ISOYARD__V1__EXECUTE_REQUEST__INIT;
    Isoyard__V1__ScheduledEvent scheduled = ISOYARD__V1__SCHEDULED_EVENT__INIT;
    struct execute_request read;
    struct error error;
    uint8_t room[512];
    char cron[EXECUTE_CRON_MAX + 2] = "";

    request.event_case = ISOYARD__V1__EXECUTE_REQUEST__EVENT_SCHEDULED;
    request.scheduled = &scheduled;
    scheduled.cron = cron;
    memset(cron, '*', EXECUTE_CRON_MAX);
    ck_assert_int_eq(decode_packed(&request, room, &read, &error), 0);
    cron[EXECUTE_CRON_MAX] = '*';
    ck_assert_int_eq(decode_packed(&request, room, &read, &error), E_INVALID);
    ck_assert_str_eq(error.field, "scheduled.cron");
}
END_TEST

START_TEST(execute_decode_task_event)
{
    Isoyard__V1__ExecuteRequest request = ISOYARD__V1__EXECUTE_REQUEST__INIT;
    Isoyard__V1__TaskEvent task = ISOYARD__V1__TASK_EVENT__INIT;
    struct execute_request read;
    struct error error;
    uint8_t *room = malloc(BODY_MAX + 100);
    char *payload = calloc(1, BODY_MAX + 2);

    request.event_case = ISOYARD__V1__EXECUTE_REQUEST__EVENT_TASK;
    request.task = &task;
    ck_assert_int_eq(decode_packed(&request, room, &read, &error), 0);
    ck_assert_int_eq(read.kind, REQUEST_TASK);
    ck_assert(bytes_equal(read.body, bytes_of("null")));
    ck_assert_uint_eq(read.attempt, 1);
    task.attempt = 7;
    task.payload_json = memset(payload, '1', BODY_MAX);
    ck_assert_int_eq(decode_packed(&request, room, &read, &error), 0);
    ck_assert_uint_eq(read.body.len, BODY_MAX);
    ck_assert_uint_eq(read.attempt, 7);
    payload[BODY_MAX] = '1';
    ck_assert_int_eq(decode_packed(&request, room, &read, &error), E_INVALID);
    ck_assert_str_eq(error.field, "task.payload_json");
    free(payload);
    free(room);
}
END_TEST

/* The last member of the oneof counts, and nothing of those before it stays. */
START_TEST(execute_decode_last_event_replaces_the_others)
{
    Isoyard__V1__ExecuteRequest request = ISOYARD__V1__EXECUTE_REQUEST__INIT;
    Isoyard__V1__ScheduledEvent scheduled = ISOYARD__V1__SCHEDULED_EVENT__INIT;
    Isoyard__V1__TaskEvent task = ISOYARD__V1__TASK_EVENT__INIT;
    struct execute_request read;
    struct error error;
    uint8_t packed[200];
    size_t len;

    request.worker = (char *)"w";
    request.event_case = ISOYARD__V1__EXECUTE_REQUEST__EVENT_TASK;
    request.task = &task;
    task.payload_json = (char *)"[1]";
    task.attempt = 7;
    len = isoyard__v1__execute_request__pack(&request, packed);
    request.event_case = ISOYARD__V1__EXECUTE_REQUEST__EVENT_SCHEDULED;
    request.scheduled = &scheduled;
    scheduled.cron = (char *)"* * * * *";
    len += isoyard__v1__execute_request__pack(&request, packed + len);
    ck_assert_int_eq(execute_decode((struct bytes){(char *)packed, len}, BODY_MAX, &read, &error),
                     0);
    ck_assert_int_eq(read.kind, REQUEST_SCHEDULED);
    ck_assert(bytes_equal(read.worker, bytes_of("w")));
    ck_assert(bytes_equal(read.cron, bytes_of("* * * * *")));
    ck_assert_uint_eq(read.body.len, 0);
    ck_assert_uint_eq(read.attempt, 1);
}
END_TEST

START_TEST(execute_encode_result_protobuf_c_reads_it)
{
    const struct report report = {.execution = "00f067aa0ba902b7",
                                  .version = 9,
                                  .subrequests = 3,
                                  .subrequest_sent_bytes = 70000};
    grpc_slice slice = execute_encode_result(bytes_of("{\"success\":true}"), &report);
    Isoyard__V1__ExecuteResponse *read = read_back(&slice, 1);

    ck_assert_int_eq(read->outcome_case, ISOYARD__V1__EXECUTE_RESPONSE__OUTCOME_TASK);
    ck_assert_str_eq(read->task->result_json, "{\"success\":true}");
    ck_assert_str_eq(read->report->execution_id, "00f067aa0ba902b7");
    ck_assert_uint_eq(read->report->version, 9);
    ck_assert_uint_eq(read->report->subrequests, 3);
    ck_assert_uint_eq(read->report->subrequest_sent_bytes, 70000);
    isoyard__v1__execute_response__free_unpacked(read, NULL);
}
END_TEST

/* A packed ExecuteStreamRequest as the server decodes it. */
static int decode_part(const Isoyard__V1__ExecuteStreamRequest *request, uint8_t *packed,
                       struct execute_part *ret, struct error *error)
{
    size_t len = isoyard__v1__execute_stream_request__pack(request, packed);

    return execute_decode_part((struct bytes){(const char *)packed, len}, ret, error);
}

START_TEST(execute_decode_part_what_protobuf_c_wrote_is_read)
{
    Isoyard__V1__ExecuteStreamRequest request = ISOYARD__V1__EXECUTE_STREAM_REQUEST__INIT;
    Isoyard__V1__ExecuteStreamStart start = ISOYARD__V1__EXECUTE_STREAM_START__INIT;
    Isoyard__V1__ExecuteRequest execute = ISOYARD__V1__EXECUTE_REQUEST__INIT;
    Isoyard__V1__BodyError broken = ISOYARD__V1__BODY_ERROR__INIT;
    struct error error = {0};
    struct execute_part part;
    uint8_t packed[256];

    execute.worker = (char *)"w";
    start.request = &execute;
    start.has_body = true;
    request.part_case = ISOYARD__V1__EXECUTE_STREAM_REQUEST__PART_START;
    request.start = &start;
    ck_assert_int_eq(decode_part(&request, packed, &part, &error), 0);
    ck_assert_int_eq(part.kind, EXECUTE_PART_START);
    ck_assert(part.has_body);
    ck_assert_uint_eq(part.request.len, 3);
    request.part_case = ISOYARD__V1__EXECUTE_STREAM_REQUEST__PART_CHUNK;
    request.chunk = (ProtobufCBinaryData){5, (uint8_t *)"bytes"};
    ck_assert_int_eq(decode_part(&request, packed, &part, &error), 0);
    ck_assert_int_eq(part.kind, EXECUTE_PART_CHUNK);
    ck_assert(bytes_equal(part.chunk, bytes_of("bytes")));
    request.part_case = ISOYARD__V1__EXECUTE_STREAM_REQUEST__PART_ERROR;
    broken.message = (char *)"full";
    request.error = &broken;
    ck_assert_int_eq(decode_part(&request, packed, &part, &error), 0);
    ck_assert_int_eq(part.kind, EXECUTE_PART_ERROR);
    ck_assert(bytes_equal(part.text, bytes_of("full")));
    broken.message = (char *)"\xff";
    ck_assert_int_eq(decode_part(&request, packed, &part, &error), E_INVALID);
}
END_TEST

START_TEST(execute_decode_part_damaged_message_is_refused_or_stays_inside)
{
    static const char whole[] = "\x0a\x07\x0a\x03\x12\x01w\x10\x01";
    struct execute_part part;
    struct error error = {0};

    ck_assert_int_eq(execute_decode_part(bytes_of(""), &part, &error), 0);
    ck_assert_int_eq(part.kind, EXECUTE_PART_NONE);
    for (size_t len = 1; len < sizeof(whole) - 1; len++) {
        char *copy = malloc(len); /* so that a sanitizer sees a byte too far */

        memcpy(copy, whole, len);
        ck_assert_int_eq(execute_decode_part((struct bytes){copy, len}, &part, &error), E_INVALID);
        free(copy);
    }
    for (int byte = 0; byte < 256; byte++) {
        for (size_t at = 0; at < sizeof(whole) - 1; at++) {
            char *copy = malloc(sizeof(whole) - 1);

            memcpy(copy, whole, sizeof(whole) - 1);
            copy[at] = (char)byte;
            (void)execute_decode_part((struct bytes){copy, sizeof(whole) - 1}, &part, &error);
            free(copy);
        }
    }
}
END_TEST

START_TEST(execute_encode_head_and_chunk_protobuf_c_reads_them)
{
    struct response *response = response_new(201, 4, 0);
    grpc_slice slices[EXECUTE_SLICES_MAX], head;
    struct buffer packed = {0};
    Isoyard__V1__ExecuteStreamResponse *read;

    memcpy(response->data, "a\nb\n", 4);
    response->has_body = true;
    head = execute_encode_head(response);
    read = isoyard__v1__execute_stream_response__unpack(NULL, GRPC_SLICE_LENGTH(head),
                                                        GRPC_SLICE_START_PTR(head));
    ck_assert_int_eq(read->part_case, ISOYARD__V1__EXECUTE_STREAM_RESPONSE__PART_HEAD);
    ck_assert(read->head->has_body);
    ck_assert_uint_eq(read->head->response->status, 201);
    ck_assert_uint_eq(read->head->response->n_headers, 1);
    ck_assert_str_eq(read->head->response->headers[0]->value, "b");
    isoyard__v1__execute_stream_response__free_unpacked(read, NULL);
    grpc_slice_unref(head);
    response_free(response);
    execute_encode_chunk((struct pipe_chunk){strdup("chunk"), 5}, slices);
    for (int i = 0; i < EXECUTE_SLICES_MAX; i++) {
        buffer_append(&packed, GRPC_SLICE_START_PTR(slices[i]), GRPC_SLICE_LENGTH(slices[i]));
        grpc_slice_unref(slices[i]);
    }
    read = isoyard__v1__execute_stream_response__unpack(NULL, packed.len, (uint8_t *)packed.data);
    ck_assert_int_eq(read->part_case, ISOYARD__V1__EXECUTE_STREAM_RESPONSE__PART_CHUNK);
    ck_assert_uint_eq(read->chunk.len, 5);
    ck_assert_mem_eq(read->chunk.data, "chunk", 5);
    isoyard__v1__execute_stream_response__free_unpacked(read, NULL);
    buffer_release(&packed);
}
END_TEST

UNIT_MAIN("execute_codec", execute_decode_what_protobuf_c_wrote_is_read,
          execute_decode_part_what_protobuf_c_wrote_is_read,
          execute_decode_part_damaged_message_is_refused_or_stays_inside,
          execute_encode_head_and_chunk_protobuf_c_reads_them,
          execute_decode_damaged_message_is_refused_or_stays_inside,
          execute_decode_fields_that_stand_twice_are_merged,
          execute_decode_unknown_fields_are_skipped, execute_check_names_finds_the_wrong_one,
          execute_decode_scheduled_event, execute_decode_scheduled_cron_is_bounded,
          execute_decode_task_event, execute_decode_last_event_replaces_the_others,
          execute_encode_result_protobuf_c_reads_it, execute_encode_protobuf_c_reads_it,
          execute_encode_without_a_body_has_none)
