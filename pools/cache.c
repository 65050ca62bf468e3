/* Warm isolates: by version, and by rest. */
#include "pools/cache.h"

#include "pools/actor.h"
#include "pools/pool_private.h"

#include <assert.h>

struct actor *cache_find(const struct cache *cache, const struct script *script)
{
    struct actor *actor;

    HASH_FIND_PTR(cache->by_script, &script, actor);
    return actor;
}

void cache_add(struct cache *cache, struct actor *actor)
{
    assert(!actor->is_cached && !cache_find(cache, actor->script));
    HASH_ADD_PTR(cache->by_script, script, actor);
    actor->is_cached = true;
}

void cache_remove(struct cache *cache, struct actor *actor)
{
    if (!actor->is_cached)
        return;
    cache_use(cache, actor);
    HASH_DEL(cache->by_script, actor);
    actor->is_cached = false;
}

void cache_rest(struct cache *cache, struct actor *actor, uint64_t now_ns)
{
    assert(actor->is_cached);
    lru_rest(&cache->resting, &actor->rest, now_ns);
}

void cache_use(struct cache *cache, struct actor *actor)
{
    lru_use(&cache->resting, &actor->rest);
}

struct actor *cache_oldest(const struct cache *cache)
{
    struct lru_entry *oldest = lru_oldest(&cache->resting);

    return oldest ? container_of(oldest, struct actor, rest) : NULL;
}
