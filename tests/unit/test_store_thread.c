/* server/store_thread: order, bound, end. */
#include "server/store_thread.h"

#include "unit.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

struct counted_job {
    struct store_job job;
    unsigned number;
    struct store *store;
};

static unsigned ran;
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static struct store_thread *thread;
static char path[64];

static void open_thread(void)
{
    struct store *store;
    struct error error;

    snprintf(path, sizeof(path), "/tmp/isoyard-store-thread-%d.db", (int)getpid());
    ck_assert_msg(store_open(path, &store, &error) == 0, "%s", error.message);
    ck_assert_int_eq(store_thread_start(store, &thread, &error), 0);
    ran = 0;
}

static void close_thread(void)
{
    char other[80];

    store_thread_stop(thread);
    unlink(path);
    snprintf(other, sizeof(other), "%s-wal", path);
    unlink(other);
    snprintf(other, sizeof(other), "%s-shm", path);
    unlink(other);
}

static void count(struct store_job *job, struct store *store)
{
    struct counted_job *counted = (struct counted_job *)job;

    ck_assert_uint_eq(counted->number, ran);
    counted->store = store;
    ran++;
}

static void wait_at_the_gate(struct store_job *job, struct store *store)
{
    pthread_mutex_lock(&gate);
    pthread_mutex_unlock(&gate);
    count(job, store);
}

START_TEST(store_thread_post_jobs_run_in_order)
{
    struct counted_job jobs[100] = {{{0}, 0, NULL}};

    open_thread();
    for (unsigned i = 0; i < 100; i++) {
        jobs[i].number = i;
        jobs[i].job.run = count;
        ck_assert_int_eq(store_thread_post(thread, &jobs[i].job), 0);
    }
    close_thread();
    ck_assert_uint_eq(ran, 100);
    ck_assert_ptr_nonnull(jobs[99].store);
}
END_TEST

START_TEST(store_thread_post_full_queue_is_busy)
{
    struct counted_job *jobs = calloc(1000, sizeof(*jobs));
    unsigned posted = 0;

    open_thread();
    pthread_mutex_lock(&gate);
    for (;; posted++) {
        jobs[posted].number = posted;
        jobs[posted].job.run = posted == 0 ? wait_at_the_gate : count;
        if (store_thread_post(thread, &jobs[posted].job) != 0)
            break;
        ck_assert_uint_lt(posted, 999);
    }
    ck_assert_int_eq(store_thread_post(thread, &jobs[posted].job), E_BUSY);
    pthread_mutex_unlock(&gate);
    close_thread();
    ck_assert_uint_eq(ran, posted);
    free(jobs);
}
END_TEST

/* Says no, where told to. */
static int answer(void *arg, struct store *store, struct error *error)
{
    const int *err = arg;

    ck_assert_ptr_nonnull(store);
    usleep(1000);
    ran++;
    return *err ? error_set(error, *err, "field", "the answer is no") : 0;
}

START_TEST(store_thread_call_waits_and_gives_the_answer)
{
    int fine = 0, wrong = E_IO;
    struct error error;

    open_thread();
    ck_assert_int_eq(store_thread_call(thread, answer, &fine, "it failed", &error), 0);
    ck_assert_uint_eq(ran, 1);
    ck_assert_int_eq(store_thread_call(thread, answer, &wrong, "it failed", &error), E_IO);
    ck_assert_str_eq(error.message, "the answer is no");
    ck_assert_uint_eq(ran, 2);
    close_thread();
}
END_TEST

START_TEST(store_thread_call_full_queue_says_what_failed)
{
    struct counted_job *jobs = calloc(1000, sizeof(*jobs));
    struct error error;
    int fine = 0;

    open_thread();
    pthread_mutex_lock(&gate);
    for (unsigned posted = 0;; posted++) {
        jobs[posted].number = posted;
        jobs[posted].job.run = posted == 0 ? wait_at_the_gate : count;
        if (store_thread_post(thread, &jobs[posted].job) != 0)
            break;
    }
    ck_assert_int_eq(store_thread_call(thread, answer, &fine, "it could not be kept", &error),
                     E_BUSY);
    ck_assert_ptr_nonnull(strstr(error.message, "it could not be kept: the database is busy"));
    pthread_mutex_unlock(&gate);
    close_thread();
    free(jobs);
}
END_TEST

UNIT_MAIN("store_thread", store_thread_post_jobs_run_in_order, store_thread_post_full_queue_is_busy,
          store_thread_call_waits_and_gives_the_answer,
          store_thread_call_full_queue_says_what_failed)
