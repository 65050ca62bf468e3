/*
 * Which addresses and ports workers may reach.
 *
 * Public unicast addresses are allowed, and the networks that the operator names. Everything that
 * the IANA special-purpose address registries (RFC 6890) do not call globally reachable is refused:
 * this host, private and shared networks, link-local ones with the metadata services of clouds,
 * documentation, benchmarks, multicast, and whatever is reserved. Of IPv6 only global unicast
 * (2000::/3) can be allowed at all.
 *
 * Addresses that carry an IPv4 address are judged by it where a translator would reach that host:
 * mapped ones, and those of NAT64's well-known prefix (RFC 6052). The tunnels, 6to4 and Teredo, are
 * refused altogether, as are the local NAT64 prefixes.
 *
 * Immutable after its creation: any thread.
 */
#ifndef ISOYARD_NET_EGRESS_H
#define ISOYARD_NET_EGRESS_H

#include "api/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

#ifdef __cplusplus
extern "C" {
#endif

struct egress;

/*
 * allow has `count` networks ("10.1.0.0/16", "fd00::/8", "127.0.0.1"), which workers may reach as
 * well. E_INVALID names the one that is not well-formed. Free with egress_free.
 */
int egress_new(const char *const *allow, size_t count, struct egress **ret, struct error *error);

void egress_free(struct egress *egress); /* NULL is fine */

/* Looks at the address only, not at the port in it. */
bool egress_allows_address(const struct egress *egress, const struct sockaddr *address);

/* False for the bad ports of the Fetch standard (https://fetch.spec.whatwg.org/#port-blocking),
 * mail's among them, and for what is no port. */
bool egress_allows_port(const struct egress *egress, unsigned port);

#ifdef __cplusplus
}
#endif

#endif
