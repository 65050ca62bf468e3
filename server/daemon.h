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

/* Takes nothing new, lets what runs end within the grace, cancels the rest, and frees all. Main
 * thread; NULL is fine. */
void daemon_close(struct daemon *daemon);

#endif
