/*
 * Addresses and networks of them, in the notation of RFC 4632 (3.1) and RFC 4291 (2.3).
 *
 * An IPv4 address that is mapped into IPv6 (::ffff:0:0/96) is an IPv4 address here, and a network
 * of such addresses is an IPv4 network: they reach the same host.
 */
#ifndef ISOYARD_NET_CIDR_H
#define ISOYARD_NET_CIDR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct ip {
    int family;        /* AF_INET or AF_INET6 */
    uint8_t bytes[16]; /* in network order; AF_INET uses the first 4 */
};

struct cidr {
    struct ip ip;
    unsigned bits;
};

/* False where the address is neither IPv4 nor IPv6. Any thread, as all of these. */
bool ip_of_sockaddr(const struct sockaddr *address, struct ip *ret);

/* The IPv4 address that begins at a byte of an IPv6 address. */
struct ip ip_embedded(const struct ip *ip, unsigned first_byte);

/* "10.0.0.0/8", "fd00::/8", or a single address. NULL, or what is wrong with the text. */
const char *cidr_parse(const char *text, struct cidr *ret);

bool cidr_contains(const struct cidr *cidr, const struct ip *ip);

#endif
