/*
 * libmicrohttpd without threads of its own: it polls all its connections with one epoll descriptor,
 * which this thread waits for, together with a descriptor that others wake it by and the next
 * second.
 */
#include "server/http_server.h"

#include "api/bytes.h"
#include "api/clock.h"
#include "server/control.h"
#include "server/events.h"
#include "server/http_guard.h"
#include "server/http_peers.h"
#include "server/http_request.h"
#include "server/listen.h"
#include "server/observer.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#define CONNECTIONS_MAX 64u
#define CONNECTION_BYTES ((size_t)32 << 10)
#define PATIENCE_MS UINT64_C(30000)

/* Further ones that are there for a moment, until one of them is shut and has been closed. Beyond
 * that newcomers wait in the kernel. */
#define CONNECTIONS_MORE 64u

/* libmicrohttpd's own patience, which any byte renews, is for a dashboard that reads nothing of an
 * event: it looks at no connection that is suspended between two. */
#define SILENCE_S 30u
#define BACKLOG 64

/* The dashboards are told of changes in between not more often than this. */
#define TELL_NS (200 * NS_PER_MS)

#define TOKEN_BYTES 16

struct http_server {
    struct http_config config;
    char address[128], name[128];
    char token[2 * TOKEN_BYTES + 1];
    int listen_fd; /* libmicrohttpd's, once it has started */
    int wake_fd;
    struct MHD_Daemon *mhd;
    pthread_t thread;
    bool is_running; /* the thread is to be joined: main's */
    atomic_bool is_stopping, is_changed;

    /* The thread's. */
    struct control *control;
    struct events *events;
    struct observer *observer; /* NULL: not observing */
    struct http_peers peers;
    uint64_t requests;
    uint64_t look_ns; /* the next look at the pools */
    uint64_t told_ns;
};

static void wake(struct http_server *server)
{
    const uint64_t one = 1;

    /* Full only if it is about to wake anyway. */
    if (write(server->wake_fd, &one, sizeof(one)) < 0)
        return;
}

/* Any thread. */
static void on_changed(void *arg)
{
    struct http_server *server = arg;

    /* Release: the thread that sees it sees what has changed, which has a lock besides. */
    atomic_store_explicit(&server->is_changed, true, memory_order_release);
    wake(server);
}

/* Requests. */

static struct http_peer *peer_of(struct MHD_Connection *connection)
{
    return MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **state,
                          enum MHD_ConnectionNotificationCode code)
{
    struct http_server *server = arg;

    if (code == MHD_CONNECTION_NOTIFY_CLOSED)
        http_peers_leave(&server->peers, *state);
    else
        *state = http_peers_enter(
            &server->peers,
            MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd,
            clock_now_ns());
}

static void begin_request(struct http_server *server, struct MHD_Connection *connection)
{
    server->requests++;
    http_peers_renew(&server->peers, peer_of(connection), clock_now_ns());
}

static enum MHD_Result on_request(void *arg, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_len, void **state)
{
    struct http_server *server = arg;
    const struct http_guard guard = {server->name, server->token};
    const struct http_context context = {
        .guard = &guard,
        .service = server->config.service,
        .admission = server->config.admission,
        .control = server->control,
        .events = server->events,
        .observer = server->observer,
        .requests = server->requests,
        .peers = &server->peers,
        .peer = peer_of(connection),
    };

    (void)version;
    if (!*state)
        begin_request(server, connection);
    return http_request_receive(&context, connection, url, method, data, data_len,
                                (struct http_request **)state);
}

static void on_completed(void *arg, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct http_server *server = arg;

    (void)code;
    http_request_free(*state);
    *state = NULL;
    http_peers_renew(&server->peers, peer_of(connection), clock_now_ns());
}

/* The thread. */

static void look(struct http_server *server, uint64_t now_ns)
{
    if (now_ns < server->look_ns)
        return;
    observer_look(server->observer);
    server->told_ns = now_ns;
    server->look_ns += ((now_ns - server->look_ns) / NS_PER_S + 1) * NS_PER_S;
}

static void tell_changes(struct http_server *server, uint64_t now_ns)
{
    if (now_ns - server->told_ns < TELL_NS ||
        !atomic_exchange_explicit(&server->is_changed, false, memory_order_acquire))
        return;
    observer_tell(server->observer);
    server->told_ns = now_ns;
}

/* Milliseconds, rounded up. */
static int until(uint64_t due_ns, uint64_t now_ns)
{
    return due_ns > now_ns ? (int)((due_ns - now_ns + NS_PER_MS - 1) / NS_PER_MS) : 0;
}

/* When there is something to do, whatever libmicrohttpd has to. */
static uint64_t due_ns(struct http_server *server)
{
    uint64_t at_ns = http_peers_due_ns(&server->peers);

    if (server->observer && server->look_ns < at_ns)
        at_ns = server->look_ns;
    if (server->observer && atomic_load_explicit(&server->is_changed, memory_order_relaxed) &&
        server->told_ns + TELL_NS < at_ns)
        at_ns = server->told_ns + TELL_NS;
    return at_ns;
}

static int patience_ms(struct http_server *server)
{
    uint64_t at_ns = due_ns(server);
    int ms = at_ns < UINT64_MAX ? until(at_ns, clock_now_ns()) : -1;
    MHD_UNSIGNED_LONG_LONG mhd_ms;

    if (MHD_get_timeout(server->mhd, &mhd_ms) == MHD_YES && (ms < 0 || mhd_ms < (unsigned)ms))
        ms = (int)mhd_ms;
    return ms;
}

static void wait_for_something(struct http_server *server)
{
    struct pollfd fds[] = {
        {MHD_get_daemon_info(server->mhd, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd, POLLIN, 0},
        {server->wake_fd, POLLIN, 0}};
    uint64_t count;

    if (poll(fds, 2, patience_ms(server)) > 0 && fds[1].revents &&
        read(server->wake_fd, &count, sizeof(count)) < 0)
        return;
}

static void *thread_main(void *arg)
{
    struct http_server *server = arg;

    server->look_ns = clock_now_ns() + NS_PER_S;
    while (!atomic_load_explicit(&server->is_stopping, memory_order_relaxed)) {
        wait_for_something(server);
        MHD_run(server->mhd);
        http_peers_thin(&server->peers, clock_now_ns());
        if (server->observer) {
            look(server, clock_now_ns());
            tell_changes(server, clock_now_ns());
        }
    }
    events_end(server->events);
    MHD_run(server->mhd);
    return NULL;
}

/* Beginning and end. */

static int make_token(char ret[2 * TOKEN_BYTES + 1], struct error *error)
{
    unsigned char bytes[TOKEN_BYTES];

    if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
        return error_set(error, E_IO, NULL, "the system has no random bytes: %s", strerror(errno));
    for (unsigned i = 0; i < TOKEN_BYTES; i++)
        snprintf(ret + (size_t)2 * i, 3, "%02x", bytes[i]);
    return 0;
}

static void on_mhd_log(void *arg, const char *format, va_list args)
{
    char text[256];

    (void)arg;
    vsnprintf(text, sizeof(text), format, args);
    text[strcspn(text, "\n")] = '\0';
    log_debug("HTTP", log_text("message", text));
}

static int start_mhd(struct http_server *server, struct error *error)
{
    server->mhd = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL, on_request,
        server, MHD_OPTION_EXTERNAL_LOGGER, on_mhd_log, NULL, MHD_OPTION_LISTEN_SOCKET,
        server->listen_fd, MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX + CONNECTIONS_MORE,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_CONNECTION_TIMEOUT,
        SILENCE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_END);
    if (!server->mhd)
        return error_set(error, E_NOMEM, NULL, "the HTTP server cannot be started");
    server->listen_fd = -1;
    return 0;
}

static int start_thread(struct http_server *server, struct error *error)
{
    int err = pthread_create(&server->thread, NULL, thread_main, server);

    if (err)
        return error_set(error, E_NOMEM, NULL, "cannot start the HTTP server's thread: %s",
                         strerror(err));
    pthread_setname_np(server->thread, "http");
    server->is_running = true;
    return 0;
}

static int open_server(struct http_server *server, struct error *error)
{
    const struct http_config *config = &server->config;
    int err = make_token(server->token, error);

    if (!err)
        err = listen_open_tcp("http", config->address, BACKLOG, &server->listen_fd, error);
    if (err)
        return err;
    if (listen_name(server->listen_fd, server->address, sizeof(server->address)))
        return error_set(error, E_IO, "http", "the HTTP server has no address");
    listen_host(config->address, server->name, sizeof(server->name));
    http_peers_init(&server->peers, CONNECTIONS_MAX,
                    (config->patience_ms ? config->patience_ms : PATIENCE_MS) * NS_PER_MS);
    server->events = events_new();
    server->control = control_new(config->service, on_changed, server);
    if (config->is_observing)
        server->observer =
            observer_new(config->service, config->failures, server->control, server->events);
    err = start_mhd(server, error);
    return err ? err : start_thread(server, error);
}

int http_server_start(const struct http_config *config, struct http_server **ret,
                      struct error *error)
{
    struct http_server *server = xcalloc(1, sizeof(*server));
    int err;

    server->config = *config;
    server->listen_fd = -1;
    server->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (server->wake_fd < 0)
        err = error_set(error, E_NOMEM, NULL, "no descriptor for the HTTP server: %s",
                        strerror(errno));
    else
        err = open_server(server, error);
    if (err) {
        http_server_stop(server);
        http_server_free(server);
        return err;
    }
    *ret = server;
    return 0;
}

const char *http_server_address(const struct http_server *server)
{
    return server->address;
}

void http_server_stop(struct http_server *server)
{
    if (!server)
        return;
    atomic_store_explicit(&server->is_stopping, true, memory_order_relaxed);
    if (server->is_running) {
        wake(server);
        pthread_join(server->thread, NULL);
        server->is_running = false;
    }
    if (server->mhd)
        MHD_stop_daemon(server->mhd);
    server->mhd = NULL;
    observer_free(server->observer);
    server->observer = NULL;
    events_free(server->events);
    server->events = NULL;
}

/* What is under way tells `control` of its end until here, and that wakes. */
void http_server_free(struct http_server *server)
{
    if (!server)
        return;
    control_free(server->control);
    if (server->listen_fd >= 0)
        close(server->listen_fd);
    if (server->wake_fd >= 0)
        close(server->wake_fd);
    free(server);
}
