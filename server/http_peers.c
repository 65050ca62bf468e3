/* A list in the order of waiting. */
#include "server/http_peers.h"

#include "api/bytes.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <utlist.h>

struct http_peer {
    struct http_peer *next, *prev;
    int fd;
    bool is_listed, is_shut;
    uint64_t since_ns;
};

void http_peers_init(struct http_peers *peers, size_t max, uint64_t patience_ns)
{
    *peers = (struct http_peers){.max = max, .patience_ns = patience_ns};
}

static void unlist(struct http_peers *peers, struct http_peer *peer)
{
    if (peer->is_listed)
        DL_DELETE(peers->waited_for, peer);
    peer->is_listed = false;
}

static void list(struct http_peers *peers, struct http_peer *peer, uint64_t now_ns)
{
    peer->since_ns = now_ns;
    peer->is_listed = true;
    DL_APPEND(peers->waited_for, peer);
}

static void shut(struct http_peers *peers, struct http_peer *peer)
{
    unlist(peers, peer);
    peer->is_shut = true;
    peers->count--;
    shutdown(peer->fd, SHUT_RDWR);
}

struct http_peer *http_peers_enter(struct http_peers *peers, int fd, uint64_t now_ns)
{
    struct http_peer *peer = xcalloc(1, sizeof(*peer));

    peer->fd = fd;
    peers->count++;
    list(peers, peer, now_ns);
    return peer;
}

void http_peers_leave(struct http_peers *peers, struct http_peer *peer)
{
    unlist(peers, peer);
    if (!peer->is_shut)
        peers->count--;
    free(peer);
}

void http_peers_renew(struct http_peers *peers, struct http_peer *peer, uint64_t now_ns)
{
    unlist(peers, peer);
    if (!peer->is_shut)
        list(peers, peer, now_ns);
}

void http_peers_keep(struct http_peers *peers, struct http_peer *peer)
{
    unlist(peers, peer);
}

uint64_t http_peers_due_ns(const struct http_peers *peers)
{
    return peers->waited_for ? peers->waited_for->since_ns + peers->patience_ns : UINT64_MAX;
}

void http_peers_thin(struct http_peers *peers, uint64_t now_ns)
{
    while (peers->waited_for && (peers->count > peers->max || http_peers_due_ns(peers) <= now_ns))
        shut(peers, peers->waited_for);
}
