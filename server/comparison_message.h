/*
 * A comparison's report, as a message.
 */
#ifndef ISOYARD_COMPARISON_MESSAGE_H
#define ISOYARD_COMPARISON_MESSAGE_H

#include "pools/compare/comparison.h"
#include "server/stats_message.h"

#include <isoyard/v1/pool.pb-c.h>

/* What a report says beside the figures; borrowed. */
struct comparison_about {
    const Isoyard__V1__ComparePoolsRequest *request; /* as it was decoded; NULL: none */
    const char *title;
    const char *server_version, *v8_version;
    unsigned processors; /* that the server may use */
};

struct arm_message {
    Isoyard__V1__ComparisonArmResult result;
    Isoyard__V1__ComparisonArm arm;
    Isoyard__V1__PoolConfig config;
    Isoyard__V1__Distribution latency, queue_wait, cold, new_context, warm;
    struct lock_message lock, isolate_lock;
    Isoyard__V1__ComparisonRound *rounds; /* owned, as is the next */
    Isoyard__V1__ComparisonRound **round_pointers;
};

struct ratio_message {
    Isoyard__V1__ComparisonRatio ratio;
    Isoyard__V1__ComparisonInterval interval;
};

/* The message and what it points to. Large: not for the stack. Id and time are not set. */
struct comparison_message {
    Isoyard__V1__Comparison comparison;
    struct arm_message arms[COMPARISON_ARMS_MAX];
    Isoyard__V1__ComparisonArmResult *arm_pointers[COMPARISON_ARMS_MAX];
    struct ratio_message ratios[(COMPARISON_ARMS_MAX - 1) * METRIC_COUNT];
    Isoyard__V1__ComparisonRatio *ratio_pointers[(COMPARISON_ARMS_MAX - 1) * METRIC_COUNT];
    char *notes[COMPARISON_NOTES_MAX + 2]; /* owned, as are the next two; there is room for one
                                              more */
    char *title, *verdict;
};

/* A packed report without its request is far below this. A request that makes it larger, for it has
 * a large body, is left out, and a note says so. */
#define COMPARISON_MESSAGE_BYTES_MAX ((size_t)1 << 20)

/* The message of a comparison that has its conclusions. It points into comparison and about; free
 * it first. Any thread. */
struct comparison_message *comparison_message_new(const struct comparison *comparison,
                                                  const struct comparison_about *about);
void comparison_message_free(struct comparison_message *message); /* NULL is fine */

#endif
