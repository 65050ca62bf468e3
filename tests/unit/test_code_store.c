/* store/code_store: what is put is read back, newest first, unless it is damaged or another
 * engine's; and it stays within its bound. */
#include "store/code_store.h"

#include "store_fixture.h"

#define CODE "code.db"
#define ENGINE "10.2.1-abc"
#define MAX 1000

static struct code_store *open_as(const char *engine, uint64_t max_bytes)
{
    struct code_store *store;
    struct error error;

    if (code_store_open(CODE, engine, max_bytes, &store, &error))
        ck_abort_msg("code_store_open: %s", error.message);
    return store;
}

static struct code_store *open_code(void)
{
    return open_as(ENGINE, MAX);
}

static struct code_store *new_code(void)
{
    fixture_enter();
    return open_code();
}

static void put_bytes(struct code_store *store, const char *key, struct bytes code)
{
    struct error error;

    if (code_store_put(store, bytes_of(key), code, &error))
        ck_abort_msg("code_store_put: %s", error.message);
}

static void put(struct code_store *store, const char *key, const char *code)
{
    put_bytes(store, key, bytes_of(code));
}

/* Code of so many bytes. */
static void put_size(struct code_store *store, const char *key, size_t size)
{
    char *code = xcalloc(1, size);

    put_bytes(store, key, (struct bytes){code, size});
    free(code);
}

/* Expects keys, "two one ", in the order of reading. */
static void expect_keys(struct code_store *store, const char *expected)
{
    struct stored_code code = {.id = INT64_MAX};
    struct buffer found = {0};
    struct error error;
    int more;

    while ((more = code_store_read(store, code.id, &code, &error)) > 0)
        buffer_append_format(&found, "%.*s ", (int)code.key.len, code.key.data);
    ck_assert_int_eq(more, 0);
    buffer_append(&found, "", 1);
    ck_assert_str_eq(found.data, expected);
    buffer_release(&found);
}

static int open_error(void)
{
    struct code_store *store;
    struct error error;
    int err = code_store_open(CODE, ENGINE, MAX, &store, &error);

    ck_assert_int_ne(err, 0);
    return err;
}

START_TEST(put_after_reopening_is_read_back_as_it_was)
{
    static const char binary[] = "a\0b\xff";
    struct code_store *store = new_code();
    struct stored_code code;
    struct error error;
    struct stat status;

    put(store, "one", "first");
    put_bytes(store, "two", (struct bytes){binary, sizeof(binary)});
    code_store_close(store);
    ck_assert_int_eq(stat(CODE, &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0600);
    store = open_code();
    expect_keys(store, "two one ");
    ck_assert_int_eq(code_store_read(store, INT64_MAX, &code, &error), 1);
    ck_assert(bytes_equal(code.code, (struct bytes){binary, sizeof(binary)}));
    ck_assert_uint_eq(code_store_bytes(store), 3 + 5 + 3 + sizeof(binary));
    ck_assert_uint_eq(code_store_discarded(store), 0);
    code_store_close(store);
}
END_TEST

START_TEST(put_same_key_replaces_and_is_newest)
{
    struct code_store *store = new_code();
    struct stored_code code;
    struct error error;

    put(store, "one", "first");
    put(store, "two", "second");
    put(store, "one", "third!");
    expect_keys(store, "one two ");
    ck_assert_int_eq(code_store_read(store, INT64_MAX, &code, &error), 1);
    ck_assert(bytes_equal(code.code, bytes_of("third!")));
    ck_assert_uint_eq(code_store_bytes(store), 3 + 6 + 3 + 6);
    code_store_close(store);
}
END_TEST

START_TEST(put_up_to_the_bound_keeps_all)
{
    struct code_store *store = new_code();

    put_size(store, "a", 399);
    put_size(store, "b", 299);
    put_size(store, "c", 299);
    expect_keys(store, "c b a ");
    ck_assert_uint_eq(code_store_bytes(store), MAX);
    code_store_close(store);
}
END_TEST

START_TEST(put_beyond_the_bound_drops_the_oldest)
{
    struct code_store *store = new_code();

    put_size(store, "a", 399);
    put_size(store, "b", 299);
    put_size(store, "c", 300);
    expect_keys(store, "c b ");
    ck_assert_uint_eq(code_store_bytes(store), 300 + 301);
    put_size(store, "d", 999);
    expect_keys(store, "d ");
    code_store_close(store);
}
END_TEST

START_TEST(put_larger_than_the_bound_changes_nothing)
{
    struct code_store *store = new_code();

    put_size(store, "a", 10);
    put_size(store, "b", 1000);
    expect_keys(store, "a ");
    code_store_close(store);
}
END_TEST

START_TEST(open_with_a_lower_bound_drops_the_oldest)
{
    struct code_store *store = new_code();

    put_size(store, "a", 99);
    put_size(store, "b", 99);
    code_store_close(store);
    store = open_as(ENGINE, 199);
    expect_keys(store, "b ");
    ck_assert_uint_eq(code_store_discarded(store), 0);
    code_store_close(store);
}
END_TEST

/* Puts three, changes something behind the store's back, and expects what is left. */
static void expect_after(const char *change, const char *keys, uint64_t discarded)
{
    struct code_store *store = new_code();

    put(store, "one", "first");
    put(store, "two", "second");
    put(store, "six", "third");
    code_store_close(store);
    run_sql(CODE, change, false);
    store = open_code();
    expect_keys(store, keys);
    ck_assert_uint_eq(code_store_discarded(store), discarded);
    code_store_close(store);
    store = open_code(); /* it is gone for good */
    expect_keys(store, keys);
    ck_assert_uint_eq(code_store_discarded(store), 0);
    code_store_close(store);
}

START_TEST(read_damaged_code_is_removed_and_counted)
{
    expect_after("UPDATE codes SET code = x'736563306e64' WHERE key = CAST('two' AS BLOB)",
                 "six one ", 1);
    expect_after("UPDATE codes SET code = substr(code, 1, 4) WHERE id = 3", "two one ", 1);
    expect_after("UPDATE codes SET code = x'' WHERE id = 1", "six two ", 1);
}
END_TEST

START_TEST(read_code_under_another_key_is_removed)
{
    expect_after("UPDATE codes SET key = CAST('ten' AS BLOB) WHERE id = 1", "six two ", 1);
}
END_TEST

START_TEST(read_damaged_hash_is_removed)
{
    expect_after("UPDATE codes SET sha256 = x''", "", 3);
}
END_TEST

START_TEST(open_by_another_engine_removes_and_counts)
{
    struct code_store *store = new_code();

    put(store, "one", "first");
    put(store, "two", "second");
    code_store_close(store);
    store = open_as("11.3.1-abc", MAX);
    expect_keys(store, "");
    ck_assert_uint_eq(code_store_discarded(store), 2);
    ck_assert_uint_eq(code_store_bytes(store), 0);
    put(store, "one", "first");
    code_store_close(store);
    store = open_code();
    ck_assert_uint_eq(code_store_discarded(store), 1);
    code_store_close(store);
}
END_TEST

START_TEST(read_code_said_to_be_of_this_engine_is_removed)
{
    struct code_store *store;

    fixture_enter();
    store = open_as("11.3.1-abc", MAX);
    put(store, "one", "first");
    code_store_close(store);
    run_sql(CODE, "UPDATE codes SET engine = '" ENGINE "'", false);
    store = open_code();
    expect_keys(store, "");
    ck_assert_uint_eq(code_store_discarded(store), 1);
    code_store_close(store);
}
END_TEST

START_TEST(open_damaged_file_is_corrupt)
{
    FILE *file;

    code_store_close(new_code());
    run_sql(CODE, "DROP TABLE codes", false);
    ck_assert_int_eq(open_error(), E_CORRUPT);
    code_store_close(new_code());
    run_sql(CODE, "PRAGMA user_version = 2", false);
    ck_assert_int_eq(open_error(), E_CORRUPT);
    fixture_enter();
    file = fopen(CODE, "w");
    for (int i = 0; i < 1000; i++)
        fputs("This is no database. ", file);
    fclose(file);
    ck_assert_int_eq(open_error(), E_CORRUPT);
}
END_TEST

START_TEST(open_what_is_not_ours_is_invalid_and_left)
{
    struct buffer before;

    fixture_enter();
    run_sql(CODE, "CREATE TABLE t (a)", false);
    run_sql("other.db", "CREATE TABLE t (a)", false);
    before = snapshot();
    ck_assert_int_eq(open_error(), E_INVALID);
    expect_unchanged(before);
}
END_TEST

UNIT_MAIN("code_store", put_after_reopening_is_read_back_as_it_was,
          put_same_key_replaces_and_is_newest, put_up_to_the_bound_keeps_all,
          put_beyond_the_bound_drops_the_oldest, put_larger_than_the_bound_changes_nothing,
          open_with_a_lower_bound_drops_the_oldest, read_damaged_code_is_removed_and_counted,
          read_code_under_another_key_is_removed, read_damaged_hash_is_removed,
          open_by_another_engine_removes_and_counts, read_code_said_to_be_of_this_engine_is_removed,
          open_damaged_file_is_corrupt, open_what_is_not_ours_is_invalid_and_left)
