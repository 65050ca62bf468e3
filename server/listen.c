/* Probing addresses with sockets of our own, and opening them. */
#include "server/listen.h"

#include "api/bytes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libgen.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Cuts "HOST:PORT" or "[HOST]:PORT" in two, in place. */
static bool split(char *address, char **host, char **port)
{
    char *colon = strrchr(address, ':');
    size_t len;

    if (!colon || colon == address || colon[1] == '\0')
        return false;
    *colon = '\0';
    *host = address;
    *port = colon + 1;
    len = strlen(address);
    if (address[0] == '[' && address[len - 1] == ']') {
        address[len - 1] = '\0';
        *host = address + 1;
    }
    /* The resolver would take any number, and its lower half for the port. */
    return (*host)[0] != '\0' && (*port)[strspn(*port, "0123456789")] == '\0' &&
           strlen(*port) <= 5 && atoi(*port) <= 65535;
}

/* flag: the one that gave the address, without its dashes. */
static int resolve(const char *flag, const char *address, struct addrinfo **ret,
                   struct error *error)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE};
    char *copy = xstrdup(address);
    char *host, *port;
    int err = 0, code;

    if (!split(copy, &host, &port)) {
        err = error_set(error, E_INVALID, flag,
                        "'%s' is no address to listen at; write HOST:PORT, as 127.0.0.1:7070",
                        address);
    } else {
        code = getaddrinfo(host, port, &hints, ret);
        if (code)
            err = error_set(error, E_INVALID, flag, "cannot listen at %s: %s", address,
                            gai_strerror(code));
    }
    free(copy);
    return err;
}

static int bind_error(const char *flag, const char *address, int errnum, struct error *error)
{
    if (errnum == EADDRINUSE)
        return error_set(error, E_CONDITION, flag,
                         "%s is in use: another server listens there; stop it, or choose another "
                         "address with --%s",
                         address, flag);
    if (errnum == EADDRNOTAVAIL)
        return error_set(error, E_IO, flag,
                         "%s is no address of this machine; choose another one with --%s", address,
                         flag);
    if (errnum == EACCES)
        return error_set(error, E_IO, flag,
                         "this user may not listen at %s; choose a port of 1024 or more with --%s",
                         address, flag);
    return error_set(error, E_IO, flag, "cannot listen at %s: %s", address, strerror(errnum));
}

static int open_socket(const struct addrinfo *at, const char *flag, const char *address,
                       int backlog, int *ret, struct error *error)
{
    int fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1, err;

    if (fd < 0)
        return bind_error(flag, address, errno, error);
    /* As gRPC does: connections of an earlier server that linger are no hindrance. Without listen,
     * too: two sockets that only bind do not hinder each other under this option. */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, at->ai_addr, at->ai_addrlen) < 0 || listen(fd, backlog) < 0) {
        err = bind_error(flag, address, errno, error);
        close(fd);
        return err;
    }
    *ret = fd;
    return 0;
}

static int try_bind(const struct addrinfo *at, const char *address, struct error *error)
{
    int fd;
    int err = open_socket(at, "listen", address, 1, &fd, error);

    if (!err)
        close(fd);
    return err;
}

int listen_check_tcp(const char *address, struct error *error)
{
    struct addrinfo *found;
    int err = resolve("listen", address, &found, error);

    if (err)
        return err;
    for (const struct addrinfo *at = found; at && !err; at = at->ai_next)
        err = try_bind(at, address, error);
    freeaddrinfo(found);
    return err;
}

int listen_open_tcp(const char *flag, const char *address, int backlog, int *ret,
                    struct error *error)
{
    struct addrinfo *found;
    int err = resolve(flag, address, &found, error);

    if (err)
        return err;
    err = open_socket(found, flag, address, backlog, ret, error);
    freeaddrinfo(found);
    return err;
}

void listen_host(const char *address, char *ret, size_t size)
{
    char *copy = xstrdup(address);
    char *host = copy, *port;

    (void)split(copy, &host, &port);
    snprintf(ret, size, "%s", host);
    free(copy);
}

int listen_name(int fd, char *ret, size_t size)
{
    struct sockaddr_storage at;
    socklen_t len = sizeof(at);
    char host[NI_MAXHOST], port[NI_MAXSERV];

    if (getsockname(fd, (struct sockaddr *)&at, &len) < 0 ||
        getnameinfo((struct sockaddr *)&at, len, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV))
        return E_IO;
    snprintf(ret, size, at.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    return 0;
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)address;

        return ntohl(in->sin_addr.s_addr) >> 24 == 127;
    }
    return address->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

bool listen_is_loopback(const char *address)
{
    struct addrinfo *found;
    bool is_all = true;

    if (resolve("listen", address, &found, NULL))
        return false;
    for (const struct addrinfo *at = found; at; at = at->ai_next)
        is_all = is_all && is_loopback(at->ai_addr);
    freeaddrinfo(found);
    return is_all;
}

/* 0 where a server answers, else what connect said. */
static int try_connect(const struct sockaddr_un *at)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int errnum = 0;

    if (fd < 0)
        return errno;
    if (connect(fd, (const struct sockaddr *)at, sizeof(*at)) < 0)
        errnum = errno;
    close(fd);
    return errnum;
}

static int check_socket_file(const struct sockaddr_un *at, struct error *error)
{
    int errnum = try_connect(at);

    switch (errnum) {
    case ECONNREFUSED:
    case ENOENT:
        return 0;
    case 0:
    case EAGAIN:
        return error_set(error, E_CONDITION, "unix",
                         "%s is in use: another server listens there; stop it, or choose another "
                         "path with --unix",
                         at->sun_path);
    default:
        return error_set(error, E_IO, "unix", "cannot listen at %s: %s", at->sun_path,
                         strerror(errnum));
    }
}

/* Whether a socket can be made there. */
static int check_folder(const char *path, struct error *error)
{
    char *copy = xstrdup(path);
    int failed = access(dirname(copy), W_OK | X_OK) < 0;
    int cause = errno;

    free(copy);
    if (!failed)
        return 0;
    return error_set(error, E_IO, "unix",
                     cause == ENOENT
                         ? "cannot listen at %s: its folder does not exist; make it, or choose "
                           "another path with --unix"
                         : "cannot listen at %s: this user may not write in its folder; choose "
                           "another path with --unix",
                     path);
}

int listen_check_unix(const char *path, struct error *error)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    struct stat found;

    if (path[0] == '\0' || strlen(path) >= sizeof(at.sun_path))
        return error_set(error, E_INVALID, "unix",
                         "'%s' cannot be a Unix socket: its path must have 1 to %zu bytes", path,
                         sizeof(at.sun_path) - 1);
    strcpy(at.sun_path, path);
    if (lstat(path, &found) < 0) {
        if (errno == ENOENT)
            return check_folder(path, error);
        return error_set(error, E_IO, "unix", "cannot listen at %s: %s", path, strerror(errno));
    }
    if (!S_ISSOCK(found.st_mode))
        return error_set(error, E_CONDITION, "unix",
                         "%s exists and is no socket; choose another path with --unix", path);
    return check_socket_file(&at, error);
}
