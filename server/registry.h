/*
 * The registry: which version of which worker runs now, in memory, so that a call never asks the
 * store. Filled at start, kept in step by the store thread (store_thread.h), read by everybody.
 */
#ifndef ISOYARD_REGISTRY_H
#define ISOYARD_REGISTRY_H

#include "api/bytes.h"
#include "api/err.h"
#include "api/script.h"

#include <stddef.h>
#include <stdint.h>

struct registry;

struct registry *registry_new(void);
void registry_free(struct registry *registry); /* NULL is fine */

/* A worker's active version from now on; takes the reference. Any thread. */
void registry_put(struct registry *registry, struct script *script);

/* A worker that has no active version, unless it is known already. Any thread. */
void registry_put_inactive(struct registry *registry, const char *tenant, const char *worker);

/* Forgets a worker. Any thread. */
void registry_remove(struct registry *registry, const char *tenant, const char *worker);

/*
 * The active version of a worker, with a reference for the caller. E_NOT_FOUND: no such worker;
 * E_CONDITION: none of its versions is active. The names need not be valid. Any thread.
 */
int registry_find(struct registry *registry, struct bytes tenant, struct bytes worker,
                  struct script **ret);

/*
 * The workers with the most calls lately, the hottest first: up to max of them, with a reference
 * each for the caller. Returns how many. "Lately" counts calls and not time: what is a multiple of
 * REGISTRY_SPAN calls ago counts a half, a quarter, and so on. Any thread.
 */
size_t registry_hottest(struct registry *registry, struct script **ret, size_t max);
#define REGISTRY_SPAN 65536u

/*
 * The tenants that have a worker with an active version: their script.tenant_key, sorted, each
 * once. Returns how many; *ret is the caller's to free(), also where there are none. Any thread.
 */
size_t registry_tenants(struct registry *registry, uint64_t **ret);

/* How many workers there are. Any thread. */
size_t registry_count(struct registry *registry);

#endif
