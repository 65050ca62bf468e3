/* One table; ids are given in the order of writing. */
#include "store/code_store.h"

#include "store/file.h"
#include "store/result.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CODE_APPLICATION_ID 1232298852 /* "Iscd" */
#define CODE_SCHEMA_VERSION 1
#define SHA256_BYTES 32

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

static const char settings[] = "PRAGMA locking_mode = EXCLUSIVE;"
                               "PRAGMA synchronous = NORMAL;"
                               "PRAGMA cell_size_check = ON;"
                               "PRAGMA trusted_schema = OFF;"
                               "PRAGMA secure_delete = FAST;"
                               "PRAGMA journal_size_limit = 8388608;";

static const char tables[] =
    "BEGIN EXCLUSIVE;"
    "PRAGMA application_id = " TEXT(CODE_APPLICATION_ID) ";"
                                                         "CREATE TABLE codes ("
                                                         "  id INTEGER PRIMARY KEY,"
                                                         "  key BLOB NOT NULL UNIQUE,"
                                                         "  engine TEXT NOT NULL,"
                                                         "  sha256 BLOB NOT NULL,"
                                                         "  code BLOB NOT NULL"
                                                         ") STRICT;"
                                                         "PRAGMA user_version = " TEXT(
                                                             CODE_SCHEMA_VERSION) ";"
                                                                                  "COMMIT;";

/* SQLite knows a blob's length without reading it. */
#define BYTES_OF_ROW "length(key) + length(code)"

enum code_statement {
    CODE_BEGIN,
    CODE_COMMIT,
    CODE_ROLLBACK,
    CODE_SUM,
    CODE_REMOVE_FOREIGN,
    CODE_REMOVE_KEY,
    CODE_REMOVE_ID,
    CODE_REMOVE_OLDEST,
    CODE_INSERT,
    CODE_READ,
    CODE_STATEMENTS,
};

/* Those that remove one row give its bytes. */
static const char *const sql[CODE_STATEMENTS] = {
    [CODE_BEGIN] = "BEGIN IMMEDIATE",
    [CODE_COMMIT] = "COMMIT",
    [CODE_ROLLBACK] = "ROLLBACK",
    [CODE_SUM] = "SELECT coalesce(sum(" BYTES_OF_ROW "), 0) FROM codes",
    [CODE_REMOVE_FOREIGN] = "DELETE FROM codes WHERE engine <> ?1",
    [CODE_REMOVE_KEY] = "DELETE FROM codes WHERE key = ?1 RETURNING " BYTES_OF_ROW,
    [CODE_REMOVE_ID] = "DELETE FROM codes WHERE id = ?1 RETURNING " BYTES_OF_ROW,
    [CODE_REMOVE_OLDEST] = "DELETE FROM codes WHERE id = (SELECT min(id) FROM codes)"
                           " RETURNING " BYTES_OF_ROW,
    [CODE_INSERT] = "INSERT INTO codes (key, engine, sha256, code) VALUES (?1, ?2, ?3, ?4)",
    [CODE_READ] = "SELECT id, key, sha256, code FROM codes WHERE id < ?1 ORDER BY id DESC LIMIT 1",
};

struct code_store {
    sqlite3 *db;
    sqlite3_stmt *statements[CODE_STATEMENTS];
    char *engine;
    uint64_t max_bytes, bytes, discarded;
};

/* Statements. */

static void finish(sqlite3_stmt *statement)
{
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
}

/* One step: 1 at a row, 0 at the end, or an error. */
static int step(struct code_store *store, sqlite3_stmt *statement, struct error *error)
{
    int status = sqlite3_step(statement);

    if (status == SQLITE_ROW)
        return 1;
    return status == SQLITE_DONE ? 0 : result_error(store->db, status, error);
}

/* Runs a statement that is bound by now; *ret is the number that it gives, or 0. */
static int run_number(struct code_store *store, enum code_statement which, uint64_t *ret,
                      struct error *error)
{
    sqlite3_stmt *statement = store->statements[which];
    int more = step(store, statement, error);

    *ret = more > 0 ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
    /* What RETURNING gives comes when all is done; the end belongs to it nevertheless. */
    if (more > 0)
        more = step(store, statement, error);
    finish(statement);
    return more < 0 ? more : 0;
}

static int run(struct code_store *store, enum code_statement which, struct error *error)
{
    uint64_t ignored;

    return run_number(store, which, &ignored, error);
}

static void bind_bytes(sqlite3_stmt *statement, int parameter, struct bytes bytes)
{
    sqlite3_bind_blob64(statement, parameter, bytes.data, bytes.len, SQLITE_STATIC);
}

static struct bytes column(sqlite3_stmt *row, int index)
{
    const char *data = sqlite3_column_blob(row, index);

    return (struct bytes){data, (size_t)sqlite3_column_bytes(row, index)};
}

/* Opening. */

static int ask(sqlite3 *db, const char *question, int64_t *ret, struct error *error)
{
    sqlite3_stmt *statement = NULL;
    int status = sqlite3_prepare_v2(db, question, -1, &statement, NULL);
    int err = 0;

    if (!status)
        status = sqlite3_step(statement);
    if (status == SQLITE_ROW)
        *ret = sqlite3_column_int64(statement, 0);
    else
        err = result_error(db, status, error);
    sqlite3_finalize(statement);
    return err;
}

static int check_ids(sqlite3 *db, struct error *error)
{
    int64_t application_id, version;
    int err = ask(db, "PRAGMA application_id", &application_id, error);

    if (!err)
        err = ask(db, "PRAGMA user_version", &version, error);
    if (err)
        return err;
    if (application_id != CODE_APPLICATION_ID)
        return error_set(error, E_INVALID, "", "'%.512s' is a database, and not one of ours",
                         result_path(db));
    if (version != CODE_SCHEMA_VERSION)
        return error_set(error, E_CORRUPT, "", "'%.512s' is another isoyardd's", result_path(db));
    return 0;
}

static int prepare_all(struct code_store *store, struct error *error)
{
    for (int i = 0; i < CODE_STATEMENTS; i++) {
        int status = sqlite3_prepare_v3(store->db, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                                        &store->statements[i], NULL);

        /* The ids said that the table is ours: without it, or with another one, it is damage. */
        if (status)
            return result_error(store->db, status == SQLITE_ERROR ? SQLITE_CORRUPT : status, error);
    }
    return 0;
}

static int remove_foreign(struct code_store *store, struct error *error)
{
    int err;

    sqlite3_bind_text(store->statements[CODE_REMOVE_FOREIGN], 1, store->engine, -1, SQLITE_STATIC);
    err = run(store, CODE_REMOVE_FOREIGN, error);
    if (!err)
        store->discarded += (uint64_t)sqlite3_changes(store->db);
    return err;
}

/* Until the sum is within the bound, and so many more bytes would be. */
static int make_room(struct code_store *store, uint64_t bytes, struct error *error)
{
    while (store->bytes + bytes > store->max_bytes) {
        uint64_t removed;
        int err = run_number(store, CODE_REMOVE_OLDEST, &removed, error);

        if (err)
            return err;
        if (removed == 0) /* the sum is not that of the rows */
            return result_error(store->db, SQLITE_CORRUPT, error);
        store->bytes -= removed;
    }
    return 0;
}

static int set_up(struct code_store *store, struct error *error)
{
    int64_t pages;
    int err = file_run(store->db, settings, error);

    if (!err)
        err = ask(store->db, "PRAGMA page_count", &pages, error);
    if (!err)
        err = pages == 0 ? file_run(store->db, tables, error) : check_ids(store->db, error);
    if (!err)
        err = file_use_wal(store->db, error);
    if (!err)
        err = prepare_all(store, error);
    if (!err)
        err = remove_foreign(store, error);
    if (!err)
        err = run_number(store, CODE_SUM, &store->bytes, error);
    return err ? err : make_room(store, 0, error);
}

int code_store_open(const char *path, const char *engine, uint64_t max_bytes,
                    struct code_store **ret, struct error *error)
{
    struct code_store *store = xcalloc(1, sizeof(*store));
    int err = file_open(path, &store->db, error);

    store->engine = xstrdup(engine);
    store->max_bytes = max_bytes;
    if (!err)
        err = set_up(store, error);
    if (err)
        code_store_close(store);
    else
        *ret = store;
    return err;
}

void code_store_close(struct code_store *store)
{
    int status;

    if (!store)
        return;
    for (int i = 0; i < CODE_STATEMENTS; i++)
        sqlite3_finalize(store->statements[i]);
    status = sqlite3_close(store->db);
    assert(status == SQLITE_OK); /* otherwise a statement was forgotten */
    free(store->engine);
    free(store);
}

/* Of all that is to be as it was: engine, key, code. */
static void hash_entry(const char *engine, struct bytes key, struct bytes code,
                       unsigned char ret[SHA256_BYTES])
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    uint64_t key_len = key.len;

    if (!digest || EVP_DigestInit_ex(digest, EVP_sha256(), NULL) != 1)
        abort();
    EVP_DigestUpdate(digest, engine, strlen(engine) + 1);
    EVP_DigestUpdate(digest, &key_len, sizeof(key_len));
    EVP_DigestUpdate(digest, key.data, key.len);
    EVP_DigestUpdate(digest, code.data, code.len);
    if (EVP_DigestFinal_ex(digest, ret, NULL) != 1)
        abort();
    EVP_MD_CTX_free(digest);
}

/* Writing. */

static int insert(struct code_store *store, struct bytes key, struct bytes code,
                  struct error *error)
{
    sqlite3_stmt *add = store->statements[CODE_INSERT];
    unsigned char sha256[SHA256_BYTES];

    hash_entry(store->engine, key, code, sha256);
    bind_bytes(add, 1, key);
    sqlite3_bind_text(add, 2, store->engine, -1, SQLITE_STATIC);
    sqlite3_bind_blob(add, 3, sha256, sizeof(sha256), SQLITE_STATIC);
    bind_bytes(add, 4, code);
    return run(store, CODE_INSERT, error);
}

static int replace(struct code_store *store, struct bytes key, struct bytes code,
                   struct error *error)
{
    uint64_t removed;
    int err;

    bind_bytes(store->statements[CODE_REMOVE_KEY], 1, key);
    err = run_number(store, CODE_REMOVE_KEY, &removed, error);
    if (err)
        return err;
    store->bytes -= removed;
    err = make_room(store, key.len + code.len, error);
    if (!err)
        err = insert(store, key, code, error);
    if (!err)
        store->bytes += key.len + code.len;
    return err;
}

int code_store_put(struct code_store *store, struct bytes key, struct bytes code,
                   struct error *error)
{
    uint64_t before = store->bytes;
    int err;

    assert(key.len > 0 && code.len > 0);
    if (key.len + code.len > store->max_bytes)
        return 0;
    err = run(store, CODE_BEGIN, error);
    if (err)
        return err;
    err = replace(store, key, code, error);
    if (!err)
        err = run(store, CODE_COMMIT, error);
    if (!err)
        return 0;
    store->bytes = before;
    if (!sqlite3_get_autocommit(store->db))
        run(store, CODE_ROLLBACK, NULL);
    return err;
}

/* Reading. */

static bool is_whole(const struct code_store *store, struct bytes key, struct bytes sha256,
                     struct bytes code)
{
    unsigned char expected[SHA256_BYTES];

    hash_entry(store->engine, key, code, expected);
    return key.len > 0 && code.len > 0 &&
           bytes_equal(sha256, (struct bytes){(const char *)expected, sizeof(expected)});
}

static int discard(struct code_store *store, int64_t id, struct error *error)
{
    uint64_t removed;
    int err;

    sqlite3_bind_int64(store->statements[CODE_REMOVE_ID], 1, id);
    err = run_number(store, CODE_REMOVE_ID, &removed, error);
    if (err)
        return err;
    store->bytes -= removed;
    store->discarded++;
    return 0;
}

int code_store_read(struct code_store *store, int64_t before, struct stored_code *ret,
                    struct error *error)
{
    sqlite3_stmt *row = store->statements[CODE_READ];
    int more;

    for (;;) {
        finish(row);
        sqlite3_bind_int64(row, 1, before);
        more = step(store, row, error);
        if (more <= 0)
            break;
        *ret = (struct stored_code){sqlite3_column_int64(row, 0), column(row, 1), column(row, 3)};
        if (is_whole(store, ret->key, column(row, 2), ret->code))
            return 1;
        before = ret->id;
        finish(row);
        more = discard(store, before, error);
        if (more < 0)
            break;
    }
    finish(row);
    return more;
}

uint64_t code_store_bytes(const struct code_store *store)
{
    return store->bytes;
}

uint64_t code_store_discarded(const struct code_store *store)
{
    return store->discarded;
}
