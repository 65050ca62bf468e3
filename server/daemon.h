/*
 * The server as a whole: all parts opened in order, run until it is told to stop, closed in the
 * reverse order.
 */
#ifndef ISOYARD_DAEMON_H
#define ISOYARD_DAEMON_H

#include "server/config.h"

struct daemon;

/*
 * Opens the store, fills the registry, opens the pool, serves. The engine is open, no signal of
 * interest can interrupt. error->message says what to do. Main thread.
 */
int daemon_open(struct config *config, struct daemon **ret, struct error *error);

/* Gives memory that a burst of large messages has left behind back to the system. About once a
 * second, main thread. */
void daemon_tick(struct daemon *daemon);

/*
 * Takes nothing new, lets what runs end within the grace, cancels the rest, and frees all. Main
 * thread; NULL is fine. Does not return where a thread is lost in a turn: then nothing can be freed
 * in order, and the process leaves by _exit, with 0, or with DAEMON_EXIT_EXHAUSTED where so many
 * were lost that it should be started anew (SIGTERM is raised in that case).
 */
void daemon_close(struct daemon *daemon);

#define DAEMON_EXIT_EXHAUSTED 3

#endif
