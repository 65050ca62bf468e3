/* One table; ids are given in the order of writing. */
#include "store/code_store.h"

#include "store/result.h"
#include "store/side.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define CODE_APPLICATION_ID 1232298852 /* "Iscd" */
#define CODE_SCHEMA_VERSION 1
#define SHA256_BYTES 32

static const char tables[] = "CREATE TABLE codes ("
                             "  id INTEGER PRIMARY KEY,"
                             "  key BLOB NOT NULL UNIQUE,"
                             "  engine TEXT NOT NULL,"
                             "  sha256 BLOB NOT NULL,"
                             "  code BLOB NOT NULL"
                             ") STRICT;";

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

static const struct side_kind kind = {
    .application_id = CODE_APPLICATION_ID,
    .version = CODE_SCHEMA_VERSION,
    .tables = tables,
    .sql = sql,
    .count = CODE_STATEMENTS,
    .foreign = "a database, and not one of ours",
    .other_version = "another isoyardd's",
    .version_err = E_CORRUPT,
};

struct code_store {
    struct side side;
    char *engine;
    uint64_t max_bytes, bytes, discarded;
};

/* Statements. */

/* Runs one that gives bytes; 0 where it gives nothing. */
static int run_bytes(struct code_store *store, enum code_statement which, uint64_t *ret,
                     struct error *error)
{
    int64_t number;
    int err = side_run(&store->side, which, &number, error);

    *ret = err ? 0 : (uint64_t)number;
    return err;
}

static int run(struct code_store *store, enum code_statement which, struct error *error)
{
    return side_run(&store->side, which, NULL, error);
}

static sqlite3_stmt *statement_of(const struct code_store *store, enum code_statement which)
{
    return side_statement(&store->side, which);
}

static void bind_bytes(sqlite3_stmt *statement, int parameter, struct bytes bytes)
{
    sqlite3_bind_blob64(statement, parameter, bytes.data, bytes.len, SQLITE_STATIC);
}

/* Opening. */

static int remove_foreign(struct code_store *store, struct error *error)
{
    int err;

    sqlite3_bind_text(statement_of(store, CODE_REMOVE_FOREIGN), 1, store->engine, -1,
                      SQLITE_STATIC);
    err = run(store, CODE_REMOVE_FOREIGN, error);
    if (!err)
        store->discarded += (uint64_t)sqlite3_changes(store->side.db);
    return err;
}

/* Until the sum is within the bound, and so many more bytes would be. */
static int make_room(struct code_store *store, uint64_t bytes, struct error *error)
{
    while (store->bytes + bytes > store->max_bytes) {
        uint64_t removed;
        int err = run_bytes(store, CODE_REMOVE_OLDEST, &removed, error);

        if (err)
            return err;
        if (removed == 0) /* the sum is not that of the rows */
            return result_error(store->side.db, SQLITE_CORRUPT, error);
        store->bytes -= removed;
    }
    return 0;
}

static int set_up(struct code_store *store, struct error *error)
{
    int err = remove_foreign(store, error);

    if (!err)
        err = run_bytes(store, CODE_SUM, &store->bytes, error);
    return err ? err : make_room(store, 0, error);
}

int code_store_open(const char *path, const char *engine, uint64_t max_bytes,
                    struct code_store **ret, struct error *error)
{
    struct code_store *store = xcalloc(1, sizeof(*store));
    int err = side_open(&kind, path, &store->side, error);

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
    if (!store)
        return;
    side_close(&store->side);
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
    sqlite3_stmt *add = statement_of(store, CODE_INSERT);
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

    bind_bytes(statement_of(store, CODE_REMOVE_KEY), 1, key);
    err = run_bytes(store, CODE_REMOVE_KEY, &removed, error);
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
    side_roll_back(&store->side, CODE_ROLLBACK);
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

    sqlite3_bind_int64(statement_of(store, CODE_REMOVE_ID), 1, id);
    err = run_bytes(store, CODE_REMOVE_ID, &removed, error);
    if (err)
        return err;
    store->bytes -= removed;
    store->discarded++;
    return 0;
}

int code_store_read(struct code_store *store, int64_t before, struct stored_code *ret,
                    struct error *error)
{
    sqlite3_stmt *row = store->side.statements[CODE_READ]; /* may stand on the last row */
    int more;

    for (;;) {
        side_finish(row);
        sqlite3_bind_int64(row, 1, before);
        more = side_step(&store->side, row, error);
        if (more <= 0)
            break;
        *ret = (struct stored_code){sqlite3_column_int64(row, 0), side_column(row, 1),
                                    side_column(row, 3)};
        if (is_whole(store, ret->key, side_column(row, 2), ret->code))
            return 1;
        before = ret->id;
        side_finish(row);
        more = discard(store, before, error);
        if (more < 0)
            break;
    }
    side_finish(row);
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
