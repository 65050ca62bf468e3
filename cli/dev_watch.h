/*
 * Files that are watched, by their folders: editors put a new file in the place of the old one.
 * On the loop's thread.
 */
#ifndef ISOYARD_CLI_DEV_WATCH_H
#define ISOYARD_CLI_DEV_WATCH_H

#include "cli/paths.h"

#include <time.h>
#include <uv.h>

struct dev_watch;

/* Calls `changed` on the loop once something has changed and then rested for a moment. Watches
 * nothing yet. `hidden` is a folder that is none of it. */
struct dev_watch *dev_watch_new(uv_loop_t *loop, const char *hidden, void (*changed)(void *arg),
                                void *arg);

/*
 * Watches these files in place of those before. tree: besides, every file in this folder and below
 * that a worker may be made of, but for node_modules; for when nobody knows what is missing. NULL:
 * none. What has changed since `since` (of CLOCK_REALTIME) counts as changed now: nothing is lost
 * between reading files and watching them.
 */
void dev_watch_set(struct dev_watch *watch, const struct paths *files, const char *tree,
                   struct timespec since);

/* Closes its handles, which the loop has yet to see. Free it with dev_watch_free after that. */
void dev_watch_close(struct dev_watch *watch);
void dev_watch_free(struct dev_watch *watch);

#endif
