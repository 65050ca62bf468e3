/* Those that rest, the least recently used first. */
#include "pools/lru.h"

#include <stddef.h>
#include <utlist.h>

void lru_rest(struct lru *lru, struct lru_entry *entry, uint64_t now_ns)
{
    if (entry->is_resting)
        return;
    DL_APPEND(lru->oldest, entry);
    entry->is_resting = true;
    entry->since_ns = now_ns;
}

void lru_use(struct lru *lru, struct lru_entry *entry)
{
    if (!entry->is_resting)
        return;
    DL_DELETE(lru->oldest, entry);
    entry->is_resting = false;
}

struct lru_entry *lru_oldest(const struct lru *lru)
{
    return lru->oldest;
}
