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

unsigned rendezvous_pick(uint64_t key, unsigned lanes)
{
    unsigned best = 0;
    uint64_t best_weight = 0;

    for (unsigned lane = 0; lane < lanes; lane++) {
        uint64_t weight = mix(key ^ mix(lane + 1));

        if (weight >= best_weight) {
            best_weight = weight;
            best = lane;
        }
    }
    return best;
}
