/* server/registry: which version runs. */
#include "server/registry.h"

#include "unit.h"

#include <pthread.h>

static struct script *make(const char *tenant, const char *worker, uint32_t version)
{
    const struct limits limits = limits_default();
    struct script *script = script_new(tenant, worker, 0, &limits);

    script->version = version;
    return script;
}

/* The version that is found, or the error. */
static int find(struct registry *r, const char *tenant, const char *worker)
{
    struct script *script;
    int err = registry_find(r, bytes_of(tenant), bytes_of(worker), &script);
    int version;

    if (err)
        return err;
    version = (int)script->version;
    script_unref(script);
    return version;
}

/* The names of the hottest workers, one after the other. */
static const char *hottest(struct registry *r, size_t max)
{
    static char names[256];
    struct script *scripts[8];
    size_t count = registry_hottest(r, scripts, max);

    names[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        strcat(names, scripts[i]->worker);
        script_unref(scripts[i]);
    }
    return names;
}

static void call(struct registry *r, const char *worker, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        ck_assert_int_eq(find(r, "t", worker), 1);
}

START_TEST(registry_hottest_gives_those_with_the_most_calls)
{
    struct registry *r = registry_new();

    for (char name[] = "a"; name[0] <= 'e'; name[0]++)
        registry_put(r, make("t", name, 1));
    registry_put_inactive(r, "t", "f");
    call(r, "a", 3);
    call(r, "b", 5);
    call(r, "c", 1);
    call(r, "d", 4);
    find(r, "t", "f");
    ck_assert_str_eq(hottest(r, 8), "bdac");
    ck_assert_str_eq(hottest(r, 2), "bd");
    ck_assert_str_eq(hottest(r, 0), "");
    registry_remove(r, "t", "b");
    ck_assert_str_eq(hottest(r, 2), "da");
    registry_put(r, make("t", "d", 2));
    ck_assert_str_eq(hottest(r, 1), "d");
    registry_free(r);
}
END_TEST

START_TEST(registry_hottest_forgets_what_is_long_ago)
{
    struct registry *r = registry_new();

    registry_put(r, make("t", "a", 1));
    registry_put(r, make("t", "b", 1));
    call(r, "a", 100);
    call(r, "b", 3 * REGISTRY_SPAN);
    call(r, "a", 20);
    ck_assert_str_eq(hottest(r, 8), "ba");
    call(r, "a", 10 * REGISTRY_SPAN);
    ck_assert_str_eq(hottest(r, 8), "ab");
    call(r, "a", 20 * REGISTRY_SPAN);
    ck_assert_str_eq(hottest(r, 8), "a");
    registry_free(r);
}
END_TEST

START_TEST(registry_find_what_was_put)
{
    struct registry *r = registry_new();

    registry_put(r, make("t", "w", 1));
    registry_put(r, make("u", "w", 2));
    ck_assert_int_eq(find(r, "t", "w"), 1);
    ck_assert_int_eq(find(r, "u", "w"), 2);
    ck_assert_int_eq(find(r, "t", "x"), E_NOT_FOUND);
    ck_assert_uint_eq(registry_count(r), 2);
    registry_free(r);
}
END_TEST

START_TEST(registry_put_again_replaces)
{
    struct registry *r = registry_new();

    registry_put(r, make("t", "w", 1));
    registry_put(r, make("t", "w", 2));
    ck_assert_int_eq(find(r, "t", "w"), 2);
    ck_assert_uint_eq(registry_count(r), 1);
    registry_free(r);
}
END_TEST

START_TEST(registry_put_inactive_keeps_what_is_active)
{
    struct registry *r = registry_new();

    registry_put_inactive(r, "t", "w");
    ck_assert_int_eq(find(r, "t", "w"), E_CONDITION);
    registry_put(r, make("t", "w", 3));
    registry_put_inactive(r, "t", "w");
    ck_assert_int_eq(find(r, "t", "w"), 3);
    registry_free(r);
}
END_TEST

START_TEST(registry_remove_forgets)
{
    struct registry *r = registry_new();

    registry_put(r, make("t", "w", 1));
    registry_remove(r, "t", "w");
    registry_remove(r, "t", "w");
    ck_assert_int_eq(find(r, "t", "w"), E_NOT_FOUND);
    ck_assert_uint_eq(registry_count(r), 0);
    registry_free(r);
}
END_TEST

START_TEST(registry_find_names_of_any_shape_are_not_found)
{
    struct registry *r = registry_new();
    char longest[200];
    struct script *script;

    memset(longest, 'x', sizeof(longest));
    registry_put(r, make("t", "w", 1));
    ck_assert_int_eq(find(r, "", ""), E_NOT_FOUND);
    ck_assert_int_eq(find(r, "t/w", ""), E_NOT_FOUND);
    for (size_t len = 60; len < sizeof(longest); len++)
        ck_assert_int_eq(registry_find(r, (struct bytes){longest, len},
                                       (struct bytes){longest, sizeof(longest) - len}, &script),
                         E_NOT_FOUND);
    registry_free(r);
}
END_TEST

static void *look(void *arg)
{
    for (int i = 0; i < 20000; i++)
        ck_assert_int_gt(find(arg, "t", "w"), 0);
    return NULL;
}

START_TEST(registry_find_while_it_is_replaced_is_whole)
{
    struct registry *r = registry_new();
    pthread_t threads[2];

    registry_put(r, make("t", "w", 1));
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, look, r);
    for (uint32_t i = 2; i < 5000; i++)
        registry_put(r, make("t", "w", i));
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    registry_free(r);
}
END_TEST

START_TEST(registry_tenants_gives_each_once_and_sorted)
{
    struct registry *r = registry_new();
    uint64_t *keys;
    size_t count;

    ck_assert_uint_eq(registry_tenants(r, &keys), 0);
    free(keys);
    registry_put_inactive(r, "idle", "w");
    for (char tenant[] = "a"; tenant[0] <= 'z'; tenant[0]++) {
        registry_put(r, make(tenant, "v", 1));
        registry_put(r, make(tenant, "w", 1));
        registry_put_inactive(r, tenant, "x");
    }
    registry_remove(r, "y", "v");
    registry_remove(r, "z", "v");
    registry_remove(r, "z", "w");
    count = registry_tenants(r, &keys);
    ck_assert_uint_eq(count, 25);
    for (size_t i = 1; i < count; i++)
        ck_assert_uint_lt(keys[i - 1], keys[i]);
    free(keys);
    registry_free(r);
}
END_TEST

UNIT_MAIN("registry", registry_tenants_gives_each_once_and_sorted,
          registry_hottest_gives_those_with_the_most_calls,
          registry_hottest_forgets_what_is_long_ago, registry_find_what_was_put,
          registry_put_again_replaces, registry_put_inactive_keeps_what_is_active,
          registry_remove_forgets, registry_find_names_of_any_shape_are_not_found,
          registry_find_while_it_is_replaced_is_whole)
