/* Those that rest, against a model that keeps them in an array. */
#include "pools/lru.h"

#include "unit.h"

#include <stddef.h>
#include <stdlib.h>

#define ENTRIES 12
#define STEPS 20000

static struct lru lru;
static struct lru_entry entries[ENTRIES];

static int model[ENTRIES]; /* who rests, the longest-resting first */
static int model_count;
static uint64_t model_since_ns[ENTRIES];

static int model_place(int e)
{
    int at = 0;

    while (at < model_count && model[at] != e)
        at++;
    return at;
}

static void model_rest(int e, uint64_t now_ns)
{
    if (model_place(e) < model_count)
        return;
    model[model_count++] = e;
    model_since_ns[e] = now_ns;
}

static void model_use(int e)
{
    int at = model_place(e);

    if (at == model_count)
        return;
    model_count--;
    for (; at < model_count; at++)
        model[at] = model[at + 1];
}

static void check(void)
{
    ck_assert_ptr_eq(lru_oldest(&lru), model_count > 0 ? &entries[model[0]] : NULL);
    for (int e = 0; e < ENTRIES; e++) {
        bool is_resting = model_place(e) < model_count;

        ck_assert(entries[e].is_resting == is_resting);
        if (is_resting)
            ck_assert_uint_eq(entries[e].since_ns, model_since_ns[e]);
    }
}

START_TEST(lru_any_steps_are_the_models)
{
    unsigned seed = 3;

    for (uint64_t step = 1; step <= STEPS; step++) {
        int e = rand_r(&seed) % ENTRIES;

        if (rand_r(&seed) % 2) {
            lru_rest(&lru, &entries[e], step);
            model_rest(e, step);
        } else {
            lru_use(&lru, &entries[e]);
            model_use(e);
        }
        check();
    }
}
END_TEST

START_TEST(lru_oldest_taken_one_by_one_comes_in_order_of_rest)
{
    static const int order[] = {4, 0, 7, 2, 9};
    const size_t count = sizeof(order) / sizeof(order[0]);

    for (size_t i = 0; i < count; i++)
        lru_rest(&lru, &entries[order[i]], i);
    for (size_t i = 0; i < count; i++) {
        ck_assert_ptr_eq(lru_oldest(&lru), &entries[order[i]]);
        lru_use(&lru, &entries[order[i]]);
    }
    ck_assert_ptr_null(lru_oldest(&lru));
}
END_TEST

UNIT_MAIN("lru", lru_any_steps_are_the_models, lru_oldest_taken_one_by_one_comes_in_order_of_rest)
