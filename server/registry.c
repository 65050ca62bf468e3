/* A hash table under one lock. */
#include "server/registry.h"

#include <pthread.h>
#include <stdlib.h>

#include <uthash.h>

#define KEY_MAX ((size_t)2 * SCRIPT_NAME_MAX + 1)

/* "tenant/worker", which is unambiguous, since names have no slash. */
struct key {
    size_t len;
    char text[KEY_MAX];
};

struct entry {
    UT_hash_handle hh;
    struct script *script; /* NULL: none active */
    struct key key;
};

struct registry {
    pthread_mutex_t lock; /* a leaf; guards entries */
    struct entry *entries;
};

/* False where the names are too long to be any worker's. */
static bool key_init(struct key *ret, struct bytes tenant, struct bytes worker)
{
    if (tenant.len > SCRIPT_NAME_MAX || worker.len > SCRIPT_NAME_MAX)
        return false;
    memcpy(ret->text, tenant.data, tenant.len);
    ret->text[tenant.len] = '/';
    memcpy(ret->text + tenant.len + 1, worker.data, worker.len);
    ret->len = tenant.len + 1 + worker.len;
    return true;
}

/* The lock is held. */
static struct entry *find(struct registry *registry, const struct key *key)
{
    struct entry *entry;

    HASH_FIND(hh, registry->entries, key->text, key->len, entry);
    return entry;
}

/* The lock is held. Returns what was there for the key, or adds `candidate`. */
static struct entry *find_or_add(struct registry *registry, struct entry *candidate)
{
    struct entry *entry = find(registry, &candidate->key);

    if (entry)
        return entry;
    HASH_ADD_KEYPTR(hh, registry->entries, candidate->key.text, candidate->key.len, candidate);
    return candidate;
}

struct registry *registry_new(void)
{
    struct registry *registry = xcalloc(1, sizeof(*registry));

    pthread_mutex_init(&registry->lock, NULL);
    return registry;
}

static void entry_free(struct entry *entry)
{
    script_unref(entry->script);
    free(entry);
}

void registry_free(struct registry *registry)
{
    struct entry *entry, *next;

    if (!registry)
        return;
    HASH_ITER(hh, registry->entries, entry, next)
    {
        HASH_DEL(registry->entries, entry);
        entry_free(entry);
    }
    pthread_mutex_destroy(&registry->lock);
    free(registry);
}

static struct entry *entry_new(const char *tenant, const char *worker)
{
    struct entry *entry = xcalloc(1, sizeof(*entry));
    bool is_key = key_init(&entry->key, bytes_of(tenant), bytes_of(worker));

    if (!is_key)
        abort();
    return entry;
}

void registry_put(struct registry *registry, struct script *script)
{
    struct entry *candidate = entry_new(script->tenant, script->worker);
    struct script *replaced;
    struct entry *entry;

    pthread_mutex_lock(&registry->lock);
    entry = find_or_add(registry, candidate);
    replaced = entry->script;
    entry->script = script;
    pthread_mutex_unlock(&registry->lock);
    if (entry != candidate)
        free(candidate);
    script_unref(replaced);
}

void registry_put_inactive(struct registry *registry, const char *tenant, const char *worker)
{
    struct entry *candidate = entry_new(tenant, worker);
    struct entry *entry;

    pthread_mutex_lock(&registry->lock);
    entry = find_or_add(registry, candidate);
    pthread_mutex_unlock(&registry->lock);
    if (entry != candidate)
        free(candidate);
}

void registry_remove(struct registry *registry, const char *tenant, const char *worker)
{
    struct entry *entry;
    struct key key;

    if (!key_init(&key, bytes_of(tenant), bytes_of(worker)))
        return;
    pthread_mutex_lock(&registry->lock);
    entry = find(registry, &key);
    if (entry)
        HASH_DEL(registry->entries, entry);
    pthread_mutex_unlock(&registry->lock);
    if (entry)
        entry_free(entry);
}

int registry_find(struct registry *registry, struct bytes tenant, struct bytes worker,
                  struct script **ret)
{
    struct entry *entry;
    struct key key;
    int err = 0;

    if (!key_init(&key, tenant, worker))
        return E_NOT_FOUND;
    pthread_mutex_lock(&registry->lock);
    entry = find(registry, &key);
    if (!entry)
        err = E_NOT_FOUND;
    else if (!entry->script)
        err = E_CONDITION;
    else
        *ret = script_ref(entry->script);
    pthread_mutex_unlock(&registry->lock);
    return err;
}

size_t registry_count(struct registry *registry)
{
    size_t count;

    pthread_mutex_lock(&registry->lock);
    count = HASH_COUNT(registry->entries);
    pthread_mutex_unlock(&registry->lock);
    return count;
}
