/* Canned answers for fetch(). */
#include "upstream.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static struct bytes copy(const char *text)
{
    return bytes_of(xstrdup(text));
}

static struct fetch_result *answer_new(unsigned status, const char *headers, struct bytes body)
{
    struct fetch_result *result = xcalloc(1, sizeof(*result));

    result->status = status;
    result->status_text = xstrdup(status == 200 ? "OK" : "Something else");
    result->headers = copy(headers);
    result->body = body;
    return result;
}

static struct fetch_result *failure_new(enum fetch_error error, const char *message)
{
    struct fetch_result *result = xcalloc(1, sizeof(*result));

    result->error = error;
    result->message = xstrdup(message);
    return result;
}

static struct fetch_result *json_answer(json_t *json)
{
    char *text = json_dumps(json, 0);

    json_decref(json);
    return answer_new(200, "content-type\napplication/json\n", bytes_of(text));
}

static json_t *json_text(struct bytes text)
{
    return json_stringn(text.data, text.len);
}

static json_t *json_headers(struct bytes block)
{
    json_t *headers = json_array();

    while (block.len > 0) {
        const char *end = memchr(block.data, '\n', block.len);
        size_t len = (size_t)(end - block.data);

        json_array_append_new(headers, json_text((struct bytes){block.data, len}));
        block.data += len + 1;
        block.len -= len + 1;
    }
    return headers;
}

static struct fetch_result *echo(const struct fetch_request *request)
{
    static const char *const modes[] = {"follow", "error", "manual"};
    json_t *json = json_object();

    json_object_set_new(json, "method", json_text(request->method));
    json_object_set_new(json, "url", json_text(request->url));
    json_object_set_new(json, "headers", json_headers(request->headers));
    json_object_set_new(json, "body", request->has_body ? json_text(request->body) : json_null());
    json_object_set_new(json, "redirect", json_string(modes[request->redirect]));
    json_object_set_new(json, "tenant", json_string(request->tenant));
    return json_answer(json);
}

static struct fetch_result *redirect(const struct fetch_request *request)
{
    static const char target[] = "https://upstream.test/echo?redirected#part";
    struct fetch_result *result;

    if (request->redirect == FETCH_REDIRECT_ERROR)
        return failure_new(FETCH_REDIRECT, "'upstream.test' redirects, which was not allowed");
    if (request->redirect == FETCH_REDIRECT_MANUAL)
        return answer_new(302, "location\n/echo?redirected\n", copy("moved"));
    result = echo(request);
    result->moved_to = copy(target);
    return result;
}

static struct fetch_result *many_bytes(size_t count)
{
    char *data = malloc(count ? count : 1);

    memset(data, 'x', count);
    return answer_new(200, "content-type\napplication/octet-stream\n", (struct bytes){data, count});
}

static struct fetch_result *stats_answer(const struct upstream_stats *stats)
{
    json_t *json = json_pack("{s:i, s:i, s:i}", "started", (int)stats->started, "stopped",
                             (int)stats->stopped, "most", (int)stats->most);

    return json_answer(json);
}

static const char unusual_headers[] =
    "set-cookie\na=1\nx-high\n\xc3\xa9\nset-cookie\nb=2\ncontent-encoding\ngzip\n"
    "content-length\n99\nconnection\nkeep-alive\nx-empty\n\n";

struct fetch_result *upstream_answer(const struct fetch_request *request,
                                     const struct upstream_stats *stats, unsigned *ret_delay_ms)
{
    static const char origin[] = "https://upstream.test/", own[] = "https://worker.example/";
    char path[64];
    unsigned number;

    *ret_delay_ms = 1;
    snprintf(path, sizeof(path), "%.*s", (int)request->url.len, request->url.data);
    if (strncmp(path, own, strlen(own)) == 0)
        return echo(request);
    if (strncmp(path, origin, strlen(origin)) != 0)
        return failure_new(FETCH_DNS, "the host's name leads to no address");
    memmove(path, path + strlen(origin), sizeof(path) - strlen(origin));
    if (strncmp(path, "never", 5) == 0)
        return NULL;
    if (strncmp(path, "fail", 4) == 0)
        return failure_new(FETCH_CONNECT, "'upstream.test' took no connection");
    if (strncmp(path, "redirect", 8) == 0)
        return redirect(request);
    if (strncmp(path, "stats", 5) == 0)
        return stats_answer(stats);
    if (strncmp(path, "headers", 7) == 0)
        return answer_new(200, unusual_headers, copy("text"));
    if (sscanf(path, "status/%u", &number) == 1)
        return answer_new(number, "", copy(""));
    if (sscanf(path, "bytes/%u", &number) == 1)
        return many_bytes(number);
    if (strncmp(path, "body/bom", 8) == 0)
        return answer_new(200, "", copy("\xef\xbb\xbftext"));
    if (strncmp(path, "body/wide", 9) == 0)
        return answer_new(200, "", copy("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80"));
    if (strncmp(path, "body/broken", 11) == 0)
        return answer_new(200, "",
                          copy("a\xff"
                               "b"));
    if (strncmp(path, "body/empty", 10) == 0)
        return answer_new(200, "", copy(""));
    if (sscanf(path, "wait/%u", ret_delay_ms) == 1)
        return answer_new(200, "content-type\ntext/plain\n", copy("waited"));
    return echo(request);
}
