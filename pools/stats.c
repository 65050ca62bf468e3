/* Statistics: giving them back. */
#include "pools/stats.h"

#include <stdlib.h>

void pool_stats_release(struct pool_stats *stats)
{
    free(stats->lanes);
    stats->lanes = NULL;
    stats->lane_count = 0;
}
