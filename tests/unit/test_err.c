/* api/err: numbers, names, messages. */
#include "api/err.h"

#include "unit.h"

START_TEST(err_name_known_number_is_its_own)
{
    for (int err = E_INTERNAL; err <= E_OK; err++) {
        ck_assert_str_ne(err_name(err), "E_UNKNOWN");
        for (int other = E_INTERNAL; other < err; other++)
            ck_assert_str_ne(err_name(err), err_name(other));
    }
    ck_assert_str_eq(err_name(0), "E_OK");
    ck_assert_str_eq(err_name(E_BUSY), "E_BUSY");
    ck_assert_str_eq(err_name(E_INTERNAL), "E_INTERNAL");
}
END_TEST

START_TEST(err_name_unknown_number_is_unknown)
{
    ck_assert_str_eq(err_name(1), "E_UNKNOWN");
    ck_assert_str_eq(err_name(E_INTERNAL - 1), "E_UNKNOWN");
}
END_TEST

START_TEST(error_set_all_given_fills_all_in)
{
    struct error error;
    int err = error_set(&error, E_INVALID, "files[0].name", "%d of %s", 3, "them");

    ck_assert_int_eq(err, E_INVALID);
    ck_assert_int_eq(error.code, E_INVALID);
    ck_assert_str_eq(error.field, "files[0].name");
    ck_assert_str_eq(error.message, "3 of them");
}
END_TEST

START_TEST(error_set_null_field_is_empty)
{
    struct error error = {.field = "before"};

    error_set(&error, E_IO, NULL, "text");
    ck_assert_str_eq(error.field, "");
}
END_TEST

START_TEST(error_set_null_error_returns_the_number)
{
    ck_assert_int_eq(error_set(NULL, E_NOMEM, "field", "text"), E_NOMEM);
}
END_TEST

START_TEST(error_set_long_texts_are_cut)
{
    struct error error;
    char text[5000];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    error_set(&error, E_IO, text, "%s", text);
    ck_assert_uint_eq(strlen(error.field), sizeof(error.field) - 1);
    ck_assert_uint_eq(strlen(error.message), sizeof(error.message) - 1);
    ck_assert_int_eq(error.code, E_IO);
}
END_TEST

START_TEST(error_set_cut_characters_are_none)
{
    struct error error;

    error_set(&error, E_INVALID, NULL, "'%.4s' is no name", "a\xc3\xa9\xc3\xa9");
    ck_assert_str_eq(error.message, "'a\xc3\xa9?' is no name");
    error_set(&error, E_INVALID, NULL, "%1022s\xe6\x97\xa5", "");
    ck_assert_str_eq(error.message + 1022, "?");
}
END_TEST

UNIT_MAIN("err", err_name_known_number_is_its_own, err_name_unknown_number_is_unknown,
          error_set_all_given_fills_all_in, error_set_null_field_is_empty,
          error_set_null_error_returns_the_number, error_set_long_texts_are_cut,
          error_set_cut_characters_are_none)
