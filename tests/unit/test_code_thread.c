/* server/code_thread: put by many, written by one, read back by the next. */
#include "server/code_thread.h"

#include "store_fixture.h"

#include <pthread.h>

#define CODE "code.db"
#define PUTTERS 4
#define PUTS 100

/* What was read back, of the process's one thread at a time. */
static struct buffer restored;
static size_t restored_max;

static bool restore(struct bytes key, struct bytes code)
{
    if (restored_max-- == 0)
        return false;
    buffer_append_format(&restored, "%.*s=%.*s ", (int)key.len, key.data, (int)code.len, code.data);
    return true;
}

static struct code_thread *start(size_t places)
{
    const struct code_config config = {(char *)CODE, 1 << 20};
    struct code_thread *thread;
    struct error error;

    buffer_release(&restored);
    restored_max = places;
    if (code_thread_start(&config, "1.2-3", restore, &thread, &error))
        ck_abort_msg("code_thread_start: %s", error.message);
    return thread;
}

/* Gives what was counted; all that was put is written. */
static struct code_stats stop(struct code_thread *thread)
{
    struct code_stats stats;

    code_thread_stop(thread);
    code_thread_stats(thread, &stats);
    code_thread_free(thread);
    buffer_append(&restored, "", 1);
    return stats;
}

START_TEST(start_reads_back_newest_first_while_there_is_room)
{
    struct code_thread *thread;
    struct code_stats stats;

    fixture_enter();
    thread = start(9);
    code_thread_put(thread, bytes_of("a"), bytes_of("one"));
    code_thread_put(thread, bytes_of("b"), bytes_of("two"));
    code_thread_put(thread, bytes_of("c"), bytes_of("three"));
    stats = stop(thread);
    ck_assert_str_eq(restored.data, "");
    ck_assert_uint_eq(stats.bytes, 3 + 3 + 3 + 5);
    ck_assert_uint_eq(stats.lost + stats.restored + stats.discarded, 0);
    stats = stop(start(9));
    ck_assert_str_eq(restored.data, "c=three b=two a=one ");
    ck_assert_uint_eq(stats.restored, 3);
    stats = stop(start(2));
    ck_assert_str_eq(restored.data, "c=three b=two ");
    ck_assert_uint_eq(stats.restored, 2);
    ck_assert_uint_eq(stats.bytes, 3 + 3 + 3 + 5);
}
END_TEST

START_TEST(put_more_than_the_queue_holds_is_lost_and_counted)
{
    char *half = xcalloc(1, CODE_QUEUE_BYTES);
    struct code_thread *thread;

    fixture_enter();
    thread = start(0);
    code_thread_put(thread, bytes_of("a"), (struct bytes){half, CODE_QUEUE_BYTES});
    code_thread_put(thread, bytes_of("b"), bytes_of("fits"));
    ck_assert_uint_eq(stop(thread).lost, 1);
    stop(start(9));
    ck_assert_str_eq(restored.data, "b=fits ");
    free(half);
}
END_TEST

START_TEST(start_damaged_database_is_put_aside_and_begun_anew)
{
    struct code_thread *thread;
    struct code_stats stats;

    fixture_enter();
    run_sql(CODE, "PRAGMA application_id = 0x49736364; PRAGMA user_version = 1; CREATE TABLE t (a)",
            false);
    thread = start(9);
    code_thread_put(thread, bytes_of("a"), bytes_of("one"));
    stats = stop(thread);
    ck_assert_uint_eq(stats.discarded, 1);
    ck_assert_uint_eq(stats.lost, 0);
    ck_assert_int_eq(access(CODE ".damaged", F_OK), 0);
    stop(start(9));
    ck_assert_str_eq(restored.data, "a=one ");
}
END_TEST

/* Overwrites the index, which the opening and reading do not look at. */
static void damage_index(void)
{
    int64_t page = query_sql(CODE, "SELECT rootpage FROM sqlite_schema WHERE type = 'index'");
    int64_t page_bytes = query_sql(CODE, "PRAGMA page_size");
    FILE *file = fopen(CODE, "r+b");

    ck_assert_ptr_nonnull(file);
    fseek(file, (page - 1) * page_bytes, SEEK_SET);
    for (int64_t i = 0; i < page_bytes; i++)
        putc(0x5a, file);
    fclose(file);
}

START_TEST(put_into_a_damaged_database_begins_anew)
{
    struct code_thread *thread;
    struct code_stats stats;

    fixture_enter();
    thread = start(9);
    code_thread_put(thread, bytes_of("a"), bytes_of("one"));
    stop(thread);
    damage_index();
    thread = start(9);
    code_thread_put(thread, bytes_of("b"), bytes_of("two"));
    code_thread_put(thread, bytes_of("c"), bytes_of("three"));
    stats = stop(thread);
    ck_assert_str_eq(restored.data, "a=one ");
    ck_assert_uint_eq(stats.lost, 1);
    ck_assert_uint_eq(stats.discarded, 1);
    ck_assert_int_eq(access(CODE ".damaged", F_OK), 0);
    stop(start(9));
    ck_assert_str_eq(restored.data, "c=three ");
}
END_TEST

START_TEST(start_where_no_file_can_be_fails)
{
    const struct code_config config = {(char *)"nowhere/code.db", 1 << 20};
    struct code_thread *thread;
    struct error error;

    fixture_enter();
    ck_assert_int_eq(code_thread_start(&config, "1.2-3", restore, &thread, &error), E_INVALID);
}
END_TEST

static void *put_many(void *arg)
{
    char key[32];

    for (int i = 0; i < PUTS; i++) {
        snprintf(key, sizeof(key), "%p %d", (void *)&key, i);
        code_thread_put(arg, bytes_of(key), bytes_of("code"));
    }
    return NULL;
}

START_TEST(put_by_many_threads_is_all_written)
{
    pthread_t putters[PUTTERS];
    struct code_thread *thread;
    struct code_stats stats;

    fixture_enter();
    thread = start(0);
    for (int i = 0; i < PUTTERS; i++)
        ck_assert_int_eq(pthread_create(&putters[i], NULL, put_many, thread), 0);
    code_thread_stats(thread, &stats);
    for (int i = 0; i < PUTTERS; i++)
        pthread_join(putters[i], NULL);
    ck_assert_uint_eq(stop(thread).lost, 0);
    stats = stop(start(SIZE_MAX));
    ck_assert_uint_eq(stats.restored, PUTTERS * PUTS);
}
END_TEST

UNIT_MAIN("code_thread", start_reads_back_newest_first_while_there_is_room,
          put_more_than_the_queue_holds_is_lost_and_counted,
          start_damaged_database_is_put_aside_and_begun_anew,
          put_into_a_damaged_database_begins_anew, start_where_no_file_can_be_fails,
          put_by_many_threads_is_all_written)
