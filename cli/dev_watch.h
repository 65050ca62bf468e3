/* Files that are watched, by their folders: editors put a new file in the place of the old one. */
#ifndef ISOYARD_CLI_DEV_WATCH_H
#define ISOYARD_CLI_DEV_WATCH_H

#include <stddef.h>
#include <uv.h>

struct dev_watch;

/* Calls `changed` on the loop once some files have changed and then rested for a moment. Paths are
 * the caller's, and stay. */
struct dev_watch *dev_watch_new(uv_loop_t *loop, char *const *paths, size_t count,
                                void (*changed)(void *arg), void *arg);

/* Closes its handles, which the loop has yet to see. Free it with dev_watch_free after that. */
void dev_watch_close(struct dev_watch *watch);
void dev_watch_free(struct dev_watch *watch);

#endif
