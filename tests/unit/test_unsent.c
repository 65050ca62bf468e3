/* server/unsent: answers on their way. */
#include "server/unsent.h"

#include "unit.h"

#define KIB ((size_t)1 << 10)
#define BOUND (1024 * KIB)

static bool add(struct unsent *u, size_t bytes, const char *peer, struct unsent_connection **ret)
{
    return unsent_add(u, bytes, peer, ret);
}

START_TEST(unsent_add_small_answers_are_only_counted)
{
    struct unsent_connection *c;
    struct unsent u;

    unsent_init(&u, BOUND);
    for (int i = 0; i < 1000; i++)
        ck_assert(add(&u, 64 * KIB, NULL, &c) && c == NULL);
    ck_assert_uint_eq(unsent_total(&u), 64000 * KIB);
    for (int i = 0; i < 1000; i++)
        unsent_remove(&u, 64 * KIB, NULL);
    ck_assert_uint_eq(unsent_total(&u), 0);
    unsent_release(&u);
}
END_TEST

START_TEST(unsent_add_one_connection_has_a_quarter)
{
    struct unsent_connection *a[3], *b;
    struct unsent u;

    unsent_init(&u, BOUND);
    ck_assert(add(&u, 100 * KIB, "a", &a[0]));
    ck_assert(add(&u, 100 * KIB, "a", &a[1]));
    ck_assert(!add(&u, 100 * KIB, "a", &a[2]));
    ck_assert(add(&u, 100 * KIB, "b", &b));
    unsent_remove(&u, 100 * KIB, a[0]);
    ck_assert(add(&u, 100 * KIB, "a", &a[2]));
    unsent_remove(&u, 100 * KIB, a[1]);
    unsent_remove(&u, 100 * KIB, a[2]);
    unsent_remove(&u, 100 * KIB, b);
    ck_assert_uint_eq(unsent_total(&u), 0);
    unsent_release(&u);
}
END_TEST

START_TEST(unsent_add_all_together_have_the_bound)
{
    struct unsent_connection *c[6];
    struct unsent u;

    unsent_init(&u, BOUND);
    for (int i = 0; i < 5; i++) {
        const char peer[2] = {(char)('a' + i), '\0'};

        ck_assert(add(&u, 200 * KIB, peer, &c[i]));
    }
    ck_assert(!add(&u, 200 * KIB, "z", &c[5]));
    for (int i = 0; i < 5; i++)
        unsent_remove(&u, 200 * KIB, c[i]);
    unsent_release(&u);
}
END_TEST

START_TEST(unsent_add_a_single_answer_may_be_larger_than_its_part)
{
    struct unsent_connection *c, *other;
    struct unsent u;

    unsent_init(&u, BOUND);
    ck_assert(add(&u, 4 * BOUND, "a", &c));
    ck_assert(!add(&u, 100 * KIB, "b", &other));
    unsent_remove(&u, 4 * BOUND, c);
    unsent_release(&u);
}
END_TEST

UNIT_MAIN("unsent", unsent_add_small_answers_are_only_counted,
          unsent_add_one_connection_has_a_quarter, unsent_add_all_together_have_the_bound,
          unsent_add_a_single_answer_may_be_larger_than_its_part)
