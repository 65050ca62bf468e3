/* Checking requests, and turning them at redirects. */
#include "shim/net/outgoing.h"

#include "shim/net/header_block.h"

#include <stdlib.h>
#include <strings.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* How a message is framed, and what belongs to one connection, is this client's to say (RFC 9110,
 * 7.6.1 and 7.8; RFC 9112, 6). A request that could say it itself could hide another inside. */
static const char *const refused_names[] = {
    "connection", "content-length", "expect",  "host",   "http2-settings",    "keep-alive",
    "te",         "trailer",        "upgrade", "proxy-", "transfer-encoding",
};

static const char *const body_headers[] = {
    "content-encoding",
    "content-language",
    "content-location",
    "content-type",
};

static const char *const credentials[] = {"authorization", "cookie"};

/* A name in a table; one that ends in '-' is a prefix. */
static bool is_refused(struct bytes name)
{
    for (size_t i = 0; i < COUNT_OF(refused_names); i++) {
        const char *refused = refused_names[i];
        size_t len = strlen(refused);

        if (header_is(name, refused))
            return true;
        if (refused[len - 1] == '-' && name.len >= len && strncasecmp(name.data, refused, len) == 0)
            return true;
    }
    return false;
}

static int shown(struct bytes text)
{
    return text.len > 64 ? 64 : (int)text.len;
}

static bool take_method(struct outgoing *o, struct bytes method, struct fault *fault)
{
    static const char *const refused[] = {"CONNECT", "TRACE", "TRACK"};

    if (!header_is_token(method))
        return fault_set(fault, FETCH_BAD_REQUEST, "the request's method is not well-formed");
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        if (header_is(method, refused[i]))
            return fault_set(fault, FETCH_BAD_REQUEST, "the method %s is not allowed", refused[i]);
    }
    o->method = xmalloc(method.len + 1);
    memcpy(o->method, method.data, method.len);
    o->method[method.len] = '\0';
    return true;
}

static bool take_header(struct outgoing *o, const struct header *h, struct fault *fault)
{
    if (!header_is_token(h->name))
        return fault_set(fault, FETCH_BAD_REQUEST, "the header name '%.*s' is not well-formed",
                         shown(h->name), h->name.data);
    if (is_refused(h->name))
        return fault_set(fault, FETCH_BAD_REQUEST, "a request cannot set the header '%.*s'",
                         shown(h->name), h->name.data);
    buffer_append(&o->headers, h->name.data, h->name.len);
    buffer_append(&o->headers, "\n", 1);
    if (!header_append_wire(&o->headers, header_trim(h->value)))
        return fault_set(fault, FETCH_BAD_REQUEST,
                         "the header '%.*s' has a character that no header may have",
                         shown(h->name), h->name.data);
    buffer_append(&o->headers, "\n", 1);
    return true;
}

static bool take_headers(struct outgoing *o, struct bytes headers, struct fault *fault)
{
    struct header h;

    while (header_next(&headers, &h)) {
        if (!take_header(o, &h, fault))
            return false;
    }
    if (headers.len > 0)
        return fault_set(fault, FETCH_BAD_REQUEST, "the request's headers are not well-formed");
    return true;
}

static bool is_method(const struct outgoing *o, const char *method)
{
    return strcmp(o->method, method) == 0;
}

static bool is_get_or_head(const struct outgoing *o)
{
    return is_method(o, "GET") || is_method(o, "HEAD");
}

bool outgoing_init(struct outgoing *ret, struct bytes method, struct bytes url,
                   struct bytes headers, struct bytes body, bool has_body, struct fault *fault)
{
    const char *url_fault = target_parse(url, &ret->target);

    if (url_fault)
        return fault_set(fault, FETCH_BAD_REQUEST, "the request's URL cannot be fetched: %s",
                         url_fault);
    if (!take_method(ret, method, fault) || !take_headers(ret, headers, fault))
        return false;
    if (has_body && is_get_or_head(ret))
        return fault_set(fault, FETCH_BAD_REQUEST, "a %s request has no body", ret->method);
    ret->body = body;
    ret->has_body = has_body;
    return true;
}

void outgoing_release(struct outgoing *o)
{
    target_release(&o->target);
    free(o->method);
    buffer_release(&o->headers);
    *o = (struct outgoing){0};
}

bool outgoing_has_header(const struct outgoing *o, const char *name)
{
    struct bytes rest = {o->headers.data, o->headers.len};
    struct header h;

    while (header_next(&rest, &h)) {
        if (header_is(h.name, name))
            return true;
    }
    return false;
}

bool redirect_is_status(unsigned status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static bool is_in(struct bytes name, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (header_is(name, names[i]))
            return true;
    }
    return false;
}

static void drop_headers(struct outgoing *o, const char *const *names, size_t count)
{
    struct bytes rest = {o->headers.data, o->headers.len};
    struct buffer kept = {0};
    struct header h;

    while (header_next(&rest, &h)) {
        /* Name and value lie one after the other, each with its newline. */
        if (!is_in(h.name, names, count))
            buffer_append(&kept, h.name.data, h.name.len + h.value.len + 2);
    }
    buffer_release(&o->headers);
    o->headers = kept;
}

static bool becomes_get(const struct outgoing *o, unsigned status)
{
    return ((status == 301 || status == 302) && is_method(o, "POST")) ||
           (status == 303 && !is_get_or_head(o));
}

void outgoing_redirect(struct outgoing *o, unsigned status, struct target *target)
{
    if (becomes_get(o, status)) {
        free(o->method);
        o->method = xstrdup("GET");
        o->body = (struct bytes){0};
        o->has_body = false;
        drop_headers(o, body_headers, COUNT_OF(body_headers));
    }
    if (!target_is_same_origin(&o->target, target))
        drop_headers(o, credentials, COUNT_OF(credentials));
    target_release(&o->target);
    o->target = *target;
    *target = (struct target){0};
}
