/*
 * A comparison: the arms that took part, what each did in each round, and what follows from that.
 *
 * Rounds are pairs of experiments: in round n every arm had the same to do at about the same time.
 * So arms are compared round by round, and the ratios of the rounds are what is summarised: their
 * median, its spread, and an interval for it that assumes nothing of their distribution.
 */
#ifndef ISOYARD_COMPARISON_H
#define ISOYARD_COMPARISON_H

#include "api/histogram.h"
#include "pools/compare/sample.h"
#include "pools/compare/tally.h"
#include "pools/pool.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define COMPARISON_ARMS_MIN 2u
#define COMPARISON_ARMS_MAX 8u
#define COMPARISON_ROUNDS_MAX 101u
#define COMPARISON_NOTES_MAX 8u
#define COMPARISON_TEXT_BYTES 512u

/* Which pool an arm has. */
struct arm {
    const struct pool_ops *ops;
    struct pool_config config;
    char name[32]; /* "shared fifo" */
};

struct round_figures {
    uint64_t tasks;  /* that ended */
    uint64_t failed; /* of these */
    double per_s;    /* answered ones */
    uint64_t p50_us, p99_us;
    double cpu_us; /* per task */
};

struct arm_figures {
    struct tally tally;
    struct histogram latency_us; /* in the caller's eyes */
    double mean_depth;           /* tasks that waited, as seen now and then */
    uint64_t max_depth;
    uint64_t memory_bytes; /* the most that the process's resident memory grew in a round */
    struct round_figures rounds[COMPARISON_ROUNDS_MAX];
};

/* The numbers are ComparisonMetric's of pool.proto. */
enum metric {
    METRIC_THROUGHPUT = 1,
    METRIC_P50 = 2,
    METRIC_P99 = 3,
    METRIC_CPU = 4,
};
#define METRIC_COUNT 4u

/* An arm's figure as a multiple of the first arm's. */
struct ratio {
    unsigned arm;
    enum metric metric;
    struct sample sample; /* of the rounds in which both have the figure */
};

struct comparison {
    unsigned arm_count;
    unsigned round_count; /* that were finished */
    struct arm arms[COMPARISON_ARMS_MAX];
    struct arm_figures *figures; /* arm_count of them */
    uint64_t duration_ms;
    double tolerated_failures; /* share of an arm's tasks that may fail without the figures being in
                                  doubt */

    /* comparison_conclude fills in what follows. */
    unsigned ratio_count;
    struct ratio ratios[(COMPARISON_ARMS_MAX - 1) * METRIC_COUNT];
    bool is_decided;
    char verdict[COMPARISON_TEXT_BYTES];

    unsigned note_count;
    char notes[COMPARISON_NOTES_MAX][COMPARISON_TEXT_BYTES];
};

/* How far a comparison has come. */
struct compare_progress {
    unsigned round, rounds; /* counted from 1, as far as they have begun */
    const char *arm;        /* whose turn it is; "": everybody's */
    double share;           /* of the whole, from 0 to 1 */
};

/* Sets an arm's pool and its name. Of the hand-off only a shared pool's counts. */
void arm_init(struct arm *arm, const struct pool_ops *ops, const struct pool_config *config);

/* With figures of zeroes for so many arms, which are copied. Release it. */
void comparison_init(struct comparison *comparison, const struct arm *arms, unsigned count);
void comparison_release(struct comparison *comparison);

/* Says something that one should know about the figures; beyond COMPARISON_NOTES_MAX it is lost. */
void comparison_note(struct comparison *comparison, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * Computes the ratios, and the verdict: a sentence on the arm with the best figure of the metric
 * (THROUGHPUT: the largest; else the smallest) and its lead over the second best. It is decided
 * where the interval of their ratio does not reach 1, and not too many tasks of either failed.
 */
void comparison_conclude(struct comparison *comparison, enum metric metric);

/* "throughput", "p99". */
const char *metric_name(enum metric metric);

#endif
