/* Compiled code, kept by key, the one that was used last in front. */
#include "shim/code_cache.h"

#include <list>
#include <mutex>
#include <unordered_map>

struct entry {
    std::string key;
    cached_code code;
};

static struct {
    std::mutex lock; /* guards the others; a leaf */
    std::list<struct entry> entries;
    std::unordered_map<std::string, std::list<struct entry>::iterator> by_key;
    struct code_cache_stats stats;
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

cached_code code_cache_find(const std::string &key)
{
    std::lock_guard<std::mutex> guard(cache.lock);
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
    std::lock_guard<std::mutex> guard(cache.lock);
    auto found = cache.by_key.find(key);

    if (!was_rejected) {
        cache.stats.hits++;
        return;
    }
    cache.stats.rejected++;
    if (found != cache.by_key.end())
        drop(found->second);
}

void code_cache_put(const std::string &key, const uint8_t *data, size_t len)
{
    cached_code code;

    if (len > CODE_CACHE_FILE_BYTES_MAX)
        return;
    code = std::make_shared<const std::vector<uint8_t>>(data, data + len);
    std::lock_guard<std::mutex> guard(cache.lock);
    auto found = cache.by_key.find(key);
    if (found != cache.by_key.end())
        drop(found->second);
    cache.entries.push_front({key, code});
    cache.by_key[key] = cache.entries.begin();
    cache.stats.entries++;
    cache.stats.bytes += len;
    while (cache.stats.bytes > CODE_CACHE_BYTES_MAX)
        drop(std::prev(cache.entries.end()));
}

void engine_code_cache_stats(struct code_cache_stats *ret)
{
    std::lock_guard<std::mutex> guard(cache.lock);

    *ret = cache.stats;
}
