/*
 * The code's thread: it alone touches the database of compiled code. It reads what is there back
 * into the engine's memory, and then writes what isolates make. Whoever has code leaves a copy in a
 * bounded queue and never waits; what finds no room there is not kept, and counted.
 */
#ifndef ISOYARD_CODE_THREAD_H
#define ISOYARD_CODE_THREAD_H

#include "api/bytes.h"
#include "api/err.h"

#include <stdbool.h>
#include <stdint.h>

struct code_config {
    char *path;         /* of the database */
    uint64_t max_bytes; /* of code and keys in it */
};

/* Where code goes that is read back, on the code's thread; false: there is no room for more. */
typedef bool (*code_restore_f)(struct bytes key, struct bytes code);

/* Bytes of code that wait to be written. */
#define CODE_QUEUE_BYTES ((size_t)32 << 20)

struct code_thread;

/*
 * Opens the database and starts the thread. A database that is damaged is put aside under another
 * name, and a new one made, now and later. `engine`: what code depends on; that of another one is
 * removed. Errors as code_store_open; E_NOMEM where no thread can be had.
 */
int code_thread_start(const struct code_config *config, const char *engine, code_restore_f restore,
                      struct code_thread **ret, struct error *error);

/* Has code kept, which is copied. Any thread; does not wait. */
void code_thread_put(struct code_thread *thread, struct bytes key, struct bytes code);

struct code_stats {
    uint64_t restored;  /* entries that were read back */
    uint64_t discarded; /* ... that were damaged, or another engine's, or in a database that was */
    uint64_t lost;      /* that found no room in the queue, or could not be written */
    uint64_t bytes;     /* of code and keys in the database */
};

/* Any thread; slightly out of date by nature. */
void code_thread_stats(struct code_thread *thread, struct code_stats *ret);

/* Writes what is queued, closes the database and ends the thread. What is put from now on is lost.
 * Once. NULL is fine. */
void code_thread_stop(struct code_thread *thread);

/* After code_thread_stop, when nobody puts any more. NULL is fine. */
void code_thread_free(struct code_thread *thread);

#endif
