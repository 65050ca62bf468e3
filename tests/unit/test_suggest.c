/* api/suggest: what a word was meant to be. */
#include "api/suggest.h"

#include "unit.h"

static const char *suggested(const char *text)
{
    static const char *const names[] = {"deploy", "exec", "workers", "version", "health", "top"};
    struct suggestion suggestion;

    suggest_begin(&suggestion, text);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        suggest_consider(&suggestion, names[i]);
    return suggestion.best ? suggestion.best : "";
}

START_TEST(suggest_distance_counts_edits)
{
    ck_assert_uint_eq(suggest_distance("", ""), 0);
    ck_assert_uint_eq(suggest_distance("abc", "abc"), 0);
    ck_assert_uint_eq(suggest_distance("abc", ""), 3);
    ck_assert_uint_eq(suggest_distance("abc", "abd"), 1);
    ck_assert_uint_eq(suggest_distance("abc", "acb"), 1);
    ck_assert_uint_eq(suggest_distance("abc", "xabcy"), 2);
    ck_assert_uint_eq(suggest_distance("kitten", "sitting"), 3);
}
END_TEST

START_TEST(suggest_distance_of_long_texts_looks_at_their_beginning)
{
    char a[200], b[200];

    memset(a, 'a', sizeof(a));
    memset(b, 'a', sizeof(b));
    a[199] = b[199] = '\0';
    b[150] = 'b';
    ck_assert_uint_eq(suggest_distance(a, b), 0);
    b[0] = 'b';
    ck_assert_uint_eq(suggest_distance(a, b), 1);
}
END_TEST

START_TEST(suggest_consider_near_name_is_found)
{
    ck_assert_str_eq(suggested("wrkers"), "workers");
    ck_assert_str_eq(suggested("dpeloy"), "deploy");
    ck_assert_str_eq(suggested("exce"), "exec");
    ck_assert_str_eq(suggested("vers"), "version");
    ck_assert_str_eq(suggested("tpo"), "top");
}
END_TEST

START_TEST(suggest_consider_far_name_is_not_found)
{
    ck_assert_str_eq(suggested("xyzzy"), "");
    ck_assert_str_eq(suggested("q"), "");
    ck_assert_str_eq(suggested(""), "");
    ck_assert_str_eq(suggested("employment"), "");
}
END_TEST

UNIT_MAIN("suggest", suggest_distance_counts_edits,
          suggest_distance_of_long_texts_looks_at_their_beginning,
          suggest_consider_near_name_is_found, suggest_consider_far_name_is_not_found)
