/*
 * A file descriptor of a library, watched on a loop until the library closes it.
 *
 * The loop's thread only.
 */
#ifndef ISOYARD_NET_WATCH_H
#define ISOYARD_NET_WATCH_H

#include <stdbool.h>
#include <uthash.h>
#include <uv.h>

struct watch {
    uv_poll_t poll;
    int fd;
    int events; /* that are waited for: of UV_READABLE and UV_WRITABLE */
    /* Where the descriptor has an error, both events come, and is_failed is not 0. */
    void (*ready)(struct watch *watch, int events, int is_failed);
    void *arg; /* for ready */

    /* For the owner. */
    UT_hash_handle hh; /* by fd */
    bool is_connected;
    bool is_idle;
};

struct watch *watch_open(uv_loop_t *loop, int fd,
                         void (*ready)(struct watch *watch, int events, int is_failed), void *arg);

/* Waits for these events from now on; 0: for none. It costs nothing where they are the same. */
void watch_set(struct watch *watch, int events);

/* Before the descriptor is closed. The memory is freed when the loop runs. */
void watch_close(struct watch *watch);

#endif
