/* URLs by libcurl's URL API. */
#include "shim/net/target.h"

#include <stdlib.h>
#include <strings.h>

/* Null-terminated; NULL where the bytes contain a NUL, or are too many. */
static char *copy_text(struct bytes text)
{
    char *copy;

    if (text.len > TARGET_BYTES_MAX || (text.len > 0 && memchr(text.data, '\0', text.len)))
        return NULL;
    copy = xmalloc(text.len + 1);
    if (text.len > 0)
        memcpy(copy, text.data, text.len);
    copy[text.len] = '\0';
    return copy;
}

static bool has_part(CURLU *url, CURLUPart part)
{
    char *text = NULL;
    bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK;

    curl_free(text);
    return has;
}

static bool is_host(const char *host)
{
    size_t len = strlen(host);

    return len > 0 && len <= 254 &&
           strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~:") ==
               len;
}

/* "[::1]" without its brackets. */
static char *bare_host(const char *host)
{
    size_t len = strlen(host);

    if (len >= 2 && host[0] == '[' && host[len - 1] == ']') {
        char *bare = xstrdup(host + 1);

        bare[len - 2] = '\0';
        return bare;
    }
    return xstrdup(host);
}

static const char *read_scheme(struct target *t)
{
    char *scheme = NULL;
    bool is_http;

    if (curl_url_get(t->url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK)
        return "it has no scheme";
    is_http = strcasecmp(scheme, "http") == 0;
    t->is_https = strcasecmp(scheme, "https") == 0;
    curl_free(scheme);
    return is_http || t->is_https ? NULL : "its scheme is neither http nor https";
}

static const char *read_host(struct target *t)
{
    char *host = NULL;

    if (curl_url_get(t->url, CURLUPART_HOST, &host, 0) != CURLUE_OK)
        return "it has no host";
    t->host = bare_host(host);
    curl_free(host);
    if (!is_host(t->host) || has_part(t->url, CURLUPART_ZONEID))
        return "its host is not well-formed";
    return NULL;
}

static const char *read_port(struct target *t)
{
    char *port = NULL;

    if (curl_url_get(t->url, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK)
        return "it has no port";
    t->port = (unsigned)strtoul(port, NULL, 10);
    curl_free(port);
    return NULL;
}

/* Reads t->url into the rest; releases t on failure. */
static const char *take_apart(struct target *t, struct target *ret)
{
    const char *fault = read_scheme(t);

    if (!fault && (has_part(t->url, CURLUPART_USER) || has_part(t->url, CURLUPART_PASSWORD)))
        fault = "it contains a user name";
    if (!fault)
        fault = read_host(t);
    if (!fault)
        fault = read_port(t);
    if (fault)
        target_release(t);
    else
        *ret = *t;
    return fault;
}

static const char *const not_parsed = "it is not well-formed";

static bool is_visible_ascii(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] <= ' ' || text.data[i] >= 0x7f)
            return false;
    }
    return true;
}

const char *target_parse(struct bytes url, struct target *ret)
{
    struct target t = {0};
    char *text = is_visible_ascii(url) ? copy_text(url) : NULL;
    CURLUcode status;

    if (!text)
        return "it is too long, or has characters that are not visible ASCII";
    t.url = curl_url();
    /* As it is: the URL standard has removed dot segments already. */
    status =
        t.url ? curl_url_set(t.url, CURLUPART_URL, text, CURLU_PATH_AS_IS) : CURLUE_OUT_OF_MEMORY;
    free(text);
    if (status != CURLUE_OK) {
        target_release(&t);
        return not_parsed;
    }
    return take_apart(&t, ret);
}

/* Sets what the location says, on a copy of the base. */
static CURLUcode set_location(CURLU *url, const char *location)
{
    char *fragment = NULL;
    CURLUcode status = CURLUE_OK;

    /* The fragment must go first: a '/' in it would be taken for the path's. */
    if (curl_url_get(url, CURLUPART_FRAGMENT, &fragment, 0) == CURLUE_OK)
        curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0);
    if (location[0] == '#') /* curl would cut the last segment of the path */
        status = curl_url_set(url, CURLUPART_FRAGMENT, location + 1, 0);
    else if (location[0] != '\0')
        status = curl_url_set(url, CURLUPART_URL, location, CURLU_URLENCODE | CURLU_ALLOW_SPACE);
    if (status == CURLUE_OK && fragment && !has_part(url, CURLUPART_FRAGMENT))
        status = curl_url_set(url, CURLUPART_FRAGMENT, fragment, 0);
    curl_free(fragment);
    return status;
}

static bool has_control(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if ((unsigned char)text.data[i] < ' ' || text.data[i] == 0x7f)
            return true;
    }
    return false;
}

/* Null-terminated. What is beyond ASCII is encoded here, in the capitals of the URL standard, which
 * not every curl writes; and so are the spaces of a fragment, which no curl encodes. */
static char *encode_location(struct bytes text)
{
    struct buffer encoded = {0};
    bool is_fragment = false;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.data[i];

        is_fragment |= c == '#';
        if (c >= 0x80 || (c == ' ' && is_fragment))
            buffer_append_format(&encoded, "%%%02X", c);
        else
            buffer_append(&encoded, &text.data[i], 1);
    }
    buffer_append(&encoded, "", 1);
    return encoded.data;
}

const char *target_resolve(const struct target *base, struct bytes location, struct target *ret)
{
    struct target t = {0};
    CURLUcode status;
    char *text;

    /* Not every curl refuses control characters. */
    if (location.len > TARGET_BYTES_MAX || has_control(location))
        return "it is too long, or contains a control character";
    text = encode_location(location);
    t.url = curl_url_dup(base->url);
    status = t.url ? set_location(t.url, text) : CURLUE_OUT_OF_MEMORY;
    free(text);
    if (status != CURLUE_OK) {
        target_release(&t);
        return not_parsed;
    }
    return take_apart(&t, ret);
}

void target_release(struct target *t)
{
    curl_url_cleanup(t->url);
    free(t->host);
    *t = (struct target){0};
}

char *target_text(const struct target *t)
{
    char *text = NULL;

    if (curl_url_get(t->url, CURLUPART_URL, &text, CURLU_NO_DEFAULT_PORT) != CURLUE_OK)
        return NULL;
    return text;
}

bool target_is_same_origin(const struct target *a, const struct target *b)
{
    return a->is_https == b->is_https && a->port == b->port && strcasecmp(a->host, b->host) == 0;
}
