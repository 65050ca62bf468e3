/*
 * Runs of bytes: a borrowed view, an owned buffer that grows, and a few allocations that may not
 * fail.
 */
#ifndef ISOYARD_BYTES_H
#define ISOYARD_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A view of bytes that somebody else owns. data may be NULL where len is 0. */
struct bytes {
    const char *data;
    size_t len;
};

static inline struct bytes bytes_of(const char *text)
{
    return (struct bytes){text, strlen(text)};
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* A buffer that owns its bytes. All zeroes is an empty one. One thread at a time. */
struct buffer {
    char *data;
    size_t len;
    size_t capacity;
};

/* Makes room for `more` bytes after the last one and returns where they go. Aborts when memory is
 * used up. */
char *buffer_reserve(struct buffer *b, size_t more);

void buffer_append(struct buffer *b, const void *data, size_t len);
void buffer_append_text(struct buffer *b, const char *text);
void buffer_append_format(struct buffer *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Gives the bytes back; the buffer is empty and usable afterwards. */
void buffer_release(struct buffer *b);

/* Small allocations whose size no client chooses: they abort when memory is used up. Free with
 * free(). Any thread. */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
char *xstrdup(const char *text);

#ifdef __cplusplus
}
#endif

#endif
