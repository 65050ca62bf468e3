/* Checks of methods, headers and URLs. */
#include "server/http_check.h"

#include <stdint.h>
#include <strings.h>

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_token_character(char c)
{
    return is_alphanumeric(c) || (c != '\0' && strchr("!#$%&'*+-.^_`|~", c));
}

bool http_is_token(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!is_token_character(text.data[i]))
            return false;
    }
    return text.len > 0;
}

static bool equals_ignoring_case(struct bytes text, const char *word)
{
    return text.len == strlen(word) && strncasecmp(text.data, word, text.len) == 0;
}

bool http_is_method(struct bytes method)
{
    static const char *const forbidden[] = {"CONNECT", "TRACE", "TRACK"};

    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
        if (equals_ignoring_case(method, forbidden[i]))
            return false;
    }
    return http_is_token(method);
}

struct bytes http_normal_method(struct bytes method)
{
    static const char *const known[] = {"GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS"};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (equals_ignoring_case(method, known[i]))
            return bytes_of(known[i]);
    }
    return method;
}

bool http_is_header_value(struct bytes value)
{
    const uint8_t *at = (const uint8_t *)value.data;
    const uint8_t *end = at + value.len;

    while (at < end) {
        uint8_t c = *at++;

        if (c < 0x80) {
            if (c == '\0' || c == '\r' || c == '\n')
                return false;
        } else if ((c != 0xc2 && c != 0xc3) || at == end || (*at++ & 0xc0) != 0x80) {
            return false;
        }
    }
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

struct bytes http_trim(struct bytes value)
{
    while (value.len > 0 && is_blank(value.data[0])) {
        value.data++;
        value.len--;
    }
    while (value.len > 0 && is_blank(value.data[value.len - 1]))
        value.len--;
    return value;
}

const char *http_path_fault(struct bytes path)
{
    for (size_t i = 0; i < path.len; i++) {
        unsigned char c = (unsigned char)path.data[i];

        if (c <= ' ' || c >= 0x7f)
            return "a URL has only visible ASCII characters; write others as %XX";
    }
    return NULL;
}

/* The rest after "http://" or "https://"; NULL data where it begins with neither. */
static struct bytes after_scheme(struct bytes url)
{
    static const char *const schemes[] = {"https://", "http://"};

    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(schemes[i]);

        if (url.len >= len && strncasecmp(url.data, schemes[i], len) == 0)
            return (struct bytes){url.data + len, url.len - len};
    }
    return (struct bytes){NULL, 0};
}

/* What comes before the first of the characters. */
static struct bytes until(struct bytes text, const char *characters)
{
    size_t len = 0;

    while (len < text.len && !strchr(characters, text.data[len]))
        len++;
    return (struct bytes){text.data, len};
}

static bool is_port(struct bytes port)
{
    unsigned value = 0;

    for (size_t i = 0; i < port.len; i++) {
        if (port.data[i] < '0' || port.data[i] > '9')
            return false;
        value = value * 10 + (unsigned)(port.data[i] - '0');
        if (value > 65535)
            return false;
    }
    return true;
}

static bool is_host(struct bytes host)
{
    const char *others = "-._~";

    if (host.len > 2 && host.data[0] == '[' && host.data[host.len - 1] == ']') {
        host = (struct bytes){host.data + 1, host.len - 2};
        others = ":.";
    }
    for (size_t i = 0; i < host.len; i++) {
        if (!is_alphanumeric(host.data[i]) && !strchr(others, host.data[i]))
            return false;
    }
    return host.len > 0;
}

static const char *authority_fault(struct bytes authority)
{
    size_t host_len = authority.len;
    struct bytes port = {NULL, 0};

    if (memchr(authority.data, '@', authority.len))
        return "the URL of a request has no user name";
    for (size_t i = authority.len; i > 0 && authority.data[i - 1] != ']'; i--) {
        if (authority.data[i - 1] != ':')
            continue;
        host_len = i - 1;
        port = (struct bytes){authority.data + i, authority.len - i};
        break;
    }
    if (!is_host((struct bytes){authority.data, host_len}))
        return "the URL's host is not well-formed";
    return is_port(port) ? NULL : "the URL's port is no number up to 65535";
}

const char *http_url_fault(struct bytes url)
{
    const char *fault = http_path_fault(url);
    struct bytes rest = after_scheme(url);

    if (fault)
        return fault;
    if (!rest.data)
        return "a URL begins with http:// or https://, or is a path that begins with /";
    return authority_fault(until(rest, "/?#\\"));
}
