/* Ratios, and the verdict that follows from them. */
#include "pools/compare/comparison.h"

#include "api/bytes.h"
#include "api/utf8.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Arms. */

static bool is_shared(const struct arm *arm)
{
    return arm->ops == &pool_shared;
}

static const char *ops_name(const struct pool_ops *ops)
{
    return ops == &pool_shared ? "shared" : ops == &pool_pinned ? "pinned" : "legacy";
}

void arm_init(struct arm *arm, const struct pool_ops *ops, const struct pool_config *config)
{
    *arm = (struct arm){.ops = ops, .config = *config};
    if (is_shared(arm))
        snprintf(arm->name, sizeof(arm->name), "shared %s", handoff_name(config->handoff));
    else
        snprintf(arm->name, sizeof(arm->name), "%s", ops_name(ops));
}

void comparison_init(struct comparison *comparison, const struct arm *arms, unsigned count)
{
    assert(count >= COMPARISON_ARMS_MIN && count <= COMPARISON_ARMS_MAX);
    *comparison = (struct comparison){.arm_count = count};
    memcpy(comparison->arms, arms, count * sizeof(arms[0]));
    comparison->figures = xcalloc(count, sizeof(comparison->figures[0]));
}

void comparison_release(struct comparison *comparison)
{
    free(comparison->figures);
    comparison->figures = NULL;
}

void comparison_note(struct comparison *comparison, const char *format, ...)
{
    char *note;
    va_list args;

    if (comparison->note_count == COMPARISON_NOTES_MAX)
        return;
    note = comparison->notes[comparison->note_count++];
    va_start(args, format);
    vsnprintf(note, COMPARISON_TEXT_BYTES, format, args);
    va_end(args);
    utf8_repair(note);
}

/* Ratios. */

const char *metric_name(enum metric metric)
{
    switch (metric) {
    case METRIC_THROUGHPUT:
        return "throughput";
    case METRIC_P50:
        return "p50";
    case METRIC_P99:
        return "p99";
    case METRIC_CPU:
        return "CPU per task";
    }
    return "unknown";
}

/* 0: the round does not have the figure. */
static double figure_of(const struct round_figures *round, enum metric metric)
{
    switch (metric) {
    case METRIC_THROUGHPUT:
        return round->per_s;
    case METRIC_P50:
        return (double)round->p50_us;
    case METRIC_P99:
        return (double)round->p99_us;
    case METRIC_CPU:
        return round->cpu_us;
    }
    return 0;
}

/* Of one arm's figures to those of another one, round by round. */
static struct sample ratio_between(const struct comparison *c, unsigned arm, unsigned other,
                                   enum metric metric)
{
    double values[COMPARISON_ROUNDS_MAX];
    size_t count = 0;

    for (unsigned i = 0; i < c->round_count; i++) {
        double own = figure_of(&c->figures[arm].rounds[i], metric);
        double others = figure_of(&c->figures[other].rounds[i], metric);

        if (own > 0 && others > 0)
            values[count++] = own / others;
    }
    return sample_of(values, count);
}

static void add_ratios(struct comparison *c)
{
    c->ratio_count = 0;
    for (unsigned arm = 1; arm < c->arm_count; arm++) {
        for (enum metric metric = METRIC_THROUGHPUT; metric <= METRIC_CPU; metric++)
            c->ratios[c->ratio_count++] =
                (struct ratio){arm, metric, ratio_between(c, arm, 0, metric)};
    }
}

/* The verdict. */

static double median_of(const struct comparison *c, unsigned arm, enum metric metric)
{
    double values[COMPARISON_ROUNDS_MAX];
    size_t count = 0;

    for (unsigned i = 0; i < c->round_count; i++) {
        double value = figure_of(&c->figures[arm].rounds[i], metric);

        if (value > 0)
            values[count++] = value;
    }
    return sample_of(values, count).median;
}

static bool is_better(double a, double b, enum metric metric)
{
    if (a == 0 || b == 0)
        return a > b; /* an arm that has the figure beats one that has not */
    return metric == METRIC_THROUGHPUT ? a > b : a < b;
}

/* The best arm and the second best. */
static void rank_arms(const struct comparison *c, enum metric metric, unsigned *ret_best,
                      unsigned *ret_second)
{
    unsigned best = 0, second = 0;
    double medians[COMPARISON_ARMS_MAX];

    for (unsigned arm = 0; arm < c->arm_count; arm++)
        medians[arm] = median_of(c, arm, metric);
    for (unsigned arm = 1; arm < c->arm_count; arm++) {
        if (is_better(medians[arm], medians[best], metric))
            best = arm;
    }
    second = best == 0 ? 1 : 0;
    for (unsigned arm = 0; arm < c->arm_count; arm++) {
        if (arm != best && is_better(medians[arm], medians[second], metric))
            second = arm;
    }
    *ret_best = best;
    *ret_second = second;
}

/* Tasks that fail are often the short ones. */
static bool has_failed_much(const struct comparison *c, unsigned arm)
{
    const struct tally *tally = &c->figures[arm].tally;

    return (double)tally->failed >
           c->tolerated_failures * (double)(tally->answered + tally->failed);
}

/* Where something keeps the figures from deciding, says what, and returns true. */
static bool admit(const struct comparison *c, unsigned best, unsigned second,
                  const struct sample *lead, char *ret, size_t size)
{
    uint64_t failed = c->figures[best].tally.failed + c->figures[second].tally.failed;
    bool is_doubtful = has_failed_much(c, best) || has_failed_much(c, second);

    if (lead->count == 0)
        snprintf(ret, size, "there is no round in which both %s and %s answered tasks",
                 c->arms[best].name, c->arms[second].name);
    else if (is_doubtful)
        snprintf(ret, size, "%" PRIu64 " task%s of %s and %s failed", failed,
                 failed == 1 ? "" : "s", c->arms[best].name, c->arms[second].name);
    else if (!lead->has_interval)
        snprintf(ret, size, "%zu round%s are too few for an interval of 95 %%, which takes six",
                 lead->count, lead->count == 1 ? "" : "s");
    else if (lead->low <= 1 && lead->high >= 1)
        snprintf(ret, size, "the interval of 95 %% includes 1");
    else
        return false;
    return true;
}

static void describe_lead(const struct comparison *c, unsigned best, unsigned second,
                          enum metric metric, const struct sample *lead, char *ret, size_t size)
{
    int at = snprintf(ret, size, "%s has %.2f times the %s of %s", c->arms[best].name, lead->median,
                      metric_name(metric), c->arms[second].name);

    if (lead->has_interval && at > 0 && (size_t)at < size)
        snprintf(ret + at, size - (size_t)at, " (%.2f to %.2f at 95 %%, %zu rounds)", lead->low,
                 lead->high, lead->count);
}

void comparison_conclude(struct comparison *comparison, enum metric metric)
{
    char lead_text[COMPARISON_TEXT_BYTES / 2] = "", reason[COMPARISON_TEXT_BYTES / 2];
    unsigned best, second;
    struct sample lead;

    add_ratios(comparison);
    rank_arms(comparison, metric, &best, &second);
    lead = ratio_between(comparison, best, second, metric);
    if (lead.count > 0)
        describe_lead(comparison, best, second, metric, &lead, lead_text, sizeof(lead_text));
    comparison->is_decided = !admit(comparison, best, second, &lead, reason, sizeof(reason));
    if (comparison->is_decided)
        snprintf(comparison->verdict, sizeof(comparison->verdict), "%s%s.", lead_text,
                 comparison->arm_count > 2 ? ", the next best" : "");
    else
        snprintf(comparison->verdict, sizeof(comparison->verdict),
                 "The figures do not decide: %.200s%s%.255s.", reason, lead_text[0] ? "; " : "",
                 lead_text);
}
