/* The way of one fetch: a name, a transfer, perhaps a redirect and the same again; its end. */
#include "api/clock.h"
#include "api/pipe.h"
#include "api/queue_figures.h"
#include "shim/net/fetcher_private.h"

#include <stdlib.h>
#include <utlist.h>

#define REDIRECTS_MAX 20u /* Fetch, HTTP-redirect fetch */

static void begin_hop(struct fetch *fetch);

/* Making it. */

static struct bytes place(char **at, struct bytes b)
{
    struct bytes placed = {*at, b.len};

    if (b.len > 0)
        memcpy(*at, b.data, b.len);
    *at += b.len;
    return placed;
}

static void on_timer(uv_timer_t *timer);

/* The time of a hop counts while its name is resolved; later curl looks after it. */
static void set_timer(struct fetch *fetch)
{
    uint64_t end_ns = fetch->deadline_ns, now_ns = clock_now_ns();

    if (fetch->state == FETCH_RESOLVES && fetch->hop_deadline_ns < end_ns)
        end_ns = fetch->hop_deadline_ns;
    if (end_ns == UINT64_MAX) {
        uv_timer_stop(&fetch->timer);
        return;
    }
    /* The loop's idea of now may be old. */
    uv_update_time(fetch->fetcher->loop);
    uv_timer_start(&fetch->timer, on_timer, end_ns > now_ns ? (end_ns - now_ns) / NS_PER_MS + 1 : 0,
                   0);
}

static uint64_t deadline_of(uint64_t now_ns, uint64_t timeout_ms)
{
    return timeout_ms == 0 || timeout_ms > (UINT64_MAX - now_ns) / NS_PER_MS
               ? UINT64_MAX
               : now_ns + timeout_ms * NS_PER_MS;
}

static void copy_request(struct fetch *fetch, const struct fetch_request *r)
{
    char *at = malloc(r->method.len + r->url.len + r->headers.len + r->body.len + 1);

    fetch->data = at;
    fetch->request = *r;
    if (!at)
        return;
    fetch->request.method = place(&at, r->method);
    fetch->request.url = place(&at, r->url);
    fetch->request.headers = place(&at, r->headers);
    fetch->request.body = place(&at, r->body);
    fetch->request.tenant = NULL; /* the tenant knows its name */
}

static void enter_queue(struct fetch *fetch)
{
    struct queue_figures *queue = fetch->fetcher->config.queue;

    fetch->state = FETCH_WAITS;
    DL_APPEND(fetch->tenant->waiting, fetch);
    if (queue)
        queue_figures_enter(queue);
}

static void leave_queue(struct fetch *fetch)
{
    struct queue_figures *queue = fetch->fetcher->config.queue;

    DL_DELETE(fetch->tenant->waiting, fetch);
    if (queue)
        queue_figures_leave(queue, fetch->started_ns, clock_now_ns());
}

struct fetch *fetch_new(struct fetcher *f, const struct fetch_request *request)
{
    struct fetch *fetch = xcalloc(1, sizeof(*fetch));

    copy_request(fetch, request);
    fetch->fetcher = f;
    fetch->tenant = tenant_of(f, request->tenant);
    fetch->started_ns = clock_now_ns();
    fetch->deadline_ns = deadline_of(fetch->started_ns, request->timeout_ms);
    uv_timer_init(f->loop, &fetch->timer);
    fetch->timer.data = fetch;
    enter_queue(fetch);
    fetch->tenant->fetches++;
    tenant_settle(fetch->tenant);
    set_timer(fetch);
    return fetch;
}

/* Its end. */

static void leave_headed(struct fetch *fetch)
{
    if (!fetch->is_headed)
        return;
    fetch->is_headed = false;
    DL_DELETE(fetch->fetcher->headed, fetch);
}

void fetch_leave(struct fetch *fetch)
{
    switch (fetch->state) {
    case FETCH_WAITS:
        leave_queue(fetch);
        tenant_settle(fetch->tenant);
        break;
    case FETCH_RESOLVES:
        fetch->lookup->fetch = NULL; /* and the slot is the lookup's */
        break;
    case FETCH_TRANSFERS:
        leave_headed(fetch);
        transfer_stop(&fetch->transfer);
        tenant_give_slot(fetch->tenant);
        break;
    case FETCH_ENDED:
        DL_DELETE(fetch->fetcher->ended, fetch);
        fetch->fetcher->ended_count--;
        break;
    case FETCH_GIVEN_BACK:
        break;
    }
}

/* Moves the bytes of a buffer, without the room that it has beyond them. */
static struct bytes take_buffer(struct buffer *b)
{
    struct bytes taken = {b->data, b->len};

    if (b->capacity - b->len > b->capacity / 8 && b->len > 0) {
        char *smaller = realloc(b->data, b->len);

        taken.data = smaller ? smaller : b->data;
    }
    *b = (struct buffer){0};
    return taken;
}

static void fill_answer(struct fetch_result *result, struct fetch *fetch)
{
    struct answer *a = &fetch->transfer.answer;
    char *url = fetch->redirects > 0 ? target_text(&fetch->outgoing.target) : NULL;

    result->status = a->status;
    buffer_append(&a->status_text, "", 1);
    result->status_text = (char *)take_buffer(&a->status_text).data;
    if (url)
        result->moved_to = bytes_of(xstrdup(url));
    result->headers = take_buffer(&a->headers);
    result->body = take_buffer(&fetch->transfer.body);
    curl_free(url);
}

static void end_stream(struct fetch *fetch, const struct fault *fault)
{
    struct failure failure = {0};

    if (!fault) {
        pipe_end(fetch->stream, NULL);
        return;
    }
    failure_set(&failure, FAILURE_EXCEPTION, PHASE_HANDLER, "%s", fault->message);
    pipe_fail(fetch->stream, &failure, NULL);
    failure_release(&failure);
}

void fetch_end(struct fetch *fetch, struct fault *fault)
{
    struct fetch_result *result = xcalloc(1, sizeof(*result));

    transfer_count(&fetch->transfer, &fetch->sent_bytes, &fetch->received_bytes);
    if (fetch->stream)
        end_stream(fetch, fault);
    if (fault) {
        result->error = fault->error;
        result->message = xstrdup(fault->message);
    } else if (!fetch->stream) {
        fill_answer(result, fetch);
    }
    result->sent_bytes = fetch->sent_bytes;
    result->received_bytes = fetch->received_bytes;
    result->duration_us = (clock_now_ns() - fetch->started_ns) / NS_PER_US;
    fetch_leave(fetch);
    uv_timer_stop(&fetch->timer);
    fetch->result = result;
    fetch->state = FETCH_ENDED;
    DL_APPEND(fetch->fetcher->ended, fetch);
    fetch->fetcher->ended_count++;
}

void fetch_stop_listening(struct fetch *fetch)
{
    if (fetch->stream)
        pipe_listen(fetch->stream, PIPE_WRITER, NULL);
    if (fetch->request.upload)
        pipe_listen(fetch->request.upload, PIPE_READER, NULL);
}

/* Whoever is at their other ends hears that nobody is here. */
static void release_pipes(struct fetch *fetch)
{
    static const struct fault stopped = {.error = FETCH_CUT_OFF,
                                         .message = "the fetch was stopped"};

    fetch_stop_listening(fetch);
    if (fetch->stream)
        end_stream(fetch, &stopped);
    if (fetch->request.upload)
        pipe_cancel(fetch->request.upload);
    pipe_unref(fetch->stream);
    pipe_unref(fetch->request.upload);
}

void fetch_give_head(struct fetch *fetch)
{
    struct pipe *stream = pipe_new(PIPE_WINDOW, fetch->request.pipe_budget);
    struct fetch_result *result;
    struct fault fault;

    leave_headed(fetch);
    if (!stream) {
        fault_set(&fault, FETCH_BUSY, "there is no room for the body of '%s'",
                  fetch->outgoing.target.host);
        fetch_end(fetch, &fault);
        return;
    }
    transfer_stream(&fetch->transfer, stream);
    result = xcalloc(1, sizeof(*result));
    fill_answer(result, fetch);
    fetch->stream = stream;
    result->stream = pipe_ref(stream);
    fetch->request.head(fetch->arg, result);
}

/* The answer's headers are there, and it is not one that is followed or refused. */
static void on_headed(void *arg)
{
    struct fetch *fetch = arg;

    if (!fetch->request.head || (redirect_is_status(fetch->transfer.answer.status) &&
                                 fetch->request.redirect != FETCH_REDIRECT_MANUAL))
        return;
    fetch->is_headed = true;
    DL_APPEND(fetch->fetcher->headed, fetch);
}

void fetch_resume(struct fetch *fetch)
{
    struct fault fault;

    if (fetch->state != FETCH_TRANSFERS)
        return;
    if (!fetch->stream || !pipe_is_cancelled(fetch->stream)) {
        transfer_resume(&fetch->transfer);
        return;
    }
    fault_set(&fault, FETCH_CUT_OFF, "nobody wants the rest of the body");
    fetch_end(fetch, &fault);
    fetcher_run(fetch->fetcher);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void fetch_free(struct fetch *fetch)
{
    struct tenant *tenant = fetch->tenant;

    outgoing_release(&fetch->outgoing);
    release_pipes(fetch);
    free(fetch->data);
    fetch_result_free(fetch->result);
    uv_close((uv_handle_t *)&fetch->timer, on_closed);
    tenant->fetches--;
    tenant_settle(tenant);
}

static void set_timeout_fault(const struct fetch *fetch, struct fault *fault)
{
    const char *host = fetch->outgoing.target.host;

    if (fetch->state == FETCH_WAITS)
        fault_set(fault, FETCH_TIMEOUT, "no connection was free in time");
    else if (fetch->state == FETCH_RESOLVES)
        fault_set(fault, FETCH_TIMEOUT, "the name '%s' was not resolved in time", host);
    else
        fault_set(fault, FETCH_TIMEOUT, "'%s' did not answer in time", host);
}

static void on_timer(uv_timer_t *timer)
{
    struct fetch *fetch = timer->data;
    struct fetcher *f = fetch->fetcher;
    uint64_t now_ns = clock_now_ns();
    struct fault fault;

    if (now_ns < fetch->deadline_ns &&
        (fetch->state != FETCH_RESOLVES || now_ns < fetch->hop_deadline_ns)) {
        set_timer(fetch); /* too early */
        return;
    }
    set_timeout_fault(fetch, &fault);
    fetch_end(fetch, &fault);
    fetcher_run(f);
}

/* Hops. */

/* Where the answer redirects to. False and a fault where that cannot be followed. */
static bool find_next(const struct fetch *fetch, struct target *ret, struct fault *fault)
{
    const char *host = fetch->outgoing.target.host, *wrong;
    struct buffer location = {0};

    if (fetch->redirects == REDIRECTS_MAX)
        return fault_set(fault, FETCH_REDIRECT, "'%s' redirected once more, after %u redirects",
                         host, REDIRECTS_MAX);
    answer_location(&fetch->transfer.answer, &location);
    wrong =
        target_resolve(&fetch->outgoing.target, (struct bytes){location.data, location.len}, ret);
    buffer_release(&location);
    return !wrong || fault_set(fault, FETCH_REDIRECT,
                               "'%s' redirected to a URL that cannot be fetched: %s", host, wrong);
}

static void follow(struct fetch *fetch)
{
    unsigned status = fetch->transfer.answer.status;
    struct fault fault;
    struct target next;

    if (!find_next(fetch, &next, &fault)) {
        fetch_end(fetch, &fault);
        return;
    }
    transfer_count(&fetch->transfer, &fetch->sent_bytes, &fetch->received_bytes);
    transfer_stop(&fetch->transfer);
    outgoing_redirect(&fetch->outgoing, status, &next);
    if (fetch->outgoing.is_stream && fetch->outgoing.has_body) {
        fault_set(&fault, FETCH_REDIRECT, "a redirect to '%s' asked for a body that streams again",
                  fetch->outgoing.target.host);
        fetch_end(fetch, &fault);
        return;
    }
    fetch->redirects++;
    begin_hop(fetch);
}

static void on_finished(void *arg)
{
    struct fetch *fetch = arg;
    const struct answer *answer = &fetch->transfer.answer;
    enum fetch_redirect mode = fetch->request.redirect;
    struct fault fault = fetch->transfer.fault;

    if (fault.error == FETCH_OK && redirect_is_status(answer->status) &&
        mode == FETCH_REDIRECT_ERROR)
        fault_set(&fault, FETCH_REDIRECT, "'%s' redirected, which the request does not allow",
                  fetch->outgoing.target.host);
    if (fault.error)
        fetch_end(fetch, &fault);
    else if (redirect_is_status(answer->status) && answer->has_location &&
             mode == FETCH_REDIRECT_FOLLOW)
        follow(fetch);
    else
        fetch_end(fetch, NULL);
}

static void begin_transfer(struct fetch *fetch, const struct addresses *addresses)
{
    struct fetcher *f = fetch->fetcher;
    uint64_t now_ns = clock_now_ns(), end_ns = fetch->hop_deadline_ns;
    struct transfer_context context = {
        .outgoing = &fetch->outgoing,
        .roots = f->config.roots,
        .sockets = &f->sockets,
        .sockets_max = f->config.connections,
        .connect_ms = end_ns > now_ns ? (end_ns - now_ns) / NS_PER_MS + 1 : 1,
        .header_bytes_max = fetch->request.header_bytes_max,
        .body_bytes_max = fetch->request.body_bytes_max,
        .follows_redirects = fetch->request.redirect == FETCH_REDIRECT_FOLLOW,
        .streams = fetch->request.head != NULL,
        .upload = fetch->outgoing.has_body ? fetch->request.upload : NULL,
        .headed = on_headed,
        .finished = on_finished,
        .arg = fetch,
    };
    struct fault fault;

    if (!tenant_connect(fetch->tenant)) {
        fault_set(&fault, FETCH_INTERNAL, "no connection can be made: resources are used up");
        fetch_end(fetch, &fault);
        return;
    }
    context.connections = fetch->tenant->connections;
    context.handles = &fetch->tenant->handles;
    if (!transfer_start(&fetch->transfer, &context, addresses)) {
        fault = fetch->transfer.fault;
        fetch_end(fetch, &fault);
    }
}

/* False and a fault where the host has no address to go to. */
static bool check_addresses(const char *host, enum resolved resolved, const struct addresses *found,
                            struct fault *fault)
{
    switch (resolved) {
    case RESOLVED:
        return addresses_count(found) > 0 ||
               fault_set(fault, FETCH_REFUSED_ADDRESS, "workers may not reach the address of '%s'",
                         host);
    case RESOLVED_NO_NAME:
        return fault_set(fault, FETCH_DNS, "the name '%s' does not exist", host);
    case RESOLVED_NO_ADDRESS:
        return fault_set(fault, FETCH_DNS, "the name '%s' has no address", host);
    case RESOLVED_NO_ANSWER:
        break;
    }
    return fault_set(fault, FETCH_DNS, "no name server could tell the address of '%s'", host);
}

static void on_resolved(void *arg, enum resolved resolved, const struct addresses *found)
{
    struct lookup lookup = *(struct lookup *)arg;
    struct fetch *fetch = lookup.fetch;
    struct fault fault;

    free(arg);
    if (!fetch) {
        tenant_give_slot(lookup.tenant);
        return;
    }
    fetch->lookup = NULL;
    fetch->state = FETCH_TRANSFERS;
    set_timer(fetch);
    if (check_addresses(fetch->outgoing.target.host, resolved, found, &fault))
        begin_transfer(fetch, found);
    else
        fetch_end(fetch, &fault);
}

static void begin_hop(struct fetch *fetch)
{
    const struct target *target = &fetch->outgoing.target;
    struct fetcher *f = fetch->fetcher;
    struct fault fault;

    if (!egress_allows_port(f->config.egress, target->port)) {
        fault_set(&fault, FETCH_REFUSED_PORT, "workers may not reach port %u of '%s'", target->port,
                  target->host);
        fetch_end(fetch, &fault);
        return;
    }
    fetch->hop_deadline_ns = deadline_of(clock_now_ns(), f->config.connect_timeout_ms);
    fetch->state = FETCH_RESOLVES;
    fetch->lookup = xmalloc(sizeof(*fetch->lookup));
    *fetch->lookup = (struct lookup){fetch->tenant, fetch};
    set_timer(fetch);
    resolver_start(f->resolver, target->host, on_resolved, fetch->lookup);
}

void fetch_begin(struct fetch *fetch)
{
    const struct fetch_request *r = &fetch->request;
    struct fault fault;

    leave_queue(fetch);
    fetch->state = FETCH_TRANSFERS;
    tenant_take_slot(fetch->tenant);
    fetch->outgoing.is_stream = r->upload != NULL;
    if (outgoing_init(&fetch->outgoing, r->method, r->url, r->headers, r->body, r->has_body,
                      &fault))
        begin_hop(fetch);
    else
        fetch_end(fetch, &fault);
}
