/* api/limits: the defaults that the documents promise, and the names. */
#include "api/limits.h"

#include "unit.h"

START_TEST(limits_default_times_are_as_documented)
{
    struct limits limits = limits_default();

    ck_assert_uint_eq(limits.cpu_us, 1000000);
    ck_assert_uint_eq(limits.wall_us, 30000000);
    ck_assert_uint_eq(limits.startup_us, 1000000);
}
END_TEST

START_TEST(limits_default_sizes_are_as_documented)
{
    struct limits limits = limits_default();

    ck_assert_uint_eq(limits.heap_bytes, 128 * 1024 * 1024);
    ck_assert_uint_eq(limits.external_bytes, 128 * 1024 * 1024);
    ck_assert_uint_eq(limits.response_body_bytes, 4 * 1024 * 1024 - 64 * 1024);
}
END_TEST

START_TEST(limits_default_no_limit_is_zero)
{
    struct limits limits = limits_default();

    ck_assert_uint_gt(limits.response_header_bytes, 0);
    ck_assert_uint_gt(limits.log_lines, 0);
    ck_assert_uint_gt(limits.log_bytes, 0);
}
END_TEST

START_TEST(limit_title_each_is_its_own)
{
    for (int i = LIMIT_NONE; i <= LIMIT_BODY_IDLE; i++) {
        for (int j = LIMIT_NONE; j < i; j++)
            ck_assert_str_ne(limit_title((enum limit)i), limit_title((enum limit)j));
    }
    ck_assert_str_eq(limit_title(LIMIT_CPU), "CPU time");
}
END_TEST

START_TEST(limit_unit_time_is_us)
{
    ck_assert_str_eq(limit_unit(LIMIT_CPU), "us");
    ck_assert_str_eq(limit_unit(LIMIT_WALL), "us");
    ck_assert_str_eq(limit_unit(LIMIT_STARTUP), "us");
    ck_assert_str_eq(limit_unit(LIMIT_BODY_IDLE), "us");
}
END_TEST

START_TEST(limit_unit_size_is_bytes)
{
    ck_assert_str_eq(limit_unit(LIMIT_HEAP), "bytes");
    ck_assert_str_eq(limit_unit(LIMIT_EXTERNAL_MEMORY), "bytes");
    ck_assert_str_eq(limit_unit(LIMIT_STACK), "bytes");
    ck_assert_str_eq(limit_unit(LIMIT_RESPONSE_BODY), "bytes");
    ck_assert_str_eq(limit_unit(LIMIT_RESPONSE_HEADERS), "bytes");
}
END_TEST

UNIT_MAIN("limits", limits_default_times_are_as_documented, limits_default_sizes_are_as_documented,
          limits_default_no_limit_is_zero, limit_title_each_is_its_own, limit_unit_time_is_us,
          limit_unit_size_is_bytes)
