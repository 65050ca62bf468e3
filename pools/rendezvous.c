/* Rendezvous hashing. */
#include "pools/rendezvous.h"

/* The finaliser of SplitMix64 (Steele, Lea, Flood, 2014): every bit of the input changes every bit
 * of the output. */
static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static uint64_t weigh(uint64_t key, unsigned lane)
{
    return mix(key ^ mix(lane + 1));
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
