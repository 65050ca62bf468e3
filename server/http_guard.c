/* Looking at headers and peers. */
#include "server/http_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HOST_BYTES 256

/* Takes the port, and the brackets of an IPv6 address, off a Host; false: it is none. */
static bool host_name(const char *host, char ret[HOST_BYTES])
{
    bool is_bracketed = host[0] == '[';
    size_t len = is_bracketed ? strcspn(host + 1, "]") + 2 : strcspn(host, ":");
    const char *port = host + len;

    if (strlen(host) < len || len >= HOST_BYTES)
        return false;
    if (port[0] == ':')
        port += 1 + strspn(port + 1, "0123456789");
    if (port[0] != '\0')
        return false;
    snprintf(ret, HOST_BYTES, "%.*s", is_bracketed ? (int)len - 2 : (int)len,
             is_bracketed ? host + 1 : host);
    return true;
}

static bool is_address(const char *name)
{
    unsigned char room[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, name, room) == 1 || inet_pton(AF_INET6, name, room) == 1;
}

static bool is_own_host(const struct http_guard *guard, const char *host)
{
    char name[HOST_BYTES];

    return host && host_name(host, name) &&
           (is_address(name) || strcasecmp(name, "localhost") == 0 ||
            strcasecmp(name, guard->name) == 0);
}

/* The page's own origin: pages come by plain HTTP. */
static bool is_own_origin(const char *origin, const char *host)
{
    static const char scheme[] = "http://";

    return origin && strncmp(origin, scheme, sizeof(scheme) - 1) == 0 &&
           strcasecmp(origin + sizeof(scheme) - 1, host) == 0;
}

static bool is_loopback(const struct sockaddr *peer)
{
    if (!peer)
        return false;
    if (peer->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)peer)->sin_addr.s_addr) >> 24 == 127;
    if (peer->sa_family == AF_INET6) {
        const struct in6_addr *in = &((const struct sockaddr_in6 *)peer)->sin6_addr;

        return IN6_IS_ADDR_LOOPBACK(in) || (IN6_IS_ADDR_V4MAPPED(in) && in->s6_addr[12] == 127);
    }
    return false;
}

/* Takes as long whatever is wrong. */
static bool is_token(const char *expected, const char *token)
{
    size_t len = strlen(expected);
    unsigned char difference = 0;

    if (!token || strlen(token) != len)
        return false;
    for (size_t i = 0; i < len; i++)
        difference |= (unsigned char)(expected[i] ^ token[i]);
    return difference == 0;
}

static bool is_json(const char *content_type)
{
    static const char json[] = "application/json";
    size_t len = sizeof(json) - 1;

    return content_type && strncasecmp(content_type, json, len) == 0 &&
           (content_type[len] == '\0' || content_type[len] == ';');
}

static bool is_of_another_site(const struct http_claims *claims)
{
    const char *site = claims->fetch_site;

    if (!site || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0)
        return false;
    return !claims->is_page;
}

static const char *change_fault(const struct http_guard *guard, const struct http_claims *claims)
{
    if (!is_loopback(claims->peer) || claims->forwarded)
        return "changes are taken from this machine only: there is no authentication yet";
    if (!is_own_origin(claims->origin, claims->host))
        return "Origin is not this server's own";
    if (!is_json(claims->content_type))
        return "Content-Type must be application/json";
    if (!is_token(guard->token, claims->token))
        return "X-Isoyard-Token is missing, or of an earlier run of the server";
    return NULL;
}

const char *http_guard_fault(const struct http_guard *guard, const struct http_claims *claims)
{
    if (!is_own_host(guard, claims->host))
        return "Host is neither an address, nor localhost, nor the name that --http was given";
    if (is_of_another_site(claims))
        return "pages of other sites may not ask";
    return claims->is_change ? change_fault(guard, claims) : NULL;
}
