/* Collecting addresses that have passed the check. */
#include "shim/net/addresses.h"

#include "api/bytes.h"

#include <arpa/inet.h>

void addresses_add(struct addresses *a, const struct egress *egress, const struct sockaddr *address)
{
    if (!egress_allows_address(egress, address)) {
        a->refused++;
        return;
    }
    if (address->sa_family == AF_INET && a->v4_count < ADDRESSES_MAX)
        a->v4[a->v4_count++] = ((const struct sockaddr_in *)address)->sin_addr;
    if (address->sa_family == AF_INET6 && a->v6_count < ADDRESSES_MAX)
        a->v6[a->v6_count++] = ((const struct sockaddr_in6 *)address)->sin6_addr;
}

bool addresses_add_literal(struct addresses *a, const struct egress *egress, const char *text)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};

    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
        addresses_add(a, egress, (struct sockaddr *)&v4);
        return true;
    }
    if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1) {
        addresses_add(a, egress, (struct sockaddr *)&v6);
        return true;
    }
    return false;
}

char *addresses_text(const struct addresses *a)
{
    struct buffer text = {0};
    char ip[INET6_ADDRSTRLEN];

    for (unsigned i = 0; i < a->v6_count; i++) {
        inet_ntop(AF_INET6, &a->v6[i], ip, sizeof(ip));
        buffer_append_format(&text, "%s[%s]", text.len ? "," : "", ip);
    }
    for (unsigned i = 0; i < a->v4_count; i++) {
        inet_ntop(AF_INET, &a->v4[i], ip, sizeof(ip));
        buffer_append_format(&text, "%s%s", text.len ? "," : "", ip);
    }
    buffer_append(&text, "", 1);
    return text.data;
}
