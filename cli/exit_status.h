/* What isoyard's exit status means; --help says the same. */
#ifndef ISOYARD_EXIT_STATUS_H
#define ISOYARD_EXIT_STATUS_H

enum exit_status {
    EXIT_FINE = 0,
    EXIT_WORKER = 1,      /* the worker failed: it threw, reached a limit, ... */
    EXIT_USAGE = 2,       /* wrong usage, or a file that cannot be read, or output not written */
    EXIT_UNREACHABLE = 3, /* nobody answers at the address */
    EXIT_REFUSED = 4,     /* the server says no: wrong input, no such worker, ... */
    EXIT_BUSY = 5,        /* try again: the queue is full, the server is shutting down, ... */
    EXIT_TIMEOUT = 6,     /* no answer in time */
    EXIT_SERVER = 7,      /* a fault of the server itself */
};

#define EXIT_STATUS_HELP                                                                           \
    "Exit status: 0 fine, 1 the worker failed, 2 wrong usage, 3 the server cannot be reached, "    \
    "4 the server refused, 5 busy or shutting down (try again), 6 no answer in time, 7 a fault "   \
    "of the server."

#endif
