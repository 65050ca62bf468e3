/*
 * Rendezvous hashing (highest random weight; Thaler and Ravishankar, 1998): every key ranks all
 * lanes by a hash of key and lane and takes the first. When one of N lanes goes, only its own keys
 * (about 1/N) move, each to the next in its order; the order of the others stays what it was.
 */
#ifndef ISOYARD_RENDEZVOUS_H
#define ISOYARD_RENDEZVOUS_H

#include <stdint.h>

/* The first lane of a key among `lanes` (at least 1). Any thread. */
unsigned rendezvous_pick(uint64_t key, unsigned lanes);

/* The first lanes of a key, at most `max`, in its order; how many: max, or all where there are
 * fewer. Any thread. */
unsigned rendezvous_order(uint64_t key, unsigned lanes, unsigned *ret, unsigned max);

#endif
