/* A lane's warm isolates: by version, by rest. */
#include "pools/cache.h"

#include "pools/actor.h"
#include "unit.h"

static struct cache cache;
static struct actor actors[4];
static struct script scripts[4];

static void add_all(void)
{
    for (int i = 0; i < 4; i++) {
        actors[i].script = &scripts[i];
        cache_add(&cache, &actors[i]);
    }
}

START_TEST(cache_find_returns_the_versions_actor)
{
    add_all();
    for (int i = 0; i < 4; i++)
        ck_assert_ptr_eq(cache_find(&cache, &scripts[i]), &actors[i]);
    cache_remove(&cache, &actors[2]);
    ck_assert_ptr_null(cache_find(&cache, &scripts[2]));
    cache_remove(&cache, &actors[2]);
    ck_assert_ptr_eq(cache_find(&cache, &scripts[3]), &actors[3]);
}
END_TEST

START_TEST(cache_add_second_of_a_version_aborts)
{
    add_all();
    struct actor second = {.script = &scripts[0]};

    cache_add(&cache, &second);
}
END_TEST

START_TEST(cache_oldest_is_the_one_that_rests_longest)
{
    add_all();
    ck_assert_ptr_null(cache_oldest(&cache));
    cache_rest(&cache, &actors[1], 10);
    cache_rest(&cache, &actors[0], 20);
    cache_rest(&cache, &actors[3], 30);
    cache_rest(&cache, &actors[1], 40); /* rests already */
    ck_assert_ptr_eq(cache_oldest(&cache), &actors[1]);
    ck_assert_uint_eq(actors[1].rest.since_ns, 10);
    cache_use(&cache, &actors[1]);
    cache_use(&cache, &actors[1]);
    ck_assert_ptr_eq(cache_oldest(&cache), &actors[0]);
    cache_rest(&cache, &actors[1], 50);
    cache_remove(&cache, &actors[0]);
    ck_assert_ptr_eq(cache_oldest(&cache), &actors[3]);
    cache_remove(&cache, &actors[3]);
    ck_assert_ptr_eq(cache_oldest(&cache), &actors[1]);
}
END_TEST

UNIT_MAIN("cache", cache_find_returns_the_versions_actor, cache_add_second_of_a_version_aborts,
          cache_oldest_is_the_one_that_rests_longest)
