/* curl's multi socket interface on libuv: a watch for each socket, and one timer.
 *
 * curl looks at a socket for as long as a transfer uses it. The watch stays while the socket is
 * open, so that transfers on a kept connection find it there, which spares system calls. */
#include "shim/net/connections.h"

#include "api/bytes.h"
#include "shim/net/watch.h"

#include <stdlib.h>
#include <unistd.h>

struct connections {
    struct connections_config config;
    CURLM *multi;
    uv_timer_t timer;
    struct watch *watches; /* uthash: of the open sockets */
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
    if (w->is_idle) {
        watch_set(w, 0); /* its end, most often; curl sees that before it uses it again */
        return;
    }
    step(w->arg, w->fd,
         (events & UV_READABLE ? CURL_CSELECT_IN : 0) |
             (events & UV_WRITABLE ? CURL_CSELECT_OUT : 0) | (is_failed ? CURL_CSELECT_ERR : 0));
}

static struct watch *find_watch(const struct connections *c, int fd)
{
    struct watch *w;

    HASH_FIND_INT(c->watches, &fd, w);
    return w;
}

static struct watch *add_watch(struct connections *c, int fd)
{
    struct watch *w = watch_open(c->config.loop, fd, on_ready, c);

    HASH_ADD_INT(c->watches, fd, w);
    ++*c->config.sockets;
    return w;
}

static void drop_watch(struct connections *c, struct watch *w)
{
    HASH_DEL(c->watches, w);
    watch_close(w);
    --*c->config.sockets;
}

/* No transfer uses the socket now. Those that did not come to be connected are closed by this curl
 * without a word (7.88), others are kept, or closed by connections_close_socket. */
static void leave_socket(struct connections *c, struct watch *w)
{
    if (!w->is_connected) {
        drop_watch(c, w);
        return;
    }
    w->is_idle = true;
    watch_set(w, w->events & UV_READABLE);
}

/* An answer that is there at once is read without being waited for. By then the transfer has no
 * other socket any more. */
static bool has_answer(CURL *easy)
{
    long status = 0;

    return easy && curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK &&
           status != 0;
}

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *socket_arg)
{
    struct connections *c = arg;
    struct watch *w = socket_arg ? socket_arg : find_watch(c, fd);

    if (what == CURL_POLL_REMOVE) {
        if (w) {
            w->is_connected |= has_answer(easy);
            leave_socket(c, w);
        }
        return 0;
    }
    if (!w)
        w = add_watch(c, fd);
    if (!socket_arg)
        curl_multi_assign(c->multi, fd, w);
    w->is_idle = false;
    w->is_connected |=
        (what & CURL_POLL_IN) != 0; /* what is being connected is waited for to become writable */
    watch_set(w,
              (what & CURL_POLL_IN ? UV_READABLE : 0) | (what & CURL_POLL_OUT ? UV_WRITABLE : 0));
    return 0;
}

curl_socket_t connections_open_socket(struct connections *c, const struct curl_sockaddr *address,
                                      bool *ret_is_refused)
{
    struct watch *stale;
    curl_socket_t fd;

    *ret_is_refused = !egress_allows_address(c->config.egress, &address->addr);
    if (*ret_is_refused)
        return CURL_SOCKET_BAD;
    fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd == CURL_SOCKET_BAD)
        return fd;
    stale = find_watch(c, fd); /* closed without a word before it was looked at */
    if (stale)
        drop_watch(c, stale);
    add_watch(c, fd);
    return fd;
}

int connections_close_socket(void *connections, curl_socket_t fd)
{
    struct connections *c = connections;
    struct watch *w = find_watch(c, fd);

    if (w)
        drop_watch(c, w);
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
    struct watch *w, *next;

    curl_multi_cleanup(c->multi);
    HASH_ITER(hh, c->watches, w, next)
    drop_watch(c, w);
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
