/* Easy handles: what they are told, and what they bring. */
#include "shim/net/transfer.h"

#include "api/pipe.h"
#include "shim/net/header_block.h"

#include <stdio.h>
#include <stdlib.h>

/* A kept connection is not used again after so long: names move to other addresses. */
#define IDLE_MAX_S 30L
#define AGE_MAX_S 300L

/* curl has a bound for header blocks, too, which it tells as an error of the connection. */
#define HEADER_BYTES_MAX ((size_t)256 << 10)

/* So much of the body of a redirect is read to keep the connection; more is not worth it. */
#define DROPPED_MAX ((size_t)64 << 10)

/* What the answer brings. */

static bool is_body_dropped(const struct transfer *t)
{
    return t->context.follows_redirects && redirect_is_status(t->answer.status) &&
           t->answer.has_location;
}

static const char *host_of(const struct transfer *t)
{
    return t->context.outgoing->target.host;
}

static bool refuse_body(struct transfer *t)
{
    return fault_set(&t->fault, FETCH_TOO_LARGE,
                     "'%s' sent a body of more than the %zu bytes that a response may have",
                     host_of(t), t->context.body_bytes_max);
}

/* The header block is whole, and the body not yet begun. */
static bool on_headers(struct transfer *t)
{
    const struct answer *a = &t->answer;
    bool has_body =
        strcmp(t->context.outgoing->method, "HEAD") != 0 && a->status != 204 && a->status != 304;

    if (has_body && a->has_length && !a->has_coding && !a->has_transfer_encoding &&
        a->length > t->context.body_bytes_max && !is_body_dropped(t) && !t->context.streams)
        return refuse_body(t);
    /* Both together: what follows on this connection may be read in two ways (RFC 9112, 6.3). */
    if ((a->has_length && a->has_transfer_encoding) || *t->context.sockets > t->context.sockets_max)
        curl_easy_setopt(t->handle->easy, CURLOPT_FORBID_REUSE, 1L);
    if (t->context.headed)
        t->context.headed(t->context.arg);
    return true;
}

/* Without the host's name, answer_take_line says what was sent. */
static bool add_host(struct transfer *t)
{
    struct fault told = t->fault;

    return fault_set(&t->fault, told.error, "'%s' %s", host_of(t), told.message);
}

static size_t on_header(char *data, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    bool was_complete = t->answer.is_complete;

    if (!answer_take_line(&t->answer, (struct bytes){data, size * count}, &t->fault)) {
        add_host(t);
        return 0;
    }
    if (t->answer.is_complete && !was_complete && !on_headers(t))
        return 0;
    return size * count;
}

/* The body's size is the server's choice: there may be no memory for it, within its bound even. */
static bool append_body(struct transfer *t, const char *data, size_t len)
{
    struct buffer *b = &t->body;

    if (b->capacity - b->len < len) {
        size_t needed = b->len + len, twice = 2 * b->capacity;
        size_t capacity = twice > needed ? twice : needed;
        char *larger;

        if (capacity > t->context.body_bytes_max)
            capacity = t->context.body_bytes_max;
        larger = realloc(b->data, capacity);
        if (!larger)
            return fault_set(&t->fault, FETCH_INTERNAL, "no memory for the body that '%s' sent",
                             host_of(t));
        b->data = larger;
        b->capacity = capacity;
    }
    buffer_append(b, data, len);
    return true;
}

/* Pausing. What curl brings is always taken: what it would keep of a paused body it keeps without
 * a bound that fits, and what it has read may have become much more by being decoded. */

static void apply_pauses(struct transfer *t)
{
    curl_easy_pause(t->handle->easy, (t->is_receiving_paused ? CURLPAUSE_RECV : CURLPAUSE_CONT) |
                                         (t->is_sending_paused ? CURLPAUSE_SEND : CURLPAUSE_CONT));
}

static void pause_receiving(struct transfer *t)
{
    if (t->is_receiving_paused)
        return;
    t->is_receiving_paused = true;
    apply_pauses(t);
}

static bool has_room(struct transfer *t)
{
    return pipe_room(t->stream, PIPE_CHUNK_MAX) >= PIPE_CHUNK_MAX;
}

/* Whether it may wait there to be read. */
static bool stream_body(struct transfer *t, const char *data, size_t len)
{
    pipe_write(t->stream, data, len);
    if (!has_room(t))
        pause_receiving(t);
    return pipe_bytes(t->stream) <= PIPE_WINDOW + t->context.body_bytes_max || refuse_body(t);
}

void transfer_stream(struct transfer *t, struct pipe *stream)
{
    t->stream = stream;
    pipe_write(stream, t->body.data, t->body.len);
    buffer_release(&t->body);
    if (!has_room(t))
        pause_receiving(t);
    else
        transfer_resume(t);
}

void transfer_resume(struct transfer *t)
{
    bool was_paused = t->is_receiving_paused || t->is_sending_paused;

    if (t->is_receiving_paused && t->stream && has_room(t))
        t->is_receiving_paused = false;
    t->is_sending_paused = false; /* where there is nothing it pauses again */
    if (was_paused && t->handle)
        apply_pauses(t);
}

static size_t on_upload(char *to, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    size_t len = 0;

    switch (pipe_read(t->context.upload, to, size * count, &len)) {
    case PIPE_EMPTY:
        t->is_sending_paused = true;
        return CURL_READFUNC_PAUSE;
    case PIPE_BYTES:
        return len;
    case PIPE_ENDED:
        return 0;
    case PIPE_FAILED:
        break;
    }
    fault_set(&t->fault, FETCH_BAD_REQUEST, "the request's body broke off");
    return CURL_READFUNC_ABORT;
}

static bool take_body(void *arg, const char *data, size_t len)
{
    struct transfer *t = arg;

    if (t->stream)
        return stream_body(t, data, len);
    if (t->context.streams && t->body.len + len > PIPE_WINDOW)
        pause_receiving(t); /* until there is a pipe */
    if (len > t->context.body_bytes_max - t->body.len)
        return refuse_body(t);
    return append_body(t, data, len);
}

static bool decode_body(struct transfer *t, const char *data, size_t len)
{
    const struct answer *a = &t->answer;

    if (!t->decoder)
        t->decoder = decoder_new(a->codings, a->coding_count, take_body, t);
    if (!t->decoder)
        return fault_set(&t->fault, FETCH_INTERNAL, "no memory to decode the body that '%s' sent",
                         host_of(t));
    if (decoder_write(t->decoder, data, len))
        return true;
    if (t->fault.error == FETCH_OK)
        fault_set(&t->fault, FETCH_BAD_RESPONSE, "'%s' sent a body that cannot be decoded",
                  host_of(t));
    return false;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct transfer *t = arg;
    size_t len = size * count;
    bool is_taken;

    if (is_body_dropped(t)) {
        t->dropped += len;
        return t->dropped > DROPPED_MAX ? 0 : len;
    }
    /* Fetch hands out what it cannot decode as it is. */
    if (t->answer.coding_count > 0 && !t->answer.has_unknown_coding)
        is_taken = decode_body(t, data, len);
    else
        is_taken = take_body(t, data, len);
    return is_taken ? len : 0;
}

void transfer_finished(void *transfer, CURLcode code)
{
    struct transfer *t = transfer;
    bool is_enough = t->dropped > DROPPED_MAX;

    if (code != CURLE_OK && t->fault.error == FETCH_OK && !is_enough)
        curl_fault(&t->fault, code, t);
    else if (code == CURLE_OK && !t->answer.is_complete)
        curl_fault(&t->fault, CURLE_GOT_NOTHING, t); /* an end amid the headers is none to curl */
    t->context.finished(t->context.arg);
}

/* What curl is told. */

static curl_socket_t on_open_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct transfer *t = arg;

    (void)purpose;
    return connections_open_socket(t->context.connections, address, &t->is_refused);
}

/* Called before curl would resolve a name by itself: never. */
static int refuse_to_resolve(void *resolver, void *reserved, void *arg)
{
    (void)resolver;
    (void)reserved;
    (void)arg;
    return 1;
}

static int set_name_options(struct transfer *t)
{
    CURL *easy = t->handle->easy;
    int failed = 0;

    failed |= curl_easy_setopt(easy, CURLOPT_RESOLVE, t->resolve);
    failed |= curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, -1L);
    failed |= curl_easy_setopt(easy, CURLOPT_RESOLVER_START_FUNCTION, refuse_to_resolve);
    return failed;
}

static int set_connection_options(struct transfer *t)
{
    CURL *easy = t->handle->easy;
    int failed = 0;

    failed |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, on_open_socket);
    failed |= curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, t);
    failed |= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, connections_close_socket);
    failed |= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, t->context.connections);
    failed |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)t->context.connect_ms);
    failed |= curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, IDLE_MAX_S);
    failed |= curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, AGE_MAX_S);
    failed |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    /* No proxy, whatever the environment says. */
    failed |= curl_easy_setopt(easy, CURLOPT_PROXY, "");
    failed |= curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    return failed;
}

static int set_tls_options(struct transfer *t)
{
    CURL *easy = t->handle->easy;
    int failed = 0;

    failed |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
    failed |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
    failed |= curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    failed |= curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    failed |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    if (t->context.roots) {
        failed |= curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, roots_use);
        failed |= curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, t->context.roots);
    }
    return failed;
}

static int set_http_options(struct transfer *t)
{
    CURL *easy = t->handle->easy;
    int failed = 0;

    failed |= curl_easy_setopt(easy, CURLOPT_CURLU, t->context.outgoing->target.url);
    failed |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    failed |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    failed |= curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
    failed |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    failed |= curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    failed |= curl_easy_setopt(easy, CURLOPT_USERAGENT, "isoyard");
    failed |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers);
    failed |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    failed |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
    failed |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    failed |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
    failed |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->curl_error);
    failed |= curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
    return failed;
}

/* Fetch gives POST and PUT a Content-Length of 0 where they have no body, and others none. */
static int set_method(struct transfer *t)
{
    const struct outgoing *o = t->context.outgoing;
    bool is_post = strcmp(o->method, "POST") == 0 || strcmp(o->method, "PUT") == 0;
    CURL *easy = t->handle->easy;
    int failed = 0;

    if (strcmp(o->method, "HEAD") == 0)
        return curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    if (t->context.upload) {
        failed |= curl_easy_setopt(easy, CURLOPT_POST, 1L);
        failed |= curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_upload);
        failed |= curl_easy_setopt(easy, CURLOPT_READDATA, t);
        /* A kept connection may turn out to be closed when part of the body is gone. */
        failed |= curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    } else if (o->has_body || is_post) {
        failed |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)o->body.len);
        failed |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, o->body.len ? o->body.data : "");
    }
    return failed | curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, o->method);
}

static bool add_line(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    if (longer)
        *list = longer;
    return longer != NULL;
}

/* As curl takes it: a header without a value ends in a semicolon. */
static bool add_header(struct curl_slist **list, const struct header *h)
{
    struct buffer line = {0};
    bool is_added;

    buffer_append(&line, h->name.data, h->name.len);
    if (h->value.len > 0)
        buffer_append_text(&line, ": ");
    else
        buffer_append_text(&line, ";");
    buffer_append(&line, h->value.data, h->value.len);
    buffer_append(&line, "", 1);
    is_added = add_line(list, line.data);
    buffer_release(&line);
    return is_added;
}

static bool make_headers(struct transfer *t)
{
    const struct outgoing *o = t->context.outgoing;
    struct bytes rest = {o->headers.data, o->headers.len};
    struct header h;

    while (header_next(&rest, &h)) {
        if (!add_header(&t->headers, &h))
            return false;
    }
    /* A part of a coded body cannot be decoded (Fetch, HTTP-network-or-cache fetch). */
    if (!outgoing_has_header(o, "accept-encoding") &&
        !add_line(&t->headers, outgoing_has_header(o, "range")
                                   ? "accept-encoding: identity"
                                   : "Accept-Encoding: gzip, deflate, br"))
        return false;
    /* Those that curl would add by itself. */
    if (!outgoing_has_header(o, "content-type") && !add_line(&t->headers, "content-type:"))
        return false;
    if (t->context.upload && !add_line(&t->headers, "transfer-encoding: chunked"))
        return false;
    return add_line(&t->headers, "expect:");
}

static bool make_names(struct transfer *t, const struct addresses *addresses)
{
    struct buffer entry = {0};
    char *text = addresses_text(addresses);
    bool is_made;

    buffer_append_format(&entry, "*:%u:%s", t->context.outgoing->target.port, text);
    buffer_append(&entry, "", 1);
    is_made = add_line(&t->resolve, entry.data);
    buffer_release(&entry);
    free(text);
    return is_made;
}

bool transfer_start(struct transfer *t, const struct transfer_context *context,
                    const struct addresses *addresses)
{
    *t = (struct transfer){.context = *context};
    t->answer.bytes_max =
        context->header_bytes_max < HEADER_BYTES_MAX ? context->header_bytes_max : HEADER_BYTES_MAX;
    t->handle = handles_take(context->handles, context->outgoing->target.port);
    if (t->handle && make_headers(t) && make_names(t, addresses) &&
        (set_name_options(t) | set_connection_options(t) | set_tls_options(t) |
         set_http_options(t) | set_method(t)) == 0 &&
        connections_add(t->context.connections, t->handle->easy))
        return true;
    return fault_set(&t->fault, FETCH_INTERNAL, "the request to '%s' cannot be started",
                     host_of(t));
}

void transfer_stop(struct transfer *t)
{
    if (t->handle) {
        connections_remove(t->context.connections, t->handle->easy);
        handles_give(t->context.handles, t->handle);
    }
    curl_slist_free_all(t->headers);
    curl_slist_free_all(t->resolve);
    decoder_free(t->decoder);
    answer_release(&t->answer);
    buffer_release(&t->body);
    *t = (struct transfer){0};
}

void transfer_count(const struct transfer *t, uint64_t *sent, uint64_t *received)
{
    long request = 0, headers = 0;
    curl_off_t up = 0, down = 0;

    if (!t->handle)
        return;
    curl_easy_getinfo(t->handle->easy, CURLINFO_REQUEST_SIZE, &request);
    curl_easy_getinfo(t->handle->easy, CURLINFO_HEADER_SIZE, &headers);
    curl_easy_getinfo(t->handle->easy, CURLINFO_SIZE_UPLOAD_T, &up);
    curl_easy_getinfo(t->handle->easy, CURLINFO_SIZE_DOWNLOAD_T, &down);
    *sent += (uint64_t)request + (uint64_t)up;
    *received += (uint64_t)headers + (uint64_t)down;
}
