/* isoyard exec --stream */
#include "cli/exec_stream.h"

#include "cli/answer.h"
#include "cli/client.h"
#include "cli/exit_status.h"
#include "cli/problem.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_BYTES ((size_t)64 << 10)

/* Somebody who types may be waited for when the answer is over. */
#define LOOK_MS 100

/* Sending. */

static void append_message(struct buffer *ret, const Isoyard__V1__ExecuteStreamRequest *request)
{
    size_t size = isoyard__v1__execute_stream_request__get_packed_size(request);

    isoyard__v1__execute_stream_request__pack(request, (uint8_t *)buffer_reserve(ret, size));
    ret->len += size;
}

static void append_chunk(struct buffer *ret, uint8_t *data, size_t len)
{
    Isoyard__V1__ExecuteStreamRequest request = ISOYARD__V1__EXECUTE_STREAM_REQUEST__INIT;

    request.part_case = ISOYARD__V1__EXECUTE_STREAM_REQUEST__PART_CHUNK;
    request.chunk.data = data;
    request.chunk.len = len;
    append_message(ret, &request);
}

static void append_error(struct buffer *ret, int number)
{
    Isoyard__V1__ExecuteStreamRequest request = ISOYARD__V1__EXECUTE_STREAM_REQUEST__INIT;
    Isoyard__V1__BodyError error = ISOYARD__V1__BODY_ERROR__INIT;

    error.message = strerror(number);
    request.part_case = ISOYARD__V1__EXECUTE_STREAM_REQUEST__PART_ERROR;
    request.error = &error;
    append_message(ret, &request);
}

/* Whether there is something to read before the call is over. */
static bool await_input(const struct exec_stream *s, const atomic_bool *is_over)
{
    struct pollfd input = {.fd = s->fd, .events = POLLIN};

    while (!atomic_load_explicit(is_over, memory_order_relaxed)) {
        if (poll(&input, 1, LOOK_MS) != 0)
            return true;
    }
    return false;
}

static bool next_part(void *arg, const atomic_bool *is_over, struct buffer *ret)
{
    struct exec_stream *s = arg;
    uint8_t data[CHUNK_BYTES];
    ssize_t len;

    if (s->fd < 0 || s->has_broken || !await_input(s, is_over))
        return false;
    do
        len = read(s->fd, data, sizeof(data));
    while (len < 0 && errno == EINTR);
    if (len > 0)
        append_chunk(ret, data, (size_t)len);
    if (len < 0) {
        s->has_broken = true;
        append_error(ret, errno);
    }
    return len != 0;
}

/* Receiving. */

static void take_head(struct exec_stream *s, const Isoyard__V1__ExecuteStreamHead *head)
{
    if (!head->response)
        return;
    s->status = head->response->status;
    if (s->is_verbose)
        answer_print_head(head->response);
}

static bool take_chunk(struct exec_stream *s, const ProtobufCBinaryData *chunk)
{
    body_output_write(&s->output, (struct bytes){(const char *)chunk->data, chunk->len});
    return fflush(stdout) == 0;
}

static void take_end(struct exec_stream *s, const Isoyard__V1__ExecuteStreamEnd *end)
{
    body_output_end(&s->output);
    if (end->failure) {
        s->has_failed = true;
        problem_print_failure(end->failure);
    }
    if (s->is_verbose && end->report)
        answer_print_report(end->report);
    answer_print_spans(end->report);
}

/* Whether more is wanted: not where nobody takes what comes. */
static bool take_part(void *arg, const ProtobufCMessage *message)
{
    const Isoyard__V1__ExecuteStreamResponse *response =
        (const Isoyard__V1__ExecuteStreamResponse *)message;
    struct exec_stream *s = arg;

    switch (response->part_case) {
    case ISOYARD__V1__EXECUTE_STREAM_RESPONSE__PART_HEAD:
        take_head(s, response->head);
        break;
    case ISOYARD__V1__EXECUTE_STREAM_RESPONSE__PART_CHUNK:
        return take_chunk(s, &response->chunk);
    case ISOYARD__V1__EXECUTE_STREAM_RESPONSE__PART_END:
        take_end(s, response->end);
        break;
    default:
        break;
    }
    return true;
}

static int open_file(struct exec_stream *s)
{
    s->fd = -1;
    if (s->file)
        s->fd = strcmp(s->file, "-") == 0 ? STDIN_FILENO : open(s->file, O_RDONLY | O_CLOEXEC);
    return s->file && s->fd < 0 ? problem_usage("%s: %s", s->file, strerror(errno)) : EXIT_FINE;
}

static int exit_status(const struct exec_stream *s)
{
    bool is_refusal = s->fails && s->status >= 400;
    bool is_failure = s->has_failed || s->has_broken || is_refusal;

    if (is_refusal)
        answer_print_failing_status(s->status);
    return is_failure || ferror(stdout) ? EXIT_WORKER : EXIT_FINE;
}

int exec_stream(struct exec_stream *s, const struct options *options,
                const Isoyard__V1__ExecuteRequest *request)
{
    Isoyard__V1__ExecuteStreamRequest first = ISOYARD__V1__EXECUTE_STREAM_REQUEST__INIT;
    Isoyard__V1__ExecuteStreamStart start = ISOYARD__V1__EXECUTE_STREAM_START__INIT;
    struct client_source source = {next_part, s};
    struct reply reply;
    int status = open_file(s);

    if (status)
        return status;
    start.request = (Isoyard__V1__ExecuteRequest *)request;
    start.has_body = s->file != NULL;
    first.part_case = ISOYARD__V1__EXECUTE_STREAM_REQUEST__PART_START;
    first.start = &start;
    body_output_init(&s->output, stdout);
    client_talk(options, "/isoyard.v1.ExecutionService/ExecuteStream", &first.base, &source,
                &isoyard__v1__execute_stream_response__descriptor, take_part, s, &reply);
    body_output_end(&s->output);
    status = reply.code == GRPC_STATUS_OK ? exit_status(s) : problem_print(options, &reply);
    reply_release(&reply);
    if (s->fd > STDIN_FILENO)
        close(s->fd);
    return status;
}
