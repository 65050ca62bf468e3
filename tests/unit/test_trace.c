/* api/trace: traceparents that are ones, and those that are not. */
#include "api/trace.h"

#include "unit.h"

#define GOOD "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static bool parses(const char *text)
{
    struct trace trace;

    return trace_parse(bytes_of(text), &trace);
}

START_TEST(parse_and_format)
{
    struct trace trace;
    char text[TRACE_PARENT_LEN + 1], id[TRACE_ID_LEN + 1];

    ck_assert(trace_parse(bytes_of(GOOD), &trace));
    ck_assert_uint_eq(trace.id[0], UINT64_C(0x4bf92f3577b34da6));
    ck_assert_uint_eq(trace.id[1], UINT64_C(0xa3ce929d0e0e4736));
    ck_assert_uint_eq(trace.parent, UINT64_C(0x00f067aa0ba902b7));
    ck_assert_uint_eq(trace.flags, 1);
    trace_format(&trace, trace.parent, text);
    ck_assert_str_eq(text, GOOD);
    trace_format(&trace, UINT64_C(0xb7ad6b7169203331), text);
    ck_assert_str_eq(text, "00-4bf92f3577b34da6a3ce929d0e0e4736-b7ad6b7169203331-01");
    trace_format_id(&trace, id);
    ck_assert_str_eq(id, "4bf92f3577b34da6a3ce929d0e0e4736");
}
END_TEST

START_TEST(parse_later_version)
{
    ck_assert(parses("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
    ck_assert(parses("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-comes"));
    ck_assert(!parses("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.what-comes"));
}
END_TEST

START_TEST(parse_refuses)
{
    static const char *const texts[] = {
        "",
        "00",
        GOOD "-",
        GOOD "0",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "0x-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
        "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7_01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        ck_assert_msg(!parses(texts[i]), "%s", texts[i]);
}
END_TEST

UNIT_MAIN("trace", parse_and_format, parse_later_version, parse_refuses)
