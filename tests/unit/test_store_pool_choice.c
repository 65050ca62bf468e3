/* store/pool_choice: what the last switch chose. */
#include "store/store.h"

#include "store/schema.h"
#include "store_fixture.h"

static void put(struct store *store, const struct pool_choice *choice)
{
    struct error error;

    if (store_put_pool_choice(store, choice, &error))
        ck_abort_msg("store_put_pool_choice: %s", error.message);
}

/* Expects these, as "name=value " one after the other. */
static void expect(struct store *store, const char *expected)
{
    struct pool_choice choice;
    struct buffer found = {0};
    struct error error;

    if (store_get_pool_choice(store, &choice, &error))
        ck_abort_msg("store_get_pool_choice: %s", error.message);
    for (size_t i = 0; i < choice.count; i++)
        buffer_append_format(&found, "%s=%s ", choice.settings[i].name, choice.settings[i].value);
    buffer_append(&found, "", 1);
    ck_assert_str_eq(found.data, expected);
    buffer_release(&found);
}

START_TEST(store_get_pool_choice_of_a_new_database_is_empty)
{
    struct store *store = new_store();

    expect(store, "");
    store_close(store);
}
END_TEST

START_TEST(store_put_pool_choice_replaces_and_survives)
{
    const struct pool_choice first = {3, {{"pool", "legacy"}, {"lanes", "3"}, {"queue", "7"}}};
    const struct pool_choice second = {2, {{"pool", "pinned"}, {"idle-ttl-ms", "0"}}};
    struct store *store = new_store();

    put(store, &first);
    expect(store, "lanes=3 pool=legacy queue=7 ");
    put(store, &second);
    store_close(store);
    store = open_store(DB);
    expect(store, "idle-ttl-ms=0 pool=pinned ");
    put(store, &(struct pool_choice){0});
    expect(store, "");
    store_close(store);
}
END_TEST

START_TEST(store_put_pool_choice_that_fails_changes_nothing)
{
    const struct pool_choice good = {1, {{"pool", "legacy"}}};
    const struct pool_choice twice = {3, {{"pool", "pinned"}, {"lanes", "1"}, {"lanes", "2"}}};
    struct store *store = new_store();
    struct error error;

    put(store, &good);
    ck_assert_int_ne(store_put_pool_choice(store, &twice, &error), 0);
    expect(store, "pool=legacy ");
    store_close(store);
}
END_TEST

START_TEST(store_get_pool_choice_with_too_long_a_name_is_corrupt)
{
    struct pool_choice choice;
    struct store *store;
    struct error error;

    store_close(new_store());
    run_sql(DB, "INSERT INTO pool_choice VALUES ('a-name-of-more-than-thirty-two-bytes', '1')",
            false);
    store = open_store(DB);
    ck_assert_int_eq(store_get_pool_choice(store, &choice, &error), E_CORRUPT);
    store_close(store);
}
END_TEST

START_TEST(store_open_database_without_choices_is_brought_up_to_date)
{
    const struct pool_choice choice = {1, {{"pool", "legacy"}}};
    struct store *store = new_store();

    put_version(store, "default", "hello", "1", true);
    store_close(store);
    undo_migrations(2);
    store = open_store(DB);
    expect_text(store, "default", "hello", 1, "1");
    expect(store, "");
    put(store, &choice);
    store_close(store);
    ck_assert_int_eq(query_sql(DB, "PRAGMA user_version"), schema_latest());
}
END_TEST

UNIT_MAIN("store_pool_choice", store_get_pool_choice_of_a_new_database_is_empty,
          store_put_pool_choice_replaces_and_survives,
          store_put_pool_choice_that_fails_changes_nothing,
          store_get_pool_choice_with_too_long_a_name_is_corrupt,
          store_open_database_without_choices_is_brought_up_to_date)
