/*
 * Hashes of names and numbers, for tables and for dealing; not against adversaries.
 */
#ifndef ISOYARD_HASH_H
#define ISOYARD_HASH_H

#include <stdint.h>

/* FNV-1a (Fowler, Noll, Vo; 64 bits): text goes on from a hash, at first HASH_TEXT. Its upper bits
 * show little of the last characters. Any thread. */
static inline uint64_t hash_text(uint64_t hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    return hash;
}
#define HASH_TEXT UINT64_C(0xcbf29ce484222325)

/* The finaliser of SplitMix64 (Steele, Lea, Flood, 2014): every bit of the input changes every bit
 * of the output. Any thread. */
static inline uint64_t hash_mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

#endif
