/* store/load: what was stored comes back as it was, or not at all. */
#include "store/store.h"

#include "store_fixture.h"

static struct script *load(struct store *store, uint32_t version)
{
    struct limits limits = limits_default();
    struct script *s;
    struct error error;

    if (store_load_version(store, "acme", "hello", version, &limits, &s, &error))
        ck_abort_msg("store_load_version: %s", error.message);
    return s;
}

static void expect_same(const struct script *a, const struct script *b)
{
    ck_assert_str_eq(a->tenant, b->tenant);
    ck_assert_str_eq(a->worker, b->worker);
    ck_assert_mem_eq(a->sha256, b->sha256, SCRIPT_SHA256_BYTES);
    ck_assert_uint_eq(a->size_bytes, b->size_bytes);
    ck_assert_uint_eq(a->file_count, b->file_count);
    for (size_t i = 0; i < a->file_count; i++) {
        ck_assert_str_eq(a->files[i].name, b->files[i].name);
        ck_assert_int_eq(a->files[i].kind, b->files[i].kind);
        ck_assert_uint_eq(a->files[i].size, b->files[i].size);
        ck_assert_int_eq(memcmp(a->files[i].content, b->files[i].content, a->files[i].size), 0);
    }
}

/* Stores a script, takes it, and expects it back as it was, after a restart as well. */
static void expect_round_trip(struct script *s)
{
    struct store *store = new_store();

    put_script(store, script_ref(s));
    for (int i = 0; i < 2; i++) {
        struct script *loaded = load(store, 1);

        expect_same(s, loaded);
        script_unref(loaded);
        store_close(store);
        store = open_store(DB);
    }
    store_close(store);
    script_unref(s);
}

START_TEST(store_load_version_one_file_is_the_same)
{
    expect_round_trip(new_script("acme", "hello", "export default { fetch() {} }"));
}
END_TEST

START_TEST(store_load_version_many_files_keep_their_order)
{
    expect_round_trip(new_bundle(SCRIPT_FILES_MAX));
}
END_TEST

START_TEST(store_load_version_odd_contents_are_the_same)
{
    struct limits limits = limits_default();
    struct script *s = script_new("acme", "hello", 3, &limits);

    ck_assert_int_eq(script_set_file(s, 0, "empty.js", FILE_MODULE, "", 0), 0);
    ck_assert_int_eq(script_set_file(s, 1, "nul.js", FILE_MODULE, "\0a\0", 3), 0);
    ck_assert_int_eq(script_set_file(s, 2, "lib/ü '\".js", FILE_MODULE, "'ü'", 4), 0);
    ck_assert_int_eq(script_seal(s, NULL), 0);
    expect_round_trip(s);
}
END_TEST

START_TEST(store_load_version_classic_script_keeps_its_kind)
{
    struct limits limits = limits_default();
    struct script *s = script_new("acme", "hello", 1, &limits);

    ck_assert_int_eq(script_set_file(s, 0, "main.js", FILE_SCRIPT, "1", 1), 0);
    ck_assert_int_eq(script_seal(s, NULL), 0);
    expect_round_trip(s);
}
END_TEST

START_TEST(store_load_version_other_kinds_are_the_same)
{
    struct limits limits = limits_default();
    struct script *s = script_new("acme", "hello", 5, &limits);
    struct error error;

    script_set_file(s, 0, "main.js", FILE_MODULE, "", 0);
    script_set_file(s, 1, "a.txt", FILE_TEXT, "text", 4);
    script_set_file(s, 2, "a.json", FILE_JSON, "{}", 2);
    script_set_file(s, 3, "a.wasm", FILE_WASM, "\0asm\1\0\0\0", 8);
    script_set_file(s, 4, "a.bin", FILE_DATA, "\xff\0", 2);
    ck_assert_int_eq(script_seal(s, &error), 0);
    expect_round_trip(s);
}
END_TEST

START_TEST(store_load_version_allow_eval_is_kept)
{
    for (int allows = 0; allows < 2; allows++) {
        struct store *store;
        struct script *s = new_script("acme", "hello", "1"), *loaded;

        unlink(DB);
        store = new_store();
        s->allows_eval = allows;
        put_script(store, s);
        loaded = load(store, 1);
        ck_assert_int_eq(loaded->allows_eval, allows);
        script_unref(loaded);
        store_close(store);
    }
}
END_TEST

START_TEST(store_load_version_of_a_server_without_eval_allows_none)
{
    struct store *store = new_store();
    struct script *loaded;

    put_version(store, "acme", "hello", "1", true);
    store_close(store);
    undo_migrations(4);
    store = open_store(DB);
    loaded = load(store, 1);
    ck_assert(!loaded->allows_eval);
    script_unref(loaded);
    store_close(store);
}
END_TEST

START_TEST(store_load_version_largest_bundle_is_the_same)
{
    size_t size = 10 << 20;
    char *text = xcalloc(1, size + 1);
    struct script *s;

    for (size_t i = 0; i < size; i++)
        text[i] = (char)('a' + i * 7919 % 26);
    s = new_script("acme", "hello", text);
    free(text);
    expect_round_trip(s);
}
END_TEST

START_TEST(store_load_version_any_carries_number_and_limits)
{
    struct store *store = store_with_versions(2);
    struct limits limits = limits_default();
    struct script *s;

    limits.cpu_us = 4711;
    ck_assert_int_eq(store_load_version(store, "acme", "hello", 2, &limits, &s, NULL), 0);
    ck_assert_uint_eq(s->version, 2);
    ck_assert_uint_eq(s->limits.cpu_us, 4711);
    ck_assert_uint_eq(atomic_load(&s->refs), 1);
    script_unref(s);
    store_close(store);
}
END_TEST

static void expect_not_found(struct store *store, const char *tenant, const char *worker,
                             uint32_t version, const char *field)
{
    struct limits limits = limits_default();
    struct script *s;
    struct error error;

    ck_assert_int_eq(store_load_version(store, tenant, worker, version, &limits, &s, &error),
                     E_NOT_FOUND);
    ck_assert_str_eq(error.field, field);
}

START_TEST(store_load_version_missing_is_not_found)
{
    struct store *store = store_with_versions(1);

    expect_not_found(store, "other", "hello", 1, "worker");
    expect_not_found(store, "acme", "other", 1, "worker");
    expect_not_found(store, "acme", "hello", 0, "version");
    expect_not_found(store, "acme", "hello", 2, "version");
    store_close(store);
}
END_TEST

START_TEST(store_load_version_changed_in_the_file_is_corrupt)
{
    static const char *const changes[] = {
        "UPDATE files SET content = x'31313131' WHERE position = 1",
        "UPDATE files SET content = x'' WHERE position = 1",
        "UPDATE files SET content = x'ff' WHERE position = 1",
        "UPDATE files SET name = 'lib/9.js' WHERE position = 1",
        "UPDATE files SET name = '../x' WHERE position = 1",
        "UPDATE files SET kind = 2 WHERE position = 1",
        "UPDATE files SET kind = 77 WHERE position = 1",
        "UPDATE files SET position = position + 10 - 2 * position",
        "DELETE FROM files WHERE position = 1",
        "DELETE FROM files",
        "INSERT INTO files (version, position, name, kind, content) VALUES (1, 9, 'x', 1, x'')",
        "UPDATE versions SET sha256 = zeroblob(32)",
    };

    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct limits limits = limits_default();
        struct store *store = new_store();
        struct script *s = NULL;
        struct error error;

        put_script(store, new_bundle(3));
        store_close(store);
        run_sql(DB, changes[i], false);
        store = open_store(DB);
        if (store_load_version(store, "acme", "hello", 1, &limits, &s, &error) != E_CORRUPT)
            ck_abort_msg("not seen: %s", changes[i]);
        ck_assert_ptr_nonnull(strstr(error.message, "version 1 of worker 'hello'"));
        ck_assert_ptr_null(s);
        store_close(store);
    }
}
END_TEST

/* Notes each worker as "tenant/worker:number ", with - for one without an active version and ! for
 * a damaged one. */
static void note_active(void *arg, struct script *s)
{
    buffer_append_format(arg, "%s/%s:%u ", s->tenant, s->worker, s->version);
    script_unref(s);
}

static void note_inactive(void *arg, const char *tenant, const char *worker)
{
    buffer_append_format(arg, "%s/%s:- ", tenant, worker);
}

static void note_damaged(void *arg, const char *tenant, const char *worker,
                         const struct error *error)
{
    ck_assert_ptr_nonnull(strstr(error->message, worker));
    buffer_append_format(arg, "%s/%s:! ", tenant, worker);
}

static void visit_workers(struct store *store, const char *expected)
{
    struct limits limits = limits_default();
    struct buffer visited = {0};
    const struct worker_visitor visitor = {&visited, note_active, note_inactive, note_damaged};

    ck_assert_int_eq(store_each_worker(store, &limits, &visitor, NULL), 0);
    buffer_append(&visited, "", 1);
    ck_assert_str_eq(visited.data, expected);
    buffer_release(&visited);
}

static struct store *store_with_active(void)
{
    struct store *store = new_store();

    put_version(store, "two", "a", "1", true);
    put_version(store, "one", "c", "1", true);
    put_version(store, "one", "c", "2", true);
    put_version(store, "one", "b", "1", false);
    put_version(store, "one", "a", "1", true);
    put_version(store, "one", "a", "2", false);
    return store;
}

START_TEST(store_each_worker_any_is_visited)
{
    struct store *store = store_with_active();

    visit_workers(store, "one/a:1 one/b:- one/c:2 two/a:1 ");
    store_close(store);
}
END_TEST

START_TEST(store_each_worker_empty_store_visits_none)
{
    struct store *store = new_store();

    visit_workers(store, "");
    store_close(store);
}
END_TEST

START_TEST(store_each_worker_damaged_version_stops_nobody_else)
{
    struct store *store = store_with_active();

    store_close(store);
    run_sql(DB,
            "UPDATE files SET content = x'33' WHERE version ="
            " (SELECT v.id FROM versions AS v JOIN workers AS w ON w.id = v.worker"
            "  WHERE w.name = 'c' AND v.number = 2)",
            false);
    store = open_store(DB);
    visit_workers(store, "one/a:1 one/b:- one/c:! two/a:1 ");
    put_version(store, "one", "d", "1", true); /* no statement was left open */
    store_close(store);
}
END_TEST

UNIT_MAIN("store_load", store_load_version_one_file_is_the_same,
          store_load_version_many_files_keep_their_order,
          store_load_version_odd_contents_are_the_same,
          store_load_version_classic_script_keeps_its_kind,
          store_load_version_other_kinds_are_the_same, store_load_version_allow_eval_is_kept,
          store_load_version_of_a_server_without_eval_allows_none,
          store_load_version_largest_bundle_is_the_same,
          store_load_version_any_carries_number_and_limits, store_load_version_missing_is_not_found,
          store_load_version_changed_in_the_file_is_corrupt, store_each_worker_any_is_visited,
          store_each_worker_empty_store_visits_none,
          store_each_worker_damaged_version_stops_nobody_else)
