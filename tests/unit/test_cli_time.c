/* cli/time_option. */
#include "cli/time_option.h"

#include "unit.h"

#include <time.h>

static void expect(const char *text, int64_t seconds)
{
    Google__Protobuf__Timestamp time;

    ck_assert_msg(time_option_parse(text, &time), "%s", text);
    ck_assert_int_eq(time.seconds, seconds);
    ck_assert_int_eq(time.nanos, 0);
}

static void expect_ago(const char *text, int64_t seconds)
{
    Google__Protobuf__Timestamp parsed;
    int64_t expected = (int64_t)time(NULL) - seconds;

    ck_assert_msg(time_option_parse(text, &parsed), "%s", text);
    ck_assert_int_ge(parsed.seconds, expected);
    ck_assert_int_le(parsed.seconds, expected + 5);
}

START_TEST(parse_utc)
{
    expect("2026-01-31", 1769817600);
    expect("2026-01-31T12:30", 1769862600);
    expect("2026-01-31T12:30:05", 1769862605);
    expect("2026-01-31T12:30:05Z", 1769862605);
    expect("2026-01-31 12:30:05", 1769862605);
}
END_TEST

START_TEST(parse_ago)
{
    expect_ago("30s", 30);
    expect_ago("10m", 600);
    expect_ago("2h", 7200);
    expect_ago("3d", 259200);
    expect_ago("0s", 0);
}
END_TEST

START_TEST(parse_refuses)
{
    static const char *const texts[] = {"",
                                        "10",
                                        "m",
                                        "-5m",
                                        "5 m",
                                        "5w",
                                        "5mm",
                                        "2026-01",
                                        "2026-13-01",
                                        "yesterday",
                                        "99999999999999999999s",
                                        "2026-01-31T12:30:05+01:00"};
    Google__Protobuf__Timestamp time;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        ck_assert_msg(!time_option_parse(texts[i], &time), "%s", texts[i]);
}
END_TEST

UNIT_MAIN("cli_time", parse_utc, parse_ago, parse_refuses)
