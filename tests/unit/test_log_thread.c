/* server/log_thread: pushed by many, written by one. */
#include "server/log_thread.h"

#include "api/clock.h"
#include "log_fixture.h"
#include "server/container_of.h"
#include "store_fixture.h"

#include <semaphore.h>
#include <sys/stat.h>

#define LOG "logs.db"
#define PUSHERS 4
#define PUSHES 2000

static struct log_thread *start(uint64_t max_bytes)
{
    const struct log_config config = {(char *)LOG, max_bytes, 0};
    struct log_thread *thread;
    struct error error;

    if (log_thread_start(&config, &thread, &error))
        ck_abort_msg("log_thread_start: %s", error.message);
    return thread;
}

static void stop(struct log_thread *thread)
{
    log_thread_stop(thread);
    log_thread_free(thread);
}

/* What the job sees. */
struct look {
    struct log_job job;
    int err;
    size_t count;
    sem_t done;
};

static void run_look(struct log_job *job, struct log_store *store)
{
    struct look *look = container_of(job, struct look, job);
    const struct log_read read = {
        .filter = {.tenant = "acme"}, .limit = 1000, .bytes_max = 1 << 20, .looked_max = 20000};
    struct log_page page;
    struct error error;

    look->err = log_store_read(store, &read, &page, &error);
    look->count = page.count;
    log_page_release(&page);
    sem_post(&look->done);
}

static int look_now(struct log_thread *thread, size_t *ret_count)
{
    struct look look = {.job = {.run = run_look}};

    sem_init(&look.done, 0, 0);
    ck_assert_int_eq(log_thread_post(thread, &look.job), 0);
    while (sem_wait(&look.done) != 0)
        ;
    sem_destroy(&look.done);
    *ret_count = look.count;
    return look.err;
}

static size_t records_now(struct log_thread *thread)
{
    size_t count;

    ck_assert_int_eq(look_now(thread, &count), 0);
    return count;
}

START_TEST(post_sees_what_was_pushed_before)
{
    struct log_thread *thread;

    fixture_enter();
    thread = start(1 << 24);
    for (size_t i = 1; i <= 20; i++) {
        log_thread_push(thread, new_record("a", "x"), 1);
        ck_assert_uint_eq(records_now(thread), i);
    }
    stop(thread);
}
END_TEST

static void *push_many(void *arg)
{
    for (int i = 0; i < PUSHES; i++)
        log_thread_push(arg, new_record("a", "a line of a worker"), (uint64_t)i);
    return NULL;
}

START_TEST(push_nothing_is_lost_uncounted)
{
    pthread_t pushers[PUSHERS];
    struct log_thread *thread;
    struct log_stats stats;

    fixture_enter();
    thread = start(1 << 24);
    for (int i = 0; i < PUSHERS; i++)
        ck_assert_int_eq(pthread_create(&pushers[i], NULL, push_many, thread), 0);
    for (int i = 0; i < PUSHERS; i++)
        pthread_join(pushers[i], NULL);
    log_thread_stop(thread);
    log_thread_stats(thread, &stats);
    ck_assert_uint_eq(stats.written + stats.dropped, PUSHERS * PUSHES);
    log_thread_free(thread);
    ck_assert_int_eq(query_sql(LOG, "SELECT count(*) FROM records"), (int64_t)stats.written);
}
END_TEST

START_TEST(stop_writes_what_is_queued_and_drops_what_comes)
{
    struct log_thread *thread;
    struct log_stats stats;
    struct log_job job;

    fixture_enter();
    thread = start(1 << 24);
    log_thread_push(thread, new_record("a", "x"), 1);
    log_thread_stop(thread);
    log_thread_push(thread, new_record("a", "late"), 1);
    ck_assert_int_eq(log_thread_post(thread, &job), E_CLOSED);
    log_thread_stats(thread, &stats);
    ck_assert_uint_eq(stats.written, 1);
    ck_assert_uint_eq(stats.dropped, 1);
    log_thread_free(thread);
    ck_assert_int_eq(query_sql(LOG, "SELECT count(*) FROM records"), 1);
}
END_TEST

START_TEST(start_damaged_log_is_put_aside)
{
    struct log_thread *thread;

    fixture_enter();
    ck_assert_int_eq(system("echo this is no database, and long enough to be looked at > " LOG), 0);
    thread = start(1 << 24);
    log_thread_push(thread, new_record("a", "x"), 1);
    ck_assert_uint_eq(records_now(thread), 1);
    stop(thread);
    ck_assert_int_eq(access(LOG ".damaged", F_OK), 0);
}
END_TEST

/* A folder cannot be replaced by a file, whoever asks. */
static void block_putting_aside(void)
{
    ck_assert_int_eq(mkdir(LOG ".damaged", 0700), 0);
}

static void unblock_putting_aside(void)
{
    ck_assert_int_eq(rmdir(LOG ".damaged"), 0);
}

static void expect_stats(struct log_thread *thread, uint64_t written, uint64_t dropped)
{
    struct log_stats stats;

    log_thread_stats(thread, &stats);
    ck_assert_uint_eq(stats.written, written);
    ck_assert_uint_eq(stats.dropped, dropped);
}

START_TEST(start_damaged_log_that_stays_is_written_once_it_goes)
{
    struct log_thread *thread;
    struct buffer before;
    size_t count;

    fixture_enter();
    ck_assert_int_eq(system("echo this is no database, and long enough to be looked at > " LOG), 0);
    block_putting_aside();
    before = snapshot();
    thread = start(1 << 24);
    for (int i = 0; i < 3; i++)
        log_thread_push(thread, new_record("a", "lost"), 1);
    ck_assert_int_eq(look_now(thread, &count), E_CONDITION);
    expect_stats(thread, 0, 3);
    expect_unchanged(before);
    unblock_putting_aside();
    log_thread_push(thread, new_record("a", "kept"), 1);
    ck_assert_uint_eq(records_now(thread), 1);
    expect_stats(thread, 1, 3);
    stop(thread);
    ck_assert_int_eq(access(LOG ".damaged", F_OK), 0);
}
END_TEST

START_TEST(start_trims_what_is_too_large)
{
    struct log_thread *thread;

    fixture_enter();
    thread = start(1 << 24);
    for (int i = 0; i < 1000; i++) {
        log_thread_push(thread, record_of_bytes(2000), (uint64_t)i);
        if (i % 100 == 0)
            records_now(thread);
    }
    stop(thread);
    thread = start(1 << 20);
    for (int i = 0; i < 2000 && records_now(thread) > 500; i++)
        usleep(1000);
    ck_assert_uint_le(records_now(thread), 500);
    ck_assert_uint_ge(records_now(thread), 100);
    stop(thread);
}
END_TEST

static void *flood(void *arg)
{
    uint64_t end_ns = clock_now_ns() + 1500 * NS_PER_MS;

    for (uint64_t i = 0; clock_now_ns() < end_ns; i++)
        log_thread_push(arg, new_record("a", "x"), i);
    return NULL;
}

START_TEST(push_more_than_can_be_written_keeps_the_size)
{
    pthread_t pushers[PUSHERS];
    struct log_thread *thread;
    struct log_stats stats;
    struct stat status;

    fixture_enter();
    thread = start(1 << 20);
    for (int i = 0; i < PUSHERS; i++)
        ck_assert_int_eq(pthread_create(&pushers[i], NULL, flood, thread), 0);
    for (int i = 0; i < PUSHERS; i++)
        pthread_join(pushers[i], NULL);
    log_thread_stats(thread, &stats);
    ck_assert_uint_gt(stats.dropped, 0);
    ck_assert_uint_le(stats.bytes, 1 << 20);
    stop(thread);
    ck_assert_int_eq(stat(LOG, &status), 0);
    ck_assert_int_le(status.st_size, (1 << 20) + LOG_QUEUE_BYTES);
}
END_TEST

/* Pages of the oldest records: of leaves of a table (13), behind those that opening looks at. */
static void damage_records(void)
{
    FILE *file = fopen(LOG, "r+b");

    for (long page = 10; page < 60; page++) {
        fseek(file, page * 4096, SEEK_SET);
        if (fgetc(file) != 13)
            continue;
        fseek(file, page * 4096, SEEK_SET);
        fputc(0xff, file);
    }
    fclose(file);
}

static void push_and_wait(struct log_thread *thread, int records)
{
    struct log_stats stats;
    int pushed = 0;

    for (int i = 0; i < records; i++) {
        log_thread_push(thread, record_of_bytes(2000), (uint64_t)i);
        if (++pushed % 500 > 0)
            continue;
        do {
            usleep(1000);
            log_thread_stats(thread, &stats);
        } while (stats.written + stats.dropped < (uint64_t)pushed);
    }
}

START_TEST(trim_damaged_log_is_put_aside)
{
    struct log_thread *thread;
    struct log_stats stats;

    fixture_enter();
    thread = start(1 << 24);
    push_and_wait(thread, 500);
    stop(thread);
    damage_records();
    thread = start(1 << 20);
    push_and_wait(thread, 5000);
    log_thread_stats(thread, &stats);
    ck_assert_uint_le(stats.bytes, 1 << 20);
    ck_assert_uint_gt(records_now(thread), 100);
    stop(thread);
    ck_assert_int_eq(access(LOG ".damaged", F_OK), 0);
}
END_TEST

static off_t size_of(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 ? status.st_size : 0;
}

START_TEST(trim_damaged_log_that_stays_does_not_grow)
{
    struct log_thread *thread;
    size_t count;
    off_t size;

    fixture_enter();
    thread = start(1 << 24);
    push_and_wait(thread, 500);
    stop(thread);
    damage_records();
    block_putting_aside();
    thread = start(1 << 20); /* what is trimmed shows that it is damaged */
    size = size_of(LOG) + size_of(LOG "-wal");
    push_and_wait(thread, 2000);
    expect_stats(thread, 0, 2000);
    ck_assert_int_eq(look_now(thread, &count), E_CONDITION);
    ck_assert_int_le(size_of(LOG) + size_of(LOG "-wal"), size);
    unblock_putting_aside();
    log_thread_push(thread, new_record("a", "kept"), 1);
    ck_assert_uint_eq(records_now(thread), 1);
    expect_stats(thread, 1, 2000);
    stop(thread);
}
END_TEST

UNIT_MAIN("log_thread", post_sees_what_was_pushed_before, push_nothing_is_lost_uncounted,
          stop_writes_what_is_queued_and_drops_what_comes, start_damaged_log_is_put_aside,
          start_trims_what_is_too_large, push_more_than_can_be_written_keeps_the_size,
          trim_damaged_log_is_put_aside, start_damaged_log_that_stays_is_written_once_it_goes,
          trim_damaged_log_that_stays_does_not_grow)
