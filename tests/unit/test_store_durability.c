/* store: what was acknowledged is on the disk, whatever becomes of the process. */
#include "store/store.h"

#include "store_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define ROUNDS 20

/* Syncs since the test began. SQLite's calls find these two before the C library's. */
static int sync_count;

__attribute__((visibility("default"))) int fdatasync(int fd)
{
    sync_count++;
    return (int)syscall(SYS_fdatasync, fd);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
    sync_count++;
    return (int)syscall(SYS_fsync, fd);
}

/* A text that differs with each version, and takes some pages. */
static char *text_of(uint32_t version)
{
    struct buffer text = {0};

    for (int i = 0; i < 2000; i++)
        buffer_append_format(&text, "%u;", version);
    buffer_append(&text, "", 1);
    return text.data;
}

/* Stores version after version, writing each number to the pipe once it is acknowledged. */
static void store_forever(int acknowledge)
{
    struct store *store = open_store(DB);

    for (uint32_t next = 0;; next++) {
        char *text = text_of(next);
        uint32_t number = put_version(store, "acme", "hello", text, true);

        free(text);
        if (write(acknowledge, &number, sizeof(number)) != sizeof(number))
            _exit(1);
    }
}

/* Starts store_forever in a child, and kills it after the pause that follows its first answer.
 * Gives the last number that was acknowledged. */
static uint32_t kill_during_deployments(useconds_t pause_us)
{
    uint32_t number, last = 0;
    int ends[2];
    pid_t child;

    ck_assert_int_eq(pipe(ends), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        store_forever(ends[1]);
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &last, sizeof(last)), sizeof(last));
    if (pause_us > 0)
        usleep(pause_us);
    ck_assert_int_eq(kill(child, SIGKILL), 0);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    while (read(ends[0], &number, sizeof(number)) == sizeof(number))
        last = number;
    close(ends[0]);
    return last;
}

/* Opens the store and loads every version there is, which checks its hash. Gives the latest. */
static uint32_t check_versions(void)
{
    struct store *store = open_store(DB);
    struct worker_info worker;

    ck_assert_int_eq(store_get_worker(store, "acme", "hello", &worker, NULL), 0);
    ck_assert_uint_eq(worker.active_version, worker.latest_version);
    for (uint32_t version = 1; version <= worker.latest_version; version++)
        free(load_text(store, "acme", "hello", version));
    store_close(store);
    return worker.latest_version;
}

START_TEST(store_put_version_killed_after_return_is_there)
{
    fixture_enter();
    for (int i = 0; i < ROUNDS; i++) {
        uint32_t last = kill_during_deployments(0);

        ck_assert_uint_ge(check_versions(), last);
    }
}
END_TEST

START_TEST(store_put_version_killed_at_any_moment_is_whole_or_absent)
{
    fixture_enter();
    for (int i = 0; i < ROUNDS; i++) {
        uint32_t last = kill_during_deployments((useconds_t)(i * 997));
        uint32_t found = check_versions();

        /* At most one was stored without an answer. */
        ck_assert_uint_ge(found, last);
        ck_assert_uint_le(found, last + 1);
    }
}
END_TEST

START_TEST(store_put_version_returned_has_synced)
{
    struct store *store = new_store();

    for (int i = 0; i < 5; i++) {
        sync_count = 0;
        put_version(store, "acme", "hello", "1", true);
        ck_assert_int_gt(sync_count, 0);
    }
    store_close(store);
}
END_TEST

START_TEST(store_activate_returned_has_synced)
{
    struct store *store = new_store();
    struct worker_info info;
    uint32_t previous;

    put_version(store, "acme", "hello", "1", true);
    sync_count = 0;
    ck_assert_int_eq(store_activate(store, "acme", "hello", 1, &info, &previous, NULL), 0);
    ck_assert_int_gt(sync_count, 0);
    store_close(store);
}
END_TEST

START_TEST(store_delete_worker_returned_has_synced)
{
    struct store *store = new_store();
    uint32_t versions;

    put_version(store, "acme", "hello", "1", true);
    sync_count = 0;
    ck_assert_int_eq(store_delete_worker(store, "acme", "hello", &versions, NULL), 0);
    ck_assert_int_gt(sync_count, 0);
    store_close(store);
}
END_TEST

START_TEST(store_open_killed_during_creation_can_be_opened)
{
    fixture_enter();
    for (int i = 0; i < ROUNDS; i++) {
        pid_t child = fork();

        ck_assert_int_ge(child, 0);
        if (child == 0) {
            open_store(DB);
            _exit(0);
        }
        usleep((useconds_t)(i * 150));
        kill(child, SIGKILL);
        ck_assert_int_eq(waitpid(child, NULL, 0), child);
        store_close(open_store(DB));
        ck_assert_int_eq(unlink(DB), 0);
    }
}
END_TEST

UNIT_MAIN("store_durability", store_put_version_killed_after_return_is_there,
          store_put_version_killed_at_any_moment_is_whole_or_absent,
          store_put_version_returned_has_synced, store_activate_returned_has_synced,
          store_delete_worker_returned_has_synced, store_open_killed_during_creation_can_be_opened)
