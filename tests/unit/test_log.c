/* api/log: what a line looks like, and when there is one. */
#include "api/log.h"

#include "api/bytes.h"
#include "unit.h"

#include <regex.h>
#include <stdio.h>
#include <unistd.h>

/* Lines that were logged, one after the other. */
static struct buffer lines;

static void keep(void *arg, const char *line, size_t len)
{
    buffer_append(arg, line, len);
}

/* What was logged since the sink was set, without the time of the first line. */
static const char *logged(void)
{
    const char *at;

    buffer_append(&lines, "", 1);
    at = strchr(lines.data, ' ');
    return at ? at + 1 : lines.data;
}

static void capture(void)
{
    log_set_sink(keep, &lines);
}

START_TEST(log_write_no_fields_is_level_and_message)
{
    capture();
    log_info("started");
    ck_assert_str_eq(logged(), "level=info msg=started\n");
}
END_TEST

START_TEST(log_write_time_is_utc_with_milliseconds)
{
    regex_t form;

    capture();
    log_info("started");
    logged();
    ck_assert_int_eq(regcomp(&form,
                             "^time=20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:"
                             "[0-6][0-9]\\.[0-9]{3}Z level=",
                             REG_EXTENDED | REG_NOSUB),
                     0);
    ck_assert_int_eq(regexec(&form, lines.data, 0, NULL, 0), 0);
    regfree(&form);
}
END_TEST

START_TEST(log_write_fields_follow_in_order)
{
    capture();
    log_warn("worker deployed", log_text("worker", "hello"), log_number("version", UINT64_MAX),
             log_bytes("part", "abcdef", 3));
    ck_assert_str_eq(logged(), "level=warn msg=\"worker deployed\" worker=hello "
                               "version=18446744073709551615 part=abc\n");
}
END_TEST

START_TEST(log_write_values_that_are_not_plain_are_quoted)
{
    capture();
    log_info("m", log_text("empty", ""), log_text("null", NULL), log_text("space", "a b"),
             log_text("equals", "a=b"), log_text("quote", "a\"b"), log_text("backslash", "a\\b"));
    ck_assert_str_eq(
        logged(),
        "level=info msg=m empty=\"\" null=\"\" space=\"a b\" equals=\"a=b\" quote=\"a\\\"b\" backslash=\"a\\\\b\"\n");
}
END_TEST

START_TEST(log_write_control_characters_cannot_forge_a_line)
{
    capture();
    log_error("a\nlevel=info", log_bytes("v", "q\"\\\r\t\x01\x7f\0z", 9));
    ck_assert_str_eq(logged(),
                     "level=error msg=\"a\\nlevel=info\" v=\"q\\\"\\\\\\r\\t\\x01\\x7f\\x00z\"\n");
}
END_TEST

START_TEST(log_write_what_steers_a_terminal_is_escaped)
{
    capture();
    log_info("m", log_text("c1", "\xc2\x9b[2J"), log_text("bidi", "a\xe2\x80\xae\xe2\x81\xa6"),
             log_text("not", "\xc2\xa0\xe2\x80\x94"));
    ck_assert_str_eq(
        logged(),
        "level=info msg=m c1=\"\\u009b[2J\" bidi=\"a\\u202e\\u2066\" not=\xc2\xa0\xe2\x80\x94\n");
}
END_TEST

START_TEST(log_write_letters_beyond_ascii_stay)
{
    capture();
    log_info("grüße", log_text("v", "é"));
    ck_assert_str_eq(logged(), "level=info msg=grüße v=é\n");
}
END_TEST

START_TEST(log_write_long_value_is_whole)
{
    char value[20001];

    memset(value, 'x', sizeof(value) - 1);
    value[sizeof(value) - 1] = '\0';
    capture();
    log_info("m", log_text("v", value));
    ck_assert_ptr_nonnull(strstr(logged(), value));
}
END_TEST

START_TEST(log_write_at_first_leaves_out_debug)
{
    capture();
    log_debug("quiet");
    log_info("loud");
    ck_assert_str_eq(logged(), "level=info msg=loud\n");
}
END_TEST

START_TEST(log_write_evaluates_to_one_line_each)
{
    size_t first_len;

    capture();
    log_info("one");
    first_len = lines.len;
    log_info("two");
    ck_assert_int_eq(lines.data[first_len - 1], '\n');
    ck_assert_int_eq(lines.data[lines.len - 1], '\n');
    ck_assert_uint_eq(lines.len, 2 * first_len);
}
END_TEST

START_TEST(log_set_level_each_lets_itself_and_worse_through)
{
    for (int level = LOG_DEBUG; level <= LOG_OFF; level++) {
        log_set_level((enum log_level)level);
        for (int line = LOG_DEBUG; line <= LOG_ERROR; line++)
            ck_assert_int_eq(log_is_on((enum log_level)line), line >= level);
    }
}
END_TEST

START_TEST(log_set_level_off_writes_nothing)
{
    capture();
    log_set_level(LOG_OFF);
    log_error("quiet");
    ck_assert_uint_eq(lines.len, 0);
}
END_TEST

START_TEST(log_set_sink_null_writes_to_stderr)
{
    char text[200];
    int ends[2];
    ssize_t len;

    capture();
    log_set_sink(NULL, NULL);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    log_info("started");
    len = read(ends[0], text, sizeof(text) - 1);
    ck_assert_int_gt(len, 0);
    text[len] = '\0';
    ck_assert_str_eq(strchr(text, ' '), " level=info msg=started\n");
    ck_assert_uint_eq(lines.len, 0);
}
END_TEST

START_TEST(log_level_parse_name_is_its_level)
{
    for (int level = LOG_DEBUG; level <= LOG_OFF; level++) {
        enum log_level parsed;

        ck_assert_int_eq(log_level_parse(log_level_name((enum log_level)level), &parsed), 0);
        ck_assert_int_eq(parsed, level);
    }
}
END_TEST

START_TEST(log_level_parse_other_text_is_refused)
{
    enum log_level parsed = LOG_ERROR;

    ck_assert_int_eq(log_level_parse("loud", &parsed), E_INVALID);
    ck_assert_int_eq(log_level_parse("", &parsed), E_INVALID);
    ck_assert_int_eq(log_level_parse("INFO", &parsed), E_INVALID);
    ck_assert_int_eq(parsed, LOG_ERROR);
}
END_TEST

UNIT_MAIN("log", log_write_no_fields_is_level_and_message, log_write_time_is_utc_with_milliseconds,
          log_write_fields_follow_in_order, log_write_values_that_are_not_plain_are_quoted,
          log_write_control_characters_cannot_forge_a_line,
          log_write_what_steers_a_terminal_is_escaped, log_write_letters_beyond_ascii_stay,
          log_write_long_value_is_whole, log_write_at_first_leaves_out_debug,
          log_write_evaluates_to_one_line_each, log_set_level_each_lets_itself_and_worse_through,
          log_set_level_off_writes_nothing, log_set_sink_null_writes_to_stderr,
          log_level_parse_name_is_its_level, log_level_parse_other_text_is_refused)
