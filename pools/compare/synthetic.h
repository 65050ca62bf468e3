/*
 * A synthetic comparison: in every round each arm gets a pool of its own and the same load.
 *
 * Arms take turns within a round, and every round begins with another one, so that what the machine
 * does besides hits all alike. Pools are opened for a round and closed after it: no arm inherits
 * another one's isolates. Workers have other names in each round, and the same ones for all arms:
 * where a hash decides who goes where, no arm has its luck for good.
 */
#ifndef ISOYARD_SYNTHETIC_H
#define ISOYARD_SYNTHETIC_H

#include "api/err.h"
#include "api/limits.h"
#include "pools/compare/comparison.h"
#include "pools/compare/load.h"
#include "pools/compare/workload.h"

#include <stdatomic.h>

struct crew;

struct synthetic_plan {
    struct arm arms[COMPARISON_ARMS_MAX];
    unsigned arm_count, rounds;
    struct crew *crew; /* whose threads play the lanes */

    /* A named workload, whose workers have these limits; or one version of a worker, and a request.
     */
    const struct workload *workload;
    unsigned io_ms;
    struct limits limits;
    struct script *script;
    struct request *request;

    /* All but scripts and request, which follow from the above. */
    struct load_plan load;
    unsigned warm_ups; /* tasks in each new pool that do not count */
};

/* Whoever follows a comparison. */
struct synthetic_watch {
    const atomic_bool *is_cancelled;

    /* When an arm's turn begins. The thread of synthetic_run. */
    void (*progress)(void *arg, const struct compare_progress *progress);
    void *arg;
};

/*
 * Runs a comparison to its end, and concludes it: by throughput where the loop is closed, by p99
 * where it is open. Release *ret. E_CANCELLED; E_INVALID, with the setting's name, E_NOMEM: a pool
 * could not be opened; nothing is left to release then. Returns when all pools are closed, which
 * takes as long as the longest turn. Not on a lane thread.
 */
int synthetic_run(const struct synthetic_plan *plan, const struct synthetic_watch *watch,
                  struct comparison *ret, struct error *error);

#endif
