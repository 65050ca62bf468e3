/* Routes. */
#include "server/http_request.h"

#include "api/bytes.h"
#include "server/comparison_json.h"
#include "server/exposition.h"
#include "server/metrics.h"
#include "server/web/assets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Of a POST's body. */
#define BODY_BYTES ((size_t)16 << 10)

/* Of one that is too large so much is read, for the client to see the answer; then it is cut off.
 */
#define BODY_READ_BYTES ((size_t)1 << 20)

struct http_request {
    const struct route *route;
    struct buffer body;
    size_t received;
};

struct route {
    const char *method, *path;
    bool is_page;  /* links may lead there */
    bool is_panel; /* part of the dashboard: not there without it */
    enum MHD_Result (*answer)(const struct http_context *context, struct MHD_Connection *connection,
                              struct http_request *request);
};

/* Answers. */

static const char *const security_headers[][2] = {
    {"Cache-Control", "no-store"},
    {"Content-Security-Policy",
     "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
     "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
    {"X-Frame-Options", "DENY"},
    {"X-Content-Type-Options", "nosniff"},
    {"Referrer-Policy", "no-referrer"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
};

/* Takes the response. */
static enum MHD_Result queue(struct MHD_Connection *connection, unsigned status, const char *type,
                             struct MHD_Response *response)
{
    enum MHD_Result result;

    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", type);
    for (size_t i = 0; i < sizeof(security_headers) / sizeof(security_headers[0]); i++)
        MHD_add_response_header(response, security_headers[i][0], security_headers[i][1]);
    result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result send_text(struct MHD_Connection *connection, unsigned status,
                                 const char *text)
{
    struct buffer body = {0};
    enum MHD_Result result;

    buffer_append_format(&body, "%s\n", text);
    result = queue(connection, status, "text/plain; charset=utf-8",
                   MHD_create_response_from_buffer(body.len, body.data, MHD_RESPMEM_MUST_COPY));
    buffer_release(&body);
    return result;
}

/* Drops the reference. */
static enum MHD_Result send_json(struct MHD_Connection *connection, unsigned status, json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));

    json_decref(json);
    if (!text)
        return MHD_NO;
    return queue(connection, status, "application/json",
                 MHD_create_response_from_buffer(strlen(text), text, MHD_RESPMEM_MUST_FREE));
}

/* For everybody. */

static enum MHD_Result answer_metrics(const struct http_context *context,
                                      struct MHD_Connection *connection,
                                      struct http_request *request)
{
    const struct metrics_http http = {
        .event_clients = events_clients(context->events),
        .dropped_events = events_dropped(context->events),
        .requests = context->requests,
    };
    struct buffer text = {0};

    (void)request;
    metrics_write(&text, context->service, &http);
    /* The buffer's memory is malloc's. */
    return queue(connection, MHD_HTTP_OK, EXPOSITION_CONTENT_TYPE,
                 MHD_create_response_from_buffer(text.len, text.data, MHD_RESPMEM_MUST_FREE));
}

static enum MHD_Result answer_healthy(const struct http_context *context,
                                      struct MHD_Connection *connection,
                                      struct http_request *request)
{
    (void)context;
    (void)request;
    return send_text(connection, MHD_HTTP_OK, "ok");
}

static enum MHD_Result answer_ready(const struct http_context *context,
                                    struct MHD_Connection *connection, struct http_request *request)
{
    (void)request;
    if (admission_is_closed(context->admission))
        return send_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "draining");
    return send_text(connection, MHD_HTTP_OK, "ready");
}

/* The page. */

static enum MHD_Result send_asset(struct MHD_Connection *connection, const char *type,
                                  struct bytes asset)
{
    return queue(
        connection, MHD_HTTP_OK, type,
        MHD_create_response_from_buffer(asset.len, (void *)asset.data, MHD_RESPMEM_PERSISTENT));
}

static enum MHD_Result answer_page(const struct http_context *context,
                                   struct MHD_Connection *connection, struct http_request *request)
{
    (void)context;
    (void)request;
    return send_asset(connection, "text/html; charset=utf-8", asset_page());
}

static enum MHD_Result answer_script(const struct http_context *context,
                                     struct MHD_Connection *connection,
                                     struct http_request *request)
{
    (void)context;
    (void)request;
    return send_asset(connection, "text/javascript; charset=utf-8", asset_script());
}

static enum MHD_Result answer_style(const struct http_context *context,
                                    struct MHD_Connection *connection, struct http_request *request)
{
    (void)context;
    (void)request;
    return send_asset(connection, "text/css; charset=utf-8", asset_style());
}

/* Its data. */

static enum MHD_Result answer_events(const struct http_context *context,
                                     struct MHD_Connection *connection,
                                     struct http_request *request)
{
    struct MHD_Response *response = events_join(context->events, connection);

    (void)request;
    if (!response)
        return send_text(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                         "too many dashboards are open; close one");
    http_peers_keep(context->peers, context->peer);
    return queue(connection, MHD_HTTP_OK, "text/event-stream", response);
}

static enum MHD_Result answer_history(const struct http_context *context,
                                      struct MHD_Connection *connection,
                                      struct http_request *request)
{
    (void)request;
    return send_json(connection, MHD_HTTP_OK, observer_history(context->observer));
}

/* Browsers let no other site's page read this. */
static enum MHD_Result answer_token(const struct http_context *context,
                                    struct MHD_Connection *connection, struct http_request *request)
{
    (void)request;
    return send_json(connection, MHD_HTTP_OK, json_pack("{s:s}", "token", context->guard->token));
}

/* Actions. */

static unsigned status_of(int err)
{
    switch (err) {
    case E_INVALID:
        return MHD_HTTP_BAD_REQUEST;
    case E_NOT_FOUND:
        return MHD_HTTP_NOT_FOUND;
    case E_CONDITION:
        return MHD_HTTP_CONFLICT;
    case E_CLOSED:
    case E_BUSY:
        return MHD_HTTP_SERVICE_UNAVAILABLE;
    default:
        return MHD_HTTP_INTERNAL_SERVER_ERROR;
    }
}

static enum MHD_Result send_outcome(struct MHD_Connection *connection, int err,
                                    const struct error *error)
{
    if (!err)
        return send_json(connection, MHD_HTTP_ACCEPTED, json_object());
    return send_json(connection, status_of(err),
                     json_pack("{s:s, s:s}", "message", error->message, "field", error->field));
}

/* What was read, or why it could not be. */
static enum MHD_Result send_read(struct MHD_Connection *connection, int err,
                                 const struct error *error, json_t *json)
{
    if (err)
        return send_outcome(connection, err, error);
    return send_json(connection, MHD_HTTP_OK, json);
}

static const char *argument(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
}

/* The stored comparison that is named; else the last one that was begun here, or null. */
static enum MHD_Result answer_comparison(const struct http_context *context,
                                         struct MHD_Connection *connection,
                                         struct http_request *request)
{
    const char *id = argument(connection, "id");
    struct error error = {0};
    json_t *json = NULL;
    int err = 0;

    (void)request;
    if (id) {
        err = comparison_json_read(context->service->store_thread, id, &json, &error);
    } else {
        json = control_report(context->control);
        json = json ? json : json_null();
    }
    return send_read(connection, err, &error, json);
}

static enum MHD_Result answer_comparisons(const struct http_context *context,
                                          struct MHD_Connection *connection,
                                          struct http_request *request)
{
    struct error error = {0};
    json_t *json = NULL;
    int err = comparison_json_list(context->service->store_thread, argument(connection, "after"),
                                   &json, &error);

    (void)request;
    return send_read(connection, err, &error, json);
}

/* Runs an action on the body, which must be an object. */
static enum MHD_Result act(const struct http_context *context, struct MHD_Connection *connection,
                           const struct http_request *request,
                           int (*action)(struct control *control, const json_t *body,
                                         struct error *error))
{
    json_t *body = json_loadb(request->body.data ? request->body.data : "", request->body.len,
                              JSON_REJECT_DUPLICATES, NULL);
    struct error error = {0};
    int err;

    if (admission_is_closed(context->admission))
        err = error_set(&error, E_CLOSED, NULL, "the server is shutting down");
    else if (!json_is_object(body))
        err = error_set(&error, E_INVALID, NULL, "the body must be a JSON object");
    else
        err = action(context->control, body, &error);
    json_decref(body);
    return send_outcome(connection, err, &error);
}

static enum MHD_Result answer_switch(const struct http_context *context,
                                     struct MHD_Connection *connection,
                                     struct http_request *request)
{
    return act(context, connection, request, control_switch);
}

static enum MHD_Result answer_compare(const struct http_context *context,
                                      struct MHD_Connection *connection,
                                      struct http_request *request)
{
    return act(context, connection, request, control_compare);
}

static int cancel(struct control *control, const json_t *body, struct error *error)
{
    (void)body;
    return control_cancel(control, error);
}

static enum MHD_Result answer_cancel(const struct http_context *context,
                                     struct MHD_Connection *connection,
                                     struct http_request *request)
{
    return act(context, connection, request, cancel);
}

/* Routes. */

static const struct route routes[] = {
    {"GET", "/metrics", false, false, answer_metrics},
    {"GET", "/healthz", false, false, answer_healthy},
    {"GET", "/readyz", false, false, answer_ready},
    {"GET", "/", true, true, answer_page},
    {"GET", "/app.js", false, true, answer_script},
    {"GET", "/app.css", false, true, answer_style},
    {"GET", "/api/events", false, true, answer_events},
    {"GET", "/api/history", false, true, answer_history},
    {"GET", "/api/comparison", false, true, answer_comparison},
    {"GET", "/api/comparisons", false, true, answer_comparisons},
    {"GET", "/api/token", false, true, answer_token},
    {"POST", "/api/switch", false, true, answer_switch},
    {"POST", "/api/compare", false, true, answer_compare},
    {"POST", "/api/compare/cancel", false, true, answer_cancel},
};

/* HEAD is GET whose body libmicrohttpd leaves out. */
static bool is_method(const struct route *route, const char *method)
{
    return strcmp(route->method, method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(route->method, "GET") == 0);
}

/* *ret_is_known: there is something at that path, for another method. */
static const struct route *find_route(const struct http_context *context, const char *method,
                                      const char *path, bool *ret_is_known)
{
    *ret_is_known = false;
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        const struct route *route = &routes[i];

        if (strcmp(route->path, path) != 0 || (route->is_panel && !context->observer))
            continue;
        *ret_is_known = true;
        if (is_method(route, method))
            return route;
    }
    return NULL;
}

/* Receiving. */

static const char *header(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static const char *forwarded(struct MHD_Connection *connection)
{
    static const char *const names[] = {"Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (header(connection, names[i]))
            return header(connection, names[i]);
    }
    return NULL;
}

/* How many headers of a name there are. */
struct header_count {
    const char *name;
    unsigned count;
};

static enum MHD_Result count_header(void *arg, enum MHD_ValueKind kind, const char *name,
                                    const char *value)
{
    struct header_count *counted = arg;

    (void)kind;
    (void)value;
    counted->count += strcasecmp(name, counted->name) == 0;
    return MHD_YES;
}

static unsigned headers_of(struct MHD_Connection *connection, const char *name)
{
    struct header_count counted = {name, 0};

    MHD_get_connection_values(connection, MHD_HEADER_KIND, count_header, &counted);
    return counted.count;
}

/* Where a proxy and libmicrohttpd may find different ends of the request, or hosts (RFC 9112, 3.2
 * and 6.3). */
static bool is_ambiguous(struct MHD_Connection *connection)
{
    unsigned lengths = headers_of(connection, "Content-Length");
    unsigned codings = headers_of(connection, "Transfer-Encoding");

    return lengths + codings > 1 || headers_of(connection, "Host") > 1;
}

static const char *fault_of(const struct http_context *context, struct MHD_Connection *connection,
                            const struct route *route, const char *method)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct http_claims claims = {
        .is_change = strcmp(method, "GET") != 0 && strcmp(method, "HEAD") != 0,
        .is_page = route && route->is_page,
        .peer = info ? info->client_addr : NULL,
        .host = header(connection, "Host"),
        .origin = header(connection, "Origin"),
        .token = header(connection, "X-Isoyard-Token"),
        .content_type = header(connection, "Content-Type"),
        .fetch_site = header(connection, "Sec-Fetch-Site"),
        .forwarded = forwarded(connection),
    };

    return http_guard_fault(context->guard, &claims);
}

/* The head has come: refuses the request, or waits for the body. */
static enum MHD_Result begin(const struct http_context *context, struct MHD_Connection *connection,
                             const char *url, const char *method, struct http_request **state)
{
    bool is_known;
    const struct route *route = find_route(context, method, url, &is_known);
    const char *fault = fault_of(context, connection, route, method);
    struct http_request *request;

    if (is_ambiguous(connection))
        return send_text(connection, MHD_HTTP_BAD_REQUEST, "the request's head contradicts itself");
    if (fault)
        return send_text(connection, MHD_HTTP_FORBIDDEN, fault);
    if (!route && is_known)
        return send_text(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "not with this method");
    if (!route)
        return send_text(connection, MHD_HTTP_NOT_FOUND, "nothing is here");
    request = xcalloc(1, sizeof(*request));
    request->route = route;
    *state = request;
    return MHD_YES;
}

static bool is_too_large(const struct http_request *request)
{
    return request->received > BODY_BYTES;
}

/* MHD_NO hangs up. */
static enum MHD_Result take_body(struct http_request *request, const char *data, size_t *len)
{
    request->received += *len;
    if (!is_too_large(request))
        buffer_append(&request->body, data, *len);
    *len = 0;
    return request->received > BODY_READ_BYTES ? MHD_NO : MHD_YES;
}

enum MHD_Result http_request_receive(const struct http_context *context,
                                     struct MHD_Connection *connection, const char *url,
                                     const char *method, const char *data, size_t *data_len,
                                     struct http_request **state)
{
    struct http_request *request = *state;

    if (!request)
        return begin(context, connection, url, method, state);
    if (*data_len > 0)
        return take_body(request, data, data_len);
    if (is_too_large(request))
        return send_text(connection, MHD_HTTP_CONTENT_TOO_LARGE, "the body is too large");
    return request->route->answer(context, connection, request);
}

void http_request_free(struct http_request *request)
{
    if (request)
        buffer_release(&request->body);
    free(request);
}
