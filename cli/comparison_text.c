/* Tables of a comparison. */
#include "cli/comparison_text.h"

#include "cli/text.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define TABLE_COLUMNS 80u
#define CELLS_MAX 8u

/* A row that is being made. */
struct row {
    char texts[CELLS_MAX][48];
    size_t count;
};

static void add(struct row *row, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct row *row, const char *format, ...)
{
    va_list args;

    if (row->count == CELLS_MAX)
        abort();
    va_start(args, format);
    vsnprintf(row->texts[row->count++], sizeof(row->texts[0]), format, args);
    va_end(args);
}

static void finish(const struct row *row, struct table *table)
{
    const char *cells[CELLS_MAX];

    for (size_t i = 0; i < row->count; i++)
        cells[i] = row->texts[i];
    table_add(table, cells);
}

static void append_escaped(struct buffer *out, const char *before, const char *text,
                           const char *after)
{
    char *escaped = text_escape(text, false);

    buffer_append_format(out, "%s%s%s", before, escaped, after);
    free(escaped);
}

/* Arms. */

static void add_us(struct row *row, const Isoyard__V1__Distribution *d, uint64_t us)
{
    if (d && d->count > 0)
        add(row, "%s", text_us(us));
    else
        add(row, "-");
}

static void add_speed(struct table *table, const Isoyard__V1__ComparisonArmResult *arm)
{
    const Isoyard__V1__Distribution *latency = arm->latency, *queue = arm->queue_wait;
    struct row row = {.count = 0};

    add(&row, "%s", arm->name);
    add(&row, "%.1f", arm->tasks_per_s);
    add_us(&row, latency, latency ? latency->p50_us : 0);
    add_us(&row, latency, latency ? latency->p99_us : 0);
    add_us(&row, latency, latency ? latency->max_us : 0);
    add(&row, "%s", text_us((uint64_t)(arm->cpu_us_per_task + 0.5)));
    add_us(&row, queue, queue ? queue->p99_us : 0);
    finish(&row, table);
}

static void append_speed(struct buffer *out, const Isoyard__V1__Comparison *c)
{
    static const char *const heads[] = {"ARM", "TASKS/S",  "P50",      "P99",
                                        "MAX", "CPU/TASK", "QUEUE P99"};
    struct table table;

    table_init(&table, 7, 0, heads);
    for (size_t i = 0; i < c->n_arms; i++)
        add_speed(&table, c->arms[i]);
    table_append(&table, TABLE_COLUMNS, out);
}

static void add_count(struct row *row, const Isoyard__V1__Distribution *d)
{
    if (d)
        add(row, "%" PRIu64, d->count);
    else
        add(row, "-");
    add_us(row, d, d ? d->p50_us : 0);
}

static void append_starts(struct buffer *out, const Isoyard__V1__Comparison *c)
{
    static const char *const heads[] = {"ARM", "COLD", "P50", "NEW CONTEXT", "P50", "WARM", "P50"};
    struct table table;

    table_init(&table, 7, 0, heads);
    for (size_t i = 0; i < c->n_arms; i++) {
        struct row row = {.count = 0};

        add(&row, "%s", c->arms[i]->name);
        add_count(&row, c->arms[i]->cold);
        add_count(&row, c->arms[i]->new_context);
        add_count(&row, c->arms[i]->warm);
        finish(&row, &table);
    }
    buffer_append_text(out, "\n");
    table_append(&table, TABLE_COLUMNS, out);
}

static void add_contended(struct row *row, const Isoyard__V1__LockStats *lock)
{
    if (lock && lock->acquisitions > 0)
        add(row, "%.3g %%", 100.0 * (double)lock->contended / (double)lock->acquisitions);
    else
        add(row, "-");
}

static void append_costs(struct buffer *out, const Isoyard__V1__Comparison *c)
{
    static const char *const heads[] = {"ARM",     "TASKS", "FAILED",  "MADE",
                                        "EVICTED", "LOCK",  "ISOLATE", "MEMORY"};
    struct table table;

    table_init(&table, 8, 0, heads);
    for (size_t i = 0; i < c->n_arms; i++) {
        const Isoyard__V1__ComparisonArmResult *arm = c->arms[i];
        struct row row = {.count = 0};

        add(&row, "%s", arm->name);
        add(&row, "%" PRIu64, arm->tasks);
        add(&row, "%" PRIu64, arm->failed);
        add(&row, "%" PRIu64, arm->isolates_created);
        add(&row, "%" PRIu64, arm->isolates_evicted);
        add_contended(&row, arm->lock);
        add_contended(&row, arm->isolate_lock);
        add(&row, "%s", text_bytes(arm->memory_bytes));
        finish(&row, &table);
    }
    buffer_append_text(out, "\n");
    table_append(&table, TABLE_COLUMNS, out);
}

/* Ratios. */

static const char *metric_text(Isoyard__V1__ComparisonMetric metric)
{
    switch (metric) {
    case ISOYARD__V1__COMPARISON_METRIC__COMPARISON_METRIC_THROUGHPUT:
        return "tasks/s";
    case ISOYARD__V1__COMPARISON_METRIC__COMPARISON_METRIC_LATENCY_P50:
        return "p50";
    case ISOYARD__V1__COMPARISON_METRIC__COMPARISON_METRIC_LATENCY_P99:
        return "p99";
    case ISOYARD__V1__COMPARISON_METRIC__COMPARISON_METRIC_CPU:
        return "CPU/task";
    default:
        return "?";
    }
}

static void add_ratio(struct table *table, const Isoyard__V1__Comparison *c,
                      const Isoyard__V1__ComparisonRatio *ratio)
{
    struct row row = {.count = 0};

    add(&row, "%s", ratio->arm < c->n_arms ? c->arms[ratio->arm]->name : "?");
    add(&row, "%s", metric_text(ratio->metric));
    add(&row, "%.3g", ratio->median);
    add(&row, "%.3g to %.3g", ratio->min, ratio->max);
    if (ratio->interval)
        add(&row, "%.3g to %.3g", ratio->interval->low, ratio->interval->high);
    else
        add(&row, "-");
    finish(&row, table);
}

static void append_ratios(struct buffer *out, const Isoyard__V1__Comparison *c)
{
    char first[48];
    const char *heads[] = {"ARM", "FIGURE", first, "SPREAD", "95 % INTERVAL"};
    struct table table;

    if (c->n_ratios == 0 || c->n_arms == 0)
        return;
    snprintf(first, sizeof(first), "x %.40s", c->arms[0]->name);
    table_init(&table, 5, 0, heads);
    for (size_t i = 0; i < c->n_ratios; i++)
        add_ratio(&table, c, c->ratios[i]);
    buffer_append_text(out, "\n");
    table_append(&table, TABLE_COLUMNS, out);
}

/* All of it. */

static void append_head(struct buffer *out, const Isoyard__V1__Comparison *c)
{
    size_t rounds = c->n_arms > 0 ? c->arms[0]->n_rounds : 0;

    append_escaped(out, "", c->title, "\n");
    if (c->create_time)
        buffer_append_format(out, "%s, ", text_time(c->create_time));
    buffer_append_format(out, "%zu round%s, %s", rounds, rounds == 1 ? "" : "s",
                         text_us(c->duration_ms * 1000));
    append_escaped(out, "\nisoyardd ", c->server_version, "");
    append_escaped(out, ", V8 ", c->v8_version, "");
    buffer_append_format(out, ", %" PRIu32 " processor%s\n\n", c->processors,
                         c->processors == 1 ? "" : "s");
}

void comparison_text_append(struct buffer *out, const Isoyard__V1__Comparison *c)
{
    append_head(out, c);
    append_speed(out, c);
    append_starts(out, c);
    append_costs(out, c);
    append_ratios(out, c);
    buffer_append_text(out, "\n");
    for (size_t i = 0; i < c->n_notes; i++)
        append_escaped(out, "note: ", c->notes[i], "\n");
    append_escaped(out, "", c->verdict, "\n");
    if (c->id > 0)
        buffer_append_format(out, "stored as comparison %" PRIu64 "\n", c->id);
    else
        buffer_append_text(out, "not stored\n");
}
