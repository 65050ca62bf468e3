/* Parsing and matching of networks. */
#include "shim/net/cidr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#define MAPPED_BITS 96

static const uint8_t mapped_prefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static unsigned width(int family)
{
    return family == AF_INET ? 32 : 128;
}

static bool is_mapped(const struct ip *ip)
{
    return ip->family == AF_INET6 && memcmp(ip->bytes, mapped_prefix, sizeof(mapped_prefix)) == 0;
}

struct ip ip_embedded(const struct ip *ip, unsigned first_byte)
{
    struct ip v4 = {.family = AF_INET};

    memcpy(v4.bytes, ip->bytes + first_byte, 4);
    return v4;
}

bool ip_of_sockaddr(const struct sockaddr *address, struct ip *ret)
{
    struct ip ip = {.family = address->sa_family};

    switch (address->sa_family) {
    case AF_INET:
        memcpy(ip.bytes, &((const struct sockaddr_in *)address)->sin_addr, 4);
        break;
    case AF_INET6:
        memcpy(ip.bytes, &((const struct sockaddr_in6 *)address)->sin6_addr, 16);
        break;
    default:
        return false;
    }
    *ret = is_mapped(&ip) ? ip_embedded(&ip, sizeof(mapped_prefix)) : ip;
    return true;
}

static bool is_bit_set(const struct ip *ip, unsigned bit)
{
    return ip->bytes[bit / 8] >> (7 - bit % 8) & 1;
}

static bool has_host_bits(const struct cidr *cidr)
{
    for (unsigned bit = cidr->bits; bit < width(cidr->ip.family); bit++) {
        if (is_bit_set(&cidr->ip, bit))
            return true;
    }
    return false;
}

static bool parse_bits(const char *text, unsigned max, unsigned *ret)
{
    size_t len = strlen(text);

    if (len < 1 || len > 3 || strspn(text, "0123456789") != len)
        return false;
    *ret = (unsigned)strtoul(text, NULL, 10);
    return *ret <= max;
}

static bool parse_ip(const char *text, size_t len, struct ip *ret)
{
    char address[INET6_ADDRSTRLEN];

    if (len >= sizeof(address))
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    *ret = (struct ip){.family = strchr(address, ':') ? AF_INET6 : AF_INET};
    return inet_pton(ret->family, address, ret->bytes) == 1;
}

const char *cidr_parse(const char *text, struct cidr *ret)
{
    const char *slash = strchr(text, '/');
    struct cidr cidr;

    if (!parse_ip(text, slash ? (size_t)(slash - text) : strlen(text), &cidr.ip))
        return "it begins with no IPv4 or IPv6 address";
    cidr.bits = width(cidr.ip.family);
    if (slash && !parse_bits(slash + 1, cidr.bits, &cidr.bits))
        return "what follows '/' is no length of a prefix";
    if (has_host_bits(&cidr))
        return "the address has bits set beyond its prefix";
    if (is_mapped(&cidr.ip) && cidr.bits >= MAPPED_BITS) {
        cidr.ip = ip_embedded(&cidr.ip, sizeof(mapped_prefix));
        cidr.bits -= MAPPED_BITS;
    }
    *ret = cidr;
    return NULL;
}

bool cidr_contains(const struct cidr *cidr, const struct ip *ip)
{
    unsigned whole = cidr->bits / 8, rest = cidr->bits % 8;

    if (ip->family != cidr->ip.family || memcmp(ip->bytes, cidr->ip.bytes, whole) != 0)
        return false;
    return rest == 0 || (ip->bytes[whole] ^ cidr->ip.bytes[whole]) >> (8 - rest) == 0;
}
