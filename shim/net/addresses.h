/*
 * The addresses of one host that workers may reach, IPv6 first.
 */
#ifndef ISOYARD_NET_ADDRESSES_H
#define ISOYARD_NET_ADDRESSES_H

#include "shim/net/egress.h"

#include <netinet/in.h>

/* More are left out: a name with many more than these is no worse served. */
#define ADDRESSES_MAX 16u

struct addresses {
    unsigned v6_count, v4_count;
    unsigned refused; /* that did not pass the check */
    struct in6_addr v6[ADDRESSES_MAX];
    struct in_addr v4[ADDRESSES_MAX];
};

static inline unsigned addresses_count(const struct addresses *a)
{
    return a->v6_count + a->v4_count;
}

/* Keeps the address where the policy allows it and there is room. */
void addresses_add(struct addresses *a, const struct egress *egress,
                   const struct sockaddr *address);

/* Adds the address that a text is, such as "127.0.0.1" or "::1". False where it is none. */
bool addresses_add_literal(struct addresses *a, const struct egress *egress, const char *text);

/* "[::1],127.0.0.1", as CURLOPT_RESOLVE takes them. The caller's to free. */
char *addresses_text(const struct addresses *a);

#endif
