/* Descriptors on the loop. */
#include "shim/net/watch.h"

#include "api/bytes.h"

#include <stdlib.h>

static void start(struct watch *w);

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct watch *w = poll->data;

    if (status == 0) {
        w->ready(w, events, 0);
        return;
    }
    w->ready(w, UV_READABLE | UV_WRITABLE, 1);
    /* libuv stops a descriptor that has an error. Its owner may have more to read from it. */
    if (!uv_is_closing((uv_handle_t *)poll) && w->events)
        start(w);
}

static void start(struct watch *w)
{
    if (uv_poll_start(&w->poll, w->events, on_poll) != 0)
        abort(); /* it fails for handles that are closing only */
}

struct watch *watch_open(uv_loop_t *loop, int fd,
                         void (*ready)(struct watch *watch, int events, int is_failed), void *arg)
{
    struct watch *w = xcalloc(1, sizeof(*w));

    /* It fails for what is no open socket, and for what is watched already: both would be a fault
     * of the library that asks for it. */
    if (uv_poll_init(loop, &w->poll, fd) != 0)
        abort();
    w->poll.data = w;
    w->fd = fd;
    w->ready = ready;
    w->arg = arg;
    return w;
}

void watch_set(struct watch *watch, int events)
{
    if (events == watch->events)
        return;
    watch->events = events;
    if (events)
        start(watch);
    else
        uv_poll_stop(&watch->poll);
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void watch_close(struct watch *watch)
{
    uv_close((uv_handle_t *)&watch->poll, on_closed);
}
