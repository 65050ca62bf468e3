/* Prometheus' text format. */
#include "server/exposition.h"

#include "unit.h"

static struct buffer out;

static void expect(const char *text)
{
    ck_assert_uint_eq(out.len, strlen(text));
    ck_assert_msg(memcmp(out.data, text, out.len) == 0, "%.*s", (int)out.len, out.data);
    buffer_release(&out);
}

START_TEST(exposition_family_and_samples)
{
    exposition_family(&out, "a_total", "counter", "What it is.");
    exposition_count(&out, "a_total", "", 3);
    exposition_count(&out, "a_total", "x=\"y\"", UINT64_MAX);
    exposition_single_real(&out, "b_seconds", "gauge", "Seconds.", 0.25);
    expect("# HELP a_total What it is.\n# TYPE a_total counter\n"
           "a_total 3\na_total{x=\"y\"} 18446744073709551615\n"
           "# HELP b_seconds Seconds.\n# TYPE b_seconds gauge\nb_seconds 0.25\n");
}
END_TEST

START_TEST(exposition_label_escapes_what_a_value_may_not_have)
{
    char labels[EXPOSITION_LABELS_BYTES] = "";

    exposition_label(labels, "a", "plain");
    exposition_label(labels, "b", "\"quoted\" back\\slash\nline");
    ck_assert_str_eq(labels, "a=\"plain\",b=\"\\\"quoted\\\" back\\\\slash\\nline\"");
}
END_TEST

START_TEST(exposition_label_without_room_is_left_out_whole)
{
    char labels[EXPOSITION_LABELS_BYTES] = "", before[EXPOSITION_LABELS_BYTES];
    char text[EXPOSITION_LABELS_BYTES + 1];

    memset(text, 'x', sizeof(text));
    text[EXPOSITION_LABELS_BYTES - 10] = '\0';
    exposition_label(labels, "a", text); /* a="": 4 bytes and a NUL */
    ck_assert_uint_eq(strlen(labels), EXPOSITION_LABELS_BYTES - 10 + 4);
    strcpy(before, labels);
    exposition_label(labels, "b", "1234");
    ck_assert_str_eq(labels, before);
    text[EXPOSITION_LABELS_BYTES - 10] = 'x';
    text[EXPOSITION_LABELS_BYTES] = '\0';
    labels[0] = '\0';
    exposition_label(labels, "c", text);
    ck_assert_str_eq(labels, "");
}
END_TEST

/* Values are whole microseconds, rounded down: one of 16 us is not below 16 us. */
START_TEST(exposition_histogram_buckets_are_cumulative_and_exact)
{
    static const struct exposition_scale scale = {4, 6, 1, 1e6};
    static struct histogram h;

    histogram_record(&h, 0);
    histogram_record(&h, 15);
    histogram_record(&h, 16);
    histogram_record(&h, 63);
    histogram_record(&h, 1000000);
    exposition_histogram(&out, "t_seconds", "a=\"b\"", &h, &scale);
    expect("t_seconds_bucket{a=\"b\",le=\"1.6e-05\"} 2\n"
           "t_seconds_bucket{a=\"b\",le=\"3.2e-05\"} 3\n"
           "t_seconds_bucket{a=\"b\",le=\"6.4e-05\"} 4\n"
           "t_seconds_bucket{a=\"b\",le=\"+Inf\"} 5\n"
           "t_seconds_sum{a=\"b\"} 1.000094\nt_seconds_count{a=\"b\"} 5\n");
}
END_TEST

START_TEST(exposition_histogram_without_labels_has_le_alone)
{
    static const struct exposition_scale scale = {7, 9, 2, 1e9};
    static struct histogram h;

    histogram_record(&h, 200);
    exposition_histogram(&out, "h", "", &h, &scale);
    expect("h_bucket{le=\"1.28e-07\"} 0\nh_bucket{le=\"5.12e-07\"} 1\nh_bucket{le=\"+Inf\"} 1\n"
           "h_sum 2e-07\nh_count 1\n");
}
END_TEST

UNIT_MAIN("exposition", exposition_family_and_samples,
          exposition_label_escapes_what_a_value_may_not_have,
          exposition_label_without_room_is_left_out_whole,
          exposition_histogram_buckets_are_cumulative_and_exact,
          exposition_histogram_without_labels_has_le_alone)
