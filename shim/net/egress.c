/* The tables of what is refused, and the judgement. */
#include "shim/net/egress.h"

#include "api/bytes.h"
#include "shim/net/cidr.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* The registries, and what they leave to other documents. Shared prefixes of a few reachable
 * anycast addresses (192.0.0.0/24, 2001::/23) are refused whole: none of them serves HTTP. */
static const char *const special[] = {
    "0.0.0.0/8",       /* this network (RFC 791) */
    "10.0.0.0/8",      /* private use (RFC 1918) */
    "100.64.0.0/10",   /* shared address space, carriers' NAT (RFC 6598) */
    "127.0.0.0/8",     /* loopback (RFC 1122) */
    "169.254.0.0/16",  /* link-local (RFC 3927), metadata services */
    "172.16.0.0/12",   /* private use */
    "192.0.0.0/24",    /* protocol assignments (RFC 6890) */
    "192.0.2.0/24",    /* documentation (RFC 5737) */
    "192.88.99.0/24",  /* relays of 6to4, deprecated (RFC 7526) */
    "192.168.0.0/16",  /* private use */
    "198.18.0.0/15",   /* benchmarks (RFC 2544) */
    "198.51.100.0/24", /* documentation */
    "203.0.113.0/24",  /* documentation */
    "224.0.0.0/4",     /* multicast (RFC 5771) */
    "240.0.0.0/4",     /* reserved (RFC 1112), limited broadcast (RFC 919) */
    "2001::/23",       /* protocol assignments (RFC 2928), Teredo (RFC 4380) among them */
    "2001:db8::/32",   /* documentation (RFC 3849) */
    "2002::/16",       /* 6to4 (RFC 3056) */
    "3fff::/20",       /* documentation (RFC 9637) */
};

#define GLOBAL_UNICAST "2000::/3" /* RFC 4291, 2.4, and IANA's allocations in it */
#define NAT64 "64:ff9b::/96"      /* RFC 6052 */
#define NAT64_IPV4_AT 12          /* the byte where its IPv4 address begins */

/* https://fetch.spec.whatwg.org/#port-blocking, ascending. */
static const uint16_t bad_ports[] = {
    0,    1,    7,    9,    11,   13,   15,   17,   19,   20,   21,   22,   23,    25,
    37,   42,   43,   53,   69,   77,   79,   87,   95,   101,  102,  103,  104,   109,
    110,  111,  113,  115,  117,  119,  123,  135,  137,  139,  143,  161,  179,   389,
    427,  465,  512,  513,  514,  515,  526,  530,  531,  532,  540,  548,  554,   556,
    563,  587,  601,  636,  989,  990,  993,  995,  1719, 1720, 1723, 2049, 3659,  4045,
    4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
};

struct egress {
    struct cidr special[COUNT_OF(special)];
    struct cidr global_unicast;
    struct cidr nat64;
    size_t allow_count;
    struct cidr allow[];
};

static void parse_own(const char *text, struct cidr *ret)
{
    const char *fault = cidr_parse(text, ret);

    assert(!fault);
    (void)fault;
}

int egress_new(const char *const *allow, size_t count, struct egress **ret, struct error *error)
{
    struct egress *e = xcalloc(1, sizeof(*e) + count * sizeof(e->allow[0]));

    for (size_t i = 0; i < COUNT_OF(special); i++)
        parse_own(special[i], &e->special[i]);
    parse_own(GLOBAL_UNICAST, &e->global_unicast);
    parse_own(NAT64, &e->nat64);
    e->allow_count = count;
    for (size_t i = 0; i < count; i++) {
        const char *fault = cidr_parse(allow[i], &e->allow[i]);

        if (fault) {
            egress_free(e);
            return error_set(error, E_INVALID, "egress_allow", "'%s' is no network: %s", allow[i],
                             fault);
        }
    }
    *ret = e;
    return 0;
}

void egress_free(struct egress *egress)
{
    free(egress);
}

static bool is_in(const struct cidr *networks, size_t count, const struct ip *ip)
{
    for (size_t i = 0; i < count; i++) {
        if (cidr_contains(&networks[i], ip))
            return true;
    }
    return false;
}

static bool allows(const struct egress *e, const struct ip *ip)
{
    if (is_in(e->allow, e->allow_count, ip))
        return true;
    if (cidr_contains(&e->nat64, ip)) {
        struct ip embedded = ip_embedded(ip, NAT64_IPV4_AT);

        return allows(e, &embedded);
    }
    if (ip->family == AF_INET6 && !cidr_contains(&e->global_unicast, ip))
        return false;
    return !is_in(e->special, COUNT_OF(e->special), ip);
}

bool egress_allows_address(const struct egress *egress, const struct sockaddr *address)
{
    struct ip ip;

    return ip_of_sockaddr(address, &ip) && allows(egress, &ip);
}

static int compare_ports(const void *a, const void *b)
{
    return *(const uint16_t *)a - *(const uint16_t *)b;
}

bool egress_allows_port(const struct egress *egress, unsigned port)
{
    uint16_t wanted = (uint16_t)port;

    (void)egress; /* the same for all so far; an operator's exceptions would be kept there */
    return port <= UINT16_MAX &&
           !bsearch(&wanted, bad_ports, COUNT_OF(bad_ports), sizeof(bad_ports[0]), compare_ports);
}
