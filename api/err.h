/*
 * The error numbers every layer returns: 0, or one of these.
 *
 * A function that can fail for a reason a person should read takes a `struct error *` as well and
 * fills it in; nothing reads one after success. One table in server/status.c maps each number to a
 * gRPC status.
 */
#ifndef ISOYARD_ERR_H
#define ISOYARD_ERR_H

#ifdef __cplusplus
extern "C" {
#endif

enum err {
    E_OK = 0,
    E_NOMEM = -1,        /* memory, or another resource of the system, is used up */
    E_INVALID = -2,      /* the caller's input is wrong; struct error names the field */
    E_NOT_FOUND = -3,    /* no such tenant, worker or version */
    E_CONDITION = -4,    /* right input, wrong moment */
    E_BUSY = -5,         /* a bounded queue is full; try again */
    E_CLOSED = -6,       /* shutting down; try elsewhere */
    E_LIMIT = -7,        /* a worker reached one of its limits */
    E_DEADLINE = -8,     /* the wall limit, or the caller's deadline, has passed */
    E_CANCELLED = -9,    /* the caller went away */
    E_CONDEMNED = -10,   /* the isolate ended because of another task; try again */
    E_WORKER = -11,      /* the worker failed by its own code */
    E_CORRUPT = -12,     /* stored data is not what it should be */
    E_IO = -13,          /* the system refused an operation on a file or socket */
    E_UNREACHABLE = -14, /* nobody answers at an address */
    E_INTERNAL = -15,    /* a fault of our own that the process survives */
};

/* What went wrong, for a person. */
struct error {
    enum err code;
    char field[64]; /* of the request, dotted ("files[0].name"); "" where no single one is at fault
                     */
    char message[1024]; /* one sentence, UTF-8, without a final newline */
};

/* The name of an error number: "E_BUSY". Never NULL. Any thread. */
const char *err_name(int err);

/* Fills in *ret and returns err, so that a failing function can end with it. ret may be NULL. Any
 * thread. */
int error_set(struct error *ret, enum err err, const char *field, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#ifdef __cplusplus
}
#endif

#endif
