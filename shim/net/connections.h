/*
 * A tenant's connections: one curl multi handle on a libuv loop.
 *
 * A connection, and the TLS session in it, is kept in the multi handle and used again by transfers
 * of the same handle only. One handle for each tenant is therefore what keeps tenants apart: there
 * is no other way by which curl could hand a connection on.
 *
 * The loop's thread only.
 */
#ifndef ISOYARD_NET_CONNECTIONS_H
#define ISOYARD_NET_CONNECTIONS_H

#include "shim/net/egress.h"

#include <curl/curl.h>
#include <uv.h>

struct connections;

struct connections_config {
    uv_loop_t *loop;
    const struct egress *egress;
    unsigned max;      /* open at once, kept ones included */
    unsigned *sockets; /* counts the open sockets of several */
    /* A transfer is over. It is to be removed, here or later. */
    void (*finished)(void *transfer, CURLcode code);
    void (*after)(void *arg); /* called last in each of the loop's events */
    void *arg;
};

/* NULL where memory or descriptors are used up. */
struct connections *connections_open(const struct connections_config *config);

/* No transfer may be left. Closes the connections at once; the memory is freed when the loop runs.
 */
void connections_close(struct connections *c);

/* Begins a transfer, whose CURLOPT_PRIVATE is what finished gets. finished comes from the loop,
 * never from here. False where memory is used up. */
bool connections_add(struct connections *c, CURL *easy);

/* Takes a transfer out, at any time but during finished of another; what was not over ends, and
 * its connection with it. */
void connections_remove(struct connections *c, CURL *easy);

/* Makes a socket for an address that curl is about to connect to: checked once more, and counted.
 * CURL_SOCKET_BAD where there is none, and *ret_is_refused where that is the policy's doing. */
curl_socket_t connections_open_socket(struct connections *c, const struct curl_sockaddr *address,
                                      bool *ret_is_refused);

/* A CURLOPT_CLOSESOCKETFUNCTION, with the connections as its data. */
int connections_close_socket(void *connections, curl_socket_t fd);

#endif
