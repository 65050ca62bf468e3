/* Compiled code, kept by key, the one that was used last in front. */
#include "shim/code_cache.h"

#include "shim/counted_lock.h"

#include <list>
#include <mutex>
#include <unordered_map>

struct entry {
    std::string key;
    cached_code code;
};

static struct {
    counted_lock lock{LOCK_CODE_CACHE}; /* guards the others; a leaf */
    std::list<struct entry> entries;
    std::unordered_map<std::string, std::list<struct entry>::iterator> by_key;
    struct code_cache_stats stats;
    const struct code_keeper *keeper; /* set while there are no isolates, read in their turns */
} cache;

std::string code_cache_key(const struct script *script, const struct script_file *file)
{
    std::string key(script->tenant);

    key.push_back('\0');
    key.append((const char *)script->sha256, sizeof(script->sha256));
    return key.append(file->name);
}

/* Under the lock. */
static void drop(std::list<struct entry>::iterator entry)
{
    cache.stats.bytes -= entry->code->size();
    cache.stats.entries--;
    cache.by_key.erase(entry->key);
    cache.entries.erase(entry);
}

/* Under the lock. */
static void drop_key(const std::string &key)
{
    auto found = cache.by_key.find(key);

    if (found != cache.by_key.end())
        drop(found->second);
}

cached_code code_cache_find(const std::string &key)
{
    std::lock_guard<counted_lock> guard(cache.lock);
    auto found = cache.by_key.find(key);

    if (found == cache.by_key.end()) {
        cache.stats.misses++;
        return nullptr;
    }
    cache.entries.splice(cache.entries.begin(), cache.entries, found->second);
    return found->second->code;
}

void code_cache_note(const std::string &key, bool was_rejected)
{
    std::lock_guard<counted_lock> guard(cache.lock);

    if (!was_rejected) {
        cache.stats.hits++;
        return;
    }
    cache.stats.rejected++;
    drop_key(key);
}

/* Under the lock; the key is not there. */
static void add(std::list<struct entry>::iterator place, const std::string &key, cached_code code)
{
    cache.stats.entries++;
    cache.stats.bytes += code->size();
    cache.by_key[key] = cache.entries.insert(place, {key, std::move(code)});
}

static void put(const std::string &key, const cached_code &code)
{
    std::lock_guard<counted_lock> guard(cache.lock);

    drop_key(key);
    add(cache.entries.begin(), key, code);
    while (cache.stats.bytes > CODE_CACHE_BYTES_MAX)
        drop(std::prev(cache.entries.end()));
}

void code_cache_put(const std::string &key, const uint8_t *data, size_t len)
{
    if (len > CODE_CACHE_FILE_BYTES_MAX)
        return;
    put(key, std::make_shared<const std::vector<uint8_t>>(data, data + len));
    if (cache.keeper)
        cache.keeper->keep(cache.keeper->arg, {key.data(), key.size()}, {(const char *)data, len});
}

void engine_set_code_keeper(const struct code_keeper *keeper)
{
    cache.keeper = keeper;
}

bool engine_restore_code(struct bytes key, struct bytes code)
{
    const uint8_t *data = (const uint8_t *)code.data;
    std::string name(key.data, key.len);
    auto restored = std::make_shared<const std::vector<uint8_t>>(data, data + code.len);
    std::lock_guard<counted_lock> guard(cache.lock);

    if (code.len > CODE_CACHE_FILE_BYTES_MAX || cache.stats.bytes + code.len > CODE_CACHE_BYTES_MAX)
        return false;
    /* What this process has made since is as good, and was used later. */
    if (cache.by_key.find(name) == cache.by_key.end())
        add(cache.entries.end(), name, std::move(restored));
    return true;
}

void engine_code_cache_stats(struct code_cache_stats *ret)
{
    std::lock_guard<counted_lock> guard(cache.lock);

    *ret = cache.stats;
}
