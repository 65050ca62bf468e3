/*
 * The workers that have used most of something, of which time is counted here: a Space-Saving
 * sketch (Metwally, Agrawal, El Abbadi: "Efficient Computation of Frequent and Top-k Elements in
 * Data Streams", 2005), with times for weights. It takes the same room however many workers there
 * are: where it is full, a worker that is not in it takes the place of the least one, and begins at
 * that one's total, which is then its error.
 *
 * Where all workers together have used S:
 * - a total is never below what the worker used, and above it by at most its error;
 * - no error is over S / TOP_ENTRIES;
 * - a worker that used more than S / TOP_ENTRIES is there.
 * Merging keeps all three (Agarwal et al.: "Mergeable Summaries", 2012).
 *
 * One writer at a time; anybody may read, without a lock: each entry has a version that is odd
 * while its worker is being replaced. All that is shared is atomic, and names are copied, so that
 * nothing depends on a worker that is gone.
 */
#ifndef ISOYARD_TOP_H
#define ISOYARD_TOP_H

#include "api/script.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define TOP_ENTRIES 64
#define TOP_HINTS 256

/* Of a tenant's or worker's name, NULs to the end. */
#define TOP_NAME_WORDS ((SCRIPT_NAME_MAX + 1) / sizeof(uint64_t))

/* All zeroes is an empty one. */
struct top {
    _Atomic uint64_t unlisted_ns; /* no worker without an entry has used more */
    _Atomic uint64_t keys[TOP_ENTRIES], total_ns[TOP_ENTRIES]; /* total 0: free */
    _Atomic uint64_t error_ns[TOP_ENTRIES], tasks[TOP_ENTRIES];
    _Atomic uint64_t versions[TOP_ENTRIES];
    _Atomic uint64_t tenants[TOP_ENTRIES][TOP_NAME_WORDS], workers[TOP_ENTRIES][TOP_NAME_WORDS];

    /* The writer's own. */
    unsigned char hints[TOP_HINTS]; /* by the key's low bits: where such a worker was last */
};

/* What a worker has used. */
struct top_use {
    uint64_t key; /* script.worker_key */
    char tenant[SCRIPT_NAME_MAX + 1], worker[SCRIPT_NAME_MAX + 1];
    uint64_t tasks;    /* since the worker got its entry */
    uint64_t total_ns; /* at most */
    uint64_t error_ns; /* at least total_ns less this */
};

/* What was read, the largest total first. All zeroes is an empty one. */
struct top_list {
    uint64_t sum_ns; /* of all workers */
    uint64_t unlisted_ns;
    size_t count;
    struct top_use uses[TOP_ENTRIES];
};

/* So many tasks of the worker have used so much. The one writer's thread. */
void top_add(struct top *top, const struct script *script, uint64_t tasks, uint64_t used_ns);

/* Adds what src counts to dest, which nobody else sees. Any thread. */
void top_merge(struct top_list *dest, const struct top *src);

/* What was used between two readings of the same sketches: the error, which all have in common, is
 * what cannot be said whose it was. Any thread. */
void top_since(struct top_list *ret, const struct top_list *before, const struct top_list *now);

#endif
