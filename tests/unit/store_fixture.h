/*
 * What the tests of the store share: a folder of their own, scripts to store, SQL behind the
 * store's back, and snapshots of all there is in the folder.
 */
#ifndef ISOYARD_TESTS_STORE_FIXTURE_H
#define ISOYARD_TESTS_STORE_FIXTURE_H

#include "api/bytes.h"
#include "store/store.h"

#include "unit.h"

#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define DB "isoyard.db"

static char fixture_folder[PATH_MAX];

static inline int fixture_remove(const char *path, const struct stat *status, int type,
                                 struct FTW *at)
{
    (void)status;
    (void)type;
    (void)at;
    return remove(path);
}

static inline void fixture_leave(void)
{
    nftw(fixture_folder, fixture_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* Makes a new folder, in place of the one before, and goes there. It goes with the test's process;
 * that of a test that fails stays. */
static inline void fixture_enter(void)
{
    const char *parent = getenv("TMPDIR");

    if (fixture_folder[0])
        fixture_leave();
    else
        atexit(fixture_leave);
    snprintf(fixture_folder, sizeof(fixture_folder), "%s/isoyard-test-XXXXXX",
             parent ? parent : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(fixture_folder));
    ck_assert_int_eq(chdir(fixture_folder), 0);
}

static inline struct store *open_store(const char *path)
{
    struct store *store;
    struct error error;

    if (store_open(path, &store, &error))
        ck_abort_msg("store_open: %s", error.message);
    return store;
}

/* A store in a new folder. */
static inline struct store *new_store(void)
{
    fixture_enter();
    return open_store(DB);
}

static inline struct script *new_script(const char *tenant, const char *worker, const char *text)
{
    struct limits limits = limits_default();
    struct script *s = script_new(tenant, worker, 1, &limits);

    ck_assert_int_eq(script_set_file(s, 0, "main.js", FILE_MODULE, text, strlen(text)), 0);
    ck_assert_int_eq(script_seal(s, NULL), 0);
    return s;
}

/* A sealed script of acme/hello with that many modules. */
static inline struct script *new_bundle(size_t file_count)
{
    struct limits limits = limits_default();
    struct script *s = script_new("acme", "hello", file_count, &limits);

    for (size_t i = 0; i < file_count; i++) {
        char name[64], text[64];

        snprintf(name, sizeof(name), "lib/%zu.js", i);
        snprintf(text, sizeof(text), "export default %zu", i);
        ck_assert_int_eq(script_set_file(s, i, name, FILE_MODULE, text, strlen(text)), 0);
    }
    ck_assert_int_eq(script_seal(s, NULL), 0);
    return s;
}

/* Stores a script as the active version and takes it; gives its number. */
static inline uint32_t put_script(struct store *store, struct script *script)
{
    struct version_info version;
    struct error error;
    uint32_t number;

    if (store_put_version(store, script, "", true, &version, &error))
        ck_abort_msg("store_put_version: %s", error.message);
    number = version.number;
    version_info_release(&version);
    script_unref(script);
    return number;
}

/* Stores a version of one file; gives its number. */
static inline uint32_t put_version(struct store *store, const char *tenant, const char *worker,
                                   const char *text, bool activate)
{
    struct script *s = new_script(tenant, worker, text);
    struct version_info version;
    struct error error;
    uint32_t number;

    if (store_put_version(store, s, "", activate, &version, &error))
        ck_abort_msg("store_put_version: %s", error.message);
    number = version.number;
    version_info_release(&version);
    script_unref(s);
    return number;
}

/* A store in a new folder, with so many versions of acme/hello. */
static inline struct store *store_with_versions(int count)
{
    struct store *store = new_store();

    for (int i = 0; i < count; i++)
        put_version(store, "acme", "hello", "1", true);
    return store;
}

/* The text of a version's only file; free() it. */
static inline char *load_text(struct store *store, const char *tenant, const char *worker,
                              uint32_t version)
{
    struct limits limits = limits_default();
    struct script *s;
    struct error error;
    char *text;

    if (store_load_version(store, tenant, worker, version, &limits, &s, &error))
        ck_abort_msg("store_load_version: %s", error.message);
    ck_assert_uint_eq(s->file_count, 1);
    text = xstrdup(s->files[0].content);
    script_unref(s);
    return text;
}

static inline void expect_text(struct store *store, const char *tenant, const char *worker,
                               uint32_t version, const char *expected)
{
    char *text = load_text(store, tenant, worker, version);

    ck_assert_str_eq(text, expected);
    free(text);
}

/* Runs SQL on a file that no store has open. What it writes into a WAL stays there where told to.
 */
static inline void run_sql(const char *path, const char *sql, bool keep_wal)
{
    sqlite3 *db;

    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keep_wal, NULL);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        ck_abort_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_close(db);
}

/* Makes of the database what a server with fewer migrations left. Each new one is undone here. */
static inline void undo_migrations(int version)
{
    static const struct {
        int version; /* that it came after */
        const char *sql;
    } undos[] = {
        {4, "ALTER TABLE versions DROP COLUMN allow_eval"},
        {3, "DROP TABLE comparisons"},
        {2, "DROP TABLE pool_choice"},
    };
    char sql[64];

    for (size_t i = 0; i < sizeof(undos) / sizeof(undos[0]); i++) {
        if (undos[i].version >= version)
            run_sql(DB, undos[i].sql, false);
    }
    snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", version);
    run_sql(DB, sql, false);
}

/* The number that SQL gives, of a file that no store has open. */
static inline int64_t query_sql(const char *path, const char *sql)
{
    sqlite3 *db;
    sqlite3_stmt *statement;
    int64_t number;

    ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
    number = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    sqlite3_close(db);
    return number;
}

static inline void append_file(struct buffer *ret, const char *path)
{
    FILE *file = fopen(path, "rb");
    size_t len;

    ck_assert_ptr_nonnull(file);
    do {
        len = fread(buffer_reserve(ret, 65536), 1, 65536, file);
        ret->len += len;
    } while (len > 0);
    fclose(file);
}

/* Names and contents of all files in the folder. */
static inline struct buffer snapshot(void)
{
    struct buffer all = {0};
    struct dirent **entries;
    int count = scandir(".", &entries, NULL, alphasort);

    ck_assert_int_ge(count, 2);
    for (int i = 0; i < count; i++) {
        if (entries[i]->d_type == DT_REG) {
            buffer_append_format(&all, "\n%s\n", entries[i]->d_name);
            append_file(&all, entries[i]->d_name);
        }
        free(entries[i]);
    }
    free(entries);
    return all;
}

static inline void expect_unchanged(struct buffer before)
{
    struct buffer after = snapshot();

    ck_assert(bytes_equal((struct bytes){before.data, before.len},
                          (struct bytes){after.data, after.len}));
    buffer_release(&before);
    buffer_release(&after);
}

#endif
