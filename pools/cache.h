/*
 * A lane's warm isolates: found by the worker's version; those that rest, in the order in which
 * they came to rest. Touched by the lane's holder only.
 */
#ifndef ISOYARD_CACHE_H
#define ISOYARD_CACHE_H

#include "pools/lru.h"

#include <stdint.h>

struct actor;
struct script;

/* All zeroes is an empty one. */
struct cache {
    struct actor *by_script; /* uthash: all */
    struct lru resting;      /* without tasks */
};

/* The actor of a version, or NULL. */
struct actor *cache_find(const struct cache *cache, const struct script *script);

/* Adds an actor, which does not rest; none of its version may be there. */
void cache_add(struct cache *cache, struct actor *actor);

/* Takes an actor out; one that is not there is left as it is. */
void cache_remove(struct cache *cache, struct actor *actor);

/* The actor has no task any more. */
void cache_rest(struct cache *cache, struct actor *actor, uint64_t now_ns);

/* The actor gets a task. One that does not rest is left as it is. */
void cache_use(struct cache *cache, struct actor *actor);

/* The actor that has rested longest, or NULL. */
struct actor *cache_oldest(const struct cache *cache);

#endif
