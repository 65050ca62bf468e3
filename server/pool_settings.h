/*
 * What a client says of a pool to be opened: from the messages to a choice (store/pool_choice.h),
 * which config_choose turns into a plan.
 */
#ifndef ISOYARD_POOL_SETTINGS_H
#define ISOYARD_POOL_SETTINGS_H

#include "api/err.h"
#include "store/store.h"

#include <isoyard/v1/pool.pb-c.h>

/* Adds the numbers that the message has. */
void pool_settings_read(const Isoyard__V1__PoolSettings *settings, struct pool_choice *choice);

/* Adds the hand-off, unless it is unspecified. E_INVALID for "handoff". */
int pool_settings_read_handoff(Isoyard__V1__Handoff handoff, struct pool_choice *choice,
                               struct error *error);

/* Adds how contexts are used, unless it is unspecified. E_INVALID for "context". */
int pool_settings_read_context(Isoyard__V1__ContextUse context, struct pool_choice *choice,
                               struct error *error);

/* Adds the architecture. E_INVALID for "architecture". */
int pool_settings_read_architecture(Isoyard__V1__Architecture architecture,
                                    struct pool_choice *choice, struct error *error);

/* Adds a number under a flag's name. */
void pool_settings_add(struct pool_choice *choice, const char *name, uint64_t value);

/* Turns the field of an error, which is a flag's name, into the message's: "idle-ttl-ms" into
 * "config.idle_ttl_ms", where the settings are the message's field "config". */
void pool_settings_name_field(const char *in, struct error *error);

#endif
