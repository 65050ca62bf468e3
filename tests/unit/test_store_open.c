/* store/store: what is opened, what is refused, and that what is refused stays as it is. */
#include "store/store.h"

#include "store/inspect.h"
#include "store/schema.h"
#include "store_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

static const char foreign_tables[] = "PRAGMA application_id = 1234; PRAGMA user_version = 1;"
                                     "CREATE TABLE workers (x); INSERT INTO workers VALUES (1);";

/* Opens what must be refused, and compares the folder before and after. Gives the message. */
static const char *expect_refused(const char *path, int expected)
{
    static struct error error;
    struct buffer before = snapshot();
    struct store *store = NULL;

    ck_assert_int_eq(store_open(path, &store, &error), expected);
    ck_assert_int_eq(error.code, expected);
    ck_assert_ptr_null(store);
    expect_unchanged(before);
    return error.message;
}

static void expect_message(const char *message, const char *part)
{
    if (!strstr(message, part))
        ck_abort_msg("'%s' does not say '%s'", message, part);
}

/* A database with one version in it, closed. */
static void make_database(void)
{
    struct store *store = new_store();

    put_version(store, "default", "hello", "1", true);
    store_close(store);
}

static void write_at(const char *path, off_t offset, const void *data, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0644);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, data, len, offset), (ssize_t)len);
    close(fd);
}

/* Overwrites the first page of a table's tree. */
static void damage_table(const char *name)
{
    static const char nonsense[4096] = {1, 2, 3};
    char sql[128];
    int64_t page;

    snprintf(sql, sizeof(sql), "SELECT rootpage FROM sqlite_schema WHERE name = '%s'", name);
    page = query_sql(DB, sql);
    ck_assert_int_eq(query_sql(DB, "PRAGMA page_size"), sizeof(nonsense));
    write_at(DB, (page - 1) * (off_t)sizeof(nonsense), nonsense, sizeof(nonsense));
}

START_TEST(store_open_no_file_makes_one)
{
    struct stat status;

    umask(0);
    store_close(new_store());
    ck_assert_int_eq(stat(DB, &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0600);
    ck_assert_int_eq(query_sql(DB, "PRAGMA application_id"), SCHEMA_APPLICATION_ID);
    ck_assert_int_eq(query_sql(DB, "PRAGMA user_version"), schema_latest());
    ck_assert_int_eq(query_sql(DB, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
}
END_TEST

START_TEST(store_open_empty_file_is_filled)
{
    struct store *store;

    fixture_enter();
    write_at(DB, 0, "", 0);
    store = open_store(DB);
    ck_assert_uint_eq(put_version(store, "default", "hello", "1", true), 1);
    store_close(store);
    ck_assert_int_eq(query_sql(DB, "PRAGMA user_version"), schema_latest());
}
END_TEST

START_TEST(store_open_again_finds_what_was_stored)
{
    struct store *store;

    make_database();
    store = open_store(DB);
    expect_text(store, "default", "hello", 1, "1");
    store_close(store);
}
END_TEST

START_TEST(store_open_again_changes_nothing)
{
    struct buffer before;

    make_database();
    before = snapshot();
    store_close(open_store(DB));
    expect_unchanged(before);
}
END_TEST

START_TEST(store_open_while_open_makes_no_shared_memory)
{
    struct store *store = new_store();

    put_version(store, "default", "hello", "1", true);
    ck_assert_int_eq(access(DB "-wal", F_OK), 0);
    ck_assert_int_eq(access(DB "-shm", F_OK), -1);
    store_close(store);
    ck_assert_int_eq(access(DB "-wal", F_OK), -1);
    ck_assert_int_eq(access(DB "-journal", F_OK), -1);
}
END_TEST

START_TEST(store_open_creation_cut_before_the_wal_is_completed)
{
    struct store *store;

    make_database();
    run_sql(DB, "PRAGMA journal_mode = DELETE", false);
    store = open_store(DB);
    put_version(store, "default", "hello", "2", true);
    ck_assert_int_eq(access(DB "-wal", F_OK), 0);
    store_close(store);
}
END_TEST

START_TEST(store_open_absolute_path_is_opened)
{
    char path[PATH_MAX + 16];

    fixture_enter();
    snprintf(path, sizeof(path), "%s/" DB, fixture_folder);
    store_close(open_store(path));
    ck_assert_int_eq(access(DB, F_OK), 0);
}
END_TEST

START_TEST(store_open_names_special_to_sqlite_are_files)
{
    fixture_enter();
    store_close(open_store(":memory:"));
    ck_assert_int_eq(access(":memory:", F_OK), 0);
    store_close(open_store("file:a.db?mode=memory"));
    ck_assert_int_eq(access("file:a.db?mode=memory", F_OK), 0);
}
END_TEST

START_TEST(store_open_link_to_a_database_is_opened)
{
    struct store *store;

    make_database();
    ck_assert_int_eq(symlink(DB, "link.db"), 0);
    store = open_store("link.db");
    expect_text(store, "default", "hello", 1, "1");
    store_close(store);
}
END_TEST

START_TEST(store_open_link_to_nothing_is_invalid)
{
    fixture_enter();
    ck_assert_int_eq(symlink("nothing.db", "link.db"), 0);
    expect_message(expect_refused("link.db", E_INVALID), "link to nothing");
}
END_TEST

START_TEST(store_open_empty_path_is_invalid)
{
    fixture_enter();
    expect_refused("", E_INVALID);
}
END_TEST

START_TEST(store_open_directory_is_invalid)
{
    fixture_enter();
    ck_assert_int_eq(mkdir("folder", 0755), 0);
    expect_message(expect_refused("folder", E_INVALID), "directory");
    expect_refused("folder/", E_INVALID);
    expect_refused("new/", E_INVALID);
}
END_TEST

START_TEST(store_open_pipe_is_invalid)
{
    fixture_enter();
    ck_assert_int_eq(mkfifo("pipe", 0644), 0);
    expect_message(expect_refused("pipe", E_INVALID), "not a regular file");
}
END_TEST

START_TEST(store_open_missing_folder_is_invalid_and_says_so)
{
    fixture_enter();
    expect_message(expect_refused("missing/" DB, E_INVALID), "make the folder");
}
END_TEST

START_TEST(store_open_below_a_file_is_invalid)
{
    make_database();
    expect_refused(DB "/below.db", E_INVALID);
}
END_TEST

START_TEST(store_open_without_write_permission_is_refused)
{
    make_database();
    ck_assert_int_eq(chmod(fixture_folder, 0755), 0);
    ck_assert_int_eq(chmod(DB, 0444), 0);
    if (geteuid() == 0)
        ck_assert_int_eq(seteuid(65534), 0);
    expect_message(expect_refused(DB, E_IO), "cannot be written");
    ck_assert_int_eq(seteuid(getuid()), 0);
}
END_TEST

START_TEST(store_open_without_read_permission_is_refused)
{
    make_database();
    ck_assert_int_eq(chmod(DB, 0), 0);
    if (geteuid() == 0)
        ck_assert_int_eq(chmod(fixture_folder, 0755) | seteuid(65534), 0);
    ck_assert_int_eq(store_open(DB, &(struct store *){NULL}, &(struct error){0}), E_IO);
    ck_assert_int_eq(seteuid(getuid()), 0);
}
END_TEST

START_TEST(store_open_newer_schema_is_refused)
{
    const char *message;

    make_database();
    run_sql(DB, "PRAGMA user_version = 4711", false);
    message = expect_refused(DB, E_CONDITION);
    expect_message(message, "4711");
    expect_message(message, DB);
}
END_TEST

START_TEST(store_open_newer_schema_in_the_wal_is_refused)
{
    make_database();
    run_sql(DB, "PRAGMA user_version = 4711", true);
    ck_assert_int_eq(access(DB "-wal", F_OK), 0);
    expect_message(expect_refused(DB, E_CONDITION), "4711");
}
END_TEST

START_TEST(store_open_foreign_database_is_refused)
{
    fixture_enter();
    run_sql(DB, foreign_tables, false);
    expect_message(expect_refused(DB, E_CORRUPT), "not a database of Isoyard");
}
END_TEST

START_TEST(store_open_foreign_database_without_an_id_is_refused)
{
    fixture_enter();
    run_sql(DB, "CREATE TABLE workers (x)", false);
    expect_message(expect_refused(DB, E_CORRUPT), "not a database of Isoyard");
}
END_TEST

START_TEST(store_open_foreign_database_with_a_wal_is_refused)
{
    fixture_enter();
    run_sql(DB, "PRAGMA journal_mode = WAL", false);
    run_sql(DB, foreign_tables, true);
    ck_assert_int_eq(access(DB "-wal", F_OK), 0);
    expect_message(expect_refused(DB, E_CORRUPT), "not a database of Isoyard");
}
END_TEST

/* Leaves a journal that SQLite would roll back at its next access. */
static void die_in_a_transaction(void)
{
    pid_t child = fork();
    int status;

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        sqlite3 *db;

        _exit(sqlite3_open(DB, &db) ||
              sqlite3_exec(db,
                           "PRAGMA cache_size = 1; BEGIN; CREATE TABLE more (x);"
                           "INSERT INTO more VALUES (zeroblob(1000000))",
                           NULL, NULL, NULL));
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(access(DB "-journal", F_OK), 0);
}

START_TEST(store_open_foreign_database_with_a_journal_is_refused)
{
    fixture_enter();
    run_sql(DB, foreign_tables, false);
    die_in_a_transaction();
    expect_message(expect_refused(DB, E_CORRUPT), "not a database of Isoyard");
}
END_TEST

START_TEST(store_open_foreign_id_in_the_wal_is_refused)
{
    make_database();
    run_sql(DB, "PRAGMA application_id = 1234", true);
    expect_message(expect_refused(DB, E_CORRUPT), "not a database of Isoyard");
}
END_TEST

START_TEST(store_open_file_of_another_kind_is_refused)
{
    char text[8192];

    memset(text, 'x', sizeof(text));
    fixture_enter();
    write_at("one.db", 0, "x", 1);
    expect_message(expect_refused("one.db", E_CORRUPT), "not a database of Isoyard");
    write_at("text.db", 0, text, sizeof(text));
    expect_message(expect_refused("text.db", E_CORRUPT), "not a database of Isoyard");
}
END_TEST

START_TEST(store_open_truncated_file_is_refused)
{
    static const off_t sizes[] = {24 * 1024, 8192, 4096, 4095, 512, 100, 99, 16, 1};

    make_database();
    ck_assert_int_eq(query_sql(DB, "PRAGMA page_count") * 4096 > sizes[0], 1);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        ck_assert_int_eq(truncate(DB, sizes[i]), 0);
        expect_refused(DB, E_CORRUPT);
    }
}
END_TEST

START_TEST(store_open_damaged_page_is_refused)
{
    static const char *const tables[] = {"workers", "versions", "files",
                                         "sqlite_autoindex_versions_1"};

    make_database();
    for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
        struct buffer whole = {0};

        append_file(&whole, DB);
        damage_table(tables[i]);
        expect_message(expect_refused(DB, E_CORRUPT), "damaged");
        write_at(DB, 0, whole.data, whole.len);
        buffer_release(&whole);
        store_close(open_store(DB));
    }
}
END_TEST

START_TEST(store_open_damaged_page_with_a_wal_is_refused)
{
    make_database();
    damage_table("versions");
    run_sql(DB, "PRAGMA user_version = 1", true);
    ck_assert_int_eq(access(DB "-wal", F_OK), 0);
    expect_message(expect_refused(DB, E_CORRUPT), "damaged");
}
END_TEST

START_TEST(store_open_large_file_with_damaged_versions_is_refused)
{
    char sql[256];

    make_database();
    snprintf(sql, sizeof(sql),
             "INSERT INTO files (version, position, name, kind, content)"
             " VALUES (1, 1, 'large', 1, zeroblob(%lld))",
             (long long)INSPECT_WHOLE_BYTES_MAX);
    run_sql(DB, sql, false);
    store_close(open_store(DB));
    damage_table("versions");
    expect_message(expect_refused(DB, E_CORRUPT), "damaged");
}
END_TEST

START_TEST(store_open_other_tables_than_ours_is_refused)
{
    static const char *const changes[][2] = {
        {"CREATE TABLE more (x)", "DROP TABLE more"},
        {"CREATE INDEX more ON versions (size_bytes)", "DROP INDEX more"},
        {"ALTER TABLE files RENAME TO paths", "ALTER TABLE paths RENAME TO files"},
        {"ALTER TABLE versions RENAME COLUMN message TO note",
         "ALTER TABLE versions RENAME COLUMN note TO message"},
        {"ALTER TABLE workers ADD COLUMN more TEXT", "ALTER TABLE workers DROP COLUMN more"},
    };

    make_database();
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        run_sql(DB, changes[i][0], false);
        expect_message(expect_refused(DB, E_CORRUPT), "damaged");
        run_sql(DB, changes[i][1], false);
        store_close(open_store(DB));
    }
}
END_TEST

START_TEST(store_open_statistics_of_sqlite_are_fine)
{
    make_database();
    run_sql(DB, "ANALYZE", false);
    store_close(open_store(DB));
}
END_TEST

START_TEST(store_open_our_id_without_a_version_is_refused)
{
    char sql[64];

    make_database();
    run_sql(DB, "PRAGMA user_version = 0", false);
    expect_refused(DB, E_CORRUPT);
    run_sql(DB, "PRAGMA user_version = -1", false);
    expect_refused(DB, E_CORRUPT);
    snprintf(sql, sizeof(sql), "PRAGMA application_id = %d", SCHEMA_APPLICATION_ID);
    run_sql("tableless.db", sql, false);
    expect_refused("tableless.db", E_CORRUPT);
}
END_TEST

/* Whether another process is refused because of the lock. */
static bool is_locked_for_others(void)
{
    pid_t child = fork();
    int status;

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct store *store;

        _exit(store_open(DB, &store, &(struct error){0}) == E_CONDITION ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

START_TEST(store_open_second_opener_is_refused)
{
    struct store *store = new_store();

    expect_message(expect_refused(DB, E_CONDITION), "in use");
    ck_assert(is_locked_for_others());
    put_version(store, "default", "hello", "1", true);
    store_close(store);
    store_close(open_store(DB));
}
END_TEST

START_TEST(store_open_refusal_leaves_the_first_ones_lock)
{
    struct store *store = new_store();

    /* Closing a descriptor of the file drops all POSIX locks that this process has on it. */
    for (int i = 0; i < 3; i++)
        expect_refused(DB, E_CONDITION);
    ck_assert(is_locked_for_others());
    store_close(store);
    ck_assert(!is_locked_for_others());
}
END_TEST

START_TEST(store_open_reader_of_another_program_is_refused)
{
    sqlite3 *db;

    make_database();
    ck_assert_int_eq(sqlite3_open(DB, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_exec(db, "BEGIN; SELECT * FROM workers", NULL, NULL, NULL), 0);
    expect_message(expect_refused(DB, E_CONDITION), "in use");
    sqlite3_close(db);
    store_close(open_store(DB));
}
END_TEST

/* Opens the store in a child, which then waits to be killed. */
static pid_t open_in_child(void)
{
    int ends[2];
    pid_t child;
    char byte;

    ck_assert_int_eq(pipe(ends), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        struct store *store;

        if (store_open(DB, &store, &(struct error){0}) || write(ends[1], "", 1) != 1)
            _exit(1);
        pause();
    }
    close(ends[1]);
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    return child;
}

START_TEST(store_open_after_the_owner_was_killed_is_fine)
{
    pid_t child;

    make_database();
    child = open_in_child();
    expect_message(expect_refused(DB, E_CONDITION), "in use");
    kill(child, SIGKILL);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    store_close(open_store(DB));
}
END_TEST

START_TEST(store_open_full_disk_can_be_tried_again)
{
    struct rlimit limit = {4096, RLIM_INFINITY};
    struct store *store = NULL;
    struct error error;

    fixture_enter();
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_int_eq(store_open(DB, &store, &error), E_IO);
    ck_assert_ptr_null(store);
    limit.rlim_cur = RLIM_INFINITY;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    store_close(open_store(DB));
}
END_TEST

START_TEST(store_close_null_is_fine)
{
    store_close(NULL);
}
END_TEST

UNIT_MAIN("store_open", store_open_no_file_makes_one, store_open_empty_file_is_filled,
          store_open_again_finds_what_was_stored, store_open_again_changes_nothing,
          store_open_while_open_makes_no_shared_memory,
          store_open_creation_cut_before_the_wal_is_completed, store_open_absolute_path_is_opened,
          store_open_names_special_to_sqlite_are_files, store_open_link_to_a_database_is_opened,
          store_open_link_to_nothing_is_invalid, store_open_empty_path_is_invalid,
          store_open_directory_is_invalid, store_open_pipe_is_invalid,
          store_open_missing_folder_is_invalid_and_says_so, store_open_below_a_file_is_invalid,
          store_open_without_write_permission_is_refused,
          store_open_without_read_permission_is_refused, store_open_newer_schema_is_refused,
          store_open_newer_schema_in_the_wal_is_refused, store_open_foreign_database_is_refused,
          store_open_foreign_database_without_an_id_is_refused,
          store_open_foreign_database_with_a_wal_is_refused,
          store_open_foreign_database_with_a_journal_is_refused,
          store_open_foreign_id_in_the_wal_is_refused, store_open_file_of_another_kind_is_refused,
          store_open_truncated_file_is_refused, store_open_damaged_page_is_refused,
          store_open_damaged_page_with_a_wal_is_refused,
          store_open_large_file_with_damaged_versions_is_refused,
          store_open_other_tables_than_ours_is_refused, store_open_statistics_of_sqlite_are_fine,
          store_open_our_id_without_a_version_is_refused, store_open_second_opener_is_refused,
          store_open_refusal_leaves_the_first_ones_lock,
          store_open_reader_of_another_program_is_refused,
          store_open_after_the_owner_was_killed_is_fine, store_open_full_disk_can_be_tried_again,
          store_close_null_is_fine)
