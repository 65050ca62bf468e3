/* cli/comparison_text, cli/comparison_csv: reports. */
#include "cli/comparison_csv.h"
#include "cli/comparison_text.h"

#include "cli/text.h"
#include "unit.h"

#include <locale.h>
#include <stdio.h>

/* A report of two arms and two rounds, with everything in it; the second arm is shared. */
struct report {
    Isoyard__V1__Comparison comparison;
    Isoyard__V1__ComparisonArmResult arms[2];
    Isoyard__V1__ComparisonArmResult *arm_pointers[2];
    Isoyard__V1__ComparisonArm kinds[2];
    Isoyard__V1__Distribution latency, cold, warm;
    Isoyard__V1__LockStats lock;
    Isoyard__V1__ComparisonRound rounds[2];
    Isoyard__V1__ComparisonRound *round_pointers[2];
    Isoyard__V1__ComparisonRatio ratio;
    Isoyard__V1__ComparisonRatio *ratio_pointer;
    Isoyard__V1__ComparisonInterval interval;
    char *note;
};

static void set_arm(struct report *r, size_t i, const char *name)
{
    Isoyard__V1__ComparisonArmResult *arm = &r->arms[i];

    isoyard__v1__comparison_arm_result__init(arm);
    isoyard__v1__comparison_arm__init(&r->kinds[i]);
    arm->name = (char *)name;
    arm->arm = &r->kinds[i];
    arm->tasks = 330;
    arm->failed = 1;
    arm->tasks_per_s = 1234.56;
    arm->cpu_us_per_task = 456.7;
    arm->isolates_created = 10;
    arm->isolates_evicted = 2;
    arm->memory_bytes = 3 << 20;
    r->arm_pointers[i] = arm;
}

static void set_distribution(Isoyard__V1__Distribution *d, uint64_t count)
{
    isoyard__v1__distribution__init(d);
    d->count = count;
    d->sum_us = 100;
    d->p50_us = 1500;
    d->p99_us = 9900;
    d->max_us = 2500000;
}

static void set_figures(struct report *r)
{
    Isoyard__V1__ComparisonArmResult *arm = &r->arms[1];

    set_distribution(&r->latency, 330);
    set_distribution(&r->cold, 10);
    set_distribution(&r->warm, 320);
    isoyard__v1__lock_stats__init(&r->lock);
    r->lock.acquisitions = 1000;
    r->lock.contended = 123;
    arm->latency = arm->queue_wait = &r->latency;
    arm->cold = &r->cold;
    arm->warm = &r->warm;
    arm->lock = &r->lock;
    r->kinds[1].architecture = ISOYARD__V1__ARCHITECTURE__ARCHITECTURE_SHARED;
    for (size_t i = 0; i < 2; i++) {
        isoyard__v1__comparison_round__init(&r->rounds[i]);
        r->rounds[i].tasks = 165 + i;
        r->round_pointers[i] = &r->rounds[i];
        r->arms[i].n_rounds = 2;
        r->arms[i].rounds = r->round_pointers;
    }
}

static void set_ratio(struct report *r)
{
    isoyard__v1__comparison_ratio__init(&r->ratio);
    isoyard__v1__comparison_interval__init(&r->interval);
    r->ratio.arm = 1;
    r->ratio.metric = ISOYARD__V1__COMPARISON_METRIC__COMPARISON_METRIC_THROUGHPUT;
    r->ratio.median = 1.5;
    r->ratio.min = 1.25;
    r->ratio.max = 1.75;
    r->interval.low = 1.375;
    r->interval.high = 1.625;
    r->ratio.interval = &r->interval;
    r->ratio_pointer = &r->ratio;
    r->comparison.n_ratios = 1;
    r->comparison.ratios = &r->ratio_pointer;
}

static void set_report(struct report *r)
{
    Isoyard__V1__Comparison *c = &r->comparison;

    isoyard__v1__comparison__init(c);
    set_arm(r, 0, "legacy");
    set_arm(r, 1, "shared fifo");
    set_figures(r);
    set_ratio(r);
    c->n_arms = 2;
    c->arms = r->arm_pointers;
    c->id = 7;
    c->title = "synthetic, cpu, 4 callers";
    c->verdict = "shared fifo has 1.50 times the throughput of legacy.";
    c->duration_ms = 12300;
    c->server_version = "1.2.3";
    c->v8_version = "10.2";
    c->processors = 2;
    r->note = "I/O was simulated.";
    c->n_notes = 1;
    c->notes = &r->note;
}

static char *text_of(const Isoyard__V1__Comparison *c,
                     void (*append)(struct buffer *out, const Isoyard__V1__Comparison *c))
{
    struct buffer text = {0};

    append(&text, c);
    buffer_append(&text, "", 1);
    return text.data;
}

START_TEST(comparison_text_is_what_a_person_reads)
{
    static const char expected[] =
        "synthetic, cpu, 4 callers\n"
        "2 rounds, 12.30 s\n"
        "isoyardd 1.2.3, V8 10.2, 2 processors\n"
        "\n"
        "ARM          TASKS/S  P50     P99     MAX     CPU/TASK  QUEUE P99\n"
        "legacy       1234.6   -       -       -       457 us    -\n"
        "shared fifo  1234.6   1.5 ms  9.9 ms  2.50 s  457 us    9.9 ms\n"
        "\n"
        "ARM          COLD  P50     NEW CONTEXT  P50  WARM  P50\n"
        "legacy       -     -       -            -    -     -\n"
        "shared fifo  10    1.5 ms  -            -    320   1.5 ms\n"
        "\n"
        "ARM          TASKS  FAILED  MADE  EVICTED  LOCK    ISOLATE  MEMORY\n"
        "legacy       330    1       10    2        -       -        3.0 MiB\n"
        "shared fifo  330    1       10    2        12.3 %  -        3.0 MiB\n"
        "\n"
        "ARM          FIGURE   x legacy  SPREAD        95 % INTERVAL\n"
        "shared fifo  tasks/s  1.5       1.25 to 1.75  1.38 to 1.62\n"
        "\n"
        "note: I/O was simulated.\n"
        "shared fifo has 1.50 times the throughput of legacy.\n"
        "stored as comparison 7\n";
    struct report r = {.note = NULL};
    char *text;

    setlocale(LC_CTYPE, "C.UTF-8");
    set_report(&r);
    text = text_of(&r.comparison, comparison_text_append);
    ck_assert_str_eq(text, expected);
    free(text);
}
END_TEST

START_TEST(comparison_text_of_large_figures_fits_80_columns)
{
    struct report r = {.note = NULL};
    char *text;

    setlocale(LC_CTYPE, "C.UTF-8");
    set_report(&r);
    for (size_t i = 0; i < 2; i++) {
        r.arms[i].name = i == 0 ? "shared mutex" : "a name that no server of today gives to an arm";
        r.arms[i].tasks = 999999999;
        r.arms[i].failed = 99999999;
        r.arms[i].tasks_per_s = 9999999.9;
        r.arms[i].isolates_created = 9999999;
        r.arms[i].isolates_evicted = 9999999;
        r.arms[i].memory_bytes = UINT64_C(1023) << 20;
    }
    r.latency.p50_us = r.latency.p99_us = 999900;
    r.cold.count = r.warm.count = 99999999;
    r.lock.contended = r.lock.acquisitions = UINT64_C(1) << 40;
    r.ratio.median = r.ratio.min = r.ratio.max = 1234567;
    text = text_of(&r.comparison, comparison_text_append);
    for (char *at = strtok(text, "\n"); at; at = strtok(NULL, "\n"))
        ck_assert_msg(text_width(at) <= 80, "%s", at);
    free(text);
}
END_TEST

START_TEST(comparison_text_that_lacks_everything_is_fine)
{
    Isoyard__V1__Comparison empty = ISOYARD__V1__COMPARISON__INIT;
    char *text = text_of(&empty, comparison_text_append);

    ck_assert_ptr_nonnull(strstr(text, "0 rounds"));
    ck_assert_ptr_nonnull(strstr(text, "not stored\n"));
    free(text);
}
END_TEST

START_TEST(comparison_text_escapes_control_characters)
{
    struct report r = {.note = NULL};
    char *text;

    setlocale(LC_CTYPE, "C.UTF-8");
    set_report(&r);
    r.comparison.title = r.comparison.verdict = r.note = r.arms[1].name = "\x1b[2J\n";
    r.comparison.server_version = r.comparison.v8_version = "\x1b";
    text = text_of(&r.comparison, comparison_text_append);
    ck_assert_ptr_null(strchr(text, '\x1b'));
    ck_assert_ptr_nonnull(strstr(text, "note: \\x1b[2J\\x0a\n"));
    free(text);
}
END_TEST

START_TEST(csv_value_is_quoted_where_it_must_be)
{
    static const char *const values[][2] = {
        {"plain text", "plain text"}, {"", ""},
        {"a,b", "\"a,b\""},           {"say \"no\"", "\"say \"\"no\"\"\""},
        {"a\nb", "\"a\nb\""},         {"\r", "\"\r\""}};

    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        struct buffer out = {0};

        csv_append_value(&out, values[i][0]);
        buffer_append(&out, "", 1);
        ck_assert_str_eq(out.data, values[i][1]);
        buffer_release(&out);
    }
}
END_TEST

/* The value of a column in a line, both counted from 0; none of the values before it is in quotes
 * but the title. */
static void expect_cell(const char *csv, unsigned line, const char *column, const char *expected)
{
    char *copy = strdup(csv), *lines = copy, *heads = strsep(&lines, "\n"), *cells = NULL, *cell;
    const char *title = "\"synthetic, cpu, 4 callers\"";

    for (unsigned i = 0; i < line; i++)
        cells = strsep(&lines, "\n");
    cells[strlen(cells) - 1] = '\0'; /* of CRLF */
    heads[strlen(heads) - 1] = '\0';
    if (strstr(cells, title)) /* without its commas */
        memset(strstr(cells, title), 'T', strlen(title));
    for (;;) {
        const char *head = strsep(&heads, ",");

        ck_assert_msg(head != NULL, "no column %s", column);
        cell = strsep(&cells, ",");
        ck_assert_ptr_nonnull(cell);
        if (strcmp(head, column) == 0)
            break;
    }
    ck_assert_str_eq(cell, expected);
    free(copy);
}

/* Commas that part columns, in each line. */
static void expect_rectangle(const char *csv, unsigned expected_lines)
{
    unsigned first = 0, count = 0, lines = 0;
    bool is_quoted = false;

    for (; *csv; csv++) {
        if (*csv == '"')
            is_quoted = !is_quoted;
        count += *csv == ',' && !is_quoted;
        if (*csv != '\n')
            continue;
        ck_assert_int_eq(csv[-1], '\r');
        first = lines == 0 ? count : first;
        ck_assert_uint_eq(count, first);
        count = 0;
        lines++;
    }
    ck_assert_uint_eq(lines, expected_lines);
    ck_assert_uint_gt(first, 5);
}

START_TEST(comparison_csv_has_a_line_for_each_arm_with_all_figures)
{
    struct report r = {.note = NULL};
    char *csv;

    set_report(&r);
    csv = text_of(&r.comparison, comparison_csv_append_arms);
    expect_rectangle(csv, 3);
    ck_assert_ptr_nonnull(strstr(csv, "\r\n7,,\"synthetic, cpu, 4 callers\","));
    expect_cell(csv, 1, "comparison", "7");
    expect_cell(csv, 2, "arm_architecture", "ARCHITECTURE_SHARED");
    expect_cell(csv, 2, "name", "shared fifo");
    expect_cell(csv, 2, "tasks", "330");
    expect_cell(csv, 2, "tasks_per_s", "1234.56");
    expect_cell(csv, 2, "latency_p99_us", "9900");
    expect_cell(csv, 1, "latency_p99_us", "");
    expect_cell(csv, 2, "cold_count", "10");
    expect_cell(csv, 2, "lock_contended", "123");
    expect_cell(csv, 2, "lock_wait_p99_us", "");
    expect_cell(csv, 2, "config_lanes", "");
    expect_cell(csv, 2, "memory_bytes", "3145728");
    expect_cell(csv, 1, "throughput_ratio", "");
    expect_cell(csv, 2, "throughput_ratio", "1.5");
    expect_cell(csv, 2, "throughput_ratio_high", "1.625");
    expect_cell(csv, 2, "cpu_ratio_low", "");
    free(csv);
}
END_TEST

START_TEST(comparison_csv_of_rounds_has_a_line_for_each)
{
    struct report r = {.note = NULL};
    char *csv;

    set_report(&r);
    csv = text_of(&r.comparison, comparison_csv_append_rounds);
    expect_rectangle(csv, 5);
    expect_cell(csv, 1, "name", "legacy");
    expect_cell(csv, 1, "round", "1");
    expect_cell(csv, 4, "name", "shared fifo");
    expect_cell(csv, 4, "round", "2");
    expect_cell(csv, 4, "tasks", "166");
    free(csv);
}
END_TEST

START_TEST(comparison_csv_escapes_control_characters)
{
    struct report r = {.note = NULL};
    char *csv;

    setlocale(LC_CTYPE, "C.UTF-8");
    set_report(&r);
    r.comparison.title = r.arms[0].name = "\x1b[2J\n";
    csv = text_of(&r.comparison, comparison_csv_append_arms);
    ck_assert_ptr_null(strchr(csv, '\x1b'));
    expect_rectangle(csv, 3);
    free(csv);
}
END_TEST

UNIT_MAIN("cli_comparison", comparison_text_is_what_a_person_reads,
          comparison_text_of_large_figures_fits_80_columns,
          comparison_text_that_lacks_everything_is_fine, comparison_text_escapes_control_characters,
          csv_value_is_quoted_where_it_must_be,
          comparison_csv_has_a_line_for_each_arm_with_all_figures,
          comparison_csv_of_rounds_has_a_line_for_each, comparison_csv_escapes_control_characters)
