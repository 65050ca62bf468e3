/* The kernel's bound of mappings, in isolates. */
#include "server/isolate_room.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

/* An isolate has 12 mappings, and V8 aborts where the kernel gives no more. A tenth is kept for the
 * rest of the process. */
#define MAPPINGS_PER_ISOLATE 12

static unsigned isolate_bound(void)
{
    FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
    unsigned long mappings = 65530;

    if (!file)
        return UINT_MAX;
    if (fscanf(file, "%lu", &mappings) != 1)
        mappings = 65530;
    fclose(file);
    mappings = mappings / 10 * 9 / MAPPINGS_PER_ISOLATE;
    return mappings < UINT_MAX ? (unsigned)mappings : UINT_MAX;
}

/* Beside the warm ones a lane has isolates for checks, and one that is being disposed of. */
unsigned isolate_room_max(unsigned lanes)
{
    unsigned bound = isolate_bound();
    unsigned others = lanes * (POOL_CHECKS_PER_LANE + 1);

    return bound > others + lanes ? bound - others : lanes;
}

int isolate_room_check(struct dispatcher *dispatcher, const struct pool_config *config,
                       struct error *error)
{
    unsigned bound = isolate_room_max(config->lanes);
    struct dispatcher_stats serving;
    uint64_t alive;

    dispatcher_stats(dispatcher, &serving);
    alive = serving.pool.isolates_alive;
    pool_stats_release(&serving.pool);
    if (config->isolates + alive <= bound)
        return 0;
    return error_set(error, E_INVALID, "isolates",
                     "%u isolates, beside the %" PRIu64 " that there are now, are more than the "
                     "%u that vm.max_map_count allows",
                     config->isolates, alive, bound);
}

int isolate_room_check_rival(struct dispatcher *dispatcher, const struct pool_config *config,
                             struct error *error)
{
    struct dispatcher_stats serving;
    unsigned bound;

    dispatcher_stats(dispatcher, &serving);
    pool_stats_release(&serving.pool);
    bound = isolate_room_max(config->lanes + serving.config.lanes);
    if ((uint64_t)config->isolates + serving.config.isolates <= bound)
        return 0;
    return error_set(error, E_INVALID, "isolates",
                     "%u isolates, beside the %u that the pool which serves may have, are more "
                     "than the %u that vm.max_map_count allows",
                     config->isolates, serving.config.isolates, bound);
}
