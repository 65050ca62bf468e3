/* Pipes: a list of chunks under a lock. */
#include "api/pipe.h"

#include "api/bytes.h"
#include "api/lock.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

/* Small writes are gathered in chunks of this size at least. */
#define GATHERED ((size_t)16 << 10)

/* Behind so many links chunks of up to this are gathered, too, when they are put in: a window of
 * chunks of one byte would take eighty times its size. */
#define LINKS_FREE 64u
#define COPIED_MAX ((size_t)1 << 10)
#define COPIED_GATHERED (2 * COPIED_MAX)

struct link {
    struct link *next;
    struct pipe_chunk chunk;
    size_t capacity;
    size_t read; /* of it, by pipe_read */
};

struct pipe {
    atomic_uint refs;
    size_t window;              /* immutable */
    struct pipe_budget *budget; /* immutable; NULL: none */

    struct lock lock; /* guards the rest */
    struct link *first, *last;
    size_t links;
    size_t bytes;
    uint64_t moved; /* written and read */
    bool is_ended, is_failed, is_cancelled;
    struct failure failure;
    void *note;
    bool is_reader_waiting;
    size_t room_wanted; /* 0: the writer does not wait */
    struct pipe_listener listeners[2];
};

static bool take_from_budget(struct pipe_budget *budget, size_t bytes)
{
    size_t used;

    if (!budget)
        return true;
    used = atomic_load_explicit(&budget->used, memory_order_relaxed);
    do {
        if (bytes > budget->max || used > budget->max - bytes)
            return false;
    } while (!atomic_compare_exchange_weak_explicit(&budget->used, &used, used + bytes,
                                                    memory_order_relaxed, memory_order_relaxed));
    return true;
}

struct pipe *pipe_new(size_t window, struct pipe_budget *budget)
{
    struct pipe *pipe;

    if (!take_from_budget(budget, window))
        return NULL;
    pipe = xcalloc(1, sizeof(*pipe));
    atomic_init(&pipe->refs, 1);
    pipe->window = window;
    pipe->budget = budget;
    lock_init(&pipe->lock, LOCK_BODY);
    return pipe;
}

struct pipe *pipe_ref(struct pipe *pipe)
{
    /* Relaxed: whoever takes a reference already has one. */
    if (pipe)
        atomic_fetch_add_explicit(&pipe->refs, 1, memory_order_relaxed);
    return pipe;
}

static void drop_all(struct pipe *pipe)
{
    while (pipe->first) {
        struct link *link = pipe->first;

        pipe->first = link->next;
        free(link->chunk.data);
        free(link);
    }
    pipe->last = NULL;
    pipe->links = 0;
    pipe->bytes = 0;
}

void pipe_unref(struct pipe *pipe)
{
    /* Acquire-release: the freeing comes after all that the others did. */
    if (!pipe || atomic_fetch_sub_explicit(&pipe->refs, 1, memory_order_acq_rel) > 1)
        return;
    drop_all(pipe);
    failure_release(&pipe->failure);
    free(pipe->note);
    if (pipe->budget)
        atomic_fetch_sub_explicit(&pipe->budget->used, pipe->window, memory_order_relaxed);
    lock_destroy(&pipe->lock);
    free(pipe);
}

/* Under the lock: whom to tell afterwards. */
static struct pipe_listener listener_of(struct pipe *pipe, enum pipe_side side)
{
    struct pipe_listener listener = pipe->listeners[side];

    if (listener.tell)
        listener.ref(listener.arg);
    return listener;
}

/* Releases the lock and tells a side, where `is_due`. */
static void unlock_and_tell(struct pipe *pipe, enum pipe_side side, bool is_due)
{
    struct pipe_listener listener = {0};

    if (is_due)
        listener = listener_of(pipe, side);
    lock_release(&pipe->lock);
    if (listener.tell)
        listener.tell(listener.arg);
}

void pipe_listen(struct pipe *pipe, enum pipe_side side, const struct pipe_listener *listener)
{
    lock_take(&pipe->lock);
    pipe->listeners[side] = listener ? *listener : (struct pipe_listener){0};
    lock_release(&pipe->lock);
}

/* Under the lock. */

static bool is_closed(const struct pipe *pipe)
{
    return pipe->is_ended || pipe->is_failed || pipe->is_cancelled;
}

static void append(struct pipe *pipe, struct pipe_chunk chunk, size_t capacity)
{
    struct link *link = xcalloc(1, sizeof(*link));

    link->chunk = chunk;
    link->capacity = capacity;
    if (pipe->last)
        pipe->last->next = link;
    else
        pipe->first = link;
    pipe->last = link;
    pipe->links++;
}

/* Where others wait already the next ones will, too: fewer and larger ones cost the reader less. */
static size_t capacity_for(const struct pipe *pipe, size_t len)
{
    if (pipe->first || len > PIPE_CHUNK_MAX)
        return PIPE_CHUNK_MAX;
    return len < GATHERED ? GATHERED : len;
}

static void write_copy(struct pipe *pipe, const char *data, size_t len)
{
    pipe->bytes += len;
    pipe->moved += len;
    while (len > 0) {
        struct link *last = pipe->last;
        size_t room = last ? last->capacity - last->chunk.len : 0;
        size_t part = len < room ? len : room;

        if (room == 0) {
            size_t capacity = capacity_for(pipe, len);

            append(pipe, (struct pipe_chunk){xmalloc(capacity), 0}, capacity);
            continue;
        }
        memcpy(last->chunk.data + last->chunk.len, data, part);
        last->chunk.len += part;
        data += part;
        len -= part;
    }
}

static bool take_reader_waiting(struct pipe *pipe)
{
    bool was_waiting = pipe->is_reader_waiting;

    pipe->is_reader_waiting = false;
    return was_waiting;
}

static size_t room_of(const struct pipe *pipe)
{
    return pipe->bytes < pipe->window ? pipe->window - pipe->bytes : 0;
}

static bool take_writer_waiting(struct pipe *pipe)
{
    if (pipe->room_wanted == 0 || room_of(pipe) < pipe->room_wanted)
        return false;
    pipe->room_wanted = 0;
    return true;
}

/* The writer. */

void pipe_write(struct pipe *pipe, const char *data, size_t len)
{
    if (len == 0)
        return;
    lock_take(&pipe->lock);
    if (!is_closed(pipe))
        write_copy(pipe, data, len);
    unlock_and_tell(pipe, PIPE_READER, take_reader_waiting(pipe));
}

void pipe_put(struct pipe *pipe, struct pipe_chunk chunk)
{
    char *copied = NULL;

    lock_take(&pipe->lock);
    if (chunk.len == 0 || is_closed(pipe)) {
        lock_release(&pipe->lock);
        free(chunk.data);
        return;
    }
    if (pipe->links >= LINKS_FREE && chunk.len <= COPIED_MAX) {
        if (pipe->last->capacity - pipe->last->chunk.len < chunk.len)
            append(pipe, (struct pipe_chunk){xmalloc(COPIED_GATHERED), 0}, COPIED_GATHERED);
        write_copy(pipe, chunk.data, chunk.len);
        copied = chunk.data;
    } else {
        append(pipe, chunk, chunk.len);
        pipe->bytes += chunk.len;
        pipe->moved += chunk.len;
    }
    unlock_and_tell(pipe, PIPE_READER, take_reader_waiting(pipe));
    free(copied);
}

size_t pipe_room(struct pipe *pipe, size_t wanted)
{
    size_t room;

    lock_take(&pipe->lock);
    room = room_of(pipe);
    pipe->room_wanted = room < wanted ? wanted : 0;
    lock_release(&pipe->lock);
    return room;
}

void pipe_end(struct pipe *pipe, void *note)
{
    lock_take(&pipe->lock);
    if (is_closed(pipe)) {
        lock_release(&pipe->lock);
        free(note);
        return;
    }
    pipe->is_ended = true;
    pipe->note = note;
    unlock_and_tell(pipe, PIPE_READER, true);
}

void pipe_fail(struct pipe *pipe, const struct failure *failure, void *note)
{
    lock_take(&pipe->lock);
    if (is_closed(pipe)) {
        lock_release(&pipe->lock);
        free(note);
        return;
    }
    pipe->is_failed = true;
    pipe->note = note;
    failure_copy(&pipe->failure, failure);
    unlock_and_tell(pipe, PIPE_READER, true);
}

bool pipe_is_cancelled(struct pipe *pipe)
{
    bool is_cancelled;

    lock_take(&pipe->lock);
    is_cancelled = pipe->is_cancelled;
    lock_release(&pipe->lock);
    return is_cancelled;
}

/* The reader. */

/* Under the lock: what there is instead of bytes. */
static enum pipe_result no_bytes(struct pipe *pipe)
{
    if (pipe->is_failed)
        return PIPE_FAILED;
    if (pipe->is_ended)
        return PIPE_ENDED;
    pipe->is_reader_waiting = true;
    return PIPE_EMPTY;
}

static struct pipe_chunk unlink_first(struct pipe *pipe)
{
    struct link *link = pipe->first;
    struct pipe_chunk chunk = link->chunk;

    pipe->first = link->next;
    if (!pipe->first)
        pipe->last = NULL;
    pipe->links--;
    free(link);
    return chunk;
}

/* A chunk that was gathered may be mostly room. */
static char *without_room(char *data, size_t len, size_t capacity)
{
    char *smaller = capacity - len > capacity / 8 ? realloc(data, len) : NULL;

    return smaller ? smaller : data;
}

enum pipe_result pipe_take(struct pipe *pipe, struct pipe_chunk *ret)
{
    enum pipe_result result = PIPE_BYTES;
    size_t read = 0, capacity = 0;
    struct pipe_chunk chunk = {0};

    lock_take(&pipe->lock);
    if (pipe->first) {
        read = pipe->first->read;
        capacity = pipe->first->capacity;
        chunk = unlink_first(pipe);
        pipe->bytes -= chunk.len - read;
        pipe->moved += chunk.len - read;
    } else {
        result = no_bytes(pipe);
    }
    unlock_and_tell(pipe, PIPE_WRITER, take_writer_waiting(pipe));
    if (result != PIPE_BYTES)
        return result;
    chunk.len -= read;
    if (read > 0)
        memmove(chunk.data, chunk.data + read, chunk.len);
    ret->len = chunk.len;
    ret->data = without_room(chunk.data, chunk.len, capacity);
    return PIPE_BYTES;
}

enum pipe_result pipe_read(struct pipe *pipe, char *to, size_t max, size_t *ret_len)
{
    enum pipe_result result = PIPE_BYTES;
    size_t len = 0;

    lock_take(&pipe->lock);
    while (pipe->first && len < max) {
        struct link *link = pipe->first;
        size_t left = link->chunk.len - link->read;
        size_t part = left < max - len ? left : max - len;

        memcpy(to + len, link->chunk.data + link->read, part);
        link->read += part;
        len += part;
        if (part == left)
            free(unlink_first(pipe).data);
    }
    pipe->bytes -= len;
    pipe->moved += len;
    if (len == 0)
        result = no_bytes(pipe);
    unlock_and_tell(pipe, PIPE_WRITER, take_writer_waiting(pipe));
    if (result == PIPE_BYTES)
        *ret_len = len;
    return result;
}

const struct failure *pipe_failure(const struct pipe *pipe)
{
    return &pipe->failure;
}

void *pipe_take_note(struct pipe *pipe)
{
    void *note;

    lock_take(&pipe->lock);
    note = pipe->note;
    pipe->note = NULL;
    lock_release(&pipe->lock);
    return note;
}

void pipe_cancel(struct pipe *pipe)
{
    bool was_cancelled;

    lock_take(&pipe->lock);
    was_cancelled = pipe->is_cancelled;
    pipe->is_cancelled = true;
    drop_all(pipe);
    unlock_and_tell(pipe, PIPE_WRITER, !was_cancelled);
}

size_t pipe_bytes(struct pipe *pipe)
{
    size_t bytes;

    lock_take(&pipe->lock);
    bytes = pipe->bytes;
    lock_release(&pipe->lock);
    return bytes;
}

uint64_t pipe_moved(struct pipe *pipe)
{
    uint64_t moved;

    lock_take(&pipe->lock);
    moved = pipe->moved;
    lock_release(&pipe->lock);
    return moved;
}
