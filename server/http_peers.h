/*
 * Those who are connected to the HTTP server, and how long it has waited for each.
 *
 * All that takes long there is a client's doing: a head, or a body, that comes slowly; a connection
 * that is kept without a request; an answer that is not read. The server waits for each so long and
 * no longer, however little comes meanwhile. Where there are too many, who has been waited for the
 * longest goes, so that a newcomer who knows what it wants finds a place.
 *
 * Connections are shut, not closed: libmicrohttpd finds that out and closes them.
 *
 * Threads: one.
 */
#ifndef ISOYARD_HTTP_PEERS_H
#define ISOYARD_HTTP_PEERS_H

#include <stddef.h>
#include <stdint.h>

struct http_peer;

struct http_peers {
    struct http_peer *waited_for; /* utlist's DL, the longest first */
    size_t count, max;            /* of those that are not shut */
    uint64_t patience_ns;
};

void http_peers_init(struct http_peers *peers, size_t max, uint64_t patience_ns);

/* One that has connected, and is waited for. It may be shut from now until http_peers_leave, and
 * the descriptor must be open so long. */
struct http_peer *http_peers_enter(struct http_peers *peers, int fd, uint64_t now_ns);
void http_peers_leave(struct http_peers *peers, struct http_peer *peer);

/* It has done its part: the head has come, or the answer has gone. From now on it is waited for
 * anew. */
void http_peers_renew(struct http_peers *peers, struct http_peer *peer, uint64_t now_ns);

/* It waits for the server, for as long as it likes, until http_peers_renew. */
void http_peers_keep(struct http_peers *peers, struct http_peer *peer);

/* Shuts those that have been waited for too long, and the longest of them while there are too many.
 * To be called when libmicrohttpd has seen to all that has happened, so that those who have left by
 * themselves do not count. */
void http_peers_thin(struct http_peers *peers, uint64_t now_ns);

/* When that is to be done next, though nothing happens; UINT64_MAX: not foreseen. */
uint64_t http_peers_due_ns(const struct http_peers *peers);

#endif
