/* curl's multi socket interface on libuv: a watch for each socket, and one timer. */
#include "shim/net/connections.h"

#include "api/bytes.h"
#include "shim/net/watch.h"

#include <stdlib.h>
#include <unistd.h>

struct connections {
    struct connections_config config;
    CURLM *multi;
    uv_timer_t timer;
};

/* What has ended. The list of messages may change with each call into curl. */
static void take_messages(struct connections *c)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(c->multi, &left))) {
        CURL *easy = message->easy_handle;
        CURLcode code = message->data.result;
        char *transfer = NULL;

        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &transfer);
        c->config.finished(transfer, code);
    }
}

static void step(struct connections *c, curl_socket_t fd, int events)
{
    int running;

    curl_multi_socket_action(c->multi, fd, events, &running);
    take_messages(c);
    c->config.after(c->config.arg);
}

static void on_timer(uv_timer_t *timer)
{
    step(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timeout(CURLM *multi, long timeout_ms, void *arg)
{
    struct connections *c = arg;

    (void)multi;
    if (timeout_ms < 0) {
        uv_timer_stop(&c->timer);
        return 0;
    }
    uv_update_time(c->config.loop);
    uv_timer_start(&c->timer, on_timer, (uint64_t)timeout_ms, 0);
    return 0;
}

static void on_ready(struct watch *w, int events, int is_failed)
{
    step(w->arg, w->fd,
         (events & UV_READABLE ? CURL_CSELECT_IN : 0) |
             (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0) | (is_failed ? CURL_CSELECT_ERR : 0));
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct connections *c = arg;
    struct watch *w = socket_arg;

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (w) {
            curl_multi_assign(c->multi, fd, NULL);
            watch_close(w);
        }
        return 0;
    }
    if (!w) {
        w = watch_open(c->config.loop, fd, on_ready, c);
        curl_multi_assign(c->multi, fd, w);
    }
    watch_set(w,
              (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0));
    return 0;
}

curl_socket_t connections_open_socket(struct connections *c, const struct curl_sockaddr *address,
                                      bool *ret_is_refused)
{
    curl_socket_t fd;

    *ret_is_refused = !egress_allows_address(c->config.egress, &address->addr);
    if (*ret_is_refused)
        return CURL_SOCKET_BAD;
    fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd != CURL_SOCKET_BAD)
        ++*c->config.sockets;
    return fd;
}

int connections_close_socket(void *connections, curl_socket_t fd)
{
    struct connections *c = connections;

    --*c->config.sockets;
    return close(fd);
}

static bool configure(struct connections *c)
{
    int failed = 0;

    failed |= curl_multi_setopt(c->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    failed |= curl_multi_setopt(c->multi, CURLMOPT_SOCKETDATA, c);
    failed |= curl_multi_setopt(c->multi, CURLMOPT_TIMERFUNCTION, on_timeout);
    failed |= curl_multi_setopt(c->multi, CURLMOPT_TIMERDATA, c);
    failed |= curl_multi_setopt(c->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
    failed |= curl_multi_setopt(c->multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, (long)c->config.max);
    failed |= curl_multi_setopt(c->multi, CURLMOPT_MAXCONNECTS, (long)c->config.max);
    return failed == 0;
}

struct connections *connections_open(const struct connections_config *config)
{
    struct connections *c = xcalloc(1, sizeof(*c));

    c->config = *config;
    c->multi = curl_multi_init();
    if (!c->multi || !configure(c)) {
        curl_multi_cleanup(c->multi);
        free(c);
        return NULL;
    }
    uv_timer_init(config->loop, &c->timer);
    c->timer.data = c;
    return c;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void connections_close(struct connections *c)
{
    curl_multi_cleanup(c->multi);
    uv_close((uv_handle_t *)&c->timer, on_closed);
}

bool connections_add(struct connections *c, CURL *easy)
{
    return curl_multi_add_handle(c->multi, easy) == CURLM_OK;
}

void connections_remove(struct connections *c, CURL *easy)
{
    curl_multi_remove_handle(c->multi, easy);
}
