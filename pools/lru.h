/*
 * Those that rest, in the order in which they came to rest: the first is the least recently used.
 *
 * It knows nothing of what its entries stand for, and has no lock: its owner's thread or lock
 * guards it. All operations take constant time.
 */
#ifndef ISOYARD_LRU_H
#define ISOYARD_LRU_H

#include <stdbool.h>
#include <stdint.h>

/* In whatever rests; all zeroes is one that does not. */
struct lru_entry {
    struct lru_entry *prev, *next;
    bool is_resting;
    uint64_t since_ns;
};

/* All zeroes is an empty one. */
struct lru {
    struct lru_entry *oldest; /* utlist's DL */
};

/* It rests from now on; one that does already keeps its place. */
void lru_rest(struct lru *lru, struct lru_entry *entry, uint64_t now_ns);

/* It rests no more; one that does not is left as it is. */
void lru_use(struct lru *lru, struct lru_entry *entry);

/* The one that has rested longest, or NULL. */
struct lru_entry *lru_oldest(const struct lru *lru);

#endif
