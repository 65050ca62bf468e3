/* api/failure: filling in, copying, releasing. */
#include "api/failure.h"

#include "api/bytes.h"
#include "unit.h"

static struct failure full_failure(void)
{
    struct failure f = {0};

    failure_set(&f, FAILURE_EXCEPTION, PHASE_HANDLER, "%s at %d", "thrown", 7);
    f.stack = xstrdup("stack");
    f.file = xstrdup("main.js");
    f.line = 3;
    f.column = 9;
    return f;
}

START_TEST(failure_set_empty_fills_it_in)
{
    struct failure f = {0};

    failure_set(&f, FAILURE_SYNTAX, PHASE_STARTUP, "%s at %d", "unexpected", 7);
    ck_assert_int_eq(f.reason, FAILURE_SYNTAX);
    ck_assert_int_eq(f.phase, PHASE_STARTUP);
    ck_assert_str_eq(f.message, "unexpected at 7");
    ck_assert_ptr_null(f.stack);
    ck_assert_ptr_null(f.file);
    failure_release(&f);
}
END_TEST

START_TEST(failure_set_filled_clears_the_rest)
{
    struct failure f = full_failure();

    f.limit = LIMIT_CPU;
    f.used = 1;
    failure_set(&f, FAILURE_DRAINING, PHASE_QUEUE, "later");
    ck_assert_int_eq(f.reason, FAILURE_DRAINING);
    ck_assert_int_eq(f.limit, LIMIT_NONE);
    ck_assert_uint_eq(f.used, 0);
    ck_assert_ptr_null(f.stack);
    ck_assert_ptr_null(f.file);
    ck_assert_uint_eq(f.line, 0);
    ck_assert_str_eq(f.message, "later");
    failure_release(&f);
}
END_TEST

START_TEST(failure_set_limit_time_says_used_and_allowed)
{
    struct failure f = {0};

    failure_set_limit(&f, LIMIT_CPU, PHASE_HANDLER, 1500, 1000);
    ck_assert_int_eq(f.reason, FAILURE_LIMIT_EXCEEDED);
    ck_assert_int_eq(f.phase, PHASE_HANDLER);
    ck_assert_int_eq(f.limit, LIMIT_CPU);
    ck_assert_uint_eq(f.used, 1500);
    ck_assert_uint_eq(f.allowed, 1000);
    ck_assert_str_eq(f.message, "the worker reached its limit of CPU time: 1500 us used, 1000 us "
                                "allowed");
    failure_release(&f);
}
END_TEST

START_TEST(failure_set_limit_large_memory_keeps_all_digits)
{
    struct failure f = {0};

    failure_set_limit(&f, LIMIT_HEAP, PHASE_STARTUP, UINT64_MAX, UINT64_C(1) << 40);
    ck_assert_str_eq(f.message, "the worker reached its limit of heap: 18446744073709551615 bytes "
                                "used, 1099511627776 bytes allowed");
    failure_release(&f);
}
END_TEST

START_TEST(failure_copy_full_shares_no_string)
{
    struct failure f = full_failure(), copy;

    failure_copy(&copy, &f);
    ck_assert_ptr_ne(copy.message, f.message);
    ck_assert_ptr_ne(copy.stack, f.stack);
    ck_assert_ptr_ne(copy.file, f.file);
    failure_release(&f);
    ck_assert_int_eq(copy.reason, FAILURE_EXCEPTION);
    ck_assert_int_eq(copy.phase, PHASE_HANDLER);
    ck_assert_str_eq(copy.message, "thrown at 7");
    ck_assert_str_eq(copy.stack, "stack");
    ck_assert_str_eq(copy.file, "main.js");
    ck_assert_uint_eq(copy.line, 3);
    ck_assert_uint_eq(copy.column, 9);
    failure_release(&copy);
}
END_TEST

START_TEST(failure_copy_without_strings_has_none)
{
    struct failure f = {.reason = FAILURE_INTERNAL}, copy;

    failure_copy(&copy, &f);
    ck_assert_int_eq(copy.reason, FAILURE_INTERNAL);
    ck_assert_ptr_null(copy.message);
    ck_assert_ptr_null(copy.stack);
    ck_assert_ptr_null(copy.file);
}
END_TEST

START_TEST(failure_release_twice_is_fine)
{
    struct failure f = full_failure();

    failure_release(&f);
    ck_assert_int_eq(f.reason, FAILURE_NONE);
    ck_assert_ptr_null(f.message);
    failure_release(&f);
}
END_TEST

START_TEST(failure_reason_name_each_is_its_own)
{
    for (int i = FAILURE_NONE; i <= FAILURE_INVALID_PAYLOAD; i++) {
        for (int j = FAILURE_NONE; j < i; j++)
            ck_assert_str_ne(failure_reason_name((enum failure_reason)i),
                             failure_reason_name((enum failure_reason)j));
    }
    ck_assert_str_eq(failure_reason_name(FAILURE_LIMIT_EXCEEDED), "LIMIT_EXCEEDED");
}
END_TEST

START_TEST(failure_reason_name_unknown_is_unspecified)
{
    ck_assert_str_eq(failure_reason_name((enum failure_reason)99), "UNSPECIFIED");
}
END_TEST

UNIT_MAIN("failure", failure_set_empty_fills_it_in, failure_set_filled_clears_the_rest,
          failure_set_limit_time_says_used_and_allowed,
          failure_set_limit_large_memory_keeps_all_digits, failure_copy_full_shares_no_string,
          failure_copy_without_strings_has_none, failure_release_twice_is_fine,
          failure_reason_name_each_is_its_own, failure_reason_name_unknown_is_unspecified)
