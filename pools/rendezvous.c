/* Rendezvous hashing. */
#include "pools/rendezvous.h"

#include "api/hash.h"

static uint64_t weigh(uint64_t key, unsigned lane)
{
    return hash_mix(key ^ hash_mix(lane + 1));
}

unsigned rendezvous_pick(uint64_t key, unsigned lanes)
{
    unsigned best = 0;
    uint64_t best_weight = 0;

    for (unsigned lane = 0; lane < lanes; lane++) {
        uint64_t weight = weigh(key, lane);

        if (weight >= best_weight) {
            best_weight = weight;
            best = lane;
        }
    }
    return best;
}

/* Of two lanes that weigh the same the later one is first, as in rendezvous_pick. */
unsigned rendezvous_order(uint64_t key, unsigned lanes, unsigned *ret, unsigned max)
{
    unsigned count = 0;

    for (unsigned lane = 0; lane < lanes; lane++) {
        uint64_t weight = weigh(key, lane);
        unsigned at = count < max ? count++ : max;

        for (; at > 0 && weigh(key, ret[at - 1]) <= weight; at--) {
            if (at < max)
                ret[at] = ret[at - 1];
        }
        if (at < max)
            ret[at] = lane;
    }
    return count;
}
