/*
 * A pipe: the bytes of one body on their way from one thread to another, with bounded room.
 *
 * It has a *writer* and a *reader*, each of which may be on another thread at every call. The
 * writer asks for room before it takes in more; what it writes beyond is kept all the same, for a
 * message that has come cannot be unread. Who finds nothing to do (no room, no bytes) is *told*
 * when there is. An end, a failure or the reader's cancellation is told at once.
 *
 * Nothing waits, and what a side is told with runs on the other side's thread, without the pipe's
 * lock: it should only send a message.
 */
#ifndef ISOYARD_PIPE_H
#define ISOYARD_PIPE_H

#include "api/atomic.h"
#include "api/failure.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Room of all pipes together. Immutable but for `used`; outlives its pipes. */
struct pipe_budget {
    size_t max;         /* bytes */
    atomic_size_t used; /* relaxed: a figure */
};

/* What a body's pipe has room for, in bytes. */
#define PIPE_WINDOW ((size_t)256 << 10)

/* What whole bodies are cut into, and what a reader gets at most at once. */
#define PIPE_CHUNK_MAX ((size_t)64 << 10)

enum pipe_side {
    PIPE_WRITER,
    PIPE_READER,
};

/* Whom to tell. The pipe takes a reference, under its lock, for each `tell`, which gives it back.
 */
struct pipe_listener {
    void (*ref)(void *arg);  /* only counts */
    void (*tell)(void *arg); /* look at the pipe: something may have changed; any thread */
    void *arg;
};

enum pipe_result {
    PIPE_EMPTY,  /* nothing now; the reader will be told */
    PIPE_BYTES,  /* some */
    PIPE_ENDED,  /* nothing more: it was all */
    PIPE_FAILED, /* nothing more: pipe_failure says why */
};

/* A run of bytes in memory of malloc's. */
struct pipe_chunk {
    char *data;
    size_t len;
};

struct pipe;

/* A pipe with one reference, and its window taken from the budget (NULL: unbounded); NULL where
 * that is used up. Any thread. */
struct pipe *pipe_new(size_t window, struct pipe_budget *budget);

/* Any thread. NULL is fine in both. */
struct pipe *pipe_ref(struct pipe *pipe);
void pipe_unref(struct pipe *pipe);

/* Sets whom to tell on a side; NULL: nobody any more, though a tell may still be on its way. What
 * has changed before is not told of: look. That side. */
void pipe_listen(struct pipe *pipe, enum pipe_side side, const struct pipe_listener *listener);

/* The writer's. After pipe_end, pipe_fail or a cancellation what is written is dropped. */

/* Writes a copy. */
void pipe_write(struct pipe *pipe, const char *data, size_t len);

/* Takes the chunk's memory. Small ones may be read as one. */
void pipe_put(struct pipe *pipe, struct pipe_chunk chunk);

/* How much there is room for. Where that is less than `wanted` the writer is told when it is not
 * any more. */
size_t pipe_room(struct pipe *pipe, size_t wanted);

/* It was all. note (memory of malloc's, taken; NULL: none) is what the writer has to say besides.
 * The first end or failure counts. */
void pipe_end(struct pipe *pipe, void *note);

/* It breaks off, for a reason that is copied. What was written before is read first. */
void pipe_fail(struct pipe *pipe, const struct failure *failure, void *note);

/* Whether the reader wants no more. */
bool pipe_is_cancelled(struct pipe *pipe);

/* The reader's. */

/* Takes one chunk, of at most PIPE_CHUNK_MAX bytes unless it was put in as a larger one. ret is
 * written with PIPE_BYTES only, and then the caller's to free. */
enum pipe_result pipe_take(struct pipe *pipe, struct pipe_chunk *ret);

/* Copies at most max bytes; *ret_len is written with PIPE_BYTES only. */
enum pipe_result pipe_read(struct pipe *pipe, char *to, size_t max, size_t *ret_len);

/* Why it failed; the pipe's, and immutable then. */
const struct failure *pipe_failure(const struct pipe *pipe);

/* Takes the note of the end or the failure; NULL: there is none. After PIPE_ENDED or PIPE_FAILED.
 */
void *pipe_take_note(struct pipe *pipe);

/* No more is wanted: drops what is there. */
void pipe_cancel(struct pipe *pipe);

/* Bytes in it, and how many were written and read so far, together. Any thread. */
size_t pipe_bytes(struct pipe *pipe);
uint64_t pipe_moved(struct pipe *pipe);

#ifdef __cplusplus
}
#endif

#endif
