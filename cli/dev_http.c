/* From HTTP to ExecuteStream, and back. */
#include "cli/dev_http.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "cli/client.h"
#include "cli/color.h"
#include "cli/dev_server.h"
#include "cli/problem.h"
#include "cli/text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <isoyard/v1/execution.pb-c.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS 64
#define TIMEOUT_MS 60000 /* and a minute, for a part; the server has limits of its own */
#define BLOCK_BYTES ((size_t)64 << 10)

struct dev_http {
    struct MHD_Daemon *daemon;
    const struct options *options;
    pthread_mutex_t lock;
    char *worker; /* guarded by lock */
    uint16_t port;
    atomic_bool is_stopping; /* relaxed: a hint to calls under way, which look now and then */
};

/* A request under way, and its answer. */
struct request {
    struct dev_http *http;
    int fd;
    char *target; /* as it came, with its query */
    struct buffer body;
    bool is_too_large;
    bool has_begun;
    uint64_t started_ns;
    size_t header_count, header_capacity;
    Isoyard__V1__HttpHeader *headers;         /* own their texts */
    struct client_stream *stream;             /* NULL: none, or no longer */
    Isoyard__V1__ExecuteStreamResponse *part; /* what came last */
    size_t taken;                             /* of its chunk */
};

/* Header values are bytes here, and characters up to U+00FF there. */

static char *utf8_of_bytes(const char *text)
{
    struct buffer out = {0};

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < 0x80)
            buffer_append(&out, &c, 1);
        else
            buffer_append_format(&out, "%c%c", 0xc0 | c >> 6, 0x80 | (c & 0x3f));
    }
    buffer_append(&out, "", 1);
    return out.data;
}

static char *bytes_of_utf8(const char *text)
{
    struct buffer out = {0};

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if ((c & 0xfc) == 0xc0 && text[1]) {
            c = (unsigned char)(c << 6 | ((unsigned char)text[1] & 0x3f));
            text++;
        }
        buffer_append(&out, &c, 1);
    }
    buffer_append(&out, "", 1);
    return out.data;
}

/* The call's parts */

static void drop_part(struct request *r)
{
    if (r->part)
        isoyard__v1__execute_stream_response__free_unpacked(r->part, NULL);
    r->part = NULL;
    r->taken = 0;
}

static void next_part(struct request *r)
{
    drop_part(r);
    r->part = (Isoyard__V1__ExecuteStreamResponse *)client_stream_next(
        r->stream, &isoyard__v1__execute_stream_response__descriptor);
}

static bool has_bytes(const struct request *r)
{
    return r->part && r->part->part_case == ISOYARD__V1__EXECUTE_STREAM_RESPONSE__PART_CHUNK &&
           r->taken < r->part->chunk.len;
}

/* After the last part that matters: closing a call before the server has ended it would be a
 * cancellation. */
static void finish(struct request *r)
{
    ProtobufCMessage *more;

    while (
        (more = client_stream_next(r->stream, &isoyard__v1__execute_stream_response__descriptor)))
        protobuf_c_message_free_unpacked(more, NULL);
}

static void close_stream(struct request *r, struct reply *ret)
{
    client_stream_close(r->stream, ret);
    r->stream = NULL;
}

/* The request */

static void *begin_request(void *arg, const char *target, struct MHD_Connection *connection)
{
    struct request *r = xcalloc(1, sizeof(*r));

    r->http = arg;
    r->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    r->target = xstrdup(target);
    r->started_ns = clock_now_ns();
    return r;
}

static void end_request(void *arg, struct MHD_Connection *connection, void **state,
                        enum MHD_RequestTerminationCode code)
{
    struct request *r = *state;

    (void)arg;
    (void)connection;
    (void)code;
    if (!r)
        return;
    drop_part(r);
    if (r->stream) {
        struct reply reply;

        close_stream(r, &reply);
        reply_release(&reply);
    }
    for (size_t i = 0; i < r->header_count; i++) {
        free(r->headers[i].name);
        free(r->headers[i].value);
    }
    free(r->headers);
    free(r->target);
    buffer_release(&r->body);
    free(r);
    *state = NULL;
}

static enum MHD_Result add_header(void *arg, enum MHD_ValueKind kind, const char *name,
                                  const char *value)
{
    struct request *r = arg;

    (void)kind;
    if (r->header_count == r->header_capacity) {
        r->header_capacity = r->header_capacity * 2 + 16;
        r->headers = realloc(r->headers, r->header_capacity * sizeof(r->headers[0]));
        if (!r->headers)
            abort();
    }
    isoyard__v1__http_header__init(&r->headers[r->header_count]);
    r->headers[r->header_count].name = xstrdup(name);
    r->headers[r->header_count++].value = utf8_of_bytes(value ? value : "");
    return MHD_YES;
}

static void take_body(struct request *r, const char *data, size_t len)
{
    r->is_too_large = r->is_too_large || r->body.len + len > DEV_BODY_BYTES;
    if (!r->is_too_large)
        buffer_append(&r->body, data, len);
}

/* Whether somebody still waits for the answer: a client that has closed its side has left. */
static bool is_wanted(void *arg)
{
    struct request *r = arg;
    char byte;
    ssize_t len;

    if (atomic_load_explicit(&r->http->is_stopping, memory_order_relaxed))
        return false;
    len = recv(r->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return len > 0 || (len < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
}

/* The caller frees. */
static char *copy_worker(struct dev_http *http)
{
    char *worker;

    pthread_mutex_lock(&http->lock);
    worker = xstrdup(http->worker);
    pthread_mutex_unlock(&http->lock);
    return worker;
}

static struct client_stream *call(struct dev_http *http, struct request *r, const char *method,
                                  const char *host)
{
    Isoyard__V1__ExecuteStreamRequest first = ISOYARD__V1__EXECUTE_STREAM_REQUEST__INIT;
    Isoyard__V1__ExecuteStreamStart start = ISOYARD__V1__EXECUTE_STREAM_START__INIT;
    Isoyard__V1__ExecuteRequest request = ISOYARD__V1__EXECUTE_REQUEST__INIT;
    Isoyard__V1__HttpRequest fetch = ISOYARD__V1__HTTP_REQUEST__INIT;
    Isoyard__V1__HttpHeader **headers = xcalloc(r->header_count + 1, sizeof(headers[0]));
    struct client_stream *stream;
    char *url, *worker = copy_worker(http);

    if (asprintf(&url, "http://%s%s", host, r->target) < 0)
        abort();
    for (size_t i = 0; i < r->header_count; i++)
        headers[i] = &r->headers[i];
    first.part_case = ISOYARD__V1__EXECUTE_STREAM_REQUEST__PART_START;
    first.start = &start;
    start.request = &request;
    request.tenant = (char *)http->options->tenant;
    request.worker = worker;
    request.event_case = ISOYARD__V1__EXECUTE_REQUEST__EVENT_FETCH;
    request.fetch = &fetch;
    fetch.method = (char *)method;
    fetch.url = url;
    fetch.n_headers = r->header_count;
    fetch.headers = headers;
    if (r->body.len > 0 && strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0) {
        fetch.body_case = ISOYARD__V1__HTTP_REQUEST__BODY_BODY_BYTES;
        fetch.body_bytes.data = (uint8_t *)r->body.data;
        fetch.body_bytes.len = r->body.len;
    }
    stream = client_stream_open(http->options, "/isoyard.v1.ExecutionService/ExecuteStream",
                                &first.base, TIMEOUT_MS, is_wanted, r);
    free(url);
    free(worker);
    free(headers);
    return stream;
}

/* The answer */

static struct MHD_Response *text_response(struct bytes text)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(text.len, (void *)text.data, MHD_RESPMEM_MUST_COPY);

    MHD_add_response_header(response, "content-type", "text/plain; charset=utf-8");
    return response;
}

/* The connection is ours, and so is the length. */
static bool is_ours(const char *name)
{
    static const char *const names[] = {"connection",     "keep-alive", "transfer-encoding",
                                        "content-length", "upgrade",    "trailer"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcasecmp(names[i], name) == 0)
            return true;
    }
    return false;
}

/* The body: parts as MHD asks for them. */

static void print_break(const struct request *r, const char *cause)
{
    char *target = text_escape(r->target, false), *why = text_escape(cause, false);

    problem_usage("the answer to %s broke off: %s", target, why);
    free(target);
    free(why);
}

/* What the body ends with: nothing where it is whole, or nobody wants it any more. */
static ssize_t end_body(struct request *r)
{
    const Isoyard__V1__Failure *failure = r->part ? r->part->end->failure : NULL;
    struct reply reply;
    ssize_t ret = MHD_CONTENT_READER_END_OF_STREAM;

    if (r->part)
        finish(r);
    close_stream(r, &reply);
    if (failure || reply.code != GRPC_STATUS_OK) {
        print_break(r, failure ? failure->message : reply.message);
        ret = MHD_CONTENT_READER_END_WITH_ERROR;
    } else if (!r->part) {
        ret = MHD_CONTENT_READER_END_WITH_ERROR;
    }
    reply_release(&reply);
    return ret;
}

static ssize_t read_body(void *arg, uint64_t at, char *ret, size_t max)
{
    struct request *r = arg;
    size_t len;

    (void)at;
    while (!has_bytes(r)) {
        next_part(r);
        if (!r->part || r->part->part_case == ISOYARD__V1__EXECUTE_STREAM_RESPONSE__PART_END)
            return end_body(r);
    }
    len = r->part->chunk.len - r->taken < max ? r->part->chunk.len - r->taken : max;
    memcpy(ret, r->part->chunk.data + r->taken, len);
    r->taken += len;
    return (ssize_t)len;
}

static struct MHD_Response *worker_response(struct request *r)
{
    const Isoyard__V1__ExecuteStreamHead *head = r->part->head;
    struct MHD_Response *response;

    if (!head->has_body)
        finish(r);
    response = MHD_create_response_from_callback(head->has_body ? MHD_SIZE_UNKNOWN : 0, BLOCK_BYTES,
                                                 read_body, r, NULL);

    for (size_t i = 0; i < head->response->n_headers; i++) {
        char *value = bytes_of_utf8(head->response->headers[i]->value);

        if (!is_ours(head->response->headers[i]->name))
            MHD_add_response_header(response, head->response->headers[i]->name, value);
        free(value);
    }
    return response;
}

static struct MHD_Response *failure_response(const Isoyard__V1__Failure *failure)
{
    struct buffer text = {0};
    struct MHD_Response *response;

    buffer_append_format(&text, "the worker failed: %s\n", failure->message);
    if (failure->stack[0])
        buffer_append_format(&text, "\n%s\n", failure->stack);
    response = text_response((struct bytes){text.data, text.len});
    buffer_release(&text);
    return response;
}

/* As a gateway says it. */
static unsigned status_of(grpc_status_code code)
{
    switch (code) {
    case GRPC_STATUS_RESOURCE_EXHAUSTED:
    case GRPC_STATUS_UNAVAILABLE:
        return MHD_HTTP_SERVICE_UNAVAILABLE;
    case GRPC_STATUS_DEADLINE_EXCEEDED:
        return MHD_HTTP_GATEWAY_TIMEOUT;
    case GRPC_STATUS_INVALID_ARGUMENT:
        return MHD_HTTP_BAD_REQUEST;
    case GRPC_STATUS_NOT_FOUND: /* it has not been deployed yet */
        return MHD_HTTP_SERVICE_UNAVAILABLE;
    default:
        return MHD_HTTP_BAD_GATEWAY;
    }
}

/* Without an answer of the worker's; NULL: nobody waits for one. */
static struct MHD_Response *refusal(struct request *r, unsigned *ret_status)
{
    struct MHD_Response *response = NULL;
    struct reply reply;

    close_stream(r, &reply);
    if (reply.code != GRPC_STATUS_OK) {
        *ret_status = status_of(reply.code);
        response = text_response(bytes_of(reply.message));
    }
    reply_release(&reply);
    return response;
}

/* What the first part says. */
static struct MHD_Response *make_response(struct request *r, unsigned *ret_status)
{
    if (!r->part)
        return refusal(r, ret_status);
    if (r->part->part_case == ISOYARD__V1__EXECUTE_STREAM_RESPONSE__PART_HEAD &&
        r->part->head->response) {
        *ret_status = r->part->head->response->status;
        return worker_response(r);
    }
    *ret_status = MHD_HTTP_INTERNAL_SERVER_ERROR;
    finish(r);
    if (r->part->part_case == ISOYARD__V1__EXECUTE_STREAM_RESPONSE__PART_END &&
        r->part->end->failure)
        return failure_response(r->part->end->failure);
    return text_response(bytes_of("the worker gave no answer\n"));
}

static void print_line(const struct request *r, const char *method, unsigned status)
{
    uint64_t us = (clock_now_ns() - r->started_ns) / 1000;
    char *target = text_escape(r->target, false);
    enum color shade = status >= 500 ? COLOR_RED : status >= 400 ? COLOR_YELLOW : COLOR_GREEN;

    /* One call: lines of other threads stand between, not within. */
    printf("%s%u%s %s %s, %" PRIu64 ".%" PRIu64 " ms\n", color(stdout, shade), status,
           color(stdout, COLOR_PLAIN), method, target, us / 1000, us % 1000 / 100);
    fflush(stdout);
    free(target);
}

static enum MHD_Result respond(struct dev_http *http, struct request *r, const char *method,
                               struct MHD_Connection *connection)
{
    const char *host = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "host");
    struct MHD_Response *response;
    enum MHD_Result result;
    unsigned status = MHD_HTTP_CONTENT_TOO_LARGE;

    if (r->is_too_large) {
        response = text_response(bytes_of("the body is too large\n"));
    } else {
        MHD_get_connection_values(connection, MHD_HEADER_KIND, add_header, r);
        r->stream = call(http, r, method, host ? host : "localhost");
        next_part(r);
        response = make_response(r, &status);
    }
    if (!response)
        return MHD_NO;
    print_line(r, method, status);
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *path,
                              const char *method, const char *version, const char *data,
                              size_t *data_len, void **state)
{
    struct request *r = *state;

    (void)path;
    (void)version;
    if (!r->has_begun) {
        r->has_begun = true;
        return MHD_YES;
    }
    if (*data_len > 0) {
        take_body(r, data, *data_len);
        *data_len = 0;
        return MHD_YES;
    }
    return respond(arg, r, method, connection);
}

/* Names and values of headers stay as they are; so does the path, which begin_request has. */
static size_t leave_escapes(void *arg, struct MHD_Connection *connection, char *text)
{
    (void)arg;
    (void)connection;
    return strlen(text);
}

/* A socket that listens, and the port that it has, or -1 with errno: what libmicrohttpd leaves in
 * errno where it opens one itself may be of its cleaning up. */
static int listen_at(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(*port)};
    socklen_t len = sizeof(address);
    int on = 1, cause;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, CONNECTIONS) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        cause = errno;
        close(fd);
        errno = cause;
        return -1;
    }
    *port = ntohs(address.sin_port);
    return fd;
}

static void http_free(struct dev_http *http)
{
    pthread_mutex_destroy(&http->lock);
    free(http->worker);
    free(http);
}

int dev_http_start(struct dev_http **ret, const struct options *options, const char *worker,
                   uint16_t port, struct error *error)
{
    uint16_t actual_port = port;
    int fd = listen_at(&actual_port);
    struct dev_http *http;

    if (fd < 0)
        return error_set(error, E_IO, NULL,
                         "cannot serve at 127.0.0.1:%u: %s; choose another port with --port", port,
                         strerror(errno));
    http = xcalloc(1, sizeof(*http));
    http->options = options;
    pthread_mutex_init(&http->lock, NULL);
    http->worker = xstrdup(worker);
    http->port = actual_port;
    http->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION, port, NULL, NULL, handle,
        http, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS,
        MHD_OPTION_URI_LOG_CALLBACK, begin_request, http, MHD_OPTION_NOTIFY_COMPLETED, end_request,
        NULL, MHD_OPTION_UNESCAPE_CALLBACK, leave_escapes, NULL, MHD_OPTION_END);
    if (!http->daemon) {
        close(fd);
        http_free(http);
        return error_set(error, E_NOMEM, NULL, "cannot serve HTTP");
    }
    *ret = http;
    return 0;
}

void dev_http_set_worker(struct dev_http *http, const char *worker)
{
    char *before, *now = xstrdup(worker);

    pthread_mutex_lock(&http->lock);
    before = http->worker;
    http->worker = now;
    pthread_mutex_unlock(&http->lock);
    free(before);
}

uint16_t dev_http_port(const struct dev_http *http)
{
    return http->port;
}

void dev_http_stop(struct dev_http *http)
{
    if (!http)
        return;
    atomic_store_explicit(&http->is_stopping, true, memory_order_relaxed);
    MHD_stop_daemon(http->daemon);
    http_free(http);
}
