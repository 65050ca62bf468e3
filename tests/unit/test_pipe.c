/* Pipes: order, room, who is told and when, ends; and two threads. */
#include "api/pipe.h"

#include "unit.h"

#include <malloc.h>
#include <pthread.h>
#include <stdint.h>

struct side {
    atomic_uint refs, told;
};

static void ref_side(void *arg)
{
    struct side *side = arg;

    atomic_fetch_add(&side->refs, 1);
}

static void tell_side(void *arg)
{
    struct side *side = arg;

    atomic_fetch_sub(&side->refs, 1);
    atomic_fetch_add(&side->told, 1);
}

static struct side sides[2];

static struct pipe *new_pipe(size_t window)
{
    struct pipe *pipe = pipe_new(window, NULL);

    for (int i = 0; i < 2; i++) {
        struct pipe_listener listener = {ref_side, tell_side, &sides[i]};

        pipe_listen(pipe, (enum pipe_side)i, &listener);
    }
    return pipe;
}

static void expect_bytes(struct pipe *pipe, const char *text)
{
    struct pipe_chunk chunk;

    ck_assert_int_eq(pipe_take(pipe, &chunk), PIPE_BYTES);
    ck_assert_uint_eq(chunk.len, strlen(text));
    ck_assert_mem_eq(chunk.data, text, chunk.len);
    free(chunk.data);
}

static void expect_none(struct pipe *pipe, enum pipe_result result)
{
    struct pipe_chunk chunk;

    ck_assert_int_eq(pipe_take(pipe, &chunk), result);
}

static void fill(struct pipe *pipe, size_t len)
{
    char *data = calloc(1, len);

    pipe_put(pipe, (struct pipe_chunk){data, len});
}

static void drop(struct pipe *pipe)
{
    struct pipe_chunk chunk;

    ck_assert_int_eq(pipe_take(pipe, &chunk), PIPE_BYTES);
    free(chunk.data);
}

static void break_off(struct pipe *pipe, const char *why)
{
    struct failure failure = {0};

    failure_set(&failure, FAILURE_EXCEPTION, PHASE_HANDLER, "%s", why);
    pipe_fail(pipe, &failure, NULL);
    failure_release(&failure);
}

START_TEST(pipe_take_returns_what_was_written_in_order)
{
    struct pipe *pipe = new_pipe(100);

    pipe_write(pipe, "one", 3);
    pipe_write(pipe, "two", 3);
    pipe_put(pipe, (struct pipe_chunk){strdup("three"), 5});
    ck_assert_uint_eq(pipe_bytes(pipe), 11);
    expect_bytes(pipe, "onetwo");
    expect_bytes(pipe, "three");
    expect_none(pipe, PIPE_EMPTY);
    ck_assert_uint_eq(pipe_bytes(pipe), 0);
    ck_assert_uint_eq(pipe_moved(pipe), 22);
    pipe_unref(pipe);
}
END_TEST

START_TEST(pipe_read_crosses_chunks)
{
    struct pipe *pipe = new_pipe(100);
    char to[8];
    size_t len = 0;

    pipe_put(pipe, (struct pipe_chunk){strdup("abc"), 3});
    pipe_put(pipe, (struct pipe_chunk){strdup("defghij"), 7});
    ck_assert_int_eq(pipe_read(pipe, to, 5, &len), PIPE_BYTES);
    ck_assert_uint_eq(len, 5);
    ck_assert_mem_eq(to, "abcde", 5);
    expect_bytes(pipe, "fghij");
    ck_assert_int_eq(pipe_read(pipe, to, 5, &len), PIPE_EMPTY);
    pipe_unref(pipe);
}
END_TEST

START_TEST(pipe_write_large_is_cut_into_chunks)
{
    struct pipe *pipe = new_pipe(1 << 20);
    size_t len = 3 * PIPE_CHUNK_MAX + 5, taken = 0;
    char *data = malloc(len);
    struct pipe_chunk chunk;

    for (size_t i = 0; i < len; i++)
        data[i] = (char)(i % 251);
    pipe_write(pipe, data, len);
    while (pipe_take(pipe, &chunk) == PIPE_BYTES) {
        ck_assert_uint_le(chunk.len, PIPE_CHUNK_MAX);
        ck_assert_mem_eq(chunk.data, data + taken, chunk.len);
        taken += chunk.len;
        free(chunk.data);
    }
    ck_assert_uint_eq(taken, len);
    free(data);
    pipe_unref(pipe);
}
END_TEST

START_TEST(pipe_put_of_small_chunks_takes_little_memory)
{
    size_t window = (size_t)64 << 10, total = 0, takes = 0, before = mallinfo2().uordblks;
    struct pipe *pipe = new_pipe(window);
    struct pipe_chunk chunk;

    while (pipe_room(pipe, 1) > 0)
        fill(pipe, pipe_bytes(pipe) % 3 == 0 ? 1025 : 1);
#ifndef __SANITIZE_ADDRESS__
    ck_assert_uint_lt(mallinfo2().uordblks - before, 3 * window);
#endif
    while (pipe_room(pipe, window) < window && pipe_take(pipe, &chunk) == PIPE_BYTES) {
        total += chunk.len;
        takes++;
        free(chunk.data);
    }
    ck_assert_uint_ge(total, window);
    ck_assert_uint_lt(takes, 300);
    pipe_unref(pipe);
    (void)before;
}
END_TEST

START_TEST(pipe_put_of_small_chunks_keeps_their_order)
{
    struct pipe *pipe = new_pipe(1 << 20);
    char to[4096];
    size_t len = 0, read = 0;

    for (unsigned i = 0; i < 5000; i++) {
        char *data = malloc(i % 7 + 1);

        memset(data, (char)(i % 251), i % 7 + 1);
        pipe_put(pipe, (struct pipe_chunk){data, i % 7 + 1});
    }
    for (unsigned i = 0, at = 0; i < 5000; i++) {
        for (unsigned n = i % 7 + 1; n > 0; n--, at++) {
            if (at == len) {
                ck_assert_int_eq(pipe_read(pipe, to, sizeof(to), &len), PIPE_BYTES);
                at = 0;
            }
            ck_assert_int_eq((unsigned char)to[at], i % 251);
            read++;
        }
    }
    ck_assert_uint_eq(pipe_moved(pipe), 2 * read);
    expect_none(pipe, PIPE_EMPTY);
    pipe_unref(pipe);
}
END_TEST

START_TEST(pipe_reader_is_told_once_when_it_has_waited)
{
    struct pipe *pipe = new_pipe(100);

    pipe_write(pipe, "a", 1);
    ck_assert_uint_eq(sides[PIPE_READER].told, 0);
    expect_bytes(pipe, "a");
    expect_none(pipe, PIPE_EMPTY);
    pipe_write(pipe, "b", 1);
    pipe_write(pipe, "c", 1);
    ck_assert_uint_eq(sides[PIPE_READER].told, 1);
    ck_assert_uint_eq(sides[PIPE_READER].refs, 0);
    pipe_unref(pipe);
}
END_TEST

START_TEST(pipe_writer_is_told_when_there_is_the_room_it_wanted)
{
    struct pipe *pipe = new_pipe(10);

    ck_assert_uint_eq(pipe_room(pipe, 1), 10);
    fill(pipe, 4);
    fill(pipe, 4);
    fill(pipe, 4); /* beyond the window: kept all the same */
    ck_assert_uint_eq(pipe_bytes(pipe), 12);
    ck_assert_uint_eq(pipe_room(pipe, 6), 0);
    drop(pipe);
    ck_assert_uint_eq(sides[PIPE_WRITER].told, 0); /* room for 2 */
    drop(pipe);
    ck_assert_uint_eq(sides[PIPE_WRITER].told, 1); /* for 6 */
    drop(pipe);
    ck_assert_uint_eq(sides[PIPE_WRITER].told, 1);
    pipe_unref(pipe);
}
END_TEST

START_TEST(pipe_end_comes_after_the_bytes_with_its_note)
{
    struct pipe *pipe = new_pipe(100);
    char *note;

    pipe_write(pipe, "last", 4);
    pipe_end(pipe, strdup("note"));
    ck_assert_uint_eq(sides[PIPE_READER].told, 1);
    expect_bytes(pipe, "last");
    expect_none(pipe, PIPE_ENDED);
    expect_none(pipe, PIPE_ENDED);
    note = pipe_take_note(pipe);
    ck_assert_str_eq(note, "note");
    free(note);
    ck_assert_ptr_null(pipe_take_note(pipe));
    pipe_unref(pipe);
}
END_TEST

START_TEST(pipe_fail_comes_after_the_bytes_and_the_first_end_counts)
{
    struct pipe *pipe = new_pipe(100);

    pipe_write(pipe, "a", 1);
    break_off(pipe, "first");
    break_off(pipe, "second");
    pipe_end(pipe, strdup("dropped"));
    pipe_write(pipe, "dropped", 7);
    expect_bytes(pipe, "a");
    expect_none(pipe, PIPE_FAILED);
    ck_assert_str_eq(pipe_failure(pipe)->message, "first");
    pipe_unref(pipe);
}
END_TEST

START_TEST(pipe_cancel_tells_the_writer_and_drops_everything)
{
    struct pipe *pipe = new_pipe(100);

    pipe_write(pipe, "a", 1);
    ck_assert(!pipe_is_cancelled(pipe));
    pipe_cancel(pipe);
    pipe_cancel(pipe);
    ck_assert(pipe_is_cancelled(pipe));
    ck_assert_uint_eq(sides[PIPE_WRITER].told, 1);
    ck_assert_uint_eq(pipe_bytes(pipe), 0);
    pipe_write(pipe, "b", 1);
    ck_assert_uint_eq(pipe_bytes(pipe), 0);
    pipe_unref(pipe);
}
END_TEST

START_TEST(pipe_listen_nobody_is_told_no_more)
{
    struct pipe *pipe = new_pipe(100);

    expect_none(pipe, PIPE_EMPTY);
    pipe_listen(pipe, PIPE_READER, NULL);
    pipe_write(pipe, "a", 1);
    pipe_end(pipe, NULL);
    ck_assert_uint_eq(sides[PIPE_READER].told, 0);
    pipe_unref(pipe);
}
END_TEST

START_TEST(pipe_new_takes_its_window_from_the_budget)
{
    struct pipe_budget budget = {.max = 100};
    struct pipe *first = pipe_new(60, &budget), *second;

    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_null(pipe_new(41, &budget));
    second = pipe_new(40, &budget);
    ck_assert_ptr_nonnull(second);
    ck_assert_ptr_null(pipe_new(1, &budget));
    pipe_unref(first);
    ck_assert_uint_eq(budget.used, 40);
    pipe_unref(second);
    ck_assert_uint_eq(budget.used, 0);
    ck_assert_ptr_null(pipe_new(SIZE_MAX, &budget));
}
END_TEST

/* Two threads, each of which sleeps until it is told. */

#define TOTAL ((size_t)64 << 20)

struct sleeper {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_told;
};

static struct sleeper sleepers[2];

static void ref_nobody(void *arg)
{
    (void)arg;
}

static void wake(void *arg)
{
    struct sleeper *sleeper = arg;

    pthread_mutex_lock(&sleeper->lock);
    sleeper->is_told = true;
    pthread_cond_signal(&sleeper->changed);
    pthread_mutex_unlock(&sleeper->lock);
}

static void await_told(struct sleeper *sleeper)
{
    pthread_mutex_lock(&sleeper->lock);
    while (!sleeper->is_told)
        pthread_cond_wait(&sleeper->changed, &sleeper->lock);
    sleeper->is_told = false;
    pthread_mutex_unlock(&sleeper->lock);
}

static void *write_all(void *arg)
{
    struct pipe *pipe = arg;
    size_t written = 0;
    char data[5000];

    while (written < TOTAL) {
        size_t room = pipe_room(pipe, sizeof(data));

        if (room < sizeof(data)) {
            await_told(&sleepers[PIPE_WRITER]);
            continue;
        }
        for (size_t i = 0; i < sizeof(data); i++)
            data[i] = (char)((written + i) % 253);
        pipe_write(pipe, data, sizeof(data));
        written += sizeof(data);
        ck_assert_uint_le(pipe_bytes(pipe), PIPE_WINDOW);
    }
    pipe_end(pipe, NULL);
    return NULL;
}

START_TEST(pipe_two_threads_lose_nothing_and_keep_the_window)
{
    struct pipe *pipe = pipe_new(PIPE_WINDOW, NULL);
    enum pipe_result result;
    struct pipe_chunk chunk;
    size_t read = 0;
    pthread_t writer;

    for (int i = 0; i < 2; i++) {
        struct pipe_listener listener = {ref_nobody, wake, &sleepers[i]};

        pthread_mutex_init(&sleepers[i].lock, NULL);
        pthread_cond_init(&sleepers[i].changed, NULL);
        pipe_listen(pipe, (enum pipe_side)i, &listener);
    }
    ck_assert_int_eq(pthread_create(&writer, NULL, write_all, pipe), 0);
    while ((result = pipe_take(pipe, &chunk)) != PIPE_ENDED) {
        if (result == PIPE_EMPTY) {
            await_told(&sleepers[PIPE_READER]);
            continue;
        }
        for (size_t i = 0; i < chunk.len; i++) {
            if (chunk.data[i] != (char)((read + i) % 253))
                ck_abort_msg("another byte at %zu", read + i);
        }
        read += chunk.len;
        free(chunk.data);
    }
    pthread_join(writer, NULL);
    ck_assert_uint_ge(read, TOTAL);
    pipe_unref(pipe);
}
END_TEST

UNIT_MAIN("pipe", pipe_take_returns_what_was_written_in_order, pipe_read_crosses_chunks,
          pipe_write_large_is_cut_into_chunks, pipe_put_of_small_chunks_takes_little_memory,
          pipe_put_of_small_chunks_keeps_their_order, pipe_reader_is_told_once_when_it_has_waited,
          pipe_writer_is_told_when_there_is_the_room_it_wanted,
          pipe_end_comes_after_the_bytes_with_its_note,
          pipe_fail_comes_after_the_bytes_and_the_first_end_counts,
          pipe_cancel_tells_the_writer_and_drops_everything, pipe_listen_nobody_is_told_no_more,
          pipe_new_takes_its_window_from_the_budget,
          pipe_two_threads_lose_nothing_and_keep_the_window)
