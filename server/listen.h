/*
 * Looking at an address before gRPC binds it: gRPC itself says only that it could not, and replaces
 * the socket file of a living server without a word.
 */
#ifndef ISOYARD_LISTEN_H
#define ISOYARD_LISTEN_H

#include "api/err.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Whether HOST:PORT ("127.0.0.1:7070", "[::1]:0", "localhost:7070") can be bound now. E_INVALID
 * where it is no such address or its host is unknown, E_CONDITION where it is in use, E_IO for what
 * else the system says. Not on a lane or cq thread: may ask the resolver.
 */
int listen_check_tcp(const char *address, struct error *error);

/*
 * Opens a socket that listens at the first address that HOST:PORT stands for; it does not block,
 * and is the caller's. flag: which one gave the address. Errors as above.
 */
int listen_open_tcp(const char *flag, const char *address, int backlog, int *ret,
                    struct error *error);

/* The address that a socket is bound to, as "127.0.0.1:7071". E_IO. */
int listen_name(int fd, char *ret, size_t size);

/* The host of HOST:PORT, without the brackets of an IPv6 address. */
void listen_host(const char *address, char *ret, size_t size);

/*
 * Whether a Unix socket can be made at path: nothing is there, or the socket file of a server that
 * is dead, which gRPC then replaces. E_CONDITION where a server answers there, or something that is
 * no socket has the name; E_INVALID where the path is too long; E_IO for what else.
 */
int listen_check_unix(const char *path, struct error *error);

/* Whether every address that the host of HOST:PORT stands for is a loopback one. */
bool listen_is_loopback(const char *address);

#endif
