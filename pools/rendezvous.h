/*
 * Rendezvous hashing (highest random weight; Thaler and Ravishankar, 1998): every key ranks all
 * lanes by a hash of key and lane and takes the first. When one of N lanes goes, only its own keys
 * (about 1/N) move.
 */
#ifndef ISOYARD_RENDEZVOUS_H
#define ISOYARD_RENDEZVOUS_H

#include <stdint.h>

/* The lane of a key among `lanes` (at least 1). Any thread. */
unsigned rendezvous_pick(uint64_t key, unsigned lanes);

#endif
